--- A group: its members as they were read, and the ways to change them.
-- Groups cannot be made, renamed or deleted by this API (enterprise-api §4).
-- @module lastpass.directory.group
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

---@class lastpass.Group
---@field name string
local methods = {}
local group_mt = { __name = "lastpass.Group", __index = methods }

function group_mt.__tostring(group)
  return require("lastpass.text").clean(group.name)
end

local M = {}

--- Makes the object; `members` may be left out and is then read when it is needed.
function M.new(client, name, members)
  return setmetatable({ _client = client, name = name, _members = members }, group_mt)
end

--- The members' addresses.
---@return string[]|nil members empty when nobody is in the group, or when there is no such group:
-- the API tells the two apart only by members
---@return string? message
---@return lastpass.Error? err
function methods:members()
  if not self._members then
    local snapshot, message, err = self._client:snapshot()
    if not snapshot then
      return nil, message, err
    end
    local group = snapshot:group(self.name)
    self._members = group and group._members or {}
  end
  return self._members
end

-- A user, or a strict one.
local function is_user(value)
  return type(value) == "table" and type(value.email) == "string"
end

-- What stands after a gap would be lost without a word.
local function has_gaps(list)
  local count = 0
  for _ in pairs(list) do
    count = count + 1
  end
  for _ in ipairs(list) do
    count = count - 1
  end
  return count ~= 0
end

-- The caller may name people by address or by the user objects it has, one by one or in lists.
local function change(self, field, ...)
  local list = {}
  for index = 1, select("#", ...) do
    local given = select(index, ...)
    given = (type(given) ~= "table" or is_user(given)) and { given } or given
    if has_gaps(given) then
      errors.raise(3, "group: needs a list of addresses or users without gaps")
    end
    for _, person in ipairs(given) do
      local address = is_user(person) and person.email or person
      if type(address) ~= "string" then
        errors.raise(3, "group: needs addresses or users, not a %s", type(address))
      end
      list[#list + 1] = { username = address, [field] = { self.name } }
    end
  end
  if #list == 0 then
    errors.raise(3, "group: needs at least one address")
  end
  self._members = nil -- read again when asked for
  return self._client:change_groups(list)
end

--- Adds people.
---@param ... string|lastpass.User|table addresses, users and lists of them
---@return lastpass.BatchResult|nil
function methods:add(...)
  return change(self, "add", ...)
end

--- Takes people out.
---@param ... string|lastpass.User|table addresses, users and lists of them
---@return lastpass.BatchResult|nil
function methods:remove(...)
  return change(self, "del", ...)
end

signature.declare("group:", methods, {
  members = "",
  add = "...: string|table",
  remove = "...: string|table",
})

M.methods = methods

return M
