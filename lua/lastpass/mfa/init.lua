--- A second factor: LastPass MFA's requests to a phone, codes, RADIUS. Parts are loaded on first use.
-- @module lastpass.mfa
local signature = require "lastpass.signature"

local M = {}

-- What a name of this table stands for.
local parts = {
  client = "lastpass.mfa.client",
  doctor = "lastpass.mfa.doctor",
  hotp = "lastpass.mfa.hotp",
  lockout = "lastpass.mfa.lockout",
  outcomes = "lastpass.mfa.outcomes",
  qr = "lastpass.mfa.qr",
  radius = "lastpass.mfa.radius",
  recovery = "lastpass.mfa.recovery",
  totp = "lastpass.mfa.totp",
  uri = "lastpass.mfa.uri",
}

setmetatable(M, {
  __index = function(_, name)
    local module = parts[name]
    if not module then
      return nil
    end
    local value = require(module)
    M[name] = value
    return value
  end,
})

--- Makes a client of LastPass MFA. Nothing is sent.
---@param options table api_key and others: `lastpass.mfa.options`, docs/mfa.md
---@return lastpass.mfa.Client|nil client wrong options raise
---@return string? message
---@return lastpass.Error? err kind "argument": the private key cannot be used
---@usage
-- local client = lastpass.mfa.new{ mode = "plain", api_key = lastpass.secret.file "~/.config/lastpass/mfa.key" }
function M.new(options)
  return M.client.new(options, 2)
end

signature.declare("lastpass.mfa.", M, { new = "options: table" })

return M
