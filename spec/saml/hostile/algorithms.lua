--- Algorithms, by their names: what is allowed, what is not, and what an option allows (saml §3.12).
local cases = require "spec.support.saml_cases"
local keys = require "spec.support.saml_keys"
local writer = require "spec.support.saml_writer"

local list, add = cases.list()

local DSIG = "http://www.w3.org/2000/09/xmldsig#"
local MORE = "http://www.w3.org/2001/04/xmldsig-more#"
local MORE7 = "http://www.w3.org/2007/05/xmldsig-more#"
local ENC = "http://www.w3.org/2001/04/xmlenc#"

local function by(algorithm, key, digest, secret)
  return function(parts)
    parts.assertion_signature = {
      algorithm = algorithm,
      key = key and keys.of(key),
      digest = digest,
      secret = secret and secret(),
    }
  end
end

for _, size in ipairs { "256", "384", "512" } do
  add("RSA-SHA" .. size, "accepted", by(MORE .. "rsa-sha" .. size))
  add(
    "ECDSA-SHA" .. size,
    "accepted",
    by(MORE .. "ecdsa-sha" .. size, "ec"),
    { certificates = { "ec" } }
  )
end
for _, one in ipairs {
  { "SHA-256", ENC .. "sha256" },
  { "SHA-384", MORE .. "sha384" },
  { "SHA-512", ENC .. "sha512" },
} do
  add("digest by " .. one[1], "accepted", by(writer.RSA_SHA256, nil, one[2]))
end

-- ---- SHA-1, which old apps of LastPass have ----

add("RSA-SHA1", "sha1_refused", by(DSIG .. "rsa-sha1", nil, DSIG .. "sha1"))
add("RSA-SHA1 over SHA-256", "sha1_refused", by(DSIG .. "rsa-sha1"))
add("RSA-SHA256 over SHA-1", "sha1_refused", by(writer.RSA_SHA256, nil, DSIG .. "sha1"))
add("RSA-SHA1 that is allowed", "accepted", by(DSIG .. "rsa-sha1", nil, DSIG .. "sha1"), {
  options = { allow_sha1 = true },
})
add(
  "RSA-SHA1 that is allowed, by another key",
  "signature_invalid",
  by(DSIG .. "rsa-sha1", "other", DSIG .. "sha1"),
  {
    options = { allow_sha1 = true },
  }
)
add("ECDSA-SHA1", "algorithm_refused", by(MORE .. "ecdsa-sha1", "ec"), { certificates = { "ec" } })

-- ---- the rest, by name ----

for _, name in ipairs {
  DSIG .. "dsa-sha1",
  "http://www.w3.org/2009/xmldsig11#dsa-sha256",
  MORE .. "rsa-md5",
  MORE .. "rsa-sha224",
  MORE .. "rsa-ripemd160",
  MORE .. "esign-sha1",
  MORE7 .. "rsa-pss",
  MORE7 .. "sha1-rsa-MGF1",
  MORE7 .. "sha256-rsa-MGF1",
  MORE7 .. "sha512-rsa-MGF1",
  MORE7 .. "rsa-whirlpool",
  MORE7 .. "ecdsa-ripemd160",
  MORE .. "ecdsa-sha224",
  "urn:ietf:params:xml:ns:cpxmlsec:algorithms:gostr34102012-gostr34112012-256",
  "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
  "",
  "urn:x",
  "rsa-sha256",
  "RSA-SHA256",
  writer.RSA_SHA256 .. " ",
  " " .. writer.RSA_SHA256,
  writer.RSA_SHA256:upper(),
  ENC .. "sha256",
} do
  add(("signature algorithm %q"):format(name), "algorithm_refused", by(name))
end

-- An HMAC whose secret is what everybody knows.
for _, name in ipairs {
  DSIG .. "hmac-sha1",
  MORE .. "hmac-md5",
  MORE .. "hmac-sha256",
  MORE .. "hmac-sha384",
  MORE .. "hmac-sha512",
} do
  add(("signature algorithm %q"):format(name), "algorithm_refused", by(name))
end
for _, one in ipairs {
  {
    "certificate's DER",
    function()
      return keys.from_base64(keys.of("idp").base64)
    end,
  },
  {
    "public key",
    function()
      return keys.of("idp").key:toPEM "public"
    end,
  },
  {
    "certificate's Base64",
    function()
      return keys.of("idp").base64
    end,
  },
  {
    "empty string",
    function()
      return ""
    end,
  },
} do
  local name = "HMAC-SHA256 whose secret is the " .. one[1]
  add(name, "algorithm_refused", by(MORE .. "hmac-sha256", nil, nil, one[2]))
end

for _, name in ipairs {
  MORE .. "md5",
  MORE .. "sha224",
  ENC .. "ripemd160",
  MORE7 .. "sha3-256",
  MORE7 .. "whirlpool",
  "",
  "urn:x",
  "sha256",
  ENC .. "SHA256",
} do
  add(("digest algorithm %q"):format(name), "algorithm_refused", by(writer.RSA_SHA256, nil, name))
end

-- ---- keys that do not fit ----

add(
  "an RSA key of 1,024 bits",
  "key_too_small",
  by(writer.RSA_SHA256, "small"),
  { certificates = { "small" } }
)
add("an RSA key of 1,024 bits that is allowed", "accepted", by(writer.RSA_SHA256, "small"), {
  certificates = { "small" },
  options = { min_rsa_bits = 1024 },
})
add(
  "a small key beside a large one that signs",
  "accepted",
  by(writer.RSA_SHA256),
  { certificates = { "small", "idp" } }
)
add("RSA's name over an EC key", "signature_invalid", by(writer.RSA_SHA256, "ec"), {
  certificates = { "ec" },
})
add("ECDSA's name over an RSA key", "signature_invalid", function(parts)
  parts.assertion_signature = {
    signed_info = function(text)
      return (text:gsub("#rsa%-sha256", "#ecdsa-sha256"))
    end,
  }
end)
add("an ECDSA signature as DER", "signature_invalid", function(parts)
  parts.assertion_signature = {
    algorithm = MORE .. "ecdsa-sha256",
    key = keys.of "ec",
    value = function(text)
      local bytes = keys.from_base64(text)
      return keys.base64("\48\70\2\33\0" .. bytes:sub(1, 32) .. "\2\33\0" .. bytes:sub(33))
    end,
  }
end, { certificates = { "ec" } })
add("an ECDSA signature of zeros", "signature_invalid", function(parts)
  parts.assertion_signature = {
    algorithm = MORE .. "ecdsa-sha256",
    key = keys.of "ec",
    value = function()
      return keys.base64(("\0"):rep(64))
    end,
  }
end, { certificates = { "ec" } })

return list
