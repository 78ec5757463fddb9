--- The transport of nginx over lua-resty-http, the client of the ecosystem, for those who have it
-- installed. It never stops a worker. What libcurl does otherwise:
--
-- * TLS is verified by nginx: `lua_ssl_trusted_certificate` and `lua_ssl_verify_depth` say against what, and
--   the server must have a name, not a number. An own `ca_file`, a `proxy` and HTTP/2 need "thread".
-- * A request's body, and with it the hash, is a Lua string for as long as it is being sent: cosockets
--   take nothing else. "thread" keeps it in locked memory.
-- * So a request with a `secret_header` is sent by "thread", which needs nginx's thread_pool, and trusts
--   whom libcurl trusts.
-- @module lastpass.transport.resty
local address = require "lastpass.transport.address"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local nginx = require "lastpass.transport.nginx"
local reply_body = require "lastpass.transport.reply_body"
local scheduler = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"
local thread = require "lastpass.transport.thread"

---@class lastpass.RestyTransport: lastpass.Transport
local methods = {}
local transport_mt = { __name = "lastpass.transport.resty", __index = methods }

local M = {}

local DEFAULT_TIMEOUT = 60 -- seconds
local CHUNK = 65536 -- bytes read at once
local IDLE = 60000 -- milliseconds that an idle connection stays open
local AT_ONCE = 128 -- requests of a worker; nginx runs 256 timers (lua_max_running_timers)

local slots -- a semaphore: how many more may begin

--- Whether lua-resty-http is there.
---@return boolean
function M.is_installed()
  return (pcall(require, "resty.http"))
end

--- Whether it can do what these options ask for.
---@param options table of `lastpass.transport.curl`
---@return boolean
function M.can(options)
  return not options.ca_file and not options.proxy and options.http_version ~= "2"
end

-- The words of nginx and OpenSSL, which are all that a cosocket reports. What the server wrote can stand in
-- others, so these are the only ones that are shown.
local reasons = {
  { "timeout", "timeout", "it took longer than allowed", "raise timeout or connect_timeout" },
  { "refused", "unreachable", "the server refuses connections", "check address and firewall" },
  { "no route", "unreachable", "there is no way to the server", "check address and network" },
  { "unreachable", "unreachable", "there is no way to the server", "check address and network" },
  {
    "no resolver",
    "unknown_host",
    "nginx has no name server",
    "nginx.conf needs the directive resolver, as: resolver 127.0.0.53;",
  },
  {
    "resolve",
    "unknown_host",
    "the name of the server is not known",
    "check the address and nginx's resolver",
  },
  {
    "certificate",
    "tls_certificate",
    "the server's certificate was refused",
    "check the name in the address; nginx.conf says by lua_ssl_trusted_certificate who is "
      .. "trusted, and by lua_ssl_verify_depth over how many certificates (default 1)",
  },
  { "handshake", "tls_failed", "no TLS connection came about" },
}

local function failure(reason, stage, otherwise)
  local code, message, hint = otherwise, "the reply is missing or breaks off", nil
  if not stage.sent then
    code, message = "connection_lost", "the connection broke off"
  end
  for _, one in ipairs(reasons) do
    if tostring(reason):lower():find(one[1], 1, true) then
      code, message, hint = one[2], one[3], one[4]
      break
    end
  end
  return errors.fail("transport", code, message, {
    sent = stage.sent,
    begun = stage.begun,
    hint = hint,
  })
end

local function connect(self, http, to, seconds)
  local all = math.max(math.floor(seconds * 1000), 1)
  local connecting = self._options.connect_timeout
  http:set_timeouts(connecting and math.min(connecting * 1000, all) or all, all, all)
  local is_secure = to.scheme == "https"
  local verify = self._options.verify ~= false or not to.is_loopback
  return http:connect {
    scheme = to.scheme,
    -- nginx asks a name server for every name, this one too
    host = to.host == "localhost" and "127.0.0.1" or to.host,
    port = to.port,
    ssl_verify = is_secure and verify or false,
    ssl_server_name = is_secure and to.host or nil,
    proxy_opts = {}, -- none, whatever the environment of nginx says
    -- one pool for each way to prove who the server is
    pool = ("lastpass:%s:%s:%d:%s"):format(to.scheme, to.host, to.port, tostring(verify)),
  }
end

-- http_headers of lua-resty-http names them as the server does, and lists what comes more than once.
local function lower_names(headers)
  local lowered = {}
  for name, value in pairs(headers) do
    local values = type(value) == "table" and value or { value }
    for i, one in ipairs(values) do
      values[i] = one:gsub("%s+$", "")
    end
    lowered[name:lower()] = table.concat(values, ", ")
  end
  return lowered
end

-- Without a length the end of the connection is the end of the body.
local function ends_with_connection(headers)
  return not headers["content-length"] and not headers["transfer-encoding"]
