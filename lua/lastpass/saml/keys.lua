--- Own keys of a provider: the private one from a secret, and the certificates that others are given.
-- @module lastpass.saml.keys
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

--- Reads certificates.
---@param given string|table PEM, DER or Base64; or a list of them
---@return table[]|nil certificates of lastpass.xmldsig
---@return string? message
---@return lastpass.Error? err kind "argument"
function M.certificates(given)
  local list = {}
  for position, text in ipairs(type(given) == "table" and given or { given }) do
    local certificate, message, code = require("lastpass.xmldsig").certificate(text)
    if not certificate then
      message = ("option cert: certificate %d: %s"):format(position, message)
      return errors.fail("argument", code, message)
    end
    list[position] = certificate
  end
  return list
end

--- Reads a private key; where there is a certificate, it has to be the key of that.
---@param given userdata|table a secret with PEM, or where one is (`lastpass.secret.open`)
---@param certificate? userdata|table of lastpass.xmldsig
---@return userdata|table|nil key of lastpass.xmldsig
---@return string? message
---@return lastpass.Error? err kind "argument", code "key_mismatch" and those of the module
function M.private(given, certificate)
  local secret, message, err = require("lastpass.secret").open(given)
  if not secret then
    return nil, message, err
  end
  local key, reason, code = require("lastpass.xmldsig").private_key(secret)
  if not key then
    return errors.fail("argument", code, "option key: " .. reason)
  elseif certificate and not key:matches(certificate) then
    message = "option key is not the key of the first certificate of option cert"
    return errors.fail("argument", "key_mismatch", message)
  end
  return key
end

signature.declare("saml.keys.", M, {
  certificates = "given: string|table",
  private = "given: userdata|table, certificate?: userdata|table",
})

return M
