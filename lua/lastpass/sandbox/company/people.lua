--- The people, groups and mails of a company as they are now: the seeded ones with every change laid over
-- them. Only changes are stored.
-- @module lastpass.sandbox.company.people
local email = require "lastpass.email"
local groups = require "lastpass.sandbox.company.groups"
local json = require "lastpass.json"
local php = require "lastpass.sandbox.php"

local M = { methods = {} }

local methods = M.methods

for name, method in pairs(groups.methods) do
  methods[name] = method
end

--- One person who was looked up. A change takes effect with `company:save(person)`.
---@class lastpass.sandbox.Person
---@field id integer
---@field index integer|nil the seed's number; nil for somebody added
---@field fields table as getuserdata writes them; `groups` nil when the key is absent
---@field invited boolean
---@field pending string|nil the address that updateemail asked for
---@field revision integer|nil counts changes
---@field grouped table<string, true>|nil names of the groups that know of the person
---@field scim table|nil what SCIM alone knows of the person

-- ---- records ----

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

--- The fields of an account that nobody has logged in to yet.
---@param mail string
---@param now string as the account writes times
function M.new_fields(mail, now)
  return {
    username = mail,
    fullname = "",
    mpstrength = "0",
    created = now,
    last_pw_change = now,
    last_login = "",
    neverloggedin = true,
    disabled = false,
    admin = false,
    password_reset_required = false,
    totalscore = json.null,
    legacytotalscore = "0",
    hasSharingKeys = false,
    duousername = mail,
    sites = json.null,
    notes = json.null,
    formfills = json.null,
    applications = json.null,
    attachments = json.null,
  }
end

