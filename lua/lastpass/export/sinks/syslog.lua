--- Events to a syslog server: over TLS (RFC 5425), TCP (RFC 6587) or UDP (RFC 5426).
-- None of them says that a message has arrived. With TCP and TLS a portion counts as received once the
-- server, told that no more will come, ends the connection: it has read all of it then. What was sent on
-- a connection that was lost before is sent again, from the beginning of the portion.
-- @module lastpass.export.sinks.syslog
local errors = require "lastpass.error"
local loop = require "lastpass.transport.scheduler"

local M = {}

local LONGEST_DATAGRAM = 65000
local LONGEST_PORTION = 4 * 1048576 -- bytes that are held until they are confirmed
local SLICE = 0.25 -- seconds between two looks whether somebody has interrupted

local ports = { udp = 514, tcp = 514, tls = 6514 }

local methods = {}
local syslog_mt = { __name = "lastpass.export.sinks.syslog", __index = methods }

local hints = {
  unreachable = "check the address and the firewall",
  tls_certificate = "check the name and ca_file",
}

-- What trying again does not change.
local is_final = { tls_certificate = true, ca_file = true, certificate = true, cancelled = true }

local function fail_sending(self, code, message)
  local text = ("syslog at %s:%d: %s"):format(self.host, self.port, message)
  return errors.fail("transport", code, text, { hint = hints[code] })
end

local function fail_cancelled()
  return errors.fail("cancelled", "cancelled", "the export was cancelled")
end

local function connect(self)
  local stream, message, code = require("lastpass.curl").stream {
    protocol = self.protocol,
    host = self.host,
    port = self.port,
    timeout = self.timeout,
    ca_file = self.ca_file,
    certificate = self.certificate,
    key = self.key,
  }
  if not stream then
    return fail_sending(self, code, message)
  end
  self.stream, self.piece, self.offset = stream, 1, 1
  return true
end

-- What is not confirmed begins anew with the next connection.
local function disconnect(self)
  if self.stream then
    self.stream:close()
    self.stream = nil
  end
end

-- One datagram for an event; what is too long is cut, as receivers would (RFC 5426 §3.2).
local function send_datagrams(self, text)
  if not self.stream then
    local ok, message, err = connect(self)
    if not ok then
      return nil, message, err
    end
  end
  for line in text:gmatch "([^\n]*)\n" do
    local sent, message, code = self.stream:send(line:sub(1, LONGEST_DATAGRAM))
    if not sent then
      return fail_sending(self, code, message)
    end
  end
  return true
end

local framings = {
  -- RFC 6587 §3.4.1, and the only one of RFC 5425
  octets = function(text)
    local parts = {}
    for line in text:gmatch "([^\n]*)\n" do
      parts[#parts + 1] = #line .. " " .. line
    end
    return table.concat(parts)
  end,
  -- §3.4.2: no event has a line feed in it
  newline = function(text)
    return text
  end,
}

-- Sends what of the portion this connection has not had yet.
local function send_portion(self)
  if not self.stream then
    local ok, message, err = connect(self)
    if not ok then
      return nil, message, err
    end
  end
  local idle = 0
  while self.piece <= #self.portion do
    local sent, message, code = self.stream:send(self.portion[self.piece], self.offset, SLICE)
    if not sent then
      return fail_sending(self, code, message)
    elseif sent == 0 then
      idle = idle + SLICE
      if loop.is_interrupted() then
        return fail_cancelled()
      elseif idle >= self.timeout then
        return fail_sending(self, "timeout", "it takes nothing any more")
      end
    else
      idle = 0
    end
    self.offset = self.offset + sent
    if self.offset > #self.portion[self.piece] then
      self.piece, self.offset = self.piece + 1, 1
    end
  end
  return true
end

-- Waits until the server has ended its side; after `confirm` seconds it is enough that its system has
-- taken everything, for a server that never ends a connection.
local function wait_for_end(self)
  local begin = loop.now()
  repeat
    local state, message, code = self.stream:wait_end(SLICE)
    local waited = loop.now() - begin
    if not state then
      return fail_sending(self, code, message)
    elseif state == "ended" or (state == "taken" and waited >= self.confirm_after) then
      return true
    elseif loop.is_interrupted() then
      return fail_cancelled()
    end
  until waited >= self.confirm_after + self.timeout
  return fail_sending(self, "timeout", "it has not taken what was sent")
end

local function send_and_confirm(self)
  local ok, message, err = send_portion(self)
  local code
  if ok then
    ok, message, code = self.stream:finish()
    if not ok then
      return fail_sending(self, code, message)
    end
    ok, message, err = wait_for_end(self)
  end
  return ok, message, err
end

local function try_again(self, action, ...)
  local tries = 0
  while true do
    tries = tries + 1
    local ok, message, err = action(self, ...)
    if ok then
      return true
    end
    disconnect(self)
    if tries > self.retries or is_final[err.code] then
      return nil, message, err
    end
    loop.sleep(math.min(0.5 * 2 ^ (tries - 1), 30))
  end
end

--- The connection is made when there is something to send.
function methods.begin()
  return true
end

--- Sends; after a connection that was lost, all of the portion again.
function methods:write(text)
  if self.protocol == "udp" then
    return try_again(self, send_datagrams, text)
  end
  local framed = framings[self.framing](text)
  self.portion[#self.portion + 1] = framed
  self.bytes = self.bytes + #framed
  if self.bytes >= LONGEST_PORTION then
    local state, message, err = self:confirm()
    return state ~= nil or nil, message, err
  end
  return try_again(self, send_portion)
end

--- Ends the connection and waits until the server has read all of it; over UDP nothing can be known.
function methods:confirm()
  if #self.portion > 0 then
    local ok, message, err = try_again(self, send_and_confirm)
    if not ok then
      return nil, message, err
    end
    disconnect(self)
    self.portion, self.bytes = {}, 0
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

local line_formats = { syslog = true, cef = true, leef = true, ndjson = true }

--- Opens the sink.
---@param options table as listed in `lastpass.export.sinks`
---@return table sink
function M.open(options, about, level)
  level = level + 1
  local protocol = options.protocol or "tls"
  if not options.host or not ports[protocol] then
    errors.raise(level, "client:export: sink 'syslog' needs a host, and protocol tls, tcp or udp")
  elseif not framings[options.framing or "octets"] then
    errors.raise(level, "client:export: option 'framing' must be octets or newline")
  elseif protocol == "udp" and (options.framing or options.confirm_after) then
    errors.raise(level, "client:export: over udp there is neither framing nor confirm_after")
  elseif not line_formats[about.format] then
    errors.raise(level, "client:export: the format %s does not go to syslog", about.format)
  end
  return setmetatable({
    host = options.host,
    port = options.port or ports[protocol],
    protocol = protocol,
    framing = options.framing or "octets",
    confirm_after = options.confirm_after or 10,
    ca_file = options.ca_file,
    certificate = options.certificate,
    key = options.key,
    timeout = options.timeout or 30,
    retries = options.retries or 5,
    batch = { bytes = 262144 },
    portion = {},
    bytes = 0,
  }, syslog_mt)
end

return M
