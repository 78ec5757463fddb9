--- A user as the unified directory shows one (unified-directory §4).
-- @module lastpass.unified.user_object
local email = require "lastpass.email"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local names = require "lastpass.unified.names"
local record = require "lastpass.unified.record"
local time = require "lastpass.time"

local M = {}

local null = json.null

local function or_null(value)
  if value == nil or value == "" then
    return null
  end
  return value
end

local function iso(utc)
  return utc and time.iso(utc) or null
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

local function external_id(user, settings)
  local name = settings.external_id_attribute
  local attributes = name and user.attributes
  local value = type(attributes) == "table" and attributes[name]
  return type(value) == "string" and or_null(value) or null
end

local function identifiers_of(user, id)
  local list = { email = user.email, duo_username = user.duo_username }
  if rawget(user, "_snapshot") then
    list.lastpass_id = id
  end
  return list
end

local function groups_of(user, cid)
  local list = json.list {}
  for place, name in ipairs(user.groups) do
    list[place] = { id = ids.group(name), name = name, organization = cid }
  end
  return list
end

local function mfa_of(user)
  if not rawget(user, "_snapshot") then
    return null
  end
  return user.mfa ~= nil
end

--- The role of an account.
---@param user lastpass.User
---@return table {id, name}
function M.account_role(user)
  return user.admin and { id = "admin", name = "Admin" } or { id = "user", name = "User" }
end

--- A user.
---@param user lastpass.User
---@param id string
---@param scene table cid, settings, with_record, folder_roles (by the key of the account, or nil)
---@return table
function M.of(user, id, scene)
  local cid, settings = scene.cid, scene.settings
  local first, last = names.split(user.fullname)
  local roles, workspaces = json.list { M.account_role(user) }, json.list {}
  for _, role in ipairs(scene.folder_roles and scene.folder_roles[email.fold(user.email)] or {}) do
    if role.super_admin then
      roles[1] = { id = "super_admin", name = "Super admin" }
    end
    roles[#roles + 1] = { id = role.id, name = role.name, workspace = role.folder.id }
    workspaces[#workspaces + 1] = { id = role.folder.id, name = role.folder.name }
  end
  return {
    id = id,
    external_id = external_id(user, settings),
    identifiers = identifiers_of(user, id),
    name = or_null(names.trim(user.fullname)),
    first_name = or_null(first),
    last_name = or_null(last),
    title = null,
    username = user.email,
    emails = json.list { { email = user.email, type = "work", is_primary = true } },
    phones = json.list {},
    status = M.status(user, settings),
    is_email_verified = null,
    is_2fa_enabled = mfa_of(user),
    roles = roles,
    organizations = json.list { { id = cid, name = settings.company_name or null } },
    user_type = user.admin and "admin" or "user",
    licenses = json.list {},
    groups = groups_of(user, cid),
    workspaces = workspaces,
    avatar = null,
    timezone = null,
    bio = null,
    languages = json.list {},
    urls = json.list {},
    created_at = iso(user.created),
    updated_at = null,
    last_login_at = iso(user.last_login),
    last_active_at = null,
    remote_data = scene.with_record and record.of_user(user, id) or nil,
  }
end

return M
