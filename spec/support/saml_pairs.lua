--- Keys with their certificates for specs of SAML: made by luaossl when they are first asked for, once in a process, and
-- never stored.
local bignum = require "openssl.bignum"
local digest = require "openssl.digest"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"
local x509_name = require "openssl.x509.name"

local M = {}

local made = {}

--- A key with its certificate.
---@param name string "ec" is one of a curve, all others are RSA
---@return table pair `key` (luaossl's), `pem`, `certificate` (PEM)
function M.of(name)
  if not made[name] then
    local kind = name == "ec" and { type = "EC", curve = "prime256v1" }
    local key = pkey.new(kind or { type = "RSA", bits = 2048 })
    local certificate, subject = x509.new(), x509_name.new()
    subject:add("CN", name .. ".example")
    certificate:setVersion(3)
    certificate:setSerial(bignum.new(os.time()))
    certificate:setSubject(subject)
    certificate:setIssuer(subject)
    certificate:setLifetime(os.time() - 86400, os.time() + 365 * 86400)
    certificate:setPublicKey(key)
    certificate:sign(key, "sha256")
    made[name] = { key = key, pem = key:toPEM "private", certificate = certificate:toPEM() }
  end
  return made[name]
end

--- A signature by RSA with SHA-1.
---@param pair table
---@param octets string
---@return string bytes
function M.sign_sha1(pair, octets)
  local state = digest.new "sha1"
  state:update(octets)
  return pair.key:sign(state)
end

return M
