--- Who has a role of the MFA directory, as programs and as the wire have it (mfa §2.3).
-- @module lastpass.mfa.directory.members
local characters = require "lastpass.text.characters"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

local MOST_NAME = 1000 -- bytes

local function strings_of(where, given, name, level)
  local list = given[name] or {}
  for position, text in pairs(list) do
    local is_place = type(position) == "number" and position <= #list
    if not is_place or type(text) ~= "string" or text == "" then
      local form = "%s: '%s' must be a list of strings (%s is none)"
      errors.raise(level + 1, form, where, name, tostring(position))
    end
  end
  return json.list(list)
end

--- Members as the wire has them.
---@param where string who asks, for messages
---@param id string of the role
---@param given table users (addresses), groups (names)
---@param level integer whose line is blamed; 1 is the caller of `wire`
---@return table|nil
---@return string? message
---@return lastpass.Error? err code "bad_user", "bad_name"
function M.wire(where, id, given, level)
  errors.check_options(where, given, { users = "table", groups = "table" }, level)
  local users = strings_of(where, given, "users", level)
  local groups = strings_of(where, given, "groups", level)
  local address, reason = email.list_problem(users)
  if address then
    return errors.fail("argument", "bad_user", "not an e-mail address: " .. reason)
  end
  for _, name in ipairs(groups) do
    if not characters.is_line(name, MOST_NAME) then
      local message = "the name of a group must be one line of UTF-8, not empty"
      return errors.fail("argument", "bad_name", message)
    end
  end
  return { Code = id, Users = users, Groups = groups }
end

-- A list of strings, complete; nil when it is none.
local function read_strings(list)
  local strings = {}
  if list == nil or list == json.null then
    return strings
  elseif type(list) ~= "table" or #list == 0 and next(list) ~= nil then
    return nil
  end
  for position, text in ipairs(list) do
    if type(text) ~= "string" then
      return nil
    end
    strings[position] = text
  end
  return strings
end

--- Members out of an answer.
---@param value any
---@return {users: string[], groups: string[]}|nil members all of them; nil: the answer has none, or others than strings
function M.read(value)
  if type(value) ~= "table" then
    return nil
  end
  local users, groups = read_strings(value.Users), read_strings(value.Groups)
  return users and groups and { users = users, groups = groups } or nil
end

return M
