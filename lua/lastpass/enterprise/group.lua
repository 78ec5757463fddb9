--- A group: its members as they were read, and the ways to change them.
-- Groups cannot be made, renamed or deleted by this API (enterprise-api §4).
-- @module lastpass.enterprise.group

---@class lastpass.Group
---@field name string
local methods = {}
local group_mt = { __name = "lastpass.Group", __index = methods }

function group_mt.__tostring(group)
  return group.name
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

local function change(self, addresses, field)
  local list = {}
  for position, address in ipairs(type(addresses) == "table" and addresses or { addresses }) do
    list[position] = { username = address, [field] = { self.name } }
  end
  self._members = nil -- read again when asked for
  return self._client:change_groups(list)
end

--- Adds people.
---@param addresses string[]|string
---@return lastpass.BatchResult|nil
function methods:add(addresses)
  return change(self, addresses, "add")
end

--- Takes people out.
---@param addresses string[]|string
---@return lastpass.BatchResult|nil
function methods:remove(addresses)
  return change(self, addresses, "del")
end

M.methods = methods

return M
