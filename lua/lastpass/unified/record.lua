--- The raw record of a user, by the names of the wire (enterprise-api §4.8): what `remote_data` has.
-- Values of attributes that are named like secrets are left out: plain passwords were met there.
-- @module lastpass.unified.record
local json = require "lastpass.json"
local time = require "lastpass.time"
local core = require "lastpass.core"

local M = {}

-- Names of the wire for fields that are given on as they are.
local plain = {
  username = "email",
  fullname = "fullname",
  admin = "admin",
  disabled = "disabled",
  multifactor = "mfa",
  neverloggedin = "never_logged_in",
  password_reset_required = "password_reset_required",
  mpstrength = "password_strength",
  totalscore = "security_score",
  legacytotalscore = "legacy_security_score",
  hasSharingKeys = "has_sharing_keys",
  duousername = "duo_username",
  linked = "linked_account",
  sites = "sites",
  notes = "notes",
  formfills = "form_fills",
  applications = "applications",
  attachments = "attachments",
}

local times = {
  created = "created",
  last_login = "last_login",
  last_pw_change = "last_password_change",
}

local secret_words = { "pass", "pwd", "secret", "token", "key" }

local function is_secret(name)
  local folded = name:lower()
  for _, word in ipairs(secret_words) do
    if folded:find(word, 1, true) then
      return true
    end
  end
  return false
end

local function without_secrets(value)
  local copy = json.is_list(value) and json.list {} or {}
  for name, item in pairs(value) do
    if type(name) == "string" and is_secret(name) then
      copy[name] = "[redacted]"
    else
      copy[name] = type(item) == "table" and without_secrets(item) or item
    end
  end
  return copy
end

-- Times as the wire has them: a wall clock of the account's zone.
local function civil(user, name)
  local rows = rawget(user, "_snapshot")
  local value = rows and core.user_value(rows, user._row, core.user_fields[name])
  return value and time.format_civil(value) or nil
end

--- The record of a user.
---@param user lastpass.User
---@param id string
---@return table
function M.of_user(user, id)
  if not rawget(user, "_snapshot") then
    return { id = id, username = user.email, invited = true, groups = json.list(user.groups) }
  end
  local record = { id = id, groups = json.list(user.groups) }
  for wire, name in pairs(plain) do
    record[wire] = user[name]
  end
  for wire, name in pairs(times) do
    record[wire] = civil(user, name)
  end
  local attributes = user.attributes
  if type(attributes) == "table" then
    record.attribs = without_secrets(attributes)
  end
  return record
end

return M
