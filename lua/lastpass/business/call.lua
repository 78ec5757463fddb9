--- One request of the REST API: headers, rate, send, read what came, and again when that is safe.
-- @module lastpass.business.call
local attempts = require "lastpass.transport.attempts"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limiter = require "lastpass.limiter"

local BODY_KEPT = 2048 -- bytes of a reply that an error carries

local M = {}

---@class lastpass.business.Request
---@field command string     what it does, for hooks and errors: "create_user"
---@field method string
---@field path string        below the base, encoded
---@field url? string        in place of base and path
---@field query? string      encoded, without "?"
---@field text? string       JSON
---@field uncertain_hint? string what to do when a write may have happened

---@class lastpass.business.Reply
---@field status integer
---@field headers table      names in lower case
---@field body? any          the decoded JSON; integers of more than 15 digits as strings; nil when there was none

local by_status = {
  [400] = { "refused", "bad_request" },
  [401] = { "auth", "authorization_error" },
  [403] = { "auth", "forbidden" },
  [404] = { "refused", "not_found" },
  [405] = { "refused", "not_supported" },
  [409] = { "conflict", "conflict" },
  [410] = { "refused", "gone" },
  [422] = { "refused", "bad_request" },
  [429] = { "throttled", "throttled" },
  [501] = { "refused", "not_supported" },
}

local hints = {
  authorization_error = "check the API key (Admin Console, Advanced, LastPass API): it is neither "
    .. "the provisioning hash nor a SCIM token",
  forbidden = "the key is known, and may not do this; managed companies need the key of the "
    .. "company that manages them",
  not_json = "check the url: this does not look like the REST API",
  redirect = "redirects are not followed, so that the key goes nowhere else; check the url",
  throttled = "ask for less at once, or set the option rate",
}

local function string_of(value)
  return type(value) == "string" and value ~= "" and value:sub(1, 500) or nil
end

-- Problem details (RFC 9457); all fields may be null, and "type" be missing (business §1.3).
local function read_problem(body)
  local value = body:find "%S" and json.decode(core.quote_integers(body))
  if type(value) ~= "table" then
    return { fields = {} }
  end
  local fields = {}
  for _, one in ipairs(type(value.errors) == "table" and value.errors or {}) do
    if type(one) == "table" and #fields < 20 then
      fields[#fields + 1] = { pointer = string_of(one.pointer), detail = string_of(one.detail) }
    end
  end
  return {
    title = string_of(value.title),
    detail = string_of(value.detail),
    instance = string_of(value.instance),
    type = string_of(value.type),
    fields = fields,
  }
end

local function sentence(status, problem)
  local parts = { ("HTTP %d"):format(status) }
  if problem.title then
    parts[1] = parts[1] .. " " .. problem.title
  end
  parts[2] = problem.detail
  for _, field in ipairs(problem.fields) do
    parts[#parts + 1] = (field.pointer and field.pointer .. ": " or "")
      .. (field.detail or "refused")
  end
  return table.concat(parts, "; ")
end

local function fail(client, kind, code, request, message, fields)
  fields.command, fields.method, fields.path = request.command, request.method, request.path
  fields.hint = fields.uncertain and request.uncertain_hint or hints[code]
  message = client:redact(("%s %s: %s"):format(request.method, request.path, message))
  return errors.fail(kind, code, message, fields)
end

local function kind_of(status, wait)
  local known = by_status[status]
  if known then
    return known[1], known[2]
  elseif status == 503 and wait then
    return "throttled", "throttled"
  elseif status >= 300 and status < 400 then
    return "transport", "redirect"
  elseif status >= 500 then
    return "transport", "http_status"
  end
  return "refused", "bad_request"
end

local function fail_status(client, request, response)
  local problem, status = read_problem(response.body), response.status
  local wait = limiter.retry_after(response)
  local kind, code = kind_of(status, wait)
  return fail(client, kind, code, request, sentence(status, problem), {
    status = status,
    title = problem.title,
    detail = problem.detail,
    instance = problem.instance,
    type = problem.type,
    fields = problem.fields,
    retry_after = wait,
    uncertain = request.writes and status >= 500 and status ~= 501 or nil,
    body = response.body ~= "" and response.body:sub(1, BODY_KEPT) or nil,
  })
end

--- A reply whose shape is none that was documented, as a failure.
---@param client lastpass.business.Client
---@param request lastpass.business.Request
---@param message string
---@return nil
---@return string message
---@return lastpass.Error err code "unexpected_shape"
function M.fail_shape(client, request, message)
  return fail(client, "protocol", "unexpected_shape", request, message, {
    uncertain = request.writes or nil,
  })
end

local function read_response(client, request, response)
  local status = response.status
  if status < 200 or status >= 300 then
    return fail_status(client, request, response)
  end
  local reply = { status = status, headers = response.headers }
  if response.body:find "%S" then
    local value, message, err = json.decode(core.quote_integers(response.body))
    if type(value) ~= "table" then
      return fail(
        client,
        "protocol",
        "not_json",
        request,
        message or "the reply is not an object",
        {
          status = status,
          position = err and err.position,
          uncertain = request.writes or nil,
          body = response.body:sub(1, BODY_KEPT),
        }
      )
    end
    reply.body = value
  end
  return reply
end

local function send_once(client, request, attempt)
  local options = client._options
  if options.on_request then
    options.on_request {
      command = request.command,
      method = request.method,
      path = request.path,
      attempt = attempt,
    }
  end
  local url = request.url or options.url .. request.path
  local response, message, err = client._transport:send {
    method = request.method,
    url = url .. (request.query and request.query ~= "" and "?" .. request.query or ""),
    headers = request.text and client._headers_with_body or client._headers,
    secret_header = { name = "Authorization", prefix = "api-key ", secret = options.key },
    body = request.text,
    repeatable = not request.writes,
    timeout = options.timeout,
    max_bytes = options.max_bytes,
  }
  if not response then
    err.command, err.method, err.path = request.command, request.method, request.path
    err.uncertain = err.uncertain or request.writes and err.sent or nil
    err.hint = err.uncertain and request.uncertain_hint or err.hint
    err.message = client:redact(("%s %s: %s"):format(request.method, request.path, message))
    return nil, err.message, err
  end
  -- whatever the server repeats, the key comes no further
  return read_response(client, request, {
    status = response.status,
    headers = response.headers,
    body = client:redact(response.body),
  })
end

--- Executes a request. What reads is sent again after a failure that may pass; a write only when nothing of it was
-- sent, or the server said that it did nothing: no key makes a second one harmless (business §5).
---@param client lastpass.business.Client
---@param request lastpass.business.Request
---@return lastpass.business.Reply|nil
---@return string? message
---@return lastpass.Error? err `uncertain` when a write may have happened
function M.perform(client, request)
  request.writes = request.method ~= "GET"
  request.repeatable = not request.writes
  local reply, message, err = attempts.run(
    client._options,
    client._limiter,
    request,
    function(attempt)
      return send_once(client, request, attempt)
    end
  )
  return reply, message, err
end

return M
