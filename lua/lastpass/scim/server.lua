--- A SCIM 2.0 server over a backend: routes, media types, methods, parameters, selection of attributes, conditions,
-- lists, searches, bulk, discovery, and every error as SCIM has it (scim §2). Who asks was found out before; where
-- the resources are is the backend's matter.
--
--     local server = scim_server.new(backend)
--     local response, info = server:handle { method = "GET", path = "/Users/345", query = "attributes=userName",
--       headers = { accept = "application/scim+json" }, body = "", base = "https://host/scim/acme" }
--
-- A backend is an object with these methods; they may yield. A failure is `nil, message, err`, with `err.status`,
-- `err.scim_type` and `err.retry_after` where they are known; nil alone: there is no such resource.
--
--     features()                            lastpass.scim.Features
--     find(type, id, wants)                 resource
--     query(type, query)                    {resources, total, next_cursor, previous_cursor}; lastpass.scim.Query
--     create(type, resource, given)         resource [, status]
--     replace(type, id, resource, given)    resource; `replacement` makes the new one out of both
--     patch(type, id, operations, given)    resource, or true when there is nothing to show (204)
--     remove(type, id, given)               true
--
-- `wants(name)` tells whether an attribute will be shown, so that what is dear is not read for nothing. `given` has
-- `wants`, `if_match` and `check(version)`, which gives true, or the failure for what If-Match asks: a backend calls
-- it where it holds the resource. A backend may have `pause()`: it is called between the resources of a list, so
-- that others can run.
-- @module lastpass.scim.server
local bulk = require "lastpass.scim.server.bulk"
local messages = require "lastpass.scim.messages"
local pages = require "lastpass.scim.server.pages"
local parameters = require "lastpass.scim.server.parameters"
local presentation = require "lastpass.scim.server.presentation"
local reading = require "lastpass.scim.server.reading"
local replacement = require "lastpass.scim.server.replacement"
local routes = require "lastpass.scim.server.routes"
local signature = require "lastpass.signature"
local writing = require "lastpass.scim.server.writing"

local M = {}

--- What a backend can do and how much it takes.
---@class lastpass.scim.Features
---@field patch? boolean
---@field bulk? {max_operations: integer, max_payload: integer} nil: no bulk
---@field filter? {max_results: integer} nil: no filters
---@field sort? boolean
---@field etag? boolean
---@field pagination? table        `cursor` (RFC 9865), `default_page_size` (100), `max_page_size` (1,000), `cursor_key`: signs
-- cursors, and is the same in all processes that serve the same clients; `cursor_timeout`: seconds (3,600)
---@field search? boolean           POST to .search
---@field discovery? boolean        ServiceProviderConfig, ResourceTypes and Schemas
---@field minimal? boolean          only what no identity provider does without (scim §1.5)
---@field max_body? integer         bytes; default 1 MiB
---@field max_operations? integer   of one PATCH; default 1,000
---@field documentation_uri? string
---@field lenient_filters? boolean  bare words as values
---@field strict_patch? boolean     a path's filter that matches nothing is noTarget, for add as well

--- What a backend is asked for by `query`.
---@class lastpass.scim.Query
---@field filter? table         node of lastpass.scim.filter
---@field test? fun(resource: table): boolean
---@field equals? {attribute: string, value: any} what an index could answer; `test` has the last word
---@field start integer         from 1
---@field count integer
---@field cursor? string        the backend's own position; "" for the first page
---@field sort_by? string
---@field sort_path? table      the same, resolved, for `sort`
---@field descending boolean
---@field wants fun(name: string): boolean
---@field whole? {base: string, etag: boolean} nothing is selected: a resource may be given as the JSON that is to be
-- shown, with `schemas`, `meta.location` below `base`, and `meta.version` if `etag`

local MAX_BODY = 1024 * 1024

local methods = {}
local server_mt = { __name = "lastpass.scim.server", __index = methods }

--- Makes a server.
---@param backend table
---@return table server
function M.new(backend)
  return setmetatable({ backend = backend }, server_mt)
end

--- What a request asks for, by its method and path alone: "patch_user"; "unknown".
---@param method string
---@param path string below the base, raw
---@return string action
function M.action(method, path)
  local route = routes.find(method, path)
  return route and route.action or "unknown"
end

--- The default paging, for backends that can only go through everything.
---@param iterator fun(): table|nil, any resources, always in the same order; a second value is what the page gets in place of
-- the resource
---@param query lastpass.scim.Query
---@param pause? fun() called now and then while much is sorted
---@return table result
M.page = pages.page

