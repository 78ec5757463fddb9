--- SHA-256 of what was read, by OpenSSL (luaossl). Optional: only the proof of a source asks.
-- @module lastpass.digest
local errors = require "lastpass.error"

local M = {}

local digest = {}
local digest_mt = { __index = digest, __name = "lastpass.digest" }

---@param bytes string
function digest:update(bytes)
  self._hash:update(bytes)
end

--- Ends the digest.
---@return string hex 64 hexadecimal digits
function digest:hex()
  return (
    self._hash:final():gsub(".", function(byte)
      return ("%02x"):format(byte:byte())
    end)
  )
end

--- Begins a digest.
---@return table|nil digest with `update(bytes)` and `hex()`
---@return string? message
---@return lastpass.Error? err code "no_luaossl"
function M.new()
  local found, openssl = pcall(require, "openssl.digest")
  if not found then
    return errors.fail("argument", "no_luaossl", "SHA-256 needs luaossl, which is not installed", {
      hint = "apt install lua-luaossl, or luarocks install luaossl",
    })
  end
  return setmetatable({ _hash = openssl.new("sha256") }, digest_mt)
end

--- The digest of one text; luaossl must be there.
---@param text string
---@return string hex
function M.hex(text)
  local hash = assert(M.new())
  hash:update(text)
  return hash:hex()
end

return M
