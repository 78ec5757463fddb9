--- From method and path to what answers (unified-directory §1.2).
-- @module lastpass.unified.routes
local problems = require "lastpass.unified.problems"

local M = {}

--- What stands between the prefix and the resource.
M.MODEL = "/unified/user-directory/"

--- The resources, by their names in addresses.
M.resources = {
  users = "lastpass.unified.users",
  groups = "lastpass.unified.groups",
  roles = "lastpass.unified.roles",
  role_assignments = "lastpass.unified.role_assignments",
  organizations = "lastpass.unified.organizations",
  workspaces = "lastpass.unified.workspaces",
  licenses = "lastpass.unified.licenses",
  activities = "lastpass.unified.activities",
  me = "lastpass.unified.me",
}

local of_collection = { { "GET", "list" }, { "POST", "create" } }
local of_item = { { "GET", "get" }, { "PATCH", "update" }, { "DELETE", "delete" } }

local function allowed(known, actions)
  local methods = {}
  for _, pair in ipairs(known) do
    if actions[pair[2]] then
      methods[#methods + 1] = pair[1]
      methods[#methods + 1] = pair[1] == "GET" and "HEAD" or nil
    end
  end
  methods[#methods + 1] = "OPTIONS"
  return table.concat(methods, ", ")
end

local function no_method(request, known, actions)
  local allow = allowed(known, actions)
  if request.method == "OPTIONS" then
    return { options = allow }
  end
  return problems.fail(405, ("%s is not possible here"):format(request.method), {
    headers = { allow = allow },
  })
end

local function action_of(request, known, actions)
  local method = request.method == "HEAD" and "GET" or request.method
  for _, pair in ipairs(known) do
    if pair[1] == method and actions[pair[2]] then
      return pair[2]
    end
  end
end

local function custom(request, room, name)
  local actions = { create = true }
  local known = { { "POST", "create" } }
  if request.method ~= "POST" then
    return no_method(request, known, actions)
  end
  return { room = require(room), action = name, writes = true }
end

local writing = { create = true, update = true, delete = true }

--- Finds what answers.
---@param request table method, path
---@param prefix string what stands in front
---@return table|nil route room (a module), action (its function), id, writes, resource; or options
---@return lastpass.unified.Problem? problem
function M.find(request, prefix)
  local front = prefix .. M.MODEL
  if request.path:sub(1, #front) ~= front then
    return problems.fail(404, "there is nothing at this address")
  end
  local name, id = request.path:sub(#front + 1):match "^([%w_]+)/?(.*)$"
  local room = name and M.resources[name]
  if not room then
    return problems.fail(404, "there is no such resource")
  end
  local resource = require(room)
  if id ~= "" and resource.custom and resource.custom[id] then
    return custom(request, resource.custom[id], id)
  end
  local known, actions = of_collection, resource.collection
  if id ~= "" then
    known, actions = of_item, resource.item
    if next(actions) == nil then
      return problems.fail(404, "there is nothing at this address")
    end
  end
  local action = action_of(request, known, actions)
  if not action then
    return no_method(request, known, actions)
  end
  local where = actions[action]
  return {
    room = type(where) == "string" and require(where) or resource,
    action = action,
    id = id ~= "" and id or nil,
    writes = writing[action] or false,
    resource = resource,
    what = resource.what,
  }
end

return M
