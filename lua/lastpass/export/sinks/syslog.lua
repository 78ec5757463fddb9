--- Events to a syslog server: over TLS (RFC 5425), TCP (RFC 6587, octets counted) or UDP (RFC 5426).
-- Neither says that a message has arrived: with TCP and TLS it was taken by the connection, with UDP
-- it was sent. After a broken connection the last page is sent again.
-- @module lastpass.export.sinks.syslog
local errors = require "lastpass.error"
local loop = require "lastpass.transport.waiting"

local M = {}

local LONGEST_DATAGRAM = 65000
local CONFIRM_AFTER = 0 -- seconds; a closed connection shows at the next look

local ports = { udp = 514, tcp = 514, tls = 6514 }

local methods = {}
local syslog_mt = { __name = "lastpass.export.sinks.syslog", __index = methods }

local function fail(self, code, message, hint)
  return errors.fail(
    "transport",
    code,
    ("syslog at %s:%d: %s"):format(self.host, self.port, message),
    { hint = hint }
  )
end

local function library(name, package)
  local found, module = pcall(require, name)
  if not found then
    return errors.fail(
      "argument",
      "no_" .. package:gsub("%-", "_"),
      ("this sink needs %s, which is not installed"):format(package),
      { hint = "apt install " .. package }
    )
  end
  return module
end

local function secure(self, plain)
  local tls, message, err = library("ssl", "lua-sec")
  if not tls then
    return nil, message, err
  end
  local connection
  connection, message = tls.wrap(plain, {
    mode = "client",
    protocol = "any",
    options = { "all", "no_sslv2", "no_sslv3", "no_tlsv1", "no_tlsv1_1" },
    verify = "peer",
    cafile = self.ca_file,
    capath = not self.ca_file and "/etc/ssl/certs" or nil,
    certificate = self.certificate,
    key = self.key,
  })
  if not connection then
    return fail(self, "ca_file", tostring(message))
  end
  connection:sni(self.host)
  connection:settimeout(self.timeout)
  local ok
  ok, message = connection:dohandshake()
  if not ok then
    connection:close()
    return fail(self, "tls_certificate", tostring(message), "check the name and ca_file")
  end
  return connection
end

