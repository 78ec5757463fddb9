--- A RADIUS server on loopback that gives one kind of reply, right or wrong in one point, to try a client of others on. It knows
-- nobody and checks no password.
-- @module lastpass.mfa.doctor.forger
local codec = require "lastpass.mfa.radius.codec"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local scheduler = require "lastpass.transport.scheduler"

local M = {}

local SLICE = 0.02 -- seconds between two looks
local NO_DIGEST = ("\0"):rep(16)

-- A reply; `how` says in which point it is wrong.
local function write_reply(request, secret, how)
  local attributes = {}
  if how.state then
    attributes[1] = { codec.attributes.state, "lastpass-doctor" }
  end
  if not how.unsigned then
    table.insert(attributes, 1, { codec.attributes.message_authenticator, NO_DIGEST })
  end
  local identifier = how.other_identifier and (request.identifier + 1) % 256 or request.identifier
  local bytes = codec.write(how.code or 2, identifier, request.authenticator, attributes)
  if not how.unsigned then
    local made = how.wrong_signature and digest.random(16) or core.hmac_md5(secret, bytes)
    bytes = bytes:sub(1, 22) .. made .. bytes:sub(39)
  end
  local authenticator = how.wrong_authenticator and digest.random(16) or core.md5(bytes, secret)
  return bytes:sub(1, 4) .. authenticator .. bytes:sub(21)
end

local methods = {}
methods.__index = methods

--- Opens one.
---@param secret userdata
---@param port? integer default any
---@return table|nil forger `port`
---@return string? message
---@return lastpass.Error? err
function M.open(secret, port)
  local ok, socket = pcall(require, "socket")
  if not ok then
    return errors.fail("argument", "no_luasocket", "this needs LuaSocket, which is not installed", {
      hint = "apt install lua-socket, or luarocks install luasocket",
    })
  end
  local main, message = socket.udp4()
  if main then
    ok, message = main:setsockname("127.0.0.1", port or 0)
  end
  local other = ok and socket.udp4()
  if not other then
    return errors.fail("transport", "no_address", "no port to listen at: " .. tostring(message))
  end
  main:settimeout(0)
  assert(other:setsockname("127.0.0.1", 0))
  local _, taken = main:getsockname()
  return setmetatable({
    port = tonumber(taken),
    _main = main,
    _other = other,
    _secret = secret,
  }, methods)
end

-- What a request shows of its client.
local function note(self, seen, packet, from)
  local key = packet.identifier .. packet.authenticator .. from
  seen.count = seen.count + 1
  if not seen.keys[key] then
    seen.keys[key], seen.distinct = true, seen.distinct + 1
  end
  local signed, why = codec.has_message_authenticator(packet, packet.authenticator, self._secret)
  seen.signature = signed
      and (packet.attributes[1][1] == codec.attributes.message_authenticator and "first" or "later")
    or why
end

--- Answers requests until `is_over` says so.
---@param how table code, unsigned, wrong_signature, wrong_authenticator, other_identifier, other_port, state, after (seconds)
---@param is_over fun(): boolean
---@return {count: integer, distinct: integer, signature: string|nil} seen the requests
function M.serve(self, how, is_over)
  local seen, later = { count = 0, distinct = 0, keys = {} }, {}
  while not is_over() do
    local bytes, host, port = self._main:receivefrom(codec.MOST_BYTES)
    local packet = bytes and codec.read(bytes)
    if packet and packet.code == codec.codes.access_request then
      note(self, seen, packet, host .. port)
      later[#later + 1] = {
        at = scheduler.now() + (how.after or 0),
        bytes = write_reply(packet, self._secret, how),
        host = host,
        port = port,
      }
    end
    while later[1] and later[1].at <= scheduler.now() do
      local one = table.remove(later, 1)
      local by = how.other_port and self._other or self._main
      by:sendto(one.bytes, one.host, one.port)
    end
    if not bytes then
      scheduler.sleep(SLICE)
    end
  end
  return seen
end

--- Gives the ports back.
function M.close(self)
  self._main:close()
  self._other:close()
end

return M
