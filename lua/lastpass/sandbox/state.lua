--- One company as it is now: the seeded people with everything that was changed laid over them.
-- Only changes are stored.
-- @module lastpass.sandbox.state
local json = require "lastpass.json"
local php = require "lastpass.sandbox.php"
local roll = require "lastpass.sandbox.roll"

local M = {}

local methods = { count = roll.count, walk = roll.walk }
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

-- ---- the invited ----

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
