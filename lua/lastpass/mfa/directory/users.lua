--- Users of the MFA directory, as programs and as the wire have them (mfa §2.3).
-- @module lastpass.mfa.directory.users
local characters = require "lastpass.text.characters"
local email = require "lastpass.email"
local errors = require "lastpass.error"

local M = {}

--- A user of the MFA directory. Fields that the server sends beyond these stand in `raw`.
---@class lastpass.mfa.User
---@field email string
---@field first_name? string
---@field last_name? string
---@field secondary_email? string
---@field phone_number? string
---@field employee_id? string
---@field department? string
---@field description? string
---@field sam_account_name? string
---@field organizational_unit? string
---@field attributes? table<string, string>
---@field raw? table the row as it came

local wire_names = {
  email = "Email",
  first_name = "FirstName",
  last_name = "LastName",
  secondary_email = "SecondaryEmail",
  phone_number = "PhoneNumber",
  employee_id = "EmployeeID",
  department = "Department",
  description = "Description",
  sam_account_name = "SamAccountName",
  organizational_unit = "OU",
}

local user_options = { attributes = "table" }
for name in pairs(wire_names) do
  user_options[name] = "string"
end

local function wire_attributes(given)
  local list = {}
  for _, name in ipairs(errors.names_of(given)) do
    list[#list + 1] = { Name = name, Value = given[name] }
  end
  return list[1] and list or nil
end

local function attributes_of(list)
  local attributes
  for _, one in ipairs(type(list) == "table" and list or {}) do
    if type(one) == "table" and type(one.Name) == "string" and type(one.Value) == "string" then
      attributes = attributes or {}
      attributes[one.Name] = one.Value
    end
  end
  return attributes
end

local function bad(message)
  return errors.fail("argument", "bad_user", message)
end

--- A user as the wire has one.
---@param where string who asks, for messages
---@param user lastpass.mfa.User
---@param level integer whose line is blamed for unknown names; 1 is the caller of `wire`
---@return table|nil
---@return string? message
---@return lastpass.Error? err kind "argument"
function M.wire(where, user, level)
  errors.check_options(where, user, user_options, level)
  local wire = {}
  for name, wire_name in pairs(wire_names) do
    local text = user[name]
    if text and not characters.is_line(text, 1000) then
      return bad(("%s: '%s' must be one line of UTF-8, not empty"):format(where, name))
    end
    wire[wire_name] = text
  end
  local address, reason = email.check(user.email or "")
  if not address then
    return bad(("%s: 'email' is not an e-mail address: %s"):format(where, reason))
  elseif not (user.first_name and user.last_name) then
    return bad(("%s: 'first_name' and 'last_name' are needed"):format(where))
  end
  for name, value in pairs(user.attributes or {}) do
    local is_text = type(name) == "string" and type(value) == "string"
    local is_name = is_text and characters.is_line(name, 1000)
    if not is_name or value ~= "" and not characters.is_line(value, 1000) then
      return bad(("%s: 'attributes' must be names and lines of UTF-8"):format(where))
    end
  end
  wire.Email = address
  wire.Attributes = user.attributes and wire_attributes(user.attributes)
  return wire
end

--- A user out of a row of the wire.
---@param item table
---@return lastpass.mfa.User|nil user nil: the row has no address
---@return string? key
function M.read(item)
  local user = { raw = item, attributes = attributes_of(item.Attributes) }
  for name, wire_name in pairs(wire_names) do
    local text = item[wire_name]
    user[name] = type(text) == "string" and text ~= "" and text or nil
  end
  return user.email and user, user.email and email.fold(user.email)
end

return M
