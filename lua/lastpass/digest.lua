--- Digests, HMAC, random bytes, encryption and comparison in constant time, by OpenSSL (luaossl). The library is
-- optional: only what uses this module needs it.
-- @module lastpass.digest
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

local HINT = "apt install lua-luaossl, or luarocks install luaossl"

-- A module of luaossl; without it this raises.
local function load_module(name)
  local ok, module = pcall(require, "openssl." .. name)
  if not ok then
    errors.raise(3, "luaossl is not installed: %s", HINT)
  end
  return module
end

local hexadecimal = {}
for byte = 0, 255 do
  hexadecimal[string.char(byte)] = ("%02x"):format(byte)
end

--- Bytes as hexadecimal digits.
---@param bytes string
---@return string
function M.to_hex(bytes)
  return (bytes:gsub(".", hexadecimal))
end

local methods = {}
local digest_mt = { __index = methods, __name = "lastpass.digest" }

---@param bytes string
function methods:update(bytes)
  self._hash:update(bytes)
end

--- Ends the digest.
---@return string hex 64 hexadecimal digits
function methods:hex()
  return M.to_hex(self._hash:final())
end

--- Begins the SHA-256 of something that comes in pieces.
---@return table|nil digest with `update(bytes)` and `hex()`
---@return string? message
---@return lastpass.Error? err code "no_luaossl"
function M.new()
  local ok, openssl = pcall(require, "openssl.digest")
  if not ok then
    local message = "SHA-256 needs luaossl, which is not installed"
    return errors.fail("argument", "no_luaossl", message, { hint = HINT })
  end
  return setmetatable({ _hash = openssl.new "sha256" }, digest_mt)
end

--- SHA-256.
---@param text string
---@return string bytes 32 of them
function M.sha256(text)
  return load_module("digest").new("sha256"):final(text)
end

--- SHA-256 as hexadecimal digits.
---@param text string
---@param digits? integer how many of the 64; default all
---@return string
function M.hex(text, digits)
  local hex = core.sha256(text) or M.to_hex(M.sha256(text))
  return hex:sub(1, digits or 64)
end

--- HMAC with SHA-256.
---@param key string
---@param text string
---@return string bytes 32 of them
function M.hmac(key, text)
  return load_module("hmac").new(key, "sha256"):final(text)
end

--- Random bytes.
---@param count integer
---@return string
function M.random(count)
  return load_module("rand").bytes(count)
end

--- Whether two strings are equal. The time it takes depends on their lengths alone.
---@param a string
---@param b string
---@return boolean
function M.same(a, b)
  if #a ~= #b then
    return false
  end
  local difference = 0
  for at = 1, #a do
    local one, other = a:byte(at), b:byte(at)
    difference = difference + (one - other) * (one - other)
  end
  return difference == 0
end

-- A counter that depends on the text alone: equal texts are encrypted to equal bytes, so that a page is the same
-- in every worker.
local function counter_of(key, text)
  return M.hmac(key, "counter\0" .. text):sub(1, 16)
end

--- Encrypts a text that the caller of an API stores; sign the result with an HMAC.
---@param key string
---@param text string
---@return string bytes
function M.conceal(key, text)
  local counter = counter_of(key, text)
  local cipher = load_module("cipher").new "aes-256-ctr"
  return counter .. cipher:encrypt(M.hmac(key, "conceal"), counter):final(text)
end

--- Decrypts what `conceal` made.
---@param key string
---@param bytes string
---@return string|nil text nil when it was encrypted with another key
function M.reveal(key, bytes)
  if #bytes < 16 then
    return nil
  end
  local counter = bytes:sub(1, 16)
  local cipher = load_module("cipher").new "aes-256-ctr"
  local text = cipher:decrypt(M.hmac(key, "conceal"), counter):final(bytes:sub(17))
  return counter_of(key, text) == counter and text or nil
end

local NONCE, TAG = 12, 16

--- Encrypts and authenticates a text: AES-256-GCM with a random nonce.
---@param key string 32 bytes
---@param text string
---@return string bytes
function M.seal(key, text)
  local nonce = M.random(NONCE)
  local cipher = load_module("cipher").new("aes-256-gcm"):encrypt(key, nonce)
  local encrypted = cipher:final(text)
  return nonce .. encrypted .. cipher:getTag(TAG)
end

--- Decrypts what `seal` made.
---@param key string
---@param bytes string
---@return string|nil text nil when it was sealed with another key, or was changed
function M.unseal(key, bytes)
  if #bytes < NONCE + TAG then
    return nil
  end
  local cipher = load_module("cipher").new("aes-256-gcm"):decrypt(key, bytes:sub(1, NONCE))
  cipher:setTag(bytes:sub(-TAG))
  return (cipher:final(bytes:sub(NONCE + 1, -TAG - 1)))
end

return M
