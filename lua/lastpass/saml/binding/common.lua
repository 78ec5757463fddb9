--- What reading and writing of messages have in common: sizes, what a RelayState may hold, the library for DEFLATE.
-- @module lastpass.saml.binding.common
local characters = require "lastpass.text.characters"
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local zlib = require "lastpass.zlib"

local M = {}

--- Sizes in bytes.
M.limits = {
  encoded = 256 * 1024, -- the parameter as Base64
  inflated = 64 * 1024, -- of a Redirect
  query = 64 * 1024,
  relay = 2048, -- the bindings ask for 80 at most, and are often not heeded
}

--- Whether a RelayState can come back byte for byte: what a form cannot carry is refused and not changed.
---@param relay? string
---@return true|nil
---@return string? message
---@return lastpass.Error? err codes "relay_too_long", "relay_bytes"
function M.check_relay(relay)
  if relay and #relay > M.limits.relay then
    local hint = ("the standard allows 80 bytes, and %d are taken here"):format(M.limits.relay)
    return checks.fail("relay_too_long", { hint = hint })
  elseif relay and (relay:find "[%z\1-\31\127]" or not characters.is_utf8(relay)) then
    return checks.fail("relay_bytes")
  end
  return true
end

--- lua-zlib, which the Redirect binding needs.
---@return table|nil library
---@return string? message
---@return lastpass.Error? err code "no_zlib"
function M.zlib()
  local library = zlib.load()
  if not library then
    local message = "the Redirect binding needs lua-zlib"
    return errors.fail("argument", "no_zlib", message, { hint = "apt install lua-zlib" })
  end
  return library
end

return M
