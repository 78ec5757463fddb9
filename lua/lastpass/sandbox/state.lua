--- One company as it is now: the seeded people with everything that was changed laid over them.
-- Only changes are stored.
-- @module lastpass.sandbox.state
local json = require "lastpass.json"
local php = require "lastpass.sandbox.php"

local M = {}

local floor = math.floor

-- People whose number is far behind the one that is wanted are not walked over one by one: a
-- filter keeps where every so many matches begin.
local STRIDE = 500

-- The keys of a user in the order of the recording.
local user_keys = {
  "username",
  "fullname",
  "mpstrength",
  "created",
  "last_pw_change",
  "last_login",
  "neverloggedin",
  "disabled",
  "admin",
  "password_reset_required",
  "totalscore",
  "legacytotalscore",
  "hasSharingKeys",
  "duousername",
  "multifactor",
  "linked",
  "sites",
  "notes",
  "formfills",
  "applications",
  "attachments",
  "groups",
  "attribs",
}

--- One person who was looked up. Changing one takes effect with `state:keep(person)`.
---@class lastpass.sandbox.Person
---@field id integer
---@field index integer|nil the seed's number; nil for somebody added
---@field fields table as getuserdata writes them; `groups` nil when the key is absent
---@field invited boolean
---@field pending string|nil the address that updateemail asked for

local methods = {}
local state_mt = { __name = "lastpass.sandbox.state", __index = methods }

--- Lays an empty set of changes over a company.
---@param company table of lastpass.sandbox.company
---@return table state
function M.new(company)
  return setmetatable({
    company = company,
    version = 0,
    edited = {},
    gone = {},
    gone_count = 0,
    front = {},
    added = {},
    by_mail = {},
    invited_gone = {},
    invited_added = {},
    group_added = {},
    group_known = {},
    next_id = company:id(company.users + company.invited),
    front_id = company:id(0),
    mails = {},
    scans = {},
  }, state_mt)
end

local function touch(self)
  self.version = self.version + 1
end

-- ---- looking people up ----

local function decode_person(self, index)
  local decoded = assert(json.decode("{" .. self.company:user_json(index) .. "}"))
  local _, fields = next(decoded)
  return { index = index, id = self.company:id(index), fields = fields, invited = false }
end

local function invited_person(self, index)
  local fields = { username = self.company:mail(index), fullname = self.company:fullname(index) }
  return { index = index, id = self.company:id(index), fields = fields, invited = true }
end

--- Finds a person by address, whatever its case.
---@param mail string
---@return lastpass.sandbox.Person|nil
function methods:person(mail)
  local key = mail:lower()
  local known = self.by_mail[key]
  if known ~= nil then
    return known or nil
  end
  local index = self.company:index(key)
  if not index then
    return nil
  elseif index >= self.company.users then
    return not self.invited_gone[index] and invited_person(self, index) or nil
  end
  return decode_person(self, index)
end

--- A person who is a user: an invited one is none yet.
---@param mail string
---@return lastpass.sandbox.Person|nil
function methods:user(mail)
  local person = self:person(mail)
  return person and not person.invited and person or nil
end

--- Stores a changed person.
---@param person lastpass.sandbox.Person
function methods:keep(person)
  local key = person.fields.username:lower()
  if person.index and not person.invited then
    self.edited[person.index] = person
  end
  if person.key and person.key ~= key then
    self.by_mail[person.key] = false
  end
  person.key = key
  self.by_mail[key] = person
  touch(self)
end

--- Gives a person another address.
---@param person lastpass.sandbox.Person
---@param mail string
function methods:rename(person, mail)
  person.key = person.fields.username:lower()
  person.fields.username = mail
  self:keep(person)
end

-- ---- adding and removing ----

--- Adds a user, or somebody invited.
---@param fields table
---@param invited? boolean
---@param first? boolean before all others, as somebody with an old id would come back
---@return lastpass.sandbox.Person
function methods:add(fields, invited, first)
  local person = { fields = fields, invited = invited or false }
  if first then
    self.front_id = self.front_id - 3
    person.id = self.front_id
    table.insert(self.front, 1, person)
  else
    person.id = self.next_id
    self.next_id = self.next_id + 3
    table.insert(invited and self.invited_added or self.added, person)
  end
  self:keep(person)
  return person
