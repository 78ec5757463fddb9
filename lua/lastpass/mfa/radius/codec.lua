--- Packets of RADIUS (RFC 2865), as a client writes and reads them, and what makes a reply authentic: its authenticator,
-- and Message-Authenticator (RFC 2869 §5.14), without which a reply can be forged (CVE-2024-3596).
-- @module lastpass.mfa.radius.codec
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

M.codes = {
  access_request = 1,
  access_accept = 2,
  access_reject = 3,
  access_challenge = 11,
  status_server = 12, -- RFC 5997
}

M.attributes = {
  user_name = 1,
  user_password = 2,
  chap_password = 3,
  service_type = 6,
  reply_message = 18,
  state = 24,
  calling_station_id = 31,
  nas_identifier = 32,
  proxy_state = 33,
  chap_challenge = 60,
  message_authenticator = 80,
}

local MESSAGE_AUTHENTICATOR = M.attributes.message_authenticator
local HEADER, AUTHENTICATOR = 20, 16 -- bytes
local NO_DIGEST = ("\0"):rep(AUTHENTICATOR)

--- What a packet may have at most (RFC 2865 §3), and the value of one attribute (§5).
M.MOST_BYTES, M.MOST_VALUE = 4096, 253

---@class lastpass.mfa.radius.Packet
---@field code integer
---@field identifier integer
---@field authenticator string 16 bytes
---@field attributes table[]   {type, value, at}: `at` is the position of the value in `bytes`
---@field bytes string         the packet without padding

