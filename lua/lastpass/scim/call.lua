--- One request of a SCIM client: headers, rate, send, read what came, and again when that is safe.
-- @module lastpass.scim.call
local attempts = require "lastpass.transport.attempts"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limiter = require "lastpass.limiter"
local percent = require "lastpass.text.percent"

local BODY_KEPT = 2048 -- bytes of a reply that an error carries
local MEDIA_TYPE = "application/scim+json"

local M = {}

---@class lastpass.scim.Request
---@field command string     what it does, for hooks and errors: "patch_user"
---@field method string
---@field path string        below the base, encoded: "/Users/345"
---@field query? string      encoded, without "?"
---@field body? table        is sent as JSON
---@field version? string    as If-Match; with GET as If-None-Match
---@field repeatable? boolean whether it may be sent again after a lost answer; default all but POST
---@field once? boolean      it is never sent again from here
---@field reads? boolean     a POST that writes nothing
---@field decode? fun(text: string): table|nil, string?, lastpass.Error? reads the body; default as JSON

---@class lastpass.scim.Reply
---@field status integer
---@field headers table      names in lower case
---@field body? table        the decoded JSON; nil when there was none

--- A string as a part of a path or a query.
M.escape = percent.encode

--- The path of a resource.
---@param kind table of `lastpass.scim.resource`
---@param id string
---@return string
function M.path(kind, id)
  return kind.endpoint .. "/" .. M.escape(id)
end

-- Addresses say who somebody is; messages go to logs (scim §4.15).
local function without_addresses(text)
  return (text:gsub("[%w._%%+\128-\255-]+@[%w.\128-\255-]+", "***"))
end

-- "invalidFilter" is the code "invalid_filter".
local function code_of(scim_type)
  return scim_type and scim_type:find "^%a+$" and scim_type:gsub("%u", "_%0"):lower() or nil
end

local by_status = {
  [400] = { "refused", "bad_request" },
  [401] = { "auth", "authorization_error" },
  [403] = { "auth", "forbidden" },
  [404] = { "refused", "not_found" },
  [405] = { "refused", "not_supported" },
  [406] = { "refused", "media_type" },
  [409] = { "conflict", "uniqueness" },
  [412] = { "conflict", "version_conflict" },
  [413] = { "refused", "too_large" },
  [415] = { "refused", "media_type" },
  [429] = { "throttled", "throttled" },
  [501] = { "refused", "not_supported" },
}

local hints = {
  authorization_error = "check the token: a new one ends the old one at once, and it is not the "
    .. "provisioning hash of the Enterprise API",
  forbidden = "the token is known to the server, and may not do this",
  not_json = "check the url: this does not look like a SCIM server",
  redirect = "redirects are not followed, so that the token goes nowhere else; check the url",
  throttled = "ask for less at once, or set the option rate",
}

-- What an Error says: its status may be a number or missing, and the body HTML or empty (scim §2.12).
local function read_error(body)
  local value = body ~= "" and json.decode(body)
  if type(value) ~= "table" then
    return {}
  end
  local scim_type, detail = value.scimType, value.detail or value.message or value.error
  local schemas, is_scim = value.schemas, false
  for _, urn in ipairs(type(schemas) == "table" and schemas or {}) do
    is_scim = is_scim or type(urn) == "string" and urn:lower():find(":error$") ~= nil
  end
  return {
    scim_type = type(scim_type) == "string" and scim_type ~= "" and scim_type or nil,
    detail = type(detail) == "string" and detail ~= "" and detail or nil,
    is_scim = is_scim,
  }
end

local function named(request)
  return request.method .. " " .. request.path
end

local function fail(client, kind, code, request, message, fields)
  fields.command, fields.method, fields.path = request.command, request.method, request.path
  fields.hint = fields.hint or hints[code]
  message = client:redact(without_addresses(message))
  return errors.fail(kind, code, ("%s: %s"):format(named(request), message), fields)
end

-- A 503 says for how long; without that it is a failure of the server as any other.
local function kind_of(status, wait, said)
  local known = by_status[status]
  if status == 503 and wait then
    return "throttled", "throttled"
  elseif status == 403 and said.scim_type == "sensitive" then
    return "refused", "sensitive"
  elseif known then
    local code = status ~= 404 and status ~= 401 and code_of(said.scim_type)
    return known[1], code or known[2]
  elseif status >= 300 and status < 400 then
    return "transport", "redirect"
  elseif status >= 500 then
    return "transport", "http_status"
  end
  return "refused", code_of(said.scim_type) or "bad_request"
end

