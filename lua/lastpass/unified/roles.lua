--- Roles: a fixed list, as LastPass has no other (unified-directory §5.2).
-- @module lastpass.unified.roles
local filters = require "lastpass.unified.filters"
local folder_roles = require "lastpass.unified.folder_roles"
local json = require "lastpass.json"
local lists = require "lastpass.unified.lists"

local M = {
  name = "roles",
  what = "role",
  collection = { list = true },
  item = { get = true },
  scalars = {
    id = true,
    name = true,
    label = true,
    description = true,
    type = true,
    created_at = true,
    updated_at = true,
  },
}

M.filters = {
  name = filters.text "name",
  type = filters.exact "type",
  organization_id = filters.organization,
}

local function object(role)
  return {
    id = role.id,
    name = role.name,
    label = json.null,
    description = json.null,
    type = role.type,
    applicable_in = role.type == "shared_folder" and "workspace" or json.null,
    created_at = json.null,
    updated_at = json.null,
    remote_data = json.null,
  }
end

--- The roles.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  local list = {}
  for place, role in ipairs(folder_roles.list) do
    list[place] = object(role)
  end
  return lists.of(call, M, list)
end

--- One role.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.get(call)
  local role = folder_roles.by_id[call.id]
  return lists.single(call, role and object(role))
end

return M
