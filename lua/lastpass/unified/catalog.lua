--- What this directory can do, for programs that ask first (unified-directory §1.2): the methods
-- of each resource, and the schemas of what they take and return.
-- @module lastpass.unified.catalog
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local query = require "lastpass.unified.query"
local resources = require "lastpass.unified.resources"

local M = {}

--- The integration that all of this is about.
M.INTEGRATION = "lastpass"

local MODEL = "user-directory"

local standard_methods = {
  { "list", "GET", "" },
  { "get", "GET", "/{id}" },
  { "create", "POST", "" },
  { "update", "PATCH", "/{id}" },
  { "delete", "DELETE", "/{id}" },
}

-- The methods of a resource, with their addresses.
local function methods_of(resource)
  local methods, base = {}, ("/unified/%s/%s"):format(MODEL, resource.name)
  for _, method in ipairs(standard_methods) do
    if resource.methods[method[1]] then
      methods[#methods + 1] =
        { name = method[1], http_method = method[2], path = base .. method[3] }
    end
  end
  for _, name in ipairs(errors.names_of(resource.custom or {})) do
    methods[#methods + 1] = { name = name, http_method = "POST", path = base .. "/" .. name }
  end
  return methods
end

local function type_of(member, kind)
  if kind == "array" or kind == "object" then
    return kind
  elseif member == "id" then
    return "string"
  end
  return json.list { member:find "^is_" and "boolean" or "string", "null" }
end

-- The schema of the objects of a resource (JSON Schema).
local function object_schema(resource)
  local properties = { remote_data = { type = json.list { "object", "null" } } }
  for member, kind in pairs(resource.members) do
    local format = member:find "_at$" and "date-time" or nil
    properties[member] = { type = type_of(member, kind), format = format }
  end
  return { type = "object", required = json.list { "id" }, properties = properties }
end

local of_lists = {
  limit = {
    type = "integer",
    minimum = 1,
    maximum = query.MAX_LIMIT,
    default = query.DEFAULT_LIMIT,
  },
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

local function query_schema(resource, method)
  local properties = {}
  for parameter, schema in pairs(of_all) do
    properties[parameter] = schema
  end
  if method == "list" then
    for parameter, schema in pairs(of_lists) do
      properties[parameter] = schema
    end
    for parameter, filter in pairs(resource.filters) do
      properties[parameter] = of_filter[filter.kind] or { type = "string" }
    end
  end
  return { type = "object", properties = properties }
end

local function body_schema(resource, method)
  local body = resource.bodies and resource.bodies[method]
  if not body then
    return json.null
  end
  local properties = {}
  for field, kind in pairs(body.fields) do
    properties[field] = { type = kind }
  end
  local required = json.list(body.required and errors.names_of(body.fields) or {})
  return { type = "object", properties = properties, required = required }
end

local function describe(resource, method)
  return {
    model = MODEL,
    resource = resource.name,
    integration = M.INTEGRATION,
    method = method.name,
    http_method = method.http_method,
    path = method.path,
    schema = method.name == "delete"
        and { type = "object", properties = { id = { type = "string" } } }
      or object_schema(resource),
    query_schema = query_schema(resource, method.name),
    body_schema = body_schema(resource, method.name),
  }
end

local function as_json(value)
  return { status = 200, headers = {}, body = json.encode(value) }
end

-- Unknown parameters are refused, as everywhere.
local function check_known(tree, known)
  for name in pairs(tree) do
    if not known[name] then
      return query.bad(name, "is not known here")
    end
  end
  return true
end

--- What one method of a resource takes and returns.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.method(call)
  local ok, problem = check_known(call.query, { integrated_account_id = true })
  if not ok then
    return nil, problem
  end
  local resource = resources[call.id.resource]
  for _, method in ipairs(methods_of(resource)) do
    if method.name == call.id.method then
      return as_json(describe(resource, method))
    end
  end
  return problems.fail(404, ("%s has no such method"):format(resource.name))
end

local function lines_of(row)
  local lines = {}
  for _, name in ipairs(errors.names_of(resources)) do
    for _, method in ipairs(methods_of(resources[name])) do
      lines[#lines + 1] = row:format(name, method.name, method.http_method, method.path)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- No text from outside gets into these.
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
  local format = call.query.format or "json"
  local text = formats[format]
  if text then
    return {
      status = 200,
      headers = { ["content-type"] = text.kind },
      body = text.head .. lines_of(text.row) .. text.foot,
    }
  elseif format ~= "json" then
    return query.bad("format", "must be json, md or html")
  end
  local described = {}
  for name, resource in pairs(resources) do
    local methods = {}
    for _, method in ipairs(methods_of(resource)) do
      methods[method.name] = describe(resource, method)
    end
    described[name] = { methods = methods }
  end
  return as_json { model = MODEL, integration = M.INTEGRATION, resources = described }
end

local function has_all(names, required)
  local present = {}
  for _, name in ipairs(names) do
    present[name] = true
  end
  for _, name in ipairs(required) do
    if not present[name] then
      return false
    end
  end
  return true
end

-- The entries with this resource and these methods, where those are named.
local function select_entries(list, resource, methods)
  local matching = json.list {}
  for _, entry in ipairs(list) do
    if (resource == nil or entry.resource == resource) and has_all(entry.methods, methods) then
      matching[#matching + 1] = entry
    end
  end
  return matching
end

local function unified_entries()
  local list = {}
  for _, name in ipairs(errors.names_of(resources)) do
    local methods = json.list {}
    for position, method in ipairs(methods_of(resources[name])) do
      methods[position] = method.name
    end
    list[#list + 1] = {
      model = MODEL,
      resource = name,
      methods = methods,
      env_overridden = false,
      docs_url = json.null,
    }
  end
  return list
end

-- A command is sent with POST, which is what Truto's proxy calls create.
local function proxy_entries()
  local list = {}
  for position, command in ipairs(core.commands) do
    list[position] = { resource = command.name, methods = json.list { "create" } }
  end
  return list
end

local known_of_capabilities = {
  integrated_account_id = true,
  type = true,
  methods = true,
  resource = true,
}

--- What the integration can do, and the state of the account, when one is named.
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
    return query.bad("resource", "must be a string")
  end
  local account = call.id.account
  return as_json {
    integration = M.INTEGRATION,
    environment_id = json.null,
    proxy = kind ~= "unified" and select_entries(proxy_entries(), tree.resource, methods) or nil,
    unified = kind ~= "proxy" and select_entries(unified_entries(), tree.resource, methods) or nil,
    auth = json.null,
    ai_readiness = json.null,
    account = account and { id = account, status = "active", is_blocked = false } or nil,
  }
end

return M
