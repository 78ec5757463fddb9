--- The SCIM endpoint in nginx: base addresses to which identity providers push, `https://host/scim/<connection>`.
-- Here are requests and answers, tokens, rates and deadlines; what a request means and whether it may be done is
-- `lastpass.inbound`'s.
-- @module lastpass.nginx.scim
local adapter = require "lastpass.nginx.gateway.adapter"
local dicts = require "lastpass.nginx.dicts"
local messages = require "lastpass.scim.messages"
local metrics = require "lastpass.nginx.metrics"
local scim_connections = require "lastpass.nginx.scim.connection"
local scim_options = require "lastpass.nginx.scim.options"
local server = require "lastpass.scim.server"
local threads = require "lastpass.transport.nginx"

---@class lastpass.nginx.Scim
---@field settings table of `lastpass.nginx.scim.options`
---@field connections lastpass.nginx.scim.Connection[] sorted by name
local methods = {}
local scim_mt = { __name = "lastpass.nginx.Scim", __index = methods }

local M = {}

local WAIT_TO_BEGIN = 10 -- seconds for a slot of `in_flight`
local RETRY_AFTER = 10

local of_sites = setmetatable({}, { __mode = "k" })

--- The endpoint of a site; without the option `scim` it has no connection. Made in init_by_lua, its options are checked by
-- `nginx -t`.
---@param site lastpass.nginx.Site
---@param level? integer whose line an error names
---@return lastpass.nginx.Scim
function M.of(site, level)
  local self = of_sites[site]
  if not self then
    local settings = scim_options.read(site.options.scim, site.tenants, (level or 1) + 1)
    self = setmetatable({ settings = settings, connections = {}, _by_name = {} }, scim_mt)
    for position, entry in ipairs(settings.connections) do
      local connection = scim_connections.new(entry, site.thread_pool, settings)
      self.connections[position], self._by_name[entry.name] = connection, connection
    end
    of_sites[site] = self
  end
  return self
end

-- ---- requests ----