end

local function read_body(job, request, reply, headers, stage)
  local body, message, err = reply_body.new {
    encoding = headers["content-encoding"],
    max_bytes = request.max_bytes,
    sink = reply.status == 200 and request.sink or nil,
  }
  if not body then
    return nil, message, err
  end
  while reply.has_body do
    local chunk, reason = reply.body_reader(CHUNK)
    local is_end = not chunk and not reason or reason == "closed" and ends_with_connection(headers)
    if reason and not is_end then
      return failure(reason, stage, "reply_cut")
    elseif job.is_over then -- the sink is somebody else's by now
      return failure("timeout", stage)
    end
    if chunk and chunk ~= "" then
      local ok
      ok, message, err = body:feed(chunk)
      if not ok then
        return nil, message, err
      end
    end
    if is_end then
      break
    end
  end
  return body:finish()
end

local function order_of(request, to)
  local headers = { Host = to.authority, ["Accept-Encoding"] = reply_body.accepted() }
  for name, value in pairs(request.headers or {}) do
    headers[name] = value
  end
  local body = request.body
  if type(body) == "userdata" then
    body = core.reveal_body(body)
  end
  return { method = request.method, path = to.target, headers = headers, body = body }
end

-- `stage` is how far it came, for the failure.
local function exchange(self, job, http, request, to, stage)
  local ok, reason = connect(self, http, to, stage.ends_at - nginx.now())
  if not ok then
    return failure(reason, stage)
  end
  local order = order_of(request, to)
  stage.begun = true
  ok, reason = http:send_request(order)
  if not ok then
    return failure(reason, stage)
  end
  stage.sent = true
  local reply
  reply, reason = http:read_response(order)
  order.body = nil
  if not reply then
    return failure(reason, stage, "reply_cut")
  end
  local headers = lower_names(reply.headers)
  local text, message, err = read_body(job, request, reply, headers, stage)
  if not text then
    return nil, message, err
  end
  return { status = reply.status, headers = headers, body = text }
end

-- What is raised goes no further than where it was: the text may quote the reply.
local function raised(problem, stage)
  local line = tostring(problem):match "^[^:]+:%d+" or "somewhere"
  return errors.fail("transport", "raised", "an error was raised in " .. line, {
    sent = stage.sent,
    begun = stage.begun,
  })
end

local function run(self, job, request, to, stage)
  local http = assert(require("resty.http").new())
  local ok, response, message, err = pcall(exchange, self, job, http, request, to, stage)
  if ok and response then
    http:set_keepalive(IDLE)
    return response
  end
  http:close()
  if not ok then
    return raised(response, stage)
  end
  return nil, message, err
end

--- Sends a request and lets nginx go on until the reply is there.
---@param request lastpass.Request
---@return lastpass.Response|nil response
---@return string? message
---@return lastpass.Error? err kind "transport" or "protocol"
function methods:send(request)
  if request.secret_header then
    self._thread = self._thread or thread.new(self._options)
    return self._thread:send(request)
  elseif not scheduler.yields() then
    return errors.fail(
      "transport",
      "would_block",
      "cosockets cannot be used in the phase " .. (scheduler.phase() or "none"),
      { hint = "do it in access, rewrite or content, or in a timer: ngx.timer.at(0, …)" }
    )
  end
  local to, message, err = address.parse(request.url)
  if not to then
    return nil, message, err
  end
  local ends_at = nginx.now() + (request.timeout or DEFAULT_TIMEOUT)
  if request.deadline then
    ends_at = math.min(ends_at, request.deadline)
  end
  local stage = { ends_at = ends_at }
  slots = slots or assert(require("ngx.semaphore").new(AT_ONCE))
  -- The timeouts of cosockets are for each wait; this one is for the whole call.
  local ended, response
  ended, response, message, err = nginx.run_job(slots, ends_at, ends_at, function(job)
    return run(self, job, request, to, stage)
  end)
  if not ended then
    return failure("timeout", stage)
  end
  return response, message, err
end

--- Makes the transport.
---@param options? table connect_timeout (seconds), verify (false for this machine only)
---@return lastpass.RestyTransport
function M.new(options)
  options = options or {}
  if not M.is_installed() then
    errors.raise(3, "transport 'resty' needs lua-resty-http: opm get ledgetech/lua-resty-http")
  elseif not M.can(options) then
    errors.raise(
      3,
      "transport 'resty': nginx verifies TLS by lua_ssl_trusted_certificate, asks no proxy and "
        .. 'speaks HTTP/1.1; for ca_file, proxy and http_version take transport = "thread"'
    )
  end
  return setmetatable({ _options = options }, transport_mt)
end

signature.declare("transport:", methods, {
  send = "request: table",
})

signature.declare("transport.resty.", M, {
  new = "options?: table",
})

return M
