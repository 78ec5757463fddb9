--- The body of a request that creates or changes a user (unified-directory §2.4, §6). What LastPass
-- cannot store is refused by its name, never ignored.
-- @module lastpass.unified.user_body
local characters = require "lastpass.text.characters"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local texts = require "lastpass.unified.texts"
local user_object = require "lastpass.unified.user_object"

local M = {}

local function refuse(field, reason)
  local message = ("%s %s"):format(texts.clean(field), reason)
  return problems.fail(422, message, { details = { failures = json.list { message } } })
end

M.refuse = refuse

local function is_empty(value)
  return value == nil
    or value == json.null
    or value == ""
    or type(value) == "table" and next(value) == nil
end

M.is_empty = is_empty

local function read_string(body, field)
  local value = body[field]
  if value == nil or value == json.null then
    return nil
  elseif type(value) ~= "string" then
    return refuse(field, "must be a string")
  end
  return value
end

-- White space of any kind is trimmed from names; other control characters do not belong into one.
local function has_control(text)
  return text:gsub("%s", " "):find "%c" ~= nil
end

-- The primary address, else the first.
local function primary_address(list)
  if type(list) ~= "table" then
    return refuse("emails", "must be a list of objects with the member email")
  end
  local address
  for _, entry in ipairs(list) do
    if type(entry) ~= "table" or type(entry.email) ~= "string" then
      return refuse("emails", "must be a list of objects with the member email")
    elseif not address or entry.is_primary == true then
      address = entry.email
    end
  end
  return address
end

--- The address that a body names: `emails`, or else `username`.
---@param body table
---@return string|nil address nil without a problem when it names none
---@return lastpass.unified.Problem? problem
function M.address(body)
  local address, problem
  if body.emails ~= nil and body.emails ~= json.null then
    address, problem = primary_address(body.emails)
    if not address and not problem then
      return refuse("emails", "is empty")
    end
  else
    address, problem = read_string(body, "username")
  end
  if not address then
    return nil, problem
  end
  local good, reason = email.check(address)
  if not good then
    return refuse("emails", ("has no e-mail address: %s"):format(reason))
  end
  return good
end

local function group_name(entry)
  if type(entry) == "string" then
    return ids.group_name(entry) or entry
  elseif type(entry) ~= "table" then
    return nil
  elseif type(entry.id) == "string" then
    return ids.group_name(entry.id)
  end
  return type(entry.name) == "string" and entry.name or nil
end

M.group_name = group_name

--- The names of the groups that a body names.
---@param body table
---@return string[]|nil names nil without a problem when it names no groups
---@return lastpass.unified.Problem? problem
function M.groups(body)
  local given = body.groups
  if given == nil or given == json.null then
    return nil
  elseif type(given) ~= "table" then
    return refuse("groups", "must be a list of objects with the member id or name")
  end
  local list, seen = {}, {}
  for key, entry in pairs(given) do
    if type(key) ~= "number" then
      return refuse("groups", "must be a list of objects with the member id or name")
    end
    local name = group_name(entry)
    if name and name:find "%c" then
      return refuse("groups", "has a name with a control character")
    elseif not name or name == "" or not characters.is_utf8(name) then
      return refuse("groups", "must be a list of objects with the member id or name")
    elseif not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

--- The full name that a body asks for.
---@param body table
---@param fullname? string the present name
---@return string|nil name nil without a problem when it does not change
---@return lastpass.unified.Problem? problem
function M.name(body, fullname)
  local parts = {}
  for _, field in ipairs { "name", "first_name", "last_name" } do
    local text, problem = read_string(body, field)
    if problem then
      return nil, problem
    elseif text and has_control(text) then
      return refuse(field, "has a control character")
    end
    parts[field] = text
  end
  local name = user_object.join_name(parts, fullname)
  if name == "" then
    return refuse("name", "cannot be removed: LastPass keeps the present one")
  end
  return name
end

--- The fields of a body that are read, with their types.
M.fields = {
  emails = "array",
  username = "string",
  name = "string",
  first_name = "string",
  last_name = "string",
  groups = "array",
  status = "string",
  is_2fa_enabled = "boolean",
  password = "string",
  remote_data = "object",
}

-- Fields of users that LastPass does not store.
local UNSUPPORTED = "id external_id identifiers title phones is_email_verified roles organizations "
  .. "user_type licenses workspaces avatar timezone bio languages urls description created_at "
  .. "updated_at last_login_at last_active_at"

local is_unsupported = {}
for field in UNSUPPORTED:gmatch "%S+" do
  is_unsupported[field] = true
end

-- `null` asks for nothing.
local function is_unchanged(value, present)
  return value == json.null
    or is_empty(value) and is_empty(present)
    or not is_empty(present) and json.encode(value) == json.encode(present)
end

--- Refuses fields that are not known, and those that LastPass cannot store.
---@param body table
---@param current table|nil the user as shown, whose values may be repeated; nil for a new one
---@return true|nil
---@return lastpass.unified.Problem? problem
function M.check(body, current)
  for _, name in ipairs(errors.names_of(body)) do
    local value = body[name]
    if not M.fields[name] and not is_unsupported[name] then
      return refuse(name, "is not known")
    elseif is_unsupported[name] and not is_unchanged(value, current and current[name]) then
      return refuse(name, "cannot be set: LastPass does not store it")
    end
  end
  return true
end

local extras = {
  duousername = "string",
  securidusername = "string",
  password_reset_required = "boolean",
  attribs = "table",
}

--- The fields of a body that only LastPass has, under `remote_data`.
---@param body table
---@return table|nil fields of batchadd
---@return lastpass.unified.Problem? problem
function M.extras(body)
  local given = body.remote_data
  if is_empty(given) then
    return {}
  elseif type(given) ~= "table" then
    return refuse("remote_data", "must be an object")
  end
  local fields = {}
  for name, value in pairs(given) do
    if not extras[name] then
      return refuse("remote_data." .. tostring(name), "is not known")
    elseif type(value) ~= extras[name] then
      return refuse("remote_data." .. name, "must be of type " .. extras[name])
    end
    fields[name] = value
  end
  for name, value in pairs(fields.attribs or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then
      return refuse("remote_data.attribs", "must be an object of strings")
    end
  end
  return fields
end

--- The first master password that a body sets.
---@param body table
---@return string|nil
---@return lastpass.unified.Problem? problem
function M.password(body)
  return read_string(body, "password")
end

return M
