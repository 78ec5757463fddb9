--- The body of a request that creates or changes a user (unified-directory §2.4, §6). What LastPass
-- cannot take is refused by its name, never passed over.
-- @module lastpass.unified.user_body
local email_room = require "lastpass.email"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local names = require "lastpass.unified.names"
local problems = require "lastpass.unified.problems"
local texts = require "lastpass.unified.texts"

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

local function text_of(body, field)
  local value = body[field]
  if value == nil or value == json.null then
    return nil
  elseif type(value) ~= "string" then
    return refuse(field, "must be a text")
  end
  return value
end

-- Blanks of any kind are trimmed from names; nothing else of that sort belongs into one.
local function has_control(text)
  return text:gsub("%s", " "):find "%c" ~= nil
end

-- The primary address, else the first.
local function address_in(list)
  if type(list) ~= "table" then
    return refuse("emails", "must be a list of objects with the member email")
  end
  local found
  for _, entry in ipairs(list) do
    if type(entry) ~= "table" or type(entry.email) ~= "string" then
      return refuse("emails", "must be a list of objects with the member email")
    elseif not found or entry.is_primary == true then
      found = entry.email
    end
  end
  return found
end

--- The address that a body names: `emails`, or else `username`.
---@param body table
---@return string|nil address nil without a problem: it names none
---@return lastpass.unified.Problem? problem
function M.address(body)
  local address, problem
  if body.emails ~= nil and body.emails ~= json.null then
    address, problem = address_in(body.emails)
    if not address and not problem then
      return refuse("emails", "is empty")
    end
  else
    address, problem = text_of(body, "username")
  end
  if not address then
    return nil, problem
  end
  local good, reason = email_room.check(address)
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
---@return string[]|nil names nil without a problem: it says nothing of groups
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
    elseif not name or name == "" or not texts.is_utf8(name) then
      return refuse("groups", "must be a list of objects with the member id or name")
    elseif not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

--- The full name that a body wants.
---@param body table
---@param fullname? string the name at present
---@return string|nil name nil without a problem: no other than there is
---@return lastpass.unified.Problem? problem
function M.name(body, fullname)
  local parts = {}
  for _, field in ipairs { "name", "first_name", "last_name" } do
    local text, problem = text_of(body, field)
    if problem then
      return nil, problem
    elseif text and has_control(text) then
      return refuse(field, "has a control character")
    end
    parts[field] = text
  end
  local name = names.join(parts, fullname)
  if name == "" then
    return refuse("name", "cannot be taken away: LastPass keeps the one there is")
  end
  return name
end

--- What LastPass keeps nothing of.
M.unsupported = {
  external_id = true,
  identifiers = true,
  title = true,
  phones = true,
  is_email_verified = true,
  roles = true,
  organizations = true,
  user_type = true,
  licenses = true,
  workspaces = true,
  avatar = true,
  timezone = true,
  bio = true,
  languages = true,
  urls = true,
  description = true,
  created_at = true,
  updated_at = true,
  last_login_at = true,
  last_active_at = true,
  id = true,
}

--- What is read elsewhere.
M.read = {
  emails = true,
  username = true,
  name = true,
  first_name = true,
  last_name = true,
  groups = true,
  status = true,
  is_2fa_enabled = true,
  password = true,
  remote_data = true,
}

-- `null` says nothing.
local function is_so(value, present)
  return value == json.null
    or is_empty(value) and is_empty(present)
    or not is_empty(present) and json.encode(value) == json.encode(present)
end

--- Refuses members that nobody knows, and those that LastPass cannot take.
---@param body table
---@param current table|nil the user as shown: what is so already is no wish; nil for a new one
---@return true|nil
---@return lastpass.unified.Problem? problem
function M.check(body, current)
  local fields = {}
  for name in pairs(body) do
    fields[#fields + 1] = name
  end
  table.sort(fields)
  for _, name in ipairs(fields) do
    local value = body[name]
    if not M.read[name] and not M.unsupported[name] then
      return refuse(name, "is not known")
    elseif M.unsupported[name] and not is_so(value, current and current[name]) then
      return refuse(name, "cannot be set: LastPass has no such thing")
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

--- What a body says that is LastPass's own, under `remote_data`.
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
      return refuse("remote_data.attribs", "must be an object of texts")
    end
  end
  return fields
end

--- A first master password.
---@param body table
---@return string|nil
---@return lastpass.unified.Problem? problem
function M.password(body)
  return text_of(body, "password")
end

return M
