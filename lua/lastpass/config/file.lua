--- Reads one configuration file and checks all of it.
-- @module lastpass.config.file
local errors = require "lastpass.error"
local files = require "lastpass.files"
local json = require "lastpass.json"
local keys = require "lastpass.config.keys"

local M = {}

local MOST_BYTES = 1048576
-- The numbers of ENOENT and ENOTDIR: there is no such file.
local ABSENT = { [2] = true, [20] = true }

-- A project's file comes with whatever folder one happens to be in. It may say which company and
-- how, but not where the secret comes from or goes to: with these keys a downloaded folder could
-- have the hash sent elsewhere, or a command run.
local NOT_IN_PROJECT = {
  provhash = true,
  url = true,
  proxy = true,
  ca_file = true,
  scim_url = true,
  scim_token = true,
  rest_url = true,
  rest_key = true,
  rest_parent_key = true,
  mfa_url = true,
  mfa_key = true,
  mfa_private_key = true,
  mfa_endpoints = true,
  -- nor who has to be asked before a plan is applied
  operator = true,
  approvers = true,
  approve_from = true,
  managed = true,
}

-- What sends the hash, or runs a program: a file that says one of these must not be others' to change.
local SENSITIVE = { journal = true }
for name in pairs(NOT_IN_PROJECT) do
  SENSITIVE[name] = true
end

local function fail(path, code, detail, fields)
  fields = fields or {}
  fields.file = path
  return errors.fail("argument", code, path .. ": " .. detail, fields)
end