--- Puts a person into a group.
function M.join(person, name)
  local names = person.fields.groups or {}
  for _, known in ipairs(names) do
    if known == name then
      return false
    end
  end
  names[#names + 1] = name
  person.fields.groups = names
  return true
end

--- Takes a person out of a group.
function M.leave(person, name)
  for at, known in ipairs(person.fields.groups or {}) do
    if known == name then
      table.remove(person.fields.groups, at)
      return true
    end
  end
  return false
end

--- `"<id>":{…}` of a record, as getuserdata writes it (enterprise-api §4.8).
function M.json(person)
  local object = php.object()
  for _, key in ipairs(user_keys) do
    php.put(object, key, person.fields[key])
  end
  return '"' .. ("%.0f"):format(person.id) .. '":' .. php.encode(object)
end

-- ---- looking people up ----

--- Lays an empty set of changes over a seeded company.
---@param company table with `seeded`
function M.prepare(company)
  local seeded = company.seeded
  company.version = 0
  company.edited, company.gone, company.gone_count, company.gone_sorted = {}, {}, 0, nil
  company.front, company.added = {}, {}
  company.by_mail = {} -- account key -> person, false for an address that was given up
  company.by_id = {} -- those who were added
  company.disabled_change = 0 -- against the seed
  company.invited_gone, company.invited_added = {}, {}
  groups.prepare(company)
  company.next_id, company.front_id = seeded:id(seeded.users + seeded.invited), seeded:id(0)
  company.mails = {}
  company.cached = {} -- what was computed for a version
end

--- Notes that something has changed: what was cached is computed again.
function methods:touch()
  self.version = self.version + 1
end

--- What a function computes, cached until somebody changes.
function methods:cache(name, compute)
  local entry = self.cached[name]
  if not entry or entry.version ~= self.version then
    entry = { version = self.version, value = compute(self) }
    self.cached[name] = entry
  end
  return entry.value
end

local function seeded_user(self, index)
  local decoded = assert(json.decode("{" .. self.seeded:user_json(index) .. "}"))
  local _, fields = next(decoded)
  return { index = index, id = self.seeded:id(index), fields = fields, invited = false }
end

local function invited_person(self, index)
  local seeded = self.seeded
  local fields = { username = seeded:mail(index), fullname = seeded:fullname(index) }
  return { index = index, id = seeded:id(index), fields = fields, invited = true }
end

--- Finds a person by address.
function methods:person(mail)
  local key = email.fold(mail)
  local known = self.by_mail[key]
  if known ~= nil then
    return known or nil
  end
  local index = self.seeded:index(key)
  if not index then
    return nil
  elseif index >= self.seeded.users then
    return not self.invited_gone[index] and invited_person(self, index) or nil
  end
  return seeded_user(self, index)
end

--- A person who is a user: an invited one is none yet.
function methods:user(mail)
  local person = self:person(mail)
  return person and not person.invited and person or nil
end

--- Finds a user by number.
---@param id integer
function methods:user_of_id(id)
  local index = (id - self.seeded.first_id) / 3
  if index >= 0 and index < self.seeded.users and index % 1 == 0 then
    return not self.gone[index] and (self.edited[index] or seeded_user(self, index)) or nil
  end
  local person = self.by_id[id]
  return person and not person.invited and person or nil
end

-- ---- changing people ----

-- Counts who is disabled, against what the seed says.
local function count_disabled(self, person, disabled)
  local before = person.counted
  if before == nil then
    before = person.index and not person.invited and self.seeded:flags(person.index) or false
  end
  if before ~= disabled then
    self.disabled_change = self.disabled_change + (disabled and 1 or -1)
  end
  person.counted = disabled
end

--- Stores a changed person.
function methods:save(person)
  local key = email.fold(person.fields.username)
  person.revision = (person.revision or 0) + 1
  groups.note(self, person, person.fields.groups)
  count_disabled(self, person, person.fields.disabled or false)
  if person.index and not person.invited then
    self.edited[person.index] = person
  end
  if person.key and person.key ~= key then
    self.by_mail[person.key] = false
  end
  person.key = key
  self.by_mail[key] = person
  self:touch()
end

--- Gives a person another address.
function methods:rename(person, mail)
  person.key = email.fold(person.fields.username)
  person.fields.username = mail
  self:save(person)
end

--- Adds a user, or somebody invited.
---@param fields table
---@param invited? boolean
---@param first? boolean before all others, as somebody with an old id would come back
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
  self.by_id[person.id] = person
  self:save(person)
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
function methods:remove(person)
  self.by_mail[email.fold(person.fields.username)] = false
  self.by_id[person.id] = nil
  groups.note(self, person, nil)
  count_disabled(self, person, false)
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
  self:touch()
end

--- How many seats are taken: by everybody who is invited or a user, but not disabled.
function methods:seats()
  local of_seed = self.disabled_of_seed
  if not of_seed then
    of_seed = 0
    for index = 0, self.seeded.users - 1 do
      of_seed = of_seed + (self.seeded:flags(index) and 1 or 0)
    end
    self.disabled_of_seed = of_seed
  end
  return self:count() + self:invited_count() - of_seed - self.disabled_change
end

-- ---- invitations, mails ----

--- Calls a function with everybody who is invited.
---@param call fun(person: lastpass.sandbox.Person)
function methods:each_invited(call)
  local seeded = self.seeded
  for index = seeded.users, seeded.users + seeded.invited - 1 do
    if not self.invited_gone[index] then
      call(self:person(seeded:mail(index)))
    end
  end
  for _, person in ipairs(self.invited_added) do
    call(person)
  end
end

-- The addresses of the invited, each as JSON.
local function invited_parts(self)
  local parts = {}
  self:each_invited(function(person)
    parts[#parts + 1] = php.string(person.fields.username)
  end)
  return parts
end

--- The list of invited addresses as JSON.
function methods:invited_json()
  return "[" .. table.concat(self:cache("invited", invited_parts), ",") .. "]"
end

--- How many people are invited.
function methods:invited_count()
  return #self:cache("invited", invited_parts)
end

--- Counts a mail that LastPass would have sent.
---@param mail string
---@param kind string "invitation", "temporary_password", "password_reset", "email_change"
function methods:count_mail(mail, kind)
  local counts = self:mails_to(mail)
  counts[kind] = (counts[kind] or 0) + 1
  self.mails[email.fold(mail)] = counts
end

--- How many mails of each kind somebody was sent.
---@return table<string, integer>
function methods:mails_to(mail)
  return self.mails[email.fold(mail)] or {}
end

return M
