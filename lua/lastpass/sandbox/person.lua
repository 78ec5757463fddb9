--- One person as a record: somebody who was looked up or changed.
-- @module lastpass.sandbox.person
local json = require "lastpass.json"
local php = require "lastpass.sandbox.php"

local M = {}

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

--- The fields of an account that nobody has logged in to yet.
---@param mail string
---@param now string as the account writes times
---@return table fields
function M.fresh(mail, now)
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
---@param person lastpass.sandbox.Person
---@param name string
---@return boolean changed
function M.join(person, name)
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
---@param person lastpass.sandbox.Person
---@return string
function M.json(person)
  local object = php.object()
  for _, key in ipairs(user_keys) do
    php.put(object, key, person.fields[key])
  end
  return '"' .. ("%.0f"):format(person.id) .. '":' .. php.encode(object)
end

return M
