--- The unified user directory: LastPass in the shape that Truto's clients know, over HTTP requests as
-- plain tables. Nothing of nginx is in here.
-- @module lastpass.unified
local call_room = require "lastpass.unified.call"
local pages = require "lastpass.unified.pages"
local problems = require "lastpass.unified.problems"
local routes = require "lastpass.unified.routes"
local settings_room = require "lastpass.unified.settings"

local M = { MODEL = routes.MODEL, problems = problems }

---@class lastpass.unified.Request
---@field method string
---@field path string              decoded, without the query
---@field query table[]            {name, value}, decoded, in order
---@field raw_query? string        the same as it was sent; kept answers go by it
---@field headers table            names in lower case
---@field body? string
---@field id? string               of this request, for people who look for it in logs
---@field now? number              epoch seconds

---@class lastpass.unified.Response
---@field status integer
---@field headers table            names in lower case
---@field body string
---@field resource? string         of an answer that is kept

---@class lastpass.unified.Grant
---@field name string              whose token it is
---@field scopes table<string, true> read, write, proxy
---@field settings table           of `unified.settings`
---@field writer? lastpass.unified.Writer  nil: nothing is written

--- Settings for grants.
---@param given? table see `lastpass.unified.settings`
---@param level? integer whose line is blamed; default the caller
---@return table settings
function M.settings(given, level)
  return settings_room.complete("unified.settings", given, (level or 1) + 1)
end

-- Activities are no part of the directory that was read; everything else shown is.
local function is_kept(route)
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
  if etag and pages.is_known(request, etag) then
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
  return problems.fail(403, ("this token has no scope '%s'"):format(scope), {
    insight = {
      forbidden_error = {
        description = "the token needs another scope",
        value = { missing_scopes = { scope } },
      },
    },
    headers = {
      ["www-authenticate"] = ('Bearer error="insufficient_scope", scope="%s"'):format(scope),
    },
  })
end

local function answer_kept(request, tenant, grant, route)
  local call, problem = call_room.new(request, tenant, grant, route)
  if not call then
    return nil, problem
  end
  local view
  view, problem = call:directory()
  if not view then
    return nil, problem
  end
  local answer
  answer, problem = route.module[route.action](call)
  if not answer then
    return nil, problem
  elseif answer.status == 200 and not call.is_live then
    answer.resource = route.resource.name
    pages.keep(view, grant.settings, pages.key(request), answer, tenant)
  end
  return answer, nil, view
end

local function answer_now(request, tenant, grant, route)
  local call, problem = call_room.new(request, tenant, grant, route)
  if not call then
    return nil, problem
  end
  local answer
  answer, problem = route.module[route.action](call)
  return answer, problem, nil
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
  elseif is_kept(route) then
    return answer_kept(request, tenant, grant, route)
  end
  return answer_now(request, tenant, grant, route)
end

-- An answer that is kept shows nothing but the directory: whoever may read may have it.
local function find_kept(request, tenant, grant)
  if request.method ~= "GET" and request.method ~= "HEAD" then
    return nil
  elseif not grant.scopes.read or not request.path:find(routes.MODEL, 1, true) then
    return nil
  end
  local view = tenant:directory()
  return view and pages.find(view, grant.settings, pages.key(request)), view
end

--- What is refused whatever it would do: there is no such address or method, or a scope is missing.
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
  local answer, view = find_kept(request, tenant, grant)
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
