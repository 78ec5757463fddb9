--- What this directory can do, for programs that look before they ask (unified-directory §1.2): the methods
-- of each resource, and the schemas of what they take and give.
-- @module lastpass.unified.catalog
local core = require "lastpass.core"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local query = require "lastpass.unified.query"
local user_body = require "lastpass.unified.user_body"
local user_filters = require "lastpass.unified.user_filters"

local M = {}

--- The integration that all of this is about.
M.INTEGRATION = "lastpass"

local MODEL = "user-directory"

local function resources()
  local routes = require "lastpass.unified.routes" -- which requires this one
  local list = {}
  for name, module in pairs(routes.resources) do
    list[#list + 1] = { name = name, resource = require(module) }
  end
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return list
end

-- The methods of a resource by name: HTTP method, and what stands behind its name in the address.
local function methods_of(resource)
  local methods, customs = {}, {}
  local function add(name, http_method, behind)
    methods[#methods + 1] = { name = name, http_method = http_method, behind = behind }
  end
  local all = {
    { "list", resource.collection, "GET", "" },
    { "get", resource.item, "GET", "/{id}" },
    { "create", resource.collection, "POST", "" },
    { "update", resource.item, "PATCH", "/{id}" },
    { "delete", resource.item, "DELETE", "/{id}" },
  }
  for _, one in ipairs(all) do
    if one[2][one[1]] then
      add(one[1], one[3], one[4])
    end
  end
  for name in pairs(resource.custom or {}) do
    customs[#customs + 1] = name
  end
  table.sort(customs)
  for _, name in ipairs(customs) do
    add(name, "POST", "/" .. name)
  end
  return methods
end

local function names_of(methods)
  local names = json.list {}
  for place, method in ipairs(methods) do
    names[place] = method.name
  end
  return names
end

-- Members of objects beside `scalars`, those that truto_key_by may name.
local others = {
  users = {
    identifiers = "object",
    emails = "array",
    phones = "array",
    roles = "array",
    organizations = "array",
    licenses = "array",
    groups = "array",
    workspaces = "array",
    languages = "array",
    urls = "array",
  },
  roles = { applicable_in = "string" },
  role_assignments = { workspace = "array" },
  workspaces = { organization = "object" },
  organizations = { licenses = "array" },
  activities = { actor = "object", group = "string", context = "object" },
}
others.me = others.users

local users = require "lastpass.unified.users"

local function type_of(name, kind)
  if kind then
    return kind == "string" and json.list { "string", "null" } or kind
  elseif name == "id" then
    return "string"
  end
  return json.list { name:find "^is_" and "boolean" or "string", "null" }
end

local function property(name, kind)
  return { type = type_of(name, kind), format = name:find "_at$" and "date-time" or nil }
end

--- The schema of the objects of a resource (JSON Schema).
---@param name string
---@param resource table
---@return table
function M.schema(name, resource)
  local properties = { remote_data = { type = json.list { "object", "null" } } }
  for member in pairs((name == "me" and users or resource).scalars) do
    properties[member] = property(member)
  end
  for member, kind in pairs(others[name] or {}) do
    properties[member] = property(member, kind)
  end
  return { type = "object", required = json.list { "id" }, properties = properties }
end

local of_lists = {
  limit = { type = "integer", minimum = 1, maximum = 500, default = 100 },
  next_cursor = { type = "string" },
  sort_by = { type = "string" },
  truto_key_by = { type = "string" },
  truto_ignore_limit = { type = "boolean" },
}

local of_all = {
  integrated_account_id = { type = "string" },
  truto_response_format = {
    type = "string",
    enum = json.list { "unified", "raw", "normalized", "stream", "debug" },
  },
  truto_ignore_remote_data = { type = "boolean" },
  truto_exclude_fields = { type = "array", items = { type = "string" } },
  remote_query = { type = "object" },
}

local of_filter = {
  truth = { type = "boolean" },
  time = {
    type = "object",
    description = "a time, or [gt], [gte], [lt], [lte], [eq]",
  },
}

local function query_schema(name, resource, method)
  local properties = {}
  for parameter, schema in pairs(of_all) do
    properties[parameter] = schema
  end
  if method == "list" then
    for parameter, schema in pairs(of_lists) do
      properties[parameter] = schema
    end
    for parameter, filter in pairs(name == "users" and user_filters.known or resource.filters) do
      properties[parameter] = of_filter[filter.kind] or { type = "string" }
    end
  end
  return { type = "object", properties = properties }
end

local body_types = {
  emails = "array",
  groups = "array",
  is_2fa_enabled = "boolean",
  remote_data = "object",
}

local function body_schema(name, method)
  local properties, required = {}, json.list {}
  if name == "users" and (method == "create" or method == "update") then
    for field in pairs(user_body.read) do
      properties[field] = { type = body_types[field] or "string" }
    end
  elseif method == "add-user" or method == "remove-user" then
    properties.group_id, properties.user_id = { type = "string" }, { type = "string" }
    required = json.list { "group_id", "user_id" }
  else
    return json.null
  end
  return { type = "object", properties = properties, required = required }
end

local function describe(name, resource, method)
  return {
    model = MODEL,
    resource = name,
    integration = M.INTEGRATION,
    method = method.name,
    http_method = method.http_method,
    path = ("/unified/%s/%s%s"):format(MODEL, name, method.behind),
    schema = method.name == "delete"
        and { type = "object", properties = { id = { type = "string" } } }
      or M.schema(name, resource),
    query_schema = query_schema(name, resource, method.name),
    body_schema = body_schema(name, method.name),
  }
end

local function as_json(value)
  return { status = 200, headers = {}, body = json.encode(value) }
end

-- A parameter that is not known is refused, as everywhere.
local function check_known(tree, known)
  for name in pairs(tree) do
    if not known[name] then
      return query.bad(name, "is not known here")
    end
  end
  return true
end

--- What one method of a resource takes and gives.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.method(call)
  local ok, problem = check_known(call.query, { integrated_account_id = true })
  if not ok then
    return nil, problem
  end
  local name, wanted = call.id.resource, call.id.method
  local resource = require(require("lastpass.unified.routes").resources[name])
  for _, method in ipairs(methods_of(resource)) do
    if method.name == wanted then
      return as_json(describe(name, resource, method))
    end
  end
  return problems.fail(404, ("%s has no such method"):format(name))
end

local function lines_of(row, list)
  local lines = {}
  for _, one in ipairs(list) do
    for _, method in ipairs(methods_of(one.resource)) do
      local path = ("/unified/%s/%s%s"):format(MODEL, one.name, method.behind)
      lines[#lines + 1] = row:format(one.name, method.name, method.http_method, path)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- Nothing in these comes from outside.
local formats = {
  md = {
    kind = "text/markdown; charset=utf-8",
    head = "# user-directory, lastpass\n\n| resource | method | HTTP | path |\n"
      .. "| --- | --- | --- | --- |\n",
    row = "| %s | %s | %s | `%s` |",
    foot = "",
  },
  html = {
    kind = "text/html; charset=utf-8",
    head = '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
      .. "<title>user-directory, lastpass</title></head><body><table>\n"
      .. "<tr><th>resource</th><th>method</th><th>HTTP</th><th>path</th></tr>\n",
    row = "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>",
    foot = "</table></body></html>\n",
  },
}

--- All methods of all resources: as JSON, or as a table to read.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.model(call)
  local ok, problem = check_known(call.query, { integrated_account_id = true, format = true })
  if not ok then
    return nil, problem
  end
  local format, list = call.query.format or "json", resources()
  local text = formats[format]
  if text then
    return {
      status = 200,
      headers = { ["content-type"] = text.kind },
      body = text.head .. lines_of(text.row, list) .. text.foot,
    }
  elseif format ~= "json" then
    return query.bad("format", "must be json, md or html")
  end
  local described = {}
  for _, one in ipairs(list) do
    local methods = {}
    for _, method in ipairs(methods_of(one.resource)) do
      methods[method.name] = describe(one.name, one.resource, method)
    end
    described[one.name] = { methods = methods }
  end
  return as_json { model = MODEL, integration = M.INTEGRATION, resources = described }
end

local function has_all(names, wanted)
  local present = {}
  for _, name in ipairs(names) do
    present[name] = true
  end
  for _, name in ipairs(wanted) do
    if not present[name] then
      return false
    end
  end
  return true
end

-- Entries with this resource and these methods, where those are named.
local function matching(list, resource, methods)
  local found = json.list {}
  for _, entry in ipairs(list) do
    if (resource == nil or entry.resource == resource) and has_all(entry.methods, methods) then
      found[#found + 1] = entry
    end
  end
  return found
end

local function unified_entries()
  local list = {}
  for _, one in ipairs(resources()) do
    local methods = names_of(methods_of(one.resource))
    if #methods > 0 then
      list[#list + 1] = {
        model = MODEL,
        resource = one.name,
        methods = methods,
        env_overridden = false,
        docs_url = json.null,
      }
    end
  end
  return list
end

-- A command is sent with POST, which is what Truto's proxy calls create.
local function proxy_entries()
  local list = {}
  for place, command in ipairs(core.commands) do
    list[place] = { resource = command.name, methods = json.list { "create" } }
  end
  return list
end

local known_of_capabilities = {
  integrated_account_id = true,
  type = true,
  methods = true,
  resource = true,
}

--- What the integration can do, and how the account is that was asked for by its name.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.capabilities(call)
  local tree = call.query
  local ok, problem = check_known(tree, known_of_capabilities)
  local methods
  if ok then
    methods, problem = query.list(tree, "methods")
  end
  local kind = tree.type or "all"
  if problem then
    return nil, problem
  elseif kind ~= "all" and kind ~= "proxy" and kind ~= "unified" then
    return query.bad("type", "must be proxy, unified or all")
  elseif tree.resource ~= nil and type(tree.resource) ~= "string" then
    return query.bad("resource", "must be a text")
  end
  local account = call.id.account
  return as_json {
    integration = M.INTEGRATION,
    environment_id = json.null,
    proxy = kind ~= "unified" and matching(proxy_entries(), tree.resource, methods) or nil,
    unified = kind ~= "proxy" and matching(unified_entries(), tree.resource, methods) or nil,
    auth = json.null,
    ai_readiness = json.null,
    account = account and { id = account, status = "active", is_blocked = false } or nil,
  }
end

return M