end

local function take_out(list, person)
  for at = #list, 1, -1 do
    if list[at] == person then
      table.remove(list, at)
    end
  end
end

--- Takes a person out of the company.
---@param person lastpass.sandbox.Person
function methods:remove(person)
  self.by_mail[person.fields.username:lower()] = false
  if person.index and person.invited then
    self.invited_gone[person.index] = true
  elseif person.index then
    self.gone[person.index] = true
    self.gone_count = self.gone_count + 1
    self.edited[person.index] = nil
    self.gone_sorted = nil
  else
    take_out(self.front, person)
    take_out(self.added, person)
    take_out(self.invited_added, person)
  end
  touch(self)
end

-- ---- groups ----

--- Whether a group is there.
---@param name string
---@return boolean
function methods:has_group(name)
  return self.company.group_place[name] ~= nil or self.group_known[name] == true
end

--- Makes a group.
---@param name string
function methods:make_group(name)
  self.group_known[name] = true
  table.insert(self.group_added, name)
  touch(self)
end

--- How many groups there are.
---@return integer
function methods:group_count()
  return #self.company.group_names + #self.group_added
end

--- Puts a person into a group.
---@param person lastpass.sandbox.Person
---@param name string
---@return boolean changed
function methods:join(person, name)
  local groups = person.fields.groups or {}
  for _, known in ipairs(groups) do
    if known == name then
      return false
    end
  end
  groups[#groups + 1] = name
  person.fields.groups = groups
  return true
end

--- Takes a person out of a group.
---@param person lastpass.sandbox.Person
---@param name string
---@return boolean changed
function methods:leave(person, name)
  for at, known in ipairs(person.fields.groups or {}) do
    if known == name then
      table.remove(person.fields.groups, at)
      return true
    end
  end
  return false
end

-- ---- walking over users in their order ----

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
---@param filter? table `disabled`, `admin`: booleans
---@return integer
function methods:count(filter)
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
  for _, person in ipairs(list) do
    if left == 0 then
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
---@param filter? table
---@param skip integer users before the first one
---@param count integer
---@param call fun(index: integer|nil, person: lastpass.sandbox.Person|nil) a person who was never
-- changed comes as an index only
function methods:walk(filter, skip, count, call)
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

-- ---- texts ----

--- `"<id>":{…}` of a stored person.
---@param person lastpass.sandbox.Person
---@return string
function methods:person_json(person)
  local object = php.object()
  for _, key in ipairs(user_keys) do
    php.put(object, key, person.fields[key])
  end
  return '"' .. ("%.0f"):format(person.id) .. '":' .. php.encode(object)
end

--- The list of invited addresses as JSON.
---@return string
function methods:invited_json()
  local kept = self.invited_text
  if kept and kept.version == self.version then
    return kept.text
  end
  local parts = {}
  for index = self.company.users, self.company.users + self.company.invited - 1 do
    if not self.invited_gone[index] then
      parts[#parts + 1] = php.string(self.company:mail(index))
    end
  end
  for _, person in ipairs(self.invited_added) do
    parts[#parts + 1] = php.string(person.fields.username)
  end
  local text = "[" .. table.concat(parts, ",") .. "]"
  self.invited_text = { version = self.version, text = text, count = #parts }
  return text
end

--- How many people are invited.
---@return integer
function methods:invited_count()
  self:invited_json()
  return self.invited_text.count
end

-- ---- mail ----

--- Notes that LastPass would have sent a mail.
---@param mail string
---@param kind string "invitation", "temporary_password", "password_reset", "email_change"
function methods:count_mail(mail, kind)
  local key = mail:lower()
  local counts = self.mails[key] or {}
  counts[kind] = (counts[kind] or 0) + 1
  self.mails[key] = counts
end

return M
