--- A user as the unified directory shows one (unified-directory §4): names, the object, the raw record.
-- @module lastpass.unified.user_object
local core = require "lastpass.core"
local email = require "lastpass.email"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local time = require "lastpass.time"
local users = require "lastpass.directory.user"

local M = {}

local null = json.null

local function or_null(value)
  if value == nil or value == "" then
    return null
  end
  return value
end

--- A name without blanks around it, and with one blank between its words.
---@param text string|nil
---@return string|nil name nil when nothing is left
function M.trim_name(text)
  local name = text and text:gsub("%s+", " "):match "^ ?(.-) ?$"
  return name ~= "" and name or nil
end

--- Splits a full name: "Last, First" is reversed, else the first word is the first name.
---@param fullname string|nil
---@return string|nil first
---@return string|nil last
function M.split_name(fullname)
  local name = M.trim_name(fullname)
  if not name then
    return nil, nil
  end
  local last, first = name:match "^([^,]*),([^,]*)$"
  if last then
    return M.trim_name(first), M.trim_name(last)
  end
  first, last = name:match "^(%S+) (.+)$"
  return first or name, last
end

--- The full name that a request asks for: `name`, else its parts. What is so already is not a change, so that
-- an object that was read may be sent back with one of them changed.
---@param requested table name, first_name, last_name; one that is nil stays as it is
---@param fullname? string the present name
---@return string|nil name nil when it does not change; "" when nothing would be left
function M.join_name(requested, fullname)
  local name = requested.name and (M.trim_name(requested.name) or "")
  if name and name ~= (M.trim_name(fullname) or "") then
    return name
  end
  local first, last = M.split_name(fullname)
  local new_first = M.trim_name(requested.first_name or first)
  local new_last = M.trim_name(requested.last_name or last)
  if new_first == first and new_last == last then
    return nil
  end
  local parts = {}
  parts[#parts + 1] = new_first
  parts[#parts + 1] = new_last
  return table.concat(parts, " ")
end

--- Active, inactive or invited (§4.1).
---@param user lastpass.User
---@param settings table never_logged_in_status
---@return string
function M.status(user, settings)
  local status = user.status
  if status == "disabled" then
    return "inactive"
  elseif status == "invited" then
    return "invited"
  end
  return user.never_logged_in and settings.never_logged_in_status or "active"
end

--- Whether a user has an account, and is not only invited.
---@param user lastpass.User
---@return boolean
function M.has_account(user)
  return users.row_of(user) ~= nil
end

--- Whether a user has multifactor authentication; nil for those who are only invited.
---@param user lastpass.User
---@return boolean|nil
function M.has_mfa(user)
  if not M.has_account(user) then
    return nil
  end
  return user.mfa ~= nil
end

--- The role of an account.
---@param user lastpass.User
---@return table {id, name}
function M.account_role(user)
  return user.admin and { id = "admin", name = "Admin" } or { id = "user", name = "User" }
end

-- Fields of the raw record (enterprise-api §4.8): the name on the wire, and the name in a user.
local record_fields = {
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

-- Times, which the wire has as a wall clock of the account's zone.
local record_times = {
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

-- Attributes that are named like secrets: plain passwords have been seen there.
local function redact_secrets(value)
  local copy = json.is_list(value) and json.list {} or {}
  for name, item in pairs(value) do
    if type(name) == "string" and is_secret(name) then
      copy[name] = "[redacted]"
    else
      copy[name] = type(item) == "table" and redact_secrets(item) or item
    end
  end
  return copy
end

local function record_of(user, id)
  local rows, row = users.row_of(user)
  if not rows then
    return { id = id, username = user.email, invited = true, groups = json.list(user.groups) }
  end
  local record = { id = id, groups = json.list(user.groups) }
  for wire, name in pairs(record_fields) do
    record[wire] = user[name]
  end
  for wire, name in pairs(record_times) do
    local civil = core.user_value(rows, row, core.user_fields[name])
    record[wire] = civil and time.format_civil(civil) or nil
  end
  local attributes = user.attributes
  if type(attributes) == "table" then
    record.attribs = redact_secrets(attributes)
  end
  return record
end

local function iso_or_null(utc)
  return utc and time.iso(utc) or null
end

local function external_id(user, settings)
  local name = settings.external_id_attribute
  local attributes = name and user.attributes
  local value = type(attributes) == "table" and attributes[name]
  return type(value) == "string" and or_null(value) or null
end

local function groups_of(user, cid)
  local list = json.list {}
  for position, name in ipairs(user.groups) do
    list[position] = { id = ids.group(name), name = name, organization = cid }
  end
  return list
end

--- The members of a person that LastPass does not have.
---@return table
function M.blank()
  return {
    title = null,
    phones = json.list {},
    is_email_verified = null,
    licenses = json.list {},
    avatar = null,
    timezone = null,
    bio = null,
    languages = json.list {},
    urls = json.list {},
    updated_at = null,
    last_active_at = null,
  }
end

--- A user.
---@param user lastpass.User
---@param id string
---@param context table cid, settings, with_record, folder_roles (by the key of the account, or nil)
---@return table
function M.of(user, id, context)
  local cid, settings = context.cid, context.settings
  local first, last = M.split_name(user.fullname)
  local roles, workspaces = json.list { M.account_role(user) }, json.list {}
  local folder_roles = context.folder_roles and context.folder_roles[email.fold(user.email)]
  for _, role in ipairs(folder_roles or {}) do
    if role.super_admin then
      roles[1] = { id = "super_admin", name = "Super admin" }
    end
    roles[#roles + 1] = { id = role.id, name = role.name, workspace = role.folder.id }
    workspaces[#workspaces + 1] = { id = role.folder.id, name = role.folder.name }
  end
  local has_mfa = M.has_mfa(user)
  local object = M.blank()
  object.id = id
  object.external_id = external_id(user, settings)
  object.identifiers = {
    email = user.email,
    duo_username = user.duo_username,
    lastpass_id = M.has_account(user) and id or nil,
  }
  object.name = or_null(M.trim_name(user.fullname))
  object.first_name, object.last_name = or_null(first), or_null(last)
  object.username = user.email
  object.emails = json.list { { email = user.email, type = "work", is_primary = true } }
  object.status = M.status(user, settings)
  object.is_2fa_enabled = has_mfa == nil and null or has_mfa
  object.roles, object.workspaces = roles, workspaces
  object.organizations = json.list { { id = cid, name = settings.company_name or null } }
  object.user_type = user.admin and "admin" or "user"
  object.groups = groups_of(user, cid)
  object.created_at = iso_or_null(user.created)
  object.last_login_at = iso_or_null(user.last_login)
  object.remote_data = context.with_record and record_of(user, id) or nil
  return object
end

return M