local function read(path, must_exist)
  local file, reason, number = io.open(path, "rb")
  if not file then
    if ABSENT[number] and not must_exist then
      return false
    end
    local why = tostring(reason)
    if why:sub(1, #path + 2) == path .. ": " then
      why = why:sub(#path + 3)
    end
    return fail(path, "unreadable_config", "cannot be read: " .. why, { absent = ABSENT[number] })
  end
  local data, read_reason = file:read(MOST_BYTES + 1)
  file:close()
  if read_reason then
    return fail(path, "unreadable_config", "cannot be read: " .. tostring(read_reason))
  elseif data and #data > MOST_BYTES then
    return fail(path, "unreadable_config", "is larger than 1 MiB")
  end
  return data or ""
end

local function decode(path, data)
  local value, message, err = json.decode(data)
  if message == nil then
    return value
  end
  local before = data:sub(1, err.position or 0)
  local _, newlines = before:gsub("\n", "")
  local column = #before:match "[^\n]*$" + 1
  local detail = ("line %d, column %d: %s"):format(newlines + 1, column, message)
  return fail(path, "bad_config", detail, { line = newlines + 1, column = column })
end

-- A name from the file, safe to show.
local function quote(name)
  return '"' .. tostring(name):sub(1, 60):gsub("%c", "?") .. '"'
end

local function unknown_key(path, where, name, known)
  local nearest = errors.nearest(name, known)
  local advice = nearest and ('did you mean "' .. nearest .. '"?')
    or ("known are: " .. table.concat(known, ", "))
  return fail(path, "unknown_key", ("%sunknown key %s (%s)"):format(where, quote(name), advice))
end

local function is_object(value)
  return type(value) == "table" and #value == 0
end

local function read_profile(layer, name, given)
  local where = "profile " .. quote(name) .. ": "
  if not is_object(given) then
    return fail(layer.where, "bad_config", where .. "must be an object")
  end
  local profile = {}
  for key, value in pairs(given) do
    if not keys.is_known(key) then
      return unknown_key(layer.where, where, key, keys.names)
    elseif layer.name == "project" and NOT_IN_PROJECT[key] then
      local reason = "is not read from a project's file, which may come with any folder"
      local detail = ('%s"%s" %s'):format(where, key, reason)
      local hint = "put it into your own configuration file"
      return fail(layer.where, "not_in_project", detail .. ": " .. hint, { hint = hint })
    end
    local checked, reason = keys.check(key, value, layer.origin)
    if checked == nil then
      return fail(layer.where, "bad_config", ('%s"%s" %s'):format(where, key, reason))
    end
    profile[key] = checked
  end
  return profile
end

-- Groups of companies: each a list of expressions, which `lastpass.tenants` reads.
local function read_groups(layer, given)
  if not is_object(given) then
    return fail(layer.where, "bad_config", '"groups" must be an object of lists by name')
  end
  layer.groups = {}
  for name, list in pairs(given) do
    local count = 0
    for _, one in pairs(type(list) == "table" and list or {}) do
      count = count + (type(one) == "string" and one ~= "" and 1 or 0)
    end
    if type(list) ~= "table" or count == 0 or count ~= #list then
      local detail = ("group %s: must be a list of expressions"):format(quote(name))
      return fail(layer.where, "bad_config", detail)
    end
    layer.groups[name] = list
  end
  return layer
end

local function read_content(layer, content)
  local path = layer.where
  if not is_object(content) then
    return fail(path, "bad_config", 'must be an object: {"profiles": {…}}')
  end
  for key in pairs(content) do
    if key ~= "default" and key ~= "profiles" and key ~= "groups" then
      return unknown_key(path, "", key, { "default", "groups", "profiles" })
    end
  end
  if content.default ~= nil and type(content.default) ~= "string" then
    return fail(path, "bad_config", '"default" must be the name of a profile')
  elseif content.profiles ~= nil and not is_object(content.profiles) then
    return fail(path, "bad_config", '"profiles" must be an object of profiles by name')
  end
  layer.default = content.default
  for name, given in pairs(content.profiles or {}) do
    local profile, message, err = read_profile(layer, name, given)
    if not profile then
      return nil, message, err
    end
    layer.profiles[name] = profile
  end
  if content.groups ~= nil then
    return read_groups(layer, content.groups)
  end
  return layer
end

-- The first of them, so that the same file always says the same.
local function first_sensitive(layer)
  local found
  for name, profile in pairs(layer.profiles) do
    for key in pairs(profile) do
      local here = ("%s of the profile %s"):format(key, quote(name))
      if SENSITIVE[key] and (not found or here < found) then
        found = here
      end
    end
  end
  return found
end

-- ssh does the same with its files. What names nothing of this kind is only noted, for doctor.
local function check_trust(layer)
  local reason, hint = files.changeable(layer.where)
  if not reason then
    return layer
  end
  local sensitive = first_sensitive(layer)
  if sensitive then
    local detail = ("not used: %s, and it says the %s"):format(reason, sensitive)
    return fail(layer.where, "unsafe_config", detail, { hint = hint })
  end
  layer.unsafe, layer.hint = reason, hint
  return layer
end

--- Reads a file into a layer.
---@param name "project"|"user"|"system"
---@param path string
---@param home? string what "~" stands for
---@param must_exist? boolean
---@param read_as? fun(path: string, data: string): any|nil, string?, lastpass.Error? makes the content of what is not JSON
---@return table|nil layer {name, where, default, profiles, groups}; an absent file gives an empty one
---@return string? message
---@return lastpass.Error? err kind "argument", with file, and line and column for faulty JSON; code
-- "unsafe_config" when others can change a file that names commands, addresses or secrets
function M.layer(name, path, home, must_exist, read_as)
  local origin = { directory = path:match "^(.*)/[^/]*$" or ".", home = home }
  local layer = { name = name, where = path, origin = origin, profiles = {} }
  local data, message, err = read(path, must_exist)
  if data == false then
    return layer
  elseif not data then
    return nil, message, err
  end
  local content
  content, message, err = (read_as or decode)(path, data)
  if message then
    return nil, message, err
  end
  layer, message, err = read_content(layer, content)
  if not layer then
    return nil, message, err
  end
  return check_trust(layer)
end

return M
