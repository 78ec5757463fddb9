--- From method and path to what answers (unified-directory §1.2).
-- @module lastpass.unified.routes
local catalog = require "lastpass.unified.catalog"
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

-- Truto has these resources, and LastPass nothing for them (unified-directory §5.1): no method is possible.
local impossible = { billing = true, utilization = true }

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

local function custom(request, module, name)
  local actions = { create = true }
  local known = { { "POST", "create" } }
  if request.method ~= "POST" then
    return no_method(request, known, actions)
  end
  return { module = require(module), action = name, writes = true }
end

-- What tells of this directory and is read with GET.
local function catalog_route(request, action, id)
  local actions, known = { list = true }, { { "GET", "list" } }
  if not action_of(request, known, actions) then
    return no_method(request, known, actions)
  end
  -- as of a list: the parameters are its own
  return { module = catalog, action = action, id = id, writes = false, is_plain = true }
end

-- `/unified/meta/user-directory/lastpass`, `/integration/lastpass/capabilities`,
-- `/integrated-account/{name}/capabilities`.
local function find_catalog(request, path)
  local model, of_model = path:match "^/unified/meta/([^/]+)/([^/]+)$"
  if model == "user-directory" and of_model == catalog.INTEGRATION then
    return catalog_route(request, "model", {})
  end
  local integration = path:match "^/integration/([^/]+)/capabilities$"
  if integration == catalog.INTEGRATION then
    return catalog_route(request, "capabilities", {})
  end
  local account = path:match "^/integrated%-account/([^/]+)/capabilities$"
  if account then
    return catalog_route(request, "capabilities", { account = account })
  end
end

-- `meta/{method}` and `lastpass/meta/{method}` behind a resource.
local function find_meta(request, resource, rest)
  local method = rest:match "^meta/([%w_-]+)$"
  if not method then
    local integration
    integration, method = rest:match "^([^/]+)/meta/([%w_-]+)$"
    if integration ~= catalog.INTEGRATION then
      return nil
    end
  end
  return catalog_route(request, "method", { resource = resource, method = method })
end

local writing = { create = true, update = true, delete = true }

--- Finds what answers.
---@param request table method, path
---@param prefix string what stands in front
---@return table|nil route module, action (its function), id, writes, resource, is_plain; or options
---@return lastpass.unified.Problem? problem
function M.find(request, prefix)
  local path = request.path
  if path:sub(1, #prefix) == prefix then
    local route, problem = find_catalog(request, path:sub(#prefix + 1))
    if route or problem then
      return route, problem
    end
  end
  local front = prefix .. M.MODEL
  if path:sub(1, #front) ~= front then
    return problems.fail(404, "there is nothing at this address")
  end
  local name, id = path:sub(#front + 1):match "^([%w_]+)/?(.*)$"
  local module = name and M.resources[name]
  if not module then
    if name and impossible[name] then
      return no_method(request, {}, {})
    end
    return problems.fail(404, "there is no such resource")
  end
  local meta, problem = find_meta(request, name, id)
  if meta or problem then
    return meta, problem
  end
  local resource = require(module)
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
    module = type(where) == "string" and require(where) or resource,
    action = action,
    id = id ~= "" and id or nil,
    writes = writing[action] or false,
    resource = resource,
    what = resource.what,
  }
end

return M