--- A response that is no success, as a failure.
---@param client lastpass.scim.Client
---@param request lastpass.scim.Request
---@param response table status, headers, body (text)
---@return nil
---@return string message
---@return lastpass.Error err
function M.fail_status(client, request, response)
  local said, status = read_error(response.body), response.status
  local wait = limiter.retry_after(response)
  local kind, code = kind_of(status, wait, said)
  local message = ("HTTP %d"):format(status)
  message = message .. (said.scim_type and " " .. said.scim_type or "")
  message = message .. (said.detail and ": " .. said.detail:sub(1, 500) or "")
  local body = response.body:sub(1, BODY_KEPT)
  return fail(client, kind, code, request, message, {
    status = status,
    scim_type = said.scim_type,
    detail = said.detail,
    is_scim = said.is_scim or nil,
    retry_after = wait,
    uncertain = request.writes and status >= 500 and status ~= 501 or nil,
    body = body ~= "" and body or nil,
  })
end

local function read_response(client, request, response)
  local status = response.status
  if status == 304 and request.method == "GET" and request.version then
    return { status = status, headers = response.headers }
  elseif status < 200 or status >= 300 then
    return M.fail_status(client, request, response)
  end
  local reply = { status = status, headers = response.headers }
  -- what is no JSON behind a 2xx is a page of a proxy or a log-in, unless nothing was to come
  if response.body:find "%S" then
    local value, message, err = (request.decode or json.decode)(response.body)
    if type(value) ~= "table" then
      return fail(client, "protocol", "not_json", request, message or "the reply is no object", {
        status = status,
        position = err and err.position,
        uncertain = request.writes or nil,
        body = response.body:sub(1, BODY_KEPT),
      })
    end
    reply.body = value
  end
  return reply
end

local function headers_for(client, request)
  local headers = request.text and client._headers_with_body or client._headers
  if not request.version and not request.headers then
    return headers
  end
  local copy = {}
  for _, list in ipairs { headers, request.headers or {} } do
    for name, value in pairs(list) do
      copy[name] = value
    end
  end
  if request.version then
    copy[request.method == "GET" and "If-None-Match" or "If-Match"] = request.version
  end
  return copy
end

local function transmit(client, request)
  local options = client._options
  local url = options.url .. request.path .. (request.query and "?" .. request.query or "")
  local secret = { name = "Authorization", prefix = "Bearer ", secret = options.token }
  local response, message, err = client._transport:send {
    method = request.method,
    url = url,
    headers = headers_for(client, request),
    secret_header = not request.anonymous and secret or nil,
    body = request.text,
    repeatable = request.repeatable and not request.version,
    timeout = options.timeout,
    max_bytes = options.max_bytes,
  }
  if response then -- whatever the server repeats, the token comes no further
    return {
      status = response.status,
      headers = response.headers,
      body = client:redact(response.body),
    }
  end
  err.command, err.method, err.path = request.command, request.method, request.path
  err.uncertain = err.uncertain or request.writes and err.sent or nil
  err.message = client:redact(named(request) .. ": " .. message)
  return nil, err.message, err
end

local function send_once(client, request, attempt)
  local on_request = client._options.on_request
  if on_request then
    on_request {
      command = request.command,
      method = request.method,
      path = request.path,
      attempt = attempt,
    }
  end
  local response, message, err = transmit(client, request)
  if not response then
    return nil, message, err
  end
  return read_response(client, request, response)
end

--- Sends a request once and gives the response as it is, whatever its status: for who looks at the server itself.
---@param client lastpass.scim.Client
---@param request table command, method, path, query, text (the body), headers (further ones, or others), anonymous (true:
-- without the token)
---@return lastpass.Response|nil
---@return string? message
---@return lastpass.Error? err
function M.exchange(client, request)
  local options = client._options
  local _, refusal, reason = client._limiter:acquire(request.command, options.rate, options.on_wait)
  if refusal then
    return nil, refusal, reason
  end
  return transmit(client, request)
end

-- What became of it, when an earlier attempt's answer was lost: it may have been carried out.
local function after_loss(request, message, err)
  if request.method == "DELETE" and err.status == 404 then
    return { status = 204, headers = {} }
  end
  err.uncertain = true
  return nil, message, err
end

--- Executes a request, with its slot in time, its hooks, and its repetition where that is safe: what reads,
-- and what says by its values how things ought to be (PUT, PATCH, DELETE; scim §4.14). A POST is sent again only
-- when nothing of it was sent; what else it takes is for the caller to find out.
---@param client lastpass.scim.Client
---@param request lastpass.scim.Request
---@return lastpass.scim.Reply|nil
---@return string? message
---@return lastpass.Error? err with `scim_type`, `detail`, `status`; `uncertain` when a write may have happened
function M.perform(client, request)
  local method = request.method
  if request.repeatable == nil then
    request.repeatable = method ~= "POST"
  end
  request.writes = method ~= "GET" and not request.reads
  if request.writes and client._options.repeat_writes == false then
    request.repeatable = false
  end
  request.text = request.body and json.encode(request.body)
  local reply, message, err, is_lost = attempts.run(
    client._options,
    client._limiter,
    request,
    function(attempt)
      return send_once(client, request, attempt)
    end
  )
  if is_lost then
    return after_loss(request, message, err)
  end
  return reply, message, err
end

--- The media type that is sent and asked for; any JSON that comes back is read (scim §2.1).
M.MEDIA_TYPE = MEDIA_TYPE

return M
