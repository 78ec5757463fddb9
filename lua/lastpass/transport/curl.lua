--- The transport over libcurl: one pool of connections for the whole Lua state.
-- @module lastpass.transport.curl
local core = require "lastpass.core"
local errors = require "lastpass.error"
local loop = require "lastpass.transport.loop"
local scheduler = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"

---@class lastpass.CurlTransport: lastpass.Transport
local methods = {}
local transport_mt = { __name = "lastpass.transport.curl", __index = methods }

local hints = {
  tls_certificate = "check the name in the address; for a certificate of your own company's "
    .. "authority give its file as ca_file",
  ca_file = "ca_file must be a readable file of PEM certificates",
  unknown_host = "check the address and the name server",
  unreachable = "check the address, the network and the firewall; is a proxy needed?",
  proxy_failed = "check the proxy (the option, or https_proxy and all_proxy of the environment)",
  proxy_denied = "give the proxy a user name and password: http://user:password@host:port",
  bad_proxy = "leave the proxy out",
  timeout = "raise timeout or connect_timeout when the answer may take longer",
  reply_too_large = "raise max_bytes when such a large reply is expected",
  bad_url = "the address must begin with https://",
}
hints["the proxy cannot be reached"] = hints.proxy_failed -- its code is that of any server

-- Waiting in libcurl would stop all requests of an nginx worker.
local function refuse_in_nginx()
  if scheduler.is_serving() then
    return errors.fail(
      "transport",
      "would_block",
      "plain libcurl would stop this nginx worker in the phase " .. scheduler.phase(),
      { hint = 'leave the option transport out, or give it as "resty" or "thread"' }
    )
  end
  return true
end

-- An address with its headers is prepared once; a request only adds what is its own. A client has
-- one address, a sandbox some more; many made-up addresses must not fill the memory.
local MAX_ENDPOINTS = 32

local function endpoint_for(self, request)
  local known = self._endpoints[request.url]
  if known and known.method == request.method and known.headers == request.headers then
    return known.endpoint
  end
  local options = self._options
  local endpoint, message, code = loop.endpoint {
    url = request.url,
    method = request.method,
    headers = request.headers,
    connect_timeout = options.connect_timeout,
    ca_file = options.ca_file,
    proxy = options.proxy,
    verify = options.verify,
    http_version = options.http_version,
  }
  if endpoint then
    if known then
      known.endpoint:retire()
    elseif self._endpoint_count >= MAX_ENDPOINTS then
      for _, other in pairs(self._endpoints) do
        other.endpoint:retire()
      end
      self._endpoints, self._endpoint_count = {}, 0
    end
    self._endpoint_count = self._endpoint_count + (known and 0 or 1)
    self._endpoints[request.url] =
      { endpoint = endpoint, method = request.method, headers = request.headers }
  end
  return endpoint, message, code
end

local function with_deadline(request)
  local left = math.max(request.deadline - loop.now(), 0.001)
  return {
    body = request.body,
    repeatable = request.repeatable,
    sink = request.sink,
    max_bytes = request.max_bytes,
    timeout = request.timeout and math.min(request.timeout, left) or left,
  }
end

local response_mt = { __name = "lastpass.Response" }

-- Most replies are read without a look at their headers.
function response_mt.__index(response, name)
  if name == "headers" then
    response.headers = response._transfer:headers()
    return response.headers
  end
end

local function failure(message, code, sent, begun)
  if code == "cancelled" and loop.is_interrupted() then
    message, code = "interrupted", "interrupted"
  end
  return errors.fail(
    (code == "cancelled" or code == "interrupted") and "cancelled"
      or code == "bad_reply" and "protocol"
      or "transport",
    code,
    message,
    { sent = sent or nil, begun = begun or nil, hint = hints[message] or hints[code] }
  )
end

local function start_transfer(self, request)
  local allowed, message, err = refuse_in_nginx()
  if not allowed then
    return nil, message, err
  elseif loop.is_interrupted() then
    return failure("interrupted before it was sent", "interrupted")
  end
  local endpoint, code
  endpoint, message, code = endpoint_for(self, request)
  if not endpoint then
    return failure(message, code)
  end
  local header = request.secret_header
  if type(header) == "table" then
    header, message = core.secret_header(header)
    if not header then
      return failure(message, "bad_secret")
    end
  end
  return loop.start(endpoint, request.deadline and with_deadline(request) or request, header)
end

local function result_of(transfer)
  local status, body, code, sent, begun = transfer:result()
  if not status then
    return failure(body, code, sent, begun)
  end
  return setmetatable({ status = status, body = body, _transfer = transfer }, response_mt)
end

--- Starts a request and comes back at once.
---@param request lastpass.Request
---@return userdata|nil transfer
---@return string? message
---@return lastpass.Error? err
function methods:start(request)
  return start_transfer(self, request)
end

--- What became of a transfer that is done.
---@return lastpass.Response|nil response
---@return string? message
---@return lastpass.Error? err with `sent` = true when the server may have got the request, `begun`
-- when it may have got some of its body
function methods.result(_, transfer)
  return result_of(transfer)
end

--- Sends a request and waits for the reply; inside a task of `lastpass.parallel` it yields.
---@param request lastpass.Request
---@return lastpass.Response|nil response
---@return string? message
---@return lastpass.Error? err kind "transport", "protocol" or "cancelled"
function methods:send(request)
  local transfer, message, err = start_transfer(self, request)
  if not transfer then
    return nil, message, err
  end
  loop.wait(transfer)
  return result_of(transfer)
end

local M = {}

--- Makes the transport.
---@param options? table ca_file, proxy, connect_timeout (seconds), verify (false for this machine
-- only), http_version ("2": HTTP/2 when offered, but for requests with a secret_header; default "1.1")
---@return lastpass.CurlTransport
function M.new(options)
  return setmetatable(
    { _options = options or {}, _endpoints = {}, _endpoint_count = 0 },
    transport_mt
  )
end

signature.declare("transport:", methods, {
  send = "request: table",
  start = "request: table",
  result = "transfer: userdata",
})

signature.declare("transport.curl.", M, {
  new = "options?: table",
})

return M
