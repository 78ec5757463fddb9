--- One request and its reply: sent again until there is one, with the same identifier and authenticator, so that the server
-- knows it; what is not authentic is dropped and counted; another server is asked only where that cannot ring a phone a
-- second time.
-- @module lastpass.mfa.radius.exchange
local codec = require "lastpass.mfa.radius.codec"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local scheduler = require "lastpass.transport.scheduler"

local M = {}

local JITTER = 0.1 -- of a pause, up or down (RFC 5080 §2.2.1)
local MOST_DROPPED = 1000 -- replies that are not authentic, after which one stops listening to a server

-- What may answer a request of each code.
local answers = {
  [codec.codes.access_request] = {
    [codec.codes.access_accept] = true,
    [codec.codes.access_reject] = true,
    [codec.codes.access_challenge] = true,
  },
  [codec.codes.status_server] = { [codec.codes.access_accept] = true },
}

---@class lastpass.mfa.radius.Exchange
---@field packet? lastpass.mfa.radius.Packet the authentic reply
---@field server? table             who gave it
---@field sent integer              messages that were sent
---@field delivered boolean         a server may have got the request
---@field dropped table<string, integer> by reason: authenticator, missing, wrong, malformed, stray
---@field failure? "refused"|"silent"|"unsent"|"flooded"|"interrupted" why there is no reply

local is_forgery = { authenticator = true, missing = true, wrong = true }

local function drop(self, exchange, server, reason)
  exchange.dropped[reason] = (exchange.dropped[reason] or 0) + 1
  local is_forged = is_forgery[reason] or false
  self:count(is_forged and "radius_forged" or reason == "stray" and "stray" or "malformed")
  self:report {
    event = is_forged and "radius_forged" or "radius_dropped",
    server = server.name,
    reason = reason,
  }
end

-- The packet, when it answers the request and is the server's; else why not.
local function classify(request, server, bytes)
  local packet = codec.read(bytes)
  if not packet then
    return nil, "malformed"
  elseif packet.identifier ~= request.identifier then
    return nil, "stray"
  end
  local authentic, reason = codec.is_authentic(packet, request.authenticator, server.secret)
  if not authentic then
    return nil, reason
  elseif not answers[request.code][packet.code] then
    return nil, "malformed"
  end
  local states = codec.values(packet, codec.attributes.state)
  if #states > 1 or states[1] == "" then -- RFC 2865 §5.24, §5.44
    return nil, "malformed"
  end
  return packet
end

local function next_pause(self, sent)
  local retransmit = self.retransmit
  if not retransmit or sent > retransmit.max then
    return math.huge
  end
  return retransmit.first * 2 ^ (sent - 1) * (1 - JITTER + 2 * JITTER * math.random())
end

-- Asks one server until it has answered, or until `ends_at`. Each message that nobody listened for comes back as refused, once;
-- so when all came back none was delivered.
local function converse(self, exchange, server, socket, request, ends_at)
  local sent, refused, dropped, next_at = 0, 0, 0, self.clock()
  while true do
    local now = self.clock()
    if scheduler.is_interrupted() then
      return nil, "interrupted", sent > refused
    elseif now >= ends_at then
      return nil, "silent", sent > refused
    end
    local bytes, reason
    if now >= next_at then
      local ok
      ok, reason = socket:send(request.bytes)
      if ok then
        sent, exchange.sent = sent + 1, exchange.sent + 1
        next_at = now + next_pause(self, sent)
        if sent > 1 then
          self:count "retransmitted"
        end
      end
    else
      bytes, reason = socket:receive(math.min(next_at, ends_at) - now)
    end
    if bytes then
      local packet, problem = classify(request, server, bytes)
      if packet then
        return packet
      end
      drop(self, exchange, server, problem)
      dropped = dropped + 1
      if dropped >= MOST_DROPPED then
        return nil, "flooded", true
      end
    elseif reason == "refused" then
      refused = refused + 1
      return nil, "refused", sent > refused
    elseif reason == "failed" then
      return nil, "unsent", sent > refused
    end
  end
