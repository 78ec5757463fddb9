--- Keys, certificates, digests, signatures and encryption for specs about SAML, by luaossl alone: nothing here is
-- ours. Keys are made when they are first asked for, once in a process, and never stored.
local bignum = require "openssl.bignum"
local cipher = require "openssl.cipher"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local pkey = require "openssl.pkey"
local rand = require "openssl.rand"
local x509 = require "openssl.x509"
local x509_name = require "openssl.x509.name"

local M = {}

local MORE = "http://www.w3.org/2001/04/xmldsig-more#"
local DSIG = "http://www.w3.org/2000/09/xmldsig#"
local ENC = "http://www.w3.org/2001/04/xmlenc#"
local ENC11 = "http://www.w3.org/2009/xmlenc11#"

--- Base64 in one line.
function M.base64(bytes)
  return require("mime").b64(bytes) or ""
end

function M.from_base64(text)
  return require("mime").unb64(text) or ""
end

local kinds = {
  idp = { type = "RSA", bits = 2048 },
  next = { type = "RSA", bits = 2048 },
  other = { type = "RSA", bits = 2048 },
  sp = { type = "RSA", bits = 2048 },
  small = { type = "RSA", bits = 1024 },
  old = { type = "EC", curve = "prime256v1" }, -- its certificate is over
  ec = { type = "EC", curve = "prime256v1" },
}

--- A certificate of a key.
---@param key userdata
---@param name string its common name
---@param from? number UTC seconds, default yesterday
---@param to? number default in a year
---@return string PEM
function M.certificate(key, name, from, to)
  local certificate, subject = x509.new(), x509_name.new()
  subject:add("CN", name)
  certificate:setVersion(3)
  certificate:setSerial(bignum.new(os.time()))
  certificate:setSubject(subject)
  certificate:setIssuer(subject)
  certificate:setLifetime(from or os.time() - 86400, to or os.time() + 365 * 86400)
  certificate:setPublicKey(key)
  certificate:sign(key, "sha256")
  return certificate:toPEM()
end

local made = {}

--- A key with its certificate.
---@param name "idp"|"next"|"other"|"sp"|"small"|"ec"
---@return table pair `key` (luaossl's), `pem` (PKCS 8), `certificate` (PEM), `base64` (of its DER, as metadata has it)
function M.of(name)
  local pair = made[name]
  if not pair then
    local key = pkey.new(kinds[name])
    local certificate = name == "old" and M.certificate(key, "old.example", 1577836800, 1609459200)
      or M.certificate(key, name .. ".example")
    pair = {
      key = key,
      pem = key:toPEM "private",
      certificate = certificate,
      is_ec = kinds[name].type == "EC",
    }
    pair.base64 = certificate:gsub("%-%-%-%-%-[^\n]+", ""):gsub("%s", "")
    made[name] = pair
  end
  return pair
end

-- ---- digests and signatures ----

M.digests = {
  [DSIG .. "sha1"] = "sha1",
  [ENC .. "sha256"] = "sha256",
  [MORE .. "sha384"] = "sha384",
  [ENC .. "sha512"] = "sha512",
  [MORE .. "md5"] = "md5",
  [ENC .. "ripemd160"] = "ripemd160",
}

--- The digest of an algorithm; of one that is not known here, SHA-256's.
function M.digest(algorithm, octets)
  return digest.new(M.digests[algorithm] or "sha256"):final(octets)
end

-- r and s at 32 bytes each, out of the DER that OpenSSL makes.
local function plain_ecdsa(der)
  local at, parts = 3, {}
  for index = 1, 2 do
    local length = der:byte(at + 1)
    local number = der:sub(at + 2, at + 1 + length):gsub("^%z+", "")
    parts[index] = ("\0"):rep(32 - #number) .. number
    at = at + 2 + length
  end
  return table.concat(parts)
end

--- Signature bytes of an algorithm. One that OpenSSL has no name for gets RSA-SHA256's, for it must be refused by its
-- name; an HMAC's key is `secret`.
function M.sign(algorithm, pair, octets, secret)
  local hash = algorithm:match "sha(%d+)" or algorithm:match "md5" and "md5" or "256"
  hash = hash == "md5" and hash or "sha" .. hash
  if algorithm:find("hmac", 1, true) then
    return hmac.new(secret or pair.certificate, hash):final(octets)
  end
  local state = digest.new(hash)
  state:update(octets)
  local bytes = pair.key:sign(state)
  return pair.is_ec and plain_ecdsa(bytes) or bytes
end

-- ---- encryption ----

local ciphers = {
  [ENC11 .. "aes128-gcm"] = { "aes-128-gcm", 16 },
  [ENC11 .. "aes192-gcm"] = { "aes-192-gcm", 24 },
  [ENC11 .. "aes256-gcm"] = { "aes-256-gcm", 32 },
  [ENC .. "aes128-cbc"] = { "aes-128-cbc", 16 },
  [ENC .. "aes256-cbc"] = { "aes-256-cbc", 32 },
  [ENC .. "tripledes-cbc"] = { "des-ede3-cbc", 24, 8 },
}

local RSA_PADDING = { [ENC .. "rsa-1_5"] = 1, [ENC .. "rsa-oaep-mgf1p"] = 4 }

--- An EncryptedData.
---@param text string
---@param o? table `pair` (whose, default the service provider's), `algorithm`, `transport`: URIs; `type`, `digest`;
-- `break_text`, `break_key`: functions over the bytes of the ciphertext and of the key's; `content`: "Type" left out
---@return string
function M.encrypt(text, o)
  o = o or {}
  local algorithm = o.algorithm or ENC11 .. "aes256-gcm"
  local transport = o.transport or ENC .. "rsa-oaep-mgf1p"
  local spec = ciphers[algorithm] or ciphers[ENC11 .. "aes256-gcm"]
  local is_gcm = spec[1]:find "gcm" ~= nil
  local key, iv = rand.bytes(spec[2]), rand.bytes(is_gcm and 12 or spec[3] or 16)
  local state = cipher.new(spec[1]):encrypt(key, iv)
  local bytes = iv .. state:final(text)
  if is_gcm then
    bytes = bytes .. state:getTag(16)
  end
  local wrapped = (o.pair or M.of "sp").key:encrypt(key, {
    rsaPadding = RSA_PADDING[transport] or 4,
  })
  if o.break_text then
    bytes = o.break_text(bytes)
  end
  if o.break_key then
    wrapped = o.break_key(wrapped)
  end
  local method = ('<xenc:EncryptionMethod Algorithm="%s">%s</xenc:EncryptionMethod>'):format(
    transport,
    o.digest == false and ""
      or ('<ds:DigestMethod Algorithm="%s"></ds:DigestMethod>'):format(o.digest or DSIG .. "sha1")
  )
  local function value(all)
    return "<xenc:CipherData><xenc:CipherValue>"
      .. M.base64(all)
      .. "</xenc:CipherValue></xenc:CipherData>"
  end
  return ('<xenc:EncryptedData xmlns:xenc="%s" Type="%s">'):format(ENC, o.type or ENC .. "Element")
    .. ('<xenc:EncryptionMethod Algorithm="%s"></xenc:EncryptionMethod>'):format(algorithm)
    .. ('<ds:KeyInfo xmlns:ds="%s"><xenc:EncryptedKey>'):format(DSIG)
    .. method
    .. value(wrapped)
    .. "</xenc:EncryptedKey></ds:KeyInfo>"
    .. value(bytes)
    .. "</xenc:EncryptedData>"
end

return M
