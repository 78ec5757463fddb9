--- From method and path to the function that answers (unified-directory §1.2).
-- @module lastpass.unified.routes
local catalog = require "lastpass.unified.catalog"
local lists = require "lastpass.unified.lists"
local problems = require "lastpass.unified.problems"
local resources = require "lastpass.unified.resources"

local M = {}

--- The part of an address between the prefix and the resource.
M.MODEL = "/unified/user-directory/"

-- Truto has these resources; LastPass has no data for them (unified-directory §5.1), so no method is possible.
local impossible = { billing = true, utilization = true }

local of_collection = { { "GET", "list" }, { "POST", "create" } }
local of_item = { { "GET", "get" }, { "PATCH", "update" }, { "DELETE", "delete" } }

-- OPTIONS is answered, any other method refused, with the methods that are possible.
local function no_method(request, http_methods)
  local allow = {}
  for _, method in ipairs(http_methods) do
    allow[#allow + 1] = method
    allow[#allow + 1] = method == "GET" and "HEAD" or nil
  end
  allow[#allow + 1] = "OPTIONS"
  local text = table.concat(allow, ", ")
  if request.method == "OPTIONS" then
    return { options = text }
  end
  return problems.fail(405, ("%s is not possible here"):format(request.method), {
    headers = { allow = text },
  })
end

local function method_of(request)
  return request.method == "HEAD" and "GET" or request.method
end

-- The catalog is read with GET; its parameters are its own.
local function catalog_route(request, run, id)
  if method_of(request) ~= "GET" then
    return no_method(request, { "GET" })
  end
  return { run = run, id = id, writes = false, takes_filters = true }
end

-- `/unified/meta/user-directory/lastpass`, `/integration/lastpass/capabilities`,
-- `/integrated-account/{name}/capabilities`.
local function find_catalog(request, path)
  local model, of_model = path:match "^/unified/meta/([^/]+)/([^/]+)$"
  if model == "user-directory" and of_model == catalog.INTEGRATION then
    return catalog_route(request, catalog.model, {})
  end
  local integration = path:match "^/integration/([^/]+)/capabilities$"
  if integration == catalog.INTEGRATION then
    return catalog_route(request, catalog.capabilities, {})
  end
  local account = path:match "^/integrated%-account/([^/]+)/capabilities$"
  if account then
    return catalog_route(request, catalog.capabilities, { account = account })
  end
end

-- `meta/{method}` and `lastpass/meta/{method}` after a resource.
local function find_meta(request, resource, rest)
  local method = rest:match "^meta/([%w_-]+)$"
  if not method then
    local integration
    integration, method = rest:match "^([^/]+)/meta/([%w_-]+)$"
    if integration ~= catalog.INTEGRATION then
      return nil
    end
  end
  return catalog_route(request, catalog.method, { resource = resource, method = method })
end

local function find_custom(request, resource, name)
  if request.method ~= "POST" then
    return no_method(request, { "POST" })
  end
  return { run = resource.custom[name], writes = true, resource = resource }
end

local function find_method(request, resource, id)
  local possible = {}
  for _, pair in ipairs(id and of_item or of_collection) do
    local http_method, name = pair[1], pair[2]
    local run = resource.methods[name]
    if run and http_method == method_of(request) then
      return {
        run = run == true and lists[name] or run,
        id = id,
        writes = http_method ~= "GET",
        takes_filters = name == "list" or resource.is_live,
        resource = resource,
      }
    end
    possible[#possible + 1] = run and http_method or nil
  end
  if id and #possible == 0 then
    return problems.fail(404, "there is nothing at this address")
  end
  return no_method(request, possible)
end

--- Finds what answers.
---@param request table method, path
---@param prefix string what stands in front
---@return table|nil route run(call, resource), id, writes, resource, takes_filters; or options
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
  local resource = name and resources[name]
  if not resource then
    if name and impossible[name] then
      return no_method(request, {})
    end
    return problems.fail(404, "there is no such resource")
  end
  local meta, problem = find_meta(request, name, id)
  if meta or problem then
    return meta, problem
  elseif resource.custom and resource.custom[id] then
    return find_custom(request, resource, id)
  end
  return find_method(request, resource, id ~= "" and id or nil)
end

return M
