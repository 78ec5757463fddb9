--- Keys for the specs of lastpass.xmldsig, and signatures that are put together by hand, by luaossl: what signs here has
-- nothing in common with what verifies, and can be wrong in every way. Keys are made once in a process.
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"

local base64 = require "lastpass.text.base64"
local secret = require "lastpass.secret"
local xmldsig = require "lastpass.xmldsig"

local M = {}

M.DSIG = "http://www.w3.org/2000/09/xmldsig#"
M.EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
M.ENC = "http://www.w3.org/2001/04/xmlenc#"
M.ENC11 = "http://www.w3.org/2009/xmlenc11#"
M.MORE = "http://www.w3.org/2001/04/xmldsig-more#"
M.ENVELOPED = M.DSIG .. "enveloped-signature"

local kinds = {
  rsa = { type = "RSA", bits = 2048 },
  other = { type = "RSA", bits = 2048 },
  small = { type = "RSA", bits = 1024 },
  ec = { type = "EC", curve = "prime256v1" },
  ec384 = { type = "EC", curve = "secp384r1" },
  koblitz = { type = "EC", curve = "secp256k1" },
}

local function certificate_of(key, name)
  local subject = require("openssl.x509.name").new()
  subject:add("CN", name .. ", larger")
  local certificate = require("openssl.x509").new()
  certificate:setVersion(3)
  certificate:setSerial(require("openssl.bignum").new "0x0123456789abcdef01")
  certificate:setSubject(subject)
  certificate:setIssuer(subject)
  certificate:setLifetime(1700000000, 2000000000)
  certificate:setPublicKey(key)
  certificate:sign(key, "sha256")
  return certificate:toPEM()
end

local made = {}

--- A key with its certificate: `openssl` (luaossl's), `key`, `certificate` (of lastpass.xmldsig), `pem` (of the
-- certificate), `private` (PEM). Of kinds that lastpass.xmldsig refuses there are only the texts.
---@param name "rsa"|"other"|"small"|"ec"|"ec384"|"koblitz"
---@return table
function M.pair(name)
  local pair = made[name]
  if not pair then
    local key = require("openssl.pkey").new(kinds[name])
    pair = { openssl = key, private = key:toPEM "private", pem = certificate_of(key, name) }
    if name ~= "koblitz" then
      pair.certificate = assert(xmldsig.certificate(pair.pem))
      pair.key = assert(xmldsig.private_key(assert(secret.value(pair.private))))
    end
    made[name] = pair
  end
  return pair
end

-- What an element is, with the place of its signature.
M.ELEMENT = '<a:A xmlns:a="urn:a" ID="_1"><a:Issuer>me</a:Issuer>%s<a:Name>user</a:Name></a:A>'

local REFERENCE = '<ds:Reference URI="%s"><ds:Transforms>%s</ds:Transforms>%s'
  .. "<ds:DigestValue>%s</ds:DigestValue></ds:Reference>"
local SIGNATURE = '<ds:Signature xmlns:ds="%s"><ds:SignedInfo>%s</ds:SignedInfo>'
  .. "<ds:SignatureValue>%s</ds:SignatureValue>%s</ds:Signature>"

local function algorithm(name, uri, content)
  return ('<ds:%s Algorithm="%s">%s</ds:%s>'):format(name, uri, content or "", name)
end

--- An element with a signature, good but for what is asked for. Strings replace parts; all is canonical as it is written.
---@param o? table `pair` (a name), `hash`, `digest_hash`, `element` (text with "%s"), `octets` (what is digested), `uri`,
-- `canonicalisation`, `method`, `digest`, `transforms`, `digest_value`, `signature_value`, `reference`, `references`,
-- `signed_info`, `method_content`, `key_info`, `hmac` (the secret of an HMAC), `signature` (a function over the whole)
---@return string
function M.signed(o)
  o = o or {}
  local element = o.element or M.ELEMENT
  local octets = o.octets or element:format ""
  local digest_value = o.digest_value
    or base64.encode(digest.new(o.digest_hash or "sha256"):final(octets))
  local transforms = o.transforms
    or algorithm("Transform", M.ENVELOPED) .. algorithm("Transform", M.EXC)
  local reference = o.reference
    or REFERENCE:format(
      o.uri or "#_1",
      transforms,
      algorithm("DigestMethod", o.digest or M.ENC .. "sha256"),
      digest_value
    )
  local content = algorithm("CanonicalizationMethod", o.canonicalisation or M.EXC)
    .. algorithm("SignatureMethod", o.method or M.MORE .. "rsa-sha256", o.method_content)
    .. reference
  local canonical = ('<ds:SignedInfo xmlns:ds="%s">%s</ds:SignedInfo>'):format(M.DSIG, content)
  local state = digest.new(o.hash or "sha256")
  state:update(canonical)
  local bytes = o.hmac and hmac.new(o.hmac, o.hash or "sha256"):final(canonical)
    or M.pair(o.pair or "rsa").openssl:sign(state)
  local signature =
    SIGNATURE:format(M.DSIG, content, o.signature_value or base64.encode(bytes), o.key_info or "")
  if o.signature then
    signature = o.signature(signature)
  end
  local open, close = element:match "^(.-)%%s(.*)$"
  return open .. signature .. close
end

return M