--- Writes a packet without a digest in it.
---@param code integer
---@param identifier integer 0 to 255
---@param authenticator string 16 bytes
---@param attributes table[] {type, value}
---@return string bytes
function M.write(code, identifier, authenticator, attributes)
  local parts, length = {}, HEADER
  for index, attribute in ipairs(attributes) do
    local kind, value = attribute[1], attribute[2]
    if #value < 1 or #value > M.MOST_VALUE then
      errors.raise(2, "radius: attribute %d has %d bytes, and may have 1 to 253", kind, #value)
    end
    parts[index] = string.char(kind, #value + 2) .. value
    length = length + #value + 2
  end
  if length > M.MOST_BYTES or #authenticator ~= AUTHENTICATOR then
    errors.raise(2, "radius: a packet has at most 4096 bytes, and 16 for its authenticator")
  end
  return string.char(code, identifier, math.floor(length / 256), length % 256)
    .. authenticator
    .. table.concat(parts)
end

--- Writes a request. Message-Authenticator is its first attribute, so that whoever counts on a collision of MD5 has
-- nothing before it to choose.
---@param code integer
---@param identifier integer 0 to 255
---@param authenticator string 16 random bytes
---@param secret userdata the secret shared with the server
---@param attributes table[] {type, value}
---@return string|nil bytes
---@return string? message
---@return lastpass.Error? err code "no_libcrypto", "no_md5"
function M.request(code, identifier, authenticator, secret, attributes)
  local list = { { MESSAGE_AUTHENTICATOR, NO_DIGEST } }
  for _, attribute in ipairs(attributes) do
    list[#list + 1] = attribute
  end
  local bytes = M.write(code, identifier, authenticator, list)
  local value, message, reason = core.hmac_md5(secret, bytes)
  if not value then
    return errors.fail("argument", reason, message)
  end
  return bytes:sub(1, HEADER + 2) .. value .. bytes:sub(HEADER + 2 + AUTHENTICATOR + 1)
end

local function malformed(format, ...)
  return errors.fail(
    "protocol",
    "radius_malformed",
    "the packet is malformed: " .. format:format(...)
  )
end

--- Reads a packet. Bytes behind its length are padding (RFC 2865 §3).
---@param bytes string a datagram
---@return lastpass.mfa.radius.Packet|nil
---@return string? message
---@return lastpass.Error? err code "radius_malformed"
function M.read(bytes)
  if #bytes < HEADER or #bytes > M.MOST_BYTES then
    return malformed("a packet has 20 to 4096 bytes, and this has %d", #bytes)
  end
  local code, identifier, high, low = bytes:byte(1, 4)
  local length = high * 256 + low
  if length < HEADER or length > #bytes then
    return malformed("it has %d bytes and says %d", #bytes, length)
  end
  local attributes, at = {}, HEADER + 1
  while at <= length do
    local kind, size = bytes:byte(at, at + 1)
    if at == length or size < 2 or at + size - 1 > length then
      return malformed("the attribute at byte %d does not end where it says", at)
    end
    attributes[#attributes + 1] = { kind, bytes:sub(at + 2, at + size - 1), at + 2 }
    at = at + size
  end
  return {
    code = code,
    identifier = identifier,
    authenticator = bytes:sub(5, HEADER),
    attributes = attributes,
    bytes = bytes:sub(1, length),
  }
end

--- The values of an attribute, in their order.
---@param packet lastpass.mfa.radius.Packet
---@param kind integer
---@return string[]
function M.values(packet, kind)
  local values = {}
  for _, attribute in ipairs(packet.attributes) do
    if attribute[1] == kind then
      values[#values + 1] = attribute[2]
    end
  end
  return values
end

local function find_message_authenticator(packet)
  local found
  for _, attribute in ipairs(packet.attributes) do
    if attribute[1] == MESSAGE_AUTHENTICATOR then
      if found or #attribute[2] ~= AUTHENTICATOR then
        return nil, "malformed"
      end
      found = attribute
    end
  end
  return found, found and nil or "missing"
end

--- Whether a packet's Message-Authenticator is right.
---@param packet lastpass.mfa.radius.Packet
---@param authenticator string of the request, also when the packet is a reply
---@param secret userdata
---@return boolean authentic
---@return "missing"|"wrong"|"malformed"|nil why
function M.has_message_authenticator(packet, authenticator, secret)
  local found, why = find_message_authenticator(packet)
  if not found then
    return false, why
  end
  local bytes, at = packet.bytes, found[3]
  local computed = core.hmac_md5(
    secret,
    bytes:sub(1, 4)
      .. authenticator
      .. bytes:sub(HEADER + 1, at - 1)
      .. NO_DIGEST
      .. bytes:sub(at + AUTHENTICATOR)
  )
  local authentic = computed ~= nil and digest.same(computed, found[2])
  return authentic, not authentic and "wrong" or nil
end

--- Whether a reply has the authenticator that only the server can make of the request (RFC 2865 §3).
---@param packet lastpass.mfa.radius.Packet
---@param authenticator string of the request
---@param secret userdata
---@return boolean
function M.has_authenticator(packet, authenticator, secret)
  local bytes = packet.bytes
  local computed = core.md5(bytes:sub(1, 4), authenticator, bytes:sub(HEADER + 1), secret)
  return computed ~= nil and digest.same(computed, packet.authenticator)
end

--- Whether a reply is the server's, and whole. One that fails is dropped as if it had not come.
---@param packet lastpass.mfa.radius.Packet
---@param authenticator string of the request
---@param secret userdata
---@return boolean authentic
---@return "authenticator"|"missing"|"wrong"|"malformed"|nil why the reply's own authenticator is wrong; its
-- Message-Authenticator is missing, wrong, or there twice
function M.is_authentic(packet, authenticator, secret)
  if not M.has_authenticator(packet, authenticator, secret) then
    return false, "authenticator"
  end
  return M.has_message_authenticator(packet, authenticator, secret)
end

return signature.declare("mfa.radius.codec.", M, {
  write = "code: integer, identifier: integer, authenticator: string, attributes: table",
  request = "code: integer, identifier: integer, authenticator: string, secret: userdata, "
    .. "attributes: table",
  read = "bytes: string",
  values = "packet: table, kind: integer",
  has_message_authenticator = "packet: table, authenticator: string, secret: userdata",
  has_authenticator = "packet: table, authenticator: string, secret: userdata",
  is_authentic = "packet: table, authenticator: string, secret: userdata",
})
