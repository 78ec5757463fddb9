--- A certificate that the sandbox makes for itself: self-signed, its own authority.
-- Needs luaossl (Debian: lua-luaossl); loaded only when TLS is asked for.
-- @module lastpass.sandbox.certificate
local errors = require "lastpass.error"

local M = {}

local DAY = 86400

local known_options = {
  names = "table",
  common_name = "string",
  not_before = "number",
  not_after = "number",
  rsa_bits = "number",
}

local function load_openssl()
  local loaded = {}
  for _, name in ipairs({
    "bignum",
    "pkey",
    "rand",
    "x509",
    "x509.altname",
    "x509.extension",
    "x509.name",
  }) do
    local ok, module = pcall(require, "openssl." .. name)
    if not ok then
      return errors.fail("argument", "missing_library", "TLS needs luaossl", {
        hint = "apt install lua-luaossl",
      })
    end
    loaded[name] = module
  end
  return loaded
end

-- 127.0.0.1 and ::1 are addresses, everything else is a name.
local function is_address(name)
  return name:find("^%d+%.%d+%.%d+%.%d+$") ~= nil or name:find(":", 1, true) ~= nil
end

local function alternative_names(openssl, names)
  local list = openssl["x509.altname"].new()
  for _, name in ipairs(names) do
    list:add(is_address(name) and "IP" or "DNS", name)
  end
  return list
end

-- A positive serial number of 120 random bits.
local function serial_number(openssl)
  local hex = openssl.rand.bytes(15):gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end)
  return openssl.bignum.new("0x7f" .. hex)
end

--- Makes a certificate and its key.
---@param options? table `names`: what it is for, default localhost, 127.0.0.1 and ::1;
-- `common_name`; `not_before`, `not_after`: UTC seconds, default yesterday and in 30 days; `rsa_bits`: an RSA key of
-- that size, default one on the curve P-256
---@return table|nil pair `certificate`, `key`: PEM
---@return string? message
---@return lastpass.Error? err code "missing_library"
function M.make(options)
  options = errors.check_options("certificate.make", options, known_options)
  local openssl, message, err = load_openssl()
  if not openssl then
    return nil, message, err
  end
  local names = options.names or { "localhost", "127.0.0.1", "::1" }
  local key = openssl.pkey.new(
    options.rsa_bits and { type = "RSA", bits = options.rsa_bits }
      or { type = "EC", curve = "prime256v1" }
  )
  local subject = openssl["x509.name"].new()
  subject:add("CN", options.common_name or names[1] or "LastPass sandbox")
  local certificate = openssl.x509.new()
  certificate:setVersion(3)
  certificate:setSerial(serial_number(openssl))
  certificate:setSubject(subject)
  certificate:setIssuer(subject)
  certificate:setSubjectAlt(alternative_names(openssl, names))
  local now = os.time()
  certificate:setLifetime(options.not_before or now - DAY, options.not_after or now + 30 * DAY)
  certificate:setBasicConstraints({ CA = true })
  certificate:setBasicConstraintsCritical(true)
  local usage = openssl["x509.extension"].new("keyUsage", "critical,digitalSignature,keyCertSign")
  certificate:addExtension(usage)
  certificate:setPublicKey(key)
  certificate:sign(key)
  return { certificate = certificate:toPEM(), key = key:toPEM("private") }
end

return M
