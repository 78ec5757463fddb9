--- The roll of a company's users in their order: how many a filter lets through, and who stands
-- at a position, without walking over a million people for every page.
-- @module lastpass.sandbox.roll
local M = {}

local floor = math.floor

-- People whose number is far behind the one that is wanted are not walked over one by one: a
-- filter keeps where every so many matches begin.
local STRIDE = 500

local function matches(self, filter, index, person)
  if not filter then
    return true
  end
  local disabled, admin
  if person then
    disabled, admin = person.fields.disabled, person.fields.admin
  else
    disabled, admin = self.company:flags(index)
  end
  return (filter.disabled == nil or filter.disabled == disabled)
    and (filter.admin == nil or filter.admin == admin)
end

local function count_list(self, filter, list)
  if not filter then
    return #list
  end
  local count = 0
  for _, person in ipairs(list) do
    if matches(self, filter, nil, person) then
      count = count + 1
    end
  end
  return count
end

-- Counts what a filter lets through and notes where every STRIDE-th match is.
local function scan(self, filter)
  local key = tostring(filter.disabled) .. tostring(filter.admin)
  local kept = self.scans[key]
  if kept and kept.version == self.version then
    return kept
  end
  kept = { version = self.version, starts = {}, base = 0 }
  local gone, edited = self.gone, self.edited
  for index = 0, self.company.users - 1 do
    if not gone[index] and matches(self, filter, index, edited[index]) then
      if kept.base % STRIDE == 0 then
        kept.starts[kept.base / STRIDE] = index
      end
      kept.base = kept.base + 1
    end
  end
  self.scans[key] = kept
  return kept
end

local function base_count(self, filter)
  if filter then
    return scan(self, filter).base
  end
  return self.company.users - self.gone_count
end

--- How many users a filter lets through.
---@param self table state
---@param filter? table `disabled`, `admin`: booleans
---@return integer
function M.count(self, filter)
  return count_list(self, filter, self.front)
    + base_count(self, filter)
    + count_list(self, filter, self.added)
end

local function sorted_gone(self)
  if not self.gone_sorted then
    local list = {}
    for index in pairs(self.gone) do
      list[#list + 1] = index
    end
    table.sort(list)
    self.gone_sorted = list
  end
  return self.gone_sorted
end

-- The seed's number of the person at a position, the removed ones not counted.
local function base_at(self, position)
  local gone = sorted_gone(self)
  -- The k-th removed number has gone[k] - k + 1 people before it who are still there.
  local low, high = 0, #gone
  while low < high do
    local middle = floor((low + high + 1) / 2)
    if gone[middle] - (middle - 1) <= position then
      low = middle
    else
      high = middle - 1
    end
  end
  return position + low
end

local function walk_list(self, filter, list, skip, left, call)
  local first = 1
  if not filter then
    first = math.min(skip, #list) + 1
    skip = skip - (first - 1)
  end
  for at = first, #list do
    local person = list[at]
    if left == 0 or not person then
      return skip, left
    end
    if matches(self, filter, nil, person) then
      if skip > 0 then
        skip = skip - 1
      else
        call(nil, person)
        left = left - 1
      end
    end
  end
  return skip, left
end

local function walk_base(self, filter, skip, left, call)
  local index
  if filter then
    local starts = scan(self, filter).starts
    index = starts[floor(skip / STRIDE)]
    skip = skip % STRIDE
  else
    index = base_at(self, skip)
    skip = 0
  end
  local last, gone, edited = self.company.users - 1, self.gone, self.edited
  while left > 0 and index <= last do
    local person = edited[index]
    if not gone[index] and matches(self, filter, index, person) then
      if skip > 0 then
        skip = skip - 1
      else
        call(index, person)
        left = left - 1
      end
    end
    index = index + 1
  end
  return left
end

--- Calls a function for up to `count` users from a position on.
---@param self table state
---@param filter? table
---@param skip integer users before the first one
---@param count integer
---@param call fun(index: integer|nil, person: lastpass.sandbox.Person|nil) a person who was never
-- changed comes as an index only
function M.walk(self, filter, skip, count, call)
  skip, count = walk_list(self, filter, self.front, skip, count, call)
  local base = base_count(self, filter)
  if skip < base then
    count = walk_base(self, filter, skip, count, call)
    skip = 0
  else
    skip = skip - base
  end
  walk_list(self, filter, self.added, skip, count, call)
end

return M
