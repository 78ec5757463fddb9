--- The secured form of requests and answers (mfa §2.2): signed with our key, and encrypted for it. The private key stays in
-- C; the answer's own key is used once and forgotten.
-- @module lastpass.mfa.envelope
local base64 = require "lastpass.text.base64"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local utf16 = require "lastpass.text.utf16"
local xmldsig = require "lastpass.xmldsig"

---@class lastpass.mfa.Envelope
local methods = {}
local envelope_mt = { __name = "lastpass.mfa.Envelope", __index = methods }

function envelope_mt.__tostring()
  return "lastpass.mfa.Envelope (hidden)"
end

local M = {}

local MOST_REMEMBERED = 1000

-- A server may take an equal signature for a request that was recorded and sent again, and two equal questions of one
-- second would have one: the later one gets a blank, which JSON does not count. Two programs may ask the same in one
-- second as well, so that each envelope has blanks and tabs of its own.
local function mark_at_random()
  local bits, parts = digest.random(3), {}
  for position = 1, #bits do
    local byte = bits:byte(position)
    for _ = 1, 8 do
      parts[#parts + 1] = byte % 2 == 0 and " " or "\t"
      byte = math.floor(byte / 2)
    end
  end
  return table.concat(parts)
end

local function told_apart(self, timestamp, payload_of)
  if self._second ~= timestamp or self._count >= MOST_REMEMBERED then
    self._second, self._seen, self._count = timestamp, {}, 0
  end
  local blanks = self._seen[payload_of] or 0
  self._seen[payload_of] = blanks + 1
  self._count = self._count + 1
  return payload_of .. self._mark .. (" "):rep(blanks)
end

--- Makes one.
---@param api_key userdata secret: the Generic API key
---@param private_key userdata secret: PEM of an RSA key
---@param clock fun(): number
---@return lastpass.mfa.Envelope|nil
---@return string? message
---@return lastpass.Error? err kind "argument"
function M.new(api_key, private_key, clock)
  local key, message, code = xmldsig.private_key(private_key)
  if not key then
    return errors.fail("argument", code, "option private_key: " .. message)
  end
  local fields = key:fields()
  if fields.key ~= "rsa" or fields.bits < 2048 then
    message = "option private_key: an RSA key of 2048 bits or more is needed"
    return errors.fail("argument", "weak_key", message)
  end
  return setmetatable({
    _api_key = api_key,
    _key = key,
    _clock = clock,
    _mark = mark_at_random(),
  }, envelope_mt)
end

-- What stands before the key and after it, for the body that has the key in the middle.
local function wrap(self, timestamp, payload)
  local signature, message, code =
    xmldsig.sign_octets(self._key, utf16.encode(timestamp .. payload), "rsa-sha256")
  if not signature then
    return errors.fail("argument", code, "option private_key: " .. message)
  end
  local body, reason = core.secret_text {
    before = '{"Key":"',
    secret = self._api_key,
    after = ('","Timestamp":"%s","Payload":"%s","Signature":"%s"}'):format(
      timestamp,
      payload,
      base64.encode(signature)
    ),
  }
  if not body then
    return errors.fail("argument", "bad_secret", "option api_key: " .. reason)
  end
  return body
end

local function timestamp_of(self)
  return os.date("!%Y-%m-%d %H:%M:%SZ", math.floor(self._clock()))
end

--- Makes the body of a request, with the time it is now.
---@param inner any the inner request, which becomes JSON
---@return userdata|nil body
---@return string? message
---@return lastpass.Error? err
function methods:seal(inner)
  local timestamp = timestamp_of(self)
  return wrap(self, timestamp, base64.encode(told_apart(self, timestamp, json.encode(inner))))
end

--- The same for a payload that is sent as it is (PKReg).
---@param payload string
---@return userdata|nil body
---@return string? message
---@return lastpass.Error? err
function methods:seal_plain(payload)
  return wrap(self, timestamp_of(self), payload)
end

-- Whatever is wrong reads the same, since both paddings tell secrets to whoever learns which check failed.
local function refuse()
  return errors.fail("protocol", "cannot_decrypt", "the answer cannot be decrypted", {
    hint = "is private_key the one whose public half LastPass has?",
  })
end

local ciphers = { [16] = "aes-128-cbc", [24] = "aes-192-cbc", [32] = "aes-256-cbc" }

-- The answer's key and IV; others at random when there are none, so that what follows takes its time all the same.
local function read_key(self, encrypted)
  local octets = xmldsig.from_base64(encrypted)
  local plain = octets and xmldsig.decrypt_octets(self._key, octets)
  local text = plain and utf16.decode(plain)
  local pair = text and json.decode(text)
  pair = type(pair) == "table" and pair or {}
  local key = type(pair.K) == "string" and xmldsig.from_base64(pair.K)
  local iv = type(pair.V) == "string" and xmldsig.from_base64(pair.V)
  if key and ciphers[#key] and iv and #iv == 16 then
    return key, iv, true
  end
  return digest.random(32), digest.random(16), false
end

--- Decrypts what the outer envelope of an answer has as its Value.
---@param value any
---@return string|nil text the inner envelope's
---@return string? message
---@return lastpass.Error? err code "cannot_decrypt", whatever is the reason
function methods:open(value)
  local sealed = type(value) == "table" and value or {}
  if type(sealed.EncKey) ~= "string" or type(sealed.Payload) ~= "string" then
    return refuse()
  end
  local key, iv, is_key = read_key(self, sealed.EncKey)
  local bytes = xmldsig.from_base64(sealed.Payload) or ""
  local cipher = require("openssl.cipher").new(ciphers[#key]):decrypt(key, iv)
  local plain = cipher:final(bytes)
  local text = plain and utf16.decode(plain)
  if not is_key or not text or text == "" then
    return refuse()
  end
  return text
end

return M
