--- Failures as problem details (RFC 9457), with the members that Truto's clients know
-- (unified-directory §1.7). Inside `unified` a failure is `nil, problem`.
-- @module lastpass.unified.problems
local json = require "lastpass.json"
local texts = require "lastpass.unified.texts"

local M = {}

---@class lastpass.unified.Problem
---@field status integer
---@field message string    a sentence for a person
---@field headers table     of the response
---@field details? table
---@field remote? boolean   LastPass failed, not this server
---@field raw? string       what LastPass answered
---@field insight? table    truto_error_insight

M.titles = {
  [400] = "Bad Request",
  [401] = "Unauthorized",
  [403] = "Forbidden",
  [404] = "Not Found",
  [405] = "Method Not Allowed",
  [408] = "Request Timeout",
  [409] = "Conflict",
  [413] = "Content Too Large",
  [415] = "Unsupported Media Type",
  [422] = "Unprocessable Content",
  [424] = "Failed Dependency",
  [429] = "Too Many Requests",
  [500] = "Internal Server Error",
  [502] = "Bad Gateway",
  [503] = "Service Unavailable",
  [504] = "Gateway Timeout",
}

--- Makes a failure.
---@param status integer
---@param message string
---@param fields? table headers, details, remote, raw, insight
---@return nil
---@return lastpass.unified.Problem
function M.fail(status, message, fields)
  local problem = { status = status, message = message, headers = {} }
  for name, value in pairs(fields or {}) do
    problem[name] = value
  end
  return nil, problem
end

-- JSON is passed on as JSON, everything else as a string.
local function raw_response(raw)
  local value = raw:find "^%s*[{%[]" and json.decode(raw)
  return value or texts.clean(raw)
end

--- The failure of a token that needs another scope.
---@param scope string
---@return nil
---@return lastpass.unified.Problem
function M.missing_scope(scope)
  local challenge = 'Bearer realm="lastpass", error="insufficient_scope", scope="%s"'
  return M.fail(403, ("this token has no scope '%s'"):format(scope), {
    headers = { ["www-authenticate"] = challenge:format(scope) },
    insight = {
      forbidden_error = {
        description = "the token needs another scope",
        value = { missing_scopes = { scope } },
      },
    },
  })
end

-- The status of each kind of failure, and of some codes. The refusal of a guard is 403: it does not depend on the state of
-- the user. Names in another spelling, addresses that look alike and what has changed meanwhile are conflicts. Without a
-- directory to show, this server is not ready.
local statuses = {
  auth = { 401 },
  refused = { 422, no_such_user = 404 },
  partial = { 422 },
  throttled = { 429 },
  transport = { 502, timeout = 504, directory_not_read = 503 },
  protocol = { 502 },
  guard = { 403, group_spelling = 409, look_alike = 409, twin = 409, changed = 409 },
  conflict = { 409 },
  argument = { 422, cache_too_small = 503 },
  cancelled = { 503 },
}

-- Failures of this server; all others are LastPass's, except where the server is not ready.
local is_ours = { guard = true, conflict = true, argument = true, cancelled = true }

local NOT_READY = 503
local waits = { throttled = 10, cancelled = 1 } -- seconds, where the failure names none

local function details_of(err)
  if err.kind == "guard" then
    return { guard = err.code, hint = err.hint }
  elseif err.kind == "conflict" or err.kind == "argument" then
    return { code = err.code, hint = err.hint }
  end
  local failures = json.list {}
  for _, row in ipairs(err.rows or {}) do
    failures[#failures + 1] = texts.clean(row.reason or "refused")
  end
  if err.kind == "partial" or err.kind == "refused" and #failures > 0 then
    return { failures = failures }
  end
end

--- The failure of a lower layer as a problem.
---@param message string
---@param err lastpass.Error
---@param hidden? string[] strings that must not be repeated, such as a first password
---@return nil
---@return lastpass.unified.Problem
function M.of(message, err, hidden)
  local of_kind, fields = statuses[err.kind], {}
  local status = of_kind[err.code] or of_kind[1]
  fields.remote = not is_ours[err.kind] and status ~= NOT_READY
  fields.raw = fields.remote and err.body or nil
  fields.details = status ~= NOT_READY and details_of(err) or nil
  local wait = err.retry_after or waits[err.kind]
  if wait then
    wait = math.ceil(wait)
    fields.headers = { ["retry-after"] = ("%d"):format(wait) }
  end
  if err.kind == "throttled" then
    fields.insight =
      { rate_limit_error = { description = message, value = { retry_after = wait } } }
  end
  if err.uncertain then
    status, fields.details = 504, fields.details or {}
    fields.details.outcome = "unknown"
  end
  for _, secret in ipairs(hidden or {}) do
    message = texts.without(message, secret)
    for _, name in ipairs { "raw", "details", "insight" } do
      fields[name] = fields[name] and texts.without(fields[name], secret)
    end
  end
  return M.fail(status, message, fields)
end

--- The response of a failure.
---@param problem lastpass.unified.Problem
---@param request table
---@return table response
function M.response(problem, request)
  local title = M.titles[problem.status] or "Error"
  local message = texts.clean(problem.message)
  local body = {
    type = "about:blank",
    title = title,
    status = problem.status,
    detail = message,
    instance = request.id and "urn:request:" .. texts.clean(request.id) or nil,
    statusCode = problem.status,
    error = title,
    message = message,
    details = problem.details and texts.clean_all(problem.details),
    truto_error_insight = problem.insight and texts.clean_all(problem.insight),
  }
  if problem.remote then
    body.truto_is_remote_error = true
    body.raw_response = problem.raw and raw_response(problem.raw) or nil
  end
  local headers = { ["content-type"] = "application/problem+json", ["cache-control"] = "no-store" }
  for name, value in pairs(problem.headers) do
    headers[name] = value
  end
  return { status = problem.status, headers = headers, body = json.encode(body) .. "\n" }
end

return M
