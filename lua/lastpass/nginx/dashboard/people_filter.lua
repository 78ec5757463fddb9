--- Which people a page is about: what the form asks for, and who that is.
-- @module lastpass.nginx.dashboard.people_filter
local errors = require "lastpass.error"
local fold = require("lastpass.unified.texts").fold
local listing = require "lastpass.nginx.dashboard.listing"
local people_index = require "lastpass.nginx.dashboard.index"

local M = {}

local MOST_CACHED = 32 -- lists of a version that are cached, for the pages after the first
local PIECE = 4096

--- The names of the fields of the form, in their order.
M.fields = { "q", "status", "mfa", "admin", "group", "sort" }

--- The status that is several: everybody who is neither invited nor disabled.
M.CAN_LOG_IN = "can_log_in"

---@class lastpass.nginx.dashboard.Filter
---@field q string
---@field status string    login status, "can_log_in" or ""
---@field mfa string       "yes", "no", a method, or ""
---@field admin string     "yes", "no" or ""
---@field group string     name, or ""
---@field sort string      an order of the index, "-" before it for the reverse
---@field unknown_group string|nil a name that no group has, and
---@field nearest string|nil       the one that is nearest to it

local yes_or_no = { yes = true, no = true }

--- The order that is shown.
---@param filter lastpass.nginx.dashboard.Filter
---@return string name
---@return boolean reverse
function M.order(filter)
  local reverse, name = filter.sort:match "^(%-?)([%l_]+)$"
  if not name or not people_index.orders[name] then
    return "name", false
  end
  return name, reverse == "-"
end

local function check_group(filter, index)
  local group = index.counts:group(filter.group)
  if group then
    filter.group = group.name
    return
  end
  local names = {}
  for position, one in ipairs(index.counts.groups) do
    names[position] = one.name
  end
  filter.unknown_group = filter.group
  filter.nearest = errors.nearest(filter.group, names)
end

local function has_method(index, name)
  for _, method in ipairs(index.counts.methods) do
    if method.name == name then
      return true
    end
  end
  return false
end

--- Reads what the form asks for; what it cannot ask for counts as nothing.
---@param call table of `lastpass.nginx.dashboard.pages`
---@param index lastpass.nginx.dashboard.Index
---@return lastpass.nginx.dashboard.Filter
function M.read(call, index)
  local filter = {}
  for _, name in ipairs(M.fields) do
    filter[name] = call:param(name)
  end
  local name, reverse = M.order(filter)
  filter.sort = name == "name" and not reverse and "" or (reverse and "-" or "") .. name
  local known = filter.status == M.CAN_LOG_IN or people_index.status_title(filter.status)
  filter.status = known and filter.status or ""
  filter.admin = yes_or_no[filter.admin] and filter.admin or ""
  filter.mfa = (yes_or_no[filter.mfa] or has_method(index, filter.mfa)) and filter.mfa or ""
  if filter.group ~= "" then
    check_group(filter, index)
  end
  return filter
end

--- Whether a filter leaves anybody out.
---@param filter lastpass.nginx.dashboard.Filter
---@return boolean
function M.narrows(filter)
  for _, name in ipairs(M.fields) do
    if name ~= "sort" and filter[name] ~= "" then
      return true
    end
  end
  return false
end

-- Each word has to be somewhere in the name or the address.
local function word_test(index, text)
  local words = listing.words(text)
  if #words == 0 then
    return nil
  end
  local name, email = index.name, index.email
  return function(position)
    for at = 1, #words do
      local word = words[at]
      if not name[position]:find(word, 1, true) and not email[position]:find(word, 1, true) then
        return false
      end
    end
    return true
  end
end

local function mfa_test(index, asked)
  local mfa, status = index.mfa, index.status
  if asked == "no" then
    -- of those who are only invited nothing is known
    return function(position)
      return not mfa[position] and status[position] ~= "invited"
    end
  end
  return function(position)
    return mfa[position] and (asked == "yes" or mfa[position] == asked) or false
  end
end

local function group_test(index, filter)
  if filter.unknown_group then
    return function()
      return false
    end
  end
  local members = {}
  for _, address in ipairs(index:members(filter.group)) do
    members[fold(address)] = true
  end
  local email = index.email
  return function(position)
    return members[email[position]] == true
  end
end

-- "Can log in" is what the figures of multifactor count.
local function status_test(index, asked)
  local status = index.status
  if asked == M.CAN_LOG_IN then
    return function(position)
      return status[position] ~= "invited" and status[position] ~= "disabled"
    end
  end
  return function(position)
    return status[position] == asked
  end
end

local function tests_of(index, filter)
  local tests = {}
  if filter.status ~= "" then
    tests[#tests + 1] = status_test(index, filter.status)
  end
  if filter.admin ~= "" then
    local is_admin = filter.admin == "yes"
    tests[#tests + 1] = function(position)
      return index.admin[position] == is_admin
    end
  end
  if filter.mfa ~= "" then
    tests[#tests + 1] = mfa_test(index, filter.mfa)
  end
  if filter.group ~= "" then
    tests[#tests + 1] = group_test(index, filter)
  end
  tests[#tests + 1] = word_test(index, filter.q)
  return tests
end

local function passes(tests, position)
  for number = 1, #tests do
    if not tests[number](position) then
      return false
    end
  end
  return true
end

local function find_positions(index, filter, pause)
  local name, reverse = M.order(filter)
  local list = index:ordered(name, pause)
  local tests, found = tests_of(index, filter), {}
  for at = 1, #list do
    local position = list[reverse and #list + 1 - at or at]
    if passes(tests, position) then
      found[#found + 1] = position
    end
    if at % PIECE == 0 then
      pause()
    end
  end
  return found
end

--- Finds them, and one page of them.
---@param call table
---@param index lastpass.nginx.dashboard.Index
---@param filter lastpass.nginx.dashboard.Filter
---@return integer[] positions in the index
---@return lastpass.nginx.dashboard.Page page
function M.find(call, index, filter)
  local key = {}
  for at, name in ipairs(M.fields) do
    key[at] = filter[name]
  end
  local positions = call:among("people", table.concat(key, "\0"), MOST_CACHED, function()
    return find_positions(index, filter, call.pause)
  end)
  local name, reverse = M.order(filter)
  local sort_key = people_index.orders[name]
  local page = listing.page(#positions, function(at)
    local position = positions[at]
    return { sort_key(index, position), index:tie(position) }
  end, { after = call:param "after", before = call:param "before", reverse = reverse })
  return positions, page
end

return M
