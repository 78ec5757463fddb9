--- Failures as problem details (RFC 9457), with the members that Truto's clients know
-- (unified-directory §1.7). Inside the rooms of `unified` a failure is `nil, problem`.
-- @module lastpass.unified.problems
local json = require "lastpass.json"
local texts = require "lastpass.unified.texts"

local M = {}

---@class lastpass.unified.Problem
---@field status integer
---@field message string    a sentence for a person
---@field headers table     of the response
---@field details? table
---@field remote? boolean   LastPass failed, not this house
---@field raw? string       what LastPass said
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

-- What came as JSON is given on as JSON, everything else as text.
local function raw_response(raw)
  local value = raw:find "^%s*[{%[]" and json.decode(raw)
  return value or texts.clean(raw)
end

local WAIT = 10 -- seconds, where the server names none

local function throttled(message, err)
  local wait = math.ceil(err.retry_after or WAIT)
  return 429,
    {
      headers = { ["retry-after"] = ("%d"):format(wait) },
      insight = { rate_limit_error = { description = message, value = { retry_after = wait } } },
    }
end

local function failures_of(err)
  local list = json.list {}
  for _, row in ipairs(err.rows or {}) do
    list[#list + 1] = texts.clean(row.reason or "refused")
  end
  return list
end

-- A guard's refusal is no claim about the state of somebody, so 403; names in another spelling and
-- what has changed meanwhile are conflicts.
local guard_conflicts = { group_spelling = true, twin = true, changed = true }

local judge = {}

--- LastPass does not know the number or the hash of the account.
function judge.auth()
  return 401, {}
end

--- LastPass said no.
function judge.refused(_, err)
  if err.code == "no_such_user" then
    return 404, {}
  end
  local failures = failures_of(err)
  return 422, { details = #failures > 0 and { failures = failures } or nil }
end

--- Some rows were done, some were not.
function judge.partial(_, err)
  return 422, { details = { failures = failures_of(err) } }
end

judge.throttled = throttled

--- No answer, or half of one.
function judge.transport(_, err)
  if err.code == "timeout" then
    return 504, {}
  end
  return 502, {}
end

--- An answer that cannot be read.
function judge.protocol()
  return 502, {}
end

--- A guard holds the write back.
function judge.guard(_, err)
  return guard_conflicts[err.code] and 409 or 403,
    { remote = false, details = { guard = err.code, hint = err.hint } }
end

--- Somebody else was faster.
function judge.conflict(_, err)
  return 409, { remote = false, details = { code = err.code, hint = err.hint } }
end

--- What was asked for cannot be asked.
function judge.argument(_, err)
  return 422, { remote = false, details = { code = err.code, hint = err.hint } }
end

--- This server is busy, or ends.
function judge.cancelled(_, err)
  local wait = math.ceil(err.retry_after or 1)
  return 503, { remote = false, headers = { ["retry-after"] = ("%d"):format(wait) } }
end

-- Nothing was asked of LastPass: this server has no directory to show yet, or no room for one.
local not_ready = { directory_not_read = true, cache_too_small = true }

--- A failure of the rooms below as one of this house.
---@param message string
---@param err lastpass.Error
---@param hidden? string[] texts that must not be repeated, such as a first password
---@return nil
---@return lastpass.unified.Problem
function M.of(message, err, hidden)
  local status, fields = judge[err.kind](message, err)
  if not_ready[err.code] then
    status, fields = 503, { remote = false }
  end
  if err.retry_after then
    fields.headers = fields.headers or {}
    fields.headers["retry-after"] = ("%d"):format(math.ceil(err.retry_after))
  end
  if fields.remote == nil then
    fields.remote, fields.raw = true, err.body
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