-- The path below the base, as it was sent: ids may have escapes.
local function split_path(prefix)
  local target = ngx.var.request_uri
  local path, query = target:match "^([^?]*)%??(.*)$"
  path = path:gsub("^%a[%w+.-]*://[^/]*", "") -- a proxy's form of a request line
  if path:sub(1, #prefix + 1) ~= prefix .. "/" then
    return nil
  end
  local name, rest = path:sub(#prefix + 2):match "^([^/]*)(.*)$"
  return name, rest == "" and "/" or rest, target:find("?", 1, true) and query or nil
end

local function base_of(self, name)
  local var = ngx.var
  local host = var.http_host
  if not host or not host:find "^[%w._:%[%]-]+$" then
    host = var.host ~= "" and var.host or var.server_name
  end
  local url = self.settings.url or ("%s://%s%s"):format(var.scheme, host, self.settings.path)
  return url .. "/" .. name
end

local no_body = { GET = true, HEAD = true, DELETE = true, OPTIONS = true }

-- Those that a server of SCIM reads. They are read here: what answers runs in a timer, which has no request.
local READ = { "content-type", "accept", "if-match", "if-none-match" }

local function headers_of()
  local headers = {}
  for _, name in ipairs(READ) do
    headers[name] = ngx.var["http_" .. name:gsub("-", "_")]
  end
  return headers
end

-- Conditions of requests are the server's to answer: nginx would compare If-Match with the ETag of what was just
-- written, and make 412 of success.
local CONDITIONS = { "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since" }

local function take_conditions()
  for _, name in ipairs(CONDITIONS) do
    ngx.req.clear_header(name)
  end
end

-- ---- refusals before anything is done ----

local REALM = 'Bearer realm="lastpass"'

local unauthorized = {
  missing = "a token is needed: Authorization: Bearer …",
  unknown = "this token is unknown",
  expired = "this token has expired",
  revoked = "this token has been revoked",
}

local CLOSED = "this connection is closed: nothing is taken any more"

local function authenticate(connection)
  local token, reason, err = connection:token(ngx.var.http_authorization)
  if token then
    return token
  elseif reason == "unreadable" then
    ngx.log(ngx.ERR, "lastpass scim: tokens cannot be checked: ", err.message)
    local text = "tokens cannot be checked at the moment"
    return nil, messages.error_response(503, nil, text, { retry_after = RETRY_AFTER })
  end
  if reason == "closed" then
    ngx.log(ngx.WARN, "lastpass scim: ", connection.name, " was closed, and is still pushed to")
    return nil, messages.error_response(403, nil, CLOSED)
  end
  local challenge = reason == "missing" and REALM or REALM .. ', error="invalid_token"'
  return nil,
    messages.error_response(401, nil, unauthorized[reason], {
      headers = { ["WWW-Authenticate"] = challenge },
    })
end

local function check_rate(connection)
  local count, limit, reset =
    dicts.count_in_window(dicts.get "lastpass_scim", connection.name, connection.rate, ngx.now())
  if not count then
    local text = "there is no room to count this request"
    return messages.error_response(503, nil, text, { retry_after = RETRY_AFTER })
  elseif count > limit then
    local text = ("more than %g requests a second"):format(connection.rate)
    return messages.error_response(429, nil, text, { retry_after = reset })
  end
end

-- ---- answering ----

local BUSY = "this request was not finished in time; what it began is finished here"

local function answer_in_time(self, connection, context, request, started)
  self._slots = self._slots or require("ngx.semaphore").new(self.settings.in_flight)
  local ended, response, info = threads.run_job(
    self._slots,
    started + WAIT_TO_BEGIN,
    started + self.settings.answer_within,
    function()
      local backend, message, err = connection:backend(context)
      if not backend then
        return messages.failure_response(message, err), {}
      end
      return server.new(backend):handle(request)
    end
  )
  if ended then
    return response, info
  end
  return messages.error_response(503, nil, BUSY, { retry_after = RETRY_AFTER }), {}
end

local function handle(self, started, info)
  local method = ngx.req.get_method()
  local name, path, query = split_path(self.settings.path)
  local connection = name and self._by_name[name]
  info.connection, info.method = connection, method
  if not connection then
    return messages.error_response(404, nil, "there is no connection of this name")
  end
  local token, response = authenticate(connection)
  if not token then
    return response
  end
  info.token = token.label
  response = check_rate(connection)
  if response then
    return response
  end
  local body = not no_body[method] and adapter.body(self.settings.max_body) or ""
  if #body > self.settings.max_body then
    local text = ("the body is longer than %d bytes"):format(self.settings.max_body)
    return messages.error_response(413, "tooMany", text)
  end
  info.context = { token = token.label, request = ngx.var.request_id }
  local details
  response, details = answer_in_time(self, connection, info.context, {
    method = method,
    path = path,
    query = query,
    headers = headers_of(),
    body = body,
    base = base_of(self, name),
    principal = name,
  }, started)
  for key, value in pairs(details) do
    info[key] = value
  end
  if info.failure then
    ngx.log(ngx.ERR, "lastpass scim: ", info.action, ": ", info.failure)
  end
  return response
end

local function measure(response, info, started)
  ngx.update_time()
  local name = info.connection and info.connection.name or "none"
  metrics.count("lastpass_scim_requests_total", {
    connection = name,
    action = info.action or "none",
    status = response.status,
  })
  metrics.observe("lastpass_scim_request_seconds", { connection = name }, ngx.now() - started)
end

local function on_error(message)
  return debug.traceback(tostring(message), 2)
end

--- Answers the current request of nginx. For content_by_lua.
function methods:serve()
  ngx.update_time()
  local started, info = ngx.now(), {}
  local ok, response = xpcall(handle, on_error, self, started, info)
  if not ok then
    ngx.log(ngx.ERR, "lastpass scim: ", response)
    local text = "internal error of this server; its log has the request id"
    response = messages.error_response(500, nil, text)
  end
  if info.connection then
    info.connection:log(response, info, started)
  end
  take_conditions()
  adapter.respond(response, ngx.var.request_id)
  measure(response, info, started)
end

-- ---- nginx's own errors ----

local own_errors = {
  [400] = "nginx could not read this request",
  [401] = "this server wants other credentials",
  [403] = "this server refuses requests from here",
  [404] = "there is nothing at this address",
  [405] = "this method is not for this address",
  [408] = "the request did not arrive in time",
  [411] = "the length of the body is missing",
  [413] = "the body is too long",
  [414] = "the address is too long",
  [429] = "too many requests",
  [431] = "the headers are too long",
  [500] = "internal error of this server; its log has the request id",
  [501] = "this server does not know this method or coding",
  [502] = "what is behind this server has not answered",
  [503] = "this server is busy",
  [504] = "what is behind this server has not answered in time",
  [505] = "this server does not know this version of HTTP",
}

-- nginx's numbers of what it shows as 400.
local as_shown = { [494] = 431, [495] = 400, [496] = 400, [497] = 400 }

local retried = { [429] = true, [502] = true, [503] = true, [504] = true }

--- Answers with the status that nginx has chosen, as a SCIM Error: for the location that `error_page` names.
function M.error_page()
  local status = as_shown[ngx.status] or ngx.status
  if status < 400 or status > 599 then
    status = 404
  end
  local text = own_errors[status] or "nginx refused this request"
  local scim_type = status == 413 and "tooMany" or nil
  local response = messages.error_response(status, scim_type, text, {
    retry_after = retried[status] and RETRY_AFTER or nil,
  })
  adapter.respond(response, ngx.var.request_id)
  metrics.count("lastpass_scim_requests_total", {
    connection = "none",
    action = "none",
    status = status,
  })
end

-- ---- timers ----

local FLUSH_EVERY = 1
local TOUCH_EVERY = 60

--- Starts the timers of a worker: the worker of the journal, checks of what is behind, the log.
---@param every fun(seconds: number, what: string, fn: function)
function methods:start(every)
  for _, connection in ipairs(self.connections) do
    local name = connection.name
    every(self.settings.work_every, "scim worker of " .. name, function(premature)
      if not premature then
        connection:work()
      end
    end)
    every(self.settings.check_every, "scim upstream of " .. name, function(premature)
      if not premature then
        connection:check_upstream(self.settings.check_every)
      end
    end)
    every(FLUSH_EVERY, "scim log of " .. name, function()
      connection:flush_log()
    end)
    every(TOUCH_EVERY, "scim tokens of " .. name, function()
      connection:touch_tokens()
    end)
  end
end

--- The state of all connections, for /healthz and /metrics.
---@return table[] reports
function methods:report()
  local reports = {}
  for position, connection in ipairs(self.connections) do
    reports[position] = connection:report(self.settings.warn_days)
  end
  return reports
end

return M