--- Sorts resources as `query.sort_path` and `query.descending` say.
M.sort = pages.sort

--- What a resource is after a PUT.
M.replacement = replacement.merge

-- ---- one request ----

local actions = {
  list = reading.list,
  search = reading.search,
  get = reading.get,
  create = writing.create,
  replace = writing.replace,
  patch = writing.patch,
  delete = writing.remove,
  bulk = bulk.run,
  service_provider_config = reading.service_provider_config,
  resource_types = reading.resource_types,
  schemas = reading.schemas,
  me = function()
    return messages.fail(501, nil, "there is no resource for whoever asks")
  end,
}

-- "patch_user" -> what does it: the verb alone, for names with a type.
local function handler_of(route)
  return actions[route.action] or actions[route.action:match "^%l+"]
end

-- Whether there is anything at a route, with these features.
local function exists(route, features)
  if not route then
    return false
  elseif features.minimal then
    return route.type ~= nil and route.feature == nil
  elseif route.feature == "root" then
    return true
  end
  return not route.feature or features[route.feature] ~= false and features[route.feature] ~= nil
end

local function body_limit(features, route)
  local limit = features.max_body or MAX_BODY
  local is_bulk = features.bulk and route and route.action == "bulk"
  return is_bulk and features.bulk.max_payload or limit
end

-- The response, or the failure, of a call that has a route.
local function perform(call, route)
  local body = call.request.body
  if type(body) == "string" and #body > body_limit(call.features, route) then
    return messages.fail(413, "tooMany", "the body is larger than this server takes")
  elseif not exists(route, call.features) then
    return messages.fail(404, nil, "there is no such endpoint")
  elseif not route.action then
    local detail = ("this endpoint takes %s"):format(route.allow)
    return messages.fail(405, nil, detail, { headers = { Allow = route.allow } })
  end
  local message, err
  call.asked, message, err = parameters.of_query(call.request.query)
  if not call.asked then
    return nil, message, err
  end
  return handler_of(route)(call)
end

local function respond(call, route)
  local response, message, err = perform(call, route)
  if response then
    return response
  elseif not err and not message then
    return messages.error_response(404, nil, "there is no such resource")
  end
  return messages.failure_response(message, err)
end

-- Runs one request, of a bulk request as well, and describes it.
local function run(server, request, features)
  local route = routes.find(request.method, request.path)
  local call = { server = server, backend = server.backend, request = request, features = features }
  if route then
    call.type, call.id = route.type, route.id
  end
  local info = { action = route and route.action or "unknown" }
  local ok, response = pcall(respond, call, route)
  if not ok then
    -- What went wrong is for the log, not for the caller.
    info.failure = tostring(response)
    response = messages.error_response(500, nil, "the server failed")
  end
  info.type, info.id, info.scim_type = call.type and call.type.name, call.id, response.scim_type
  return response, info, call
end

--- Runs an operation of a bulk request. For lastpass.scim.server.bulk.
function methods:handle_operation(call, request)
  local response, info, inner = run(self, request, call.features)
  call.failure = call.failure or info.failure
  response.location = inner.type and inner.id and presentation.location(inner, inner.type, inner.id)
  info.type = inner.type
  return response, info
end

--- Answers a request.
---@param request table `method`; `path`: below the base and raw, "/Users/345"; `query`: raw; `headers`: by names
-- in lower case; `body`; `base`: "https://host/scim/acme"; `principal`: whose cursors these are, such as the
-- digest of a token
---@return {status: integer, headers: table<string, string>, body: string} response
---@return {action: string, type: string|nil, id: string|nil, scim_type: string|nil, failure: string|nil} info for
-- logs: `action` such as "patch_user"; `failure`: what an unforeseen error said
function methods:handle(request)
  local media_type = messages.answers_in(request.headers.accept)
  local response, info, call
  if media_type then
    response, info, call = run(self, request, self.backend:features())
    info.failure = info.failure or call.failure
  else
    response = messages.error_response(406, nil, "this server writes " .. messages.MEDIA_TYPE)
    info = { action = M.action(request.method, request.path) }
  end
  if response.headers["Content-Type"] then
    response.headers["Content-Type"] = media_type or messages.MEDIA_TYPE
  end
  if request.method == "HEAD" then
    response.body = ""
  end
  return response, info
end

signature.declare("server.", M, {
  new = "backend: table",
  action = "method: string, path: string",
})

return M
