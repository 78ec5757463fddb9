--- What a resource is after a PUT: the new one, with what a client cannot write or must not lose from the old one
-- (scim §2.8).
-- @module lastpass.scim.server.replacement
local messages = require "lastpass.scim.messages"
local values = require "lastpass.scim.values"

local M = {}

-- Elements of a list by their value.
local function by_value(list)
  local found = {}
  for _, element in ipairs(type(list) == "table" and list or {}) do
    if type(element) == "table" and element.value ~= nil then
      found[element.value] = element
    end
  end
  return found
end

local function refuse(name)
  return messages.fail(400, "mutability", ("'%s' cannot be changed once it is set"):format(name))
end

-- Elements come and go; what is immutable of one that stays must stay (scim §2.3).
local function check_elements(attribute, before, after)
  local old = by_value(before)
  for value, element in pairs(by_value(after)) do
    for _, sub in ipairs(old[value] and attribute.subs or {}) do
      local one, other = old[value][sub.name], element[sub.name]
      if
        sub.mutability == "immutable"
        and one ~= nil
        and other ~= nil
        and not values.identical(one, other)
      then
        return refuse(attribute.name .. "." .. sub.name)
      end
    end
  end
  return true
end

--- Makes the resource that a PUT leads to.
---@param type table of lastpass.scim.schema
---@param before table the resource as it is
---@param given table what the client sent, as `replace` of a backend gets it
---@return table|nil after a table of its own
---@return string? message
---@return lastpass.Error? err 400 mutability
function M.merge(type, before, given)
  local after = {}
  for name, value in pairs(given) do
    after[name] = value
  end
  after.id, after.meta, after.schemas = before.id, before.meta, before.schemas
  if after.active == nil then
    after.active = before.active -- a change of the profile lets nobody in again
  end
  for _, attribute in ipairs(type.attributes) do
    local name = attribute.name
    local old, new = before[name], after[name]
    local mutability = attribute.mutability
    if mutability == "readOnly" or (mutability == "writeOnly" and new == nil) then
      after[name] = old
    elseif mutability == "immutable" and old ~= nil and not values.identical(old, new) then
      return refuse(name)
    elseif attribute.multi then
      local ok, message, err = check_elements(attribute, old, new)
      if not ok then
        return nil, message, err
      end
    end
  end
  return after
end

return M