-- LuaSec checks the chain; whose name it is must be looked at here (RFC 6125).
local function name_fits(self, connection)
  local certificate = connection:getpeercertificate()
  local names = {}
  for oid, extension in pairs(certificate:extensions() or {}) do
    if oid == "2.5.29.17" then
      for _, kind in ipairs { "dNSName", "iPAddress" } do
        for _, name in ipairs(extension[kind] or {}) do
          names[#names + 1] = name:lower()
        end
      end
    end
  end
  local host = self.host:lower()
  for _, name in ipairs(names) do
    local suffix = name:match "^%*(%..+)$"
    if name == host or (suffix and host:match "^[^.]+(%..+)$" == suffix) then
      return true
    end
  end
  return false
end

local function connect(self)
  local socket, message, err = library("socket", "lua-socket")
  if not socket then
    return nil, message, err
  end
  if self.protocol == "udp" then
    local datagrams = socket.udp()
    local ok
    ok, message = datagrams:setpeername(self.host, self.port)
    if not ok then
      return fail(self, "unknown_host", message)
    end
    self.connection = datagrams
    return true
  end
  local connection = socket.tcp()
  connection:settimeout(self.timeout)
  local ok
  ok, message = connection:connect(self.host, self.port)
  if not ok then
    connection:close()
    return fail(self, "unreachable", message, "check the address and the firewall")
  end
  if self.protocol == "tls" then
    connection, message, err = secure(self, connection)
    if not connection then
      return nil, message, err
    elseif not name_fits(self, connection) then
      connection:close()
      return fail(self, "tls_certificate", "the certificate is for another name")
    end
  end
  self.connection = connection
  return true
end

local function disconnect(self)
  if self.connection then
    self.connection:close()
    self.connection = nil
  end
end

-- A server that has closed says so by the end of what it sends; syslog servers send nothing else.
local function is_alive(self)
  if self.protocol == "udp" then
    return true
  end
  self.connection:settimeout(CONFIRM_AFTER)
  local _, message = self.connection:receive(1)
  self.connection:settimeout(self.timeout)
  return message == "timeout" or message == "wantread"
end

local function send_all(self, bytes)
  local sent = 0
  while sent < #bytes do
    local last, message, partly = self.connection:send(bytes, sent + 1)
    if not last and (message ~= "timeout" or (partly or 0) <= sent) then
      return nil, tostring(message)
    end
    sent = last or partly
  end
  return true
end

-- One datagram for an event; what is too long is cut, as receivers would (RFC 5426 §3.2).
local function send_datagrams(self, text)
  for line in text:gmatch "([^\n]*)\n" do
    local ok, message = self.connection:send(line:sub(1, LONGEST_DATAGRAM))
    if not ok then
      return nil, message
    end
  end
  return true
end

local function counted(text)
  local parts = {}
  for line in text:gmatch "([^\n]*)\n" do
    parts[#parts + 1] = #line .. " " .. line
  end
  return table.concat(parts)
end

local function send(self, text)
  if not self.connection or not is_alive(self) then
    disconnect(self)
    local ok, message, err = connect(self)
    if not ok then
      return nil, message, err
    end
  end
  local ok, message
  if self.protocol == "udp" then
    ok, message = send_datagrams(self, text)
  else
    ok, message = send_all(self, counted(text))
  end
  if not ok then
    disconnect(self)
    return fail(self, "connection_lost", message)
  end
  return true
end

--- The connection is made when there is something to send.
function methods.begin()
  return true
end

--- Sends; a connection that breaks is made anew.
function methods:write(text)
  local tries = 0
  while true do
    tries = tries + 1
    local ok, message, err = send(self, text)
    if ok then
      return true
    elseif tries > self.retries or err.kind ~= "transport" or err.code == "tls_certificate" then
      return nil, message, err
    end
    loop.sleep(math.min(0.5 * 2 ^ (tries - 1), 30))
  end
end

--- The connection still stands after what was sent; no more can be known.
function methods:confirm()
  if self.connection and not is_alive(self) then
    disconnect(self)
    return fail(self, "connection_lost", "it was closed by the server")
  end
  return {}
end

--- Nothing to complete.
function methods.finish()
  return true
end

--- Ends the connection.
function methods:close()
  disconnect(self)
end

local function positive(value)
  return type(value) == "number" and value > 0, "a number above 0"
end

local line_formats = { syslog = true, cef = true, leef = true, ndjson = true }

--- Opens the sink.
---@param options table host; protocol ("tls" by default, "tcp", "udp"); port (default 6514, 514); ca_file
-- (default the system's); certificate, key (files, when the server wants to know who we are);
-- timeout (seconds, 30); retries (5)
---@return table sink
function M.open(options, about, level)
  level = level + 1
  errors.check_options("client:export: sink 'syslog'", options, {
    host = "string",
    port = positive,
    protocol = "string",
    ca_file = "string",
    certificate = "string",
    key = "string",
    timeout = positive,
    retries = "number",
  }, level)
  local protocol = options.protocol or "tls"
  if not options.host or not ports[protocol] then
    errors.raise(level, "client:export: sink 'syslog' needs a host, and protocol tls, tcp or udp")
  elseif not line_formats[about.format] then
    errors.raise(level, "client:export: the format %s does not go to syslog", about.format)
  end
  return setmetatable({
    host = options.host,
    port = options.port or ports[protocol],
    protocol = protocol,
    ca_file = options.ca_file,
    certificate = options.certificate,
    key = options.key,
    timeout = options.timeout or 30,
    retries = options.retries or 5,
    batch = { bytes = 262144 },
  }, syslog_mt)
end

return M
