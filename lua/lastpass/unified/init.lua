--- The unified user directory: LastPass in the shape that Truto's clients know, over HTTP requests as
-- plain tables. Nothing here depends on nginx.
-- @module lastpass.unified
local cache = require "lastpass.unified.cache"
local call_module = require "lastpass.unified.call"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local problems = require "lastpass.unified.problems"
local routes = require "lastpass.unified.routes"

local M = { MODEL = routes.MODEL, problems = problems }

local SHORTEST_KEY = 16

local function are_keys(value)
  if type(value) ~= "table" or #value == 0 then
    return false, "a list of at least one string"
  end
  for _, key in ipairs(value) do
    if type(key) ~= "string" or #key < SHORTEST_KEY then
      return false, ("a list of strings of %d bytes or more"):format(SHORTEST_KEY)
    end
  end
  return true
end

local function is_prefix(value)
  return type(value) == "string" and (value == "" or value:find "^/.*[^/]$" ~= nil),
    'a path such as "/directory"'
end

local function is_status(value)
  return value == "active" or value == "invited", '"active" or "invited"'
end

-- Destroying an account is never the default.
local function is_delete_action(value)
  return value == 0 or value == 1 or value == 3, "0, 1 or 3"
end

local function is_size(value)
  return type(value) == "number" and value >= 0, "a number of bytes"
end

--- The settings, with what each must be; for modules that take them among others.
M.known_settings = {
  -- the first key signs cursors, all are accepted; default a random one
  cursor_keys = are_keys,
  -- name of the organization, which LastPass does not return
  company_name = "string",
  -- what precedes /unified and /proxy in addresses; default ""
  prefix = is_prefix,
  -- false: the raw record only when a request asks for it
  remote_data = "boolean",
  -- the status of users who never logged in; default "active"
  never_logged_in_status = is_status,
  -- attribute of accounts that gives external_id
  external_id_attribute = "string",
  -- what DELETE does when the request does not say
  delete_action = is_delete_action,
  -- bytes of rendered lists that a process caches; default 16 MiB
  page_cache_bytes = is_size,
  -- bytes of the largest body of a request; default 1 MiB
  max_body = is_size,
  -- removes secrets from the free text of events
  redact = "function",
  -- called between pieces of long computations
  pause = "function",
  -- called while another request computes the same
  wait = "function",
}

local function nothing() end

local function unchanged(text)
  return text
end

--- Checks settings, and completes them.
---@param given? table see `known_settings`
---@param level? integer whose line an error names; default the caller
---@param where? string the name of the caller in errors
---@return table settings
function M.settings(given, level, where)
  where = where or "unified.settings"
  given = errors.check_options(where, given, M.known_settings, (level or 1) + 1)
  local settings = {
    prefix = "",
    remote_data = true,
    never_logged_in_status = "active",
    page_cache_bytes = 16 * 1024 * 1024,
    max_body = 1024 * 1024,
    redact = unchanged,
    pause = nothing,
    wait = nothing,
  }
  for name, value in pairs(given) do
    settings[name] = value
  end
  settings.cursor_keys = settings.cursor_keys or { digest.random(32) }
  return settings
end

---@class lastpass.unified.Request
---@field method string
---@field path string              decoded, without the query
---@field query table[]            {name, value}, decoded, in order
---@field raw_query? string        the same as it was sent; the key of cached answers
---@field headers table            names in lower case
---@field body? string
---@field id? string               of this request, to find it in logs
---@field now? number              epoch seconds

---@class lastpass.unified.Response
---@field status integer
---@field headers table            names in lower case
---@field body string
---@field resource? string         of an answer that is cached

---@class lastpass.unified.Grant
---@field name string              whose token it is
---@field scopes table<string, true> read, write, proxy
---@field settings table           of `unified.settings`
---@field writer? lastpass.unified.Writer  nil: nothing is written

-- Activities are not part of the directory that was read; everything else is.
local function is_cacheable(route)
  local resource = route.resource
  return not route.writes and resource ~= nil and not resource.is_live
end

local function age_headers(headers, view, now)
  local age = math.max(0, math.floor(view.age or now - (view.read_at or now)))
  headers["x-directory-age"] = ("%d"):format(age)
  headers["x-directory-stale"] = view.stale and "true" or nil
end

local function respond(request, answer, view)
  local headers = { ["content-type"] = "application/json", ["cache-control"] = "private, no-cache" }
  for name, value in pairs(answer.headers) do
    headers[name] = value
  end
  headers.vary = "authorization"
  if view then
    age_headers(headers, view, request.now or os.time())
  end
  local etag = headers.etag
  if etag and cache.is_known(request, etag) then
    headers["content-type"] = nil
    return { status = 304, headers = headers, body = "", resource = answer.resource }
  end
  return {
    status = answer.status,
    headers = headers,
    body = answer.body,
    resource = answer.resource,
  }
end

local function check_scope(route, grant)
  local scope = route.writes and "write" or "read"
  if grant.scopes[scope] then
    return true
  end
  return problems.missing_scope(scope)
end

local function run_route(request, tenant, grant, route)
  local call, problem = call_module.new(request, tenant, grant, route)
  local view
  if call and is_cacheable(route) then
    view, problem = call:directory()
  end
  if problem then
    return nil, problem
  end
  local answer
  answer, problem = route.run(call, route.resource)
  if answer and view and answer.status == 200 and not call.is_live then
    answer.resource = route.resource.name
    cache.store_answer(view, grant.settings, cache.answer_key(request), answer, tenant)
  end
  return answer, problem, view
end

local function answer_to(request, tenant, grant)
  local route, problem = routes.find(request, grant.settings.prefix)
  if not route then
    return nil, problem
  elseif route.options then
    return { status = 204, headers = { allow = route.options }, body = "" }
  end
  local ok
  ok, problem = check_scope(route, grant)
  if not ok then
    return nil, problem
  end
  return run_route(request, tenant, grant, route)
end

-- A cached answer shows nothing but the directory: everyone who may read may have it.
local function find_cached(request, tenant, grant)
  if request.method ~= "GET" and request.method ~= "HEAD" then
    return nil
  elseif not grant.scopes.read or not request.path:find(routes.MODEL, 1, true) then
    return nil
  end
  local view = tenant:directory()
  return view and cache.find_answer(view, grant.settings, cache.answer_key(request)), view
end

--- The response to a request that is refused whatever its body is: the address or the method does not exist, or
-- a scope is missing.
---@param request lastpass.unified.Request
---@param grant lastpass.unified.Grant
---@return lastpass.unified.Response|nil
function M.refusal(request, grant)
  local route, problem = routes.find(request, grant.settings.prefix)
  if route and not route.options then
    local _
    _, problem = check_scope(route, grant)
  end
  return problem and problems.response(problem, request) or nil
end

--- Answers a request.
---@param request lastpass.unified.Request
---@param tenant table name, cid, client(), directory(), refresh()
---@param grant lastpass.unified.Grant
---@return lastpass.unified.Response
function M.handle(request, tenant, grant)
  local answer, view = find_cached(request, tenant, grant)
  local problem
  if not answer then
    answer, problem, view = answer_to(request, tenant, grant)
  end
  if not answer then
    return problems.response(problem, request)
  end
  return respond(request, answer, view)
end

return M