end

-- Those that lately did not answer come last.
local function in_order(self, servers)
  local now, live, dead = self.clock(), {}, {}
  for _, server in ipairs(servers) do
    local list = (self.dead_until[server] or 0) > now and dead or live
    list[#list + 1] = server
  end
  for _, server in ipairs(dead) do
    live[#live + 1] = server
  end
  return live
end

local function write_request(order, server)
  local random = digest.random(17)
  local request =
    { code = order.code, identifier = random:byte(17), authenticator = random:sub(1, 16) }
  local attributes, message, err = order.attributes(server, request.authenticator)
  if not attributes then
    return nil, message, err
  end
  request.bytes, message, err = codec.request(
    request.code,
    request.identifier,
    request.authenticator,
    server.secret,
    attributes
  )
  if not request.bytes then
    return nil, message, err
  end
  return request
end

-- When to turn from one server to the next: a request that may ring stays where it was sent.
local function patience(self, order, is_last, now)
  if is_last or order.may_ring then
    return order.ends_at
  end
  return math.min(order.ends_at, now + self.server_timeout)
end

--- Asks the servers in turn.
---@param self table clock, retransmit, server_timeout, dead_time, dead_until, open, count, report
---@param order table code, attributes: function(server, authenticator), servers, ends_at, may_ring
---@return lastpass.mfa.radius.Exchange|nil
---@return string? message
---@return lastpass.Error? err what prevents any request
function M.run(self, order)
  local exchange = { sent = 0, delivered = false, dropped = {} }
  local servers = in_order(self, order.servers)
  for index, server in ipairs(servers) do
    local request, message, err = write_request(order, server)
    if not request then
      return nil, message, err
    end
    local socket
    socket, message, err = self.open(server.host, server.port)
    local packet, delivered
    if socket then
      local ends_at = patience(self, order, index == #servers, self.clock())
      packet, exchange.failure, delivered =
        converse(self, exchange, server, socket, request, ends_at)
      socket:close()
    elseif err.kind == "argument" or err.code == "would_block" then
      return nil, message, err
    else
      exchange.failure, exchange.message = "unsent", message
    end
    if packet then
      self.dead_until[server] = nil
      exchange.packet, exchange.server, exchange.delivered = packet, server, true
      return exchange
    end
    self.dead_until[server] = self.clock() + self.dead_time
    exchange.delivered = exchange.delivered or delivered or false
    if exchange.failure == "interrupted" or (order.may_ring and exchange.delivered) then
      break
    elseif self.clock() >= order.ends_at then
      break
    elseif index < #servers then
      self:count "failed_over"
    end
  end
  return exchange
end

--- Why there is no reply, as a failure.
---@param exchange lastpass.mfa.radius.Exchange
---@return lastpass.Error
function M.failure(exchange)
  if exchange.failure == "interrupted" then
    return select(
      3,
      errors.fail("cancelled", "interrupted", "interrupted while the server was asked")
    )
  end
  local dropped = exchange.dropped
  local code, message, hint = "radius_silent", "no RADIUS server answered in time", nil
  if dropped.missing then
    code = "radius_forged"
    message = "the server's replies have no Message-Authenticator, so anybody could have made them"
    hint = "update the RADIUS server, or let it send Message-Authenticator (CVE-2024-3596)"
  elseif dropped.authenticator or dropped.wrong then
    code = "radius_forged"
    message = "replies came, and none was made with the shared secret"
    hint = "compare the secret here with the server's; when they are equal somebody forges replies"
  elseif exchange.failure == "refused" then
    code, message = "radius_refused", "no RADIUS server listens at this address"
  elseif exchange.failure == "unsent" then
    code, message = "radius_unsent", exchange.message or "the request could not be sent"
  elseif dropped.malformed then
    code, message = "radius_malformed", "replies came, and none could be read"
  end
  local fields = { hint = hint, uncertain = exchange.delivered or nil, sent = exchange.sent > 0 }
  return select(3, errors.fail("transport", code, message, fields))
end

return M
