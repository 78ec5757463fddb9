-- Signatures over octets (Redirect binding), certificates and keys.
local base64 = require "lastpass.text.base64"
local forge = require "spec.support.xmldsig"
local secret = require "lastpass.secret"
local xmldsig = require "lastpass.xmldsig"

local OCTETS = "SAMLRequest=a%2b&RelayState=b&SigAlg=c"

local function fails(code, value, message, got)
  assert.is_nil(value)
  assert.equal(code, got, message)
  assert.equal("string", type(message))
end

describe("xmldsig.decrypt_octets", function()
  local PKCS1 = { rsaPadding = 1 }

  it("reads what was encrypted for an RSA key", function()
    local rsa = forge.pair "rsa"
    for _, text in ipairs { "", "a", "\0\255", ("x"):rep(245) } do
      local octets = rsa.openssl:encrypt(text, PKCS1)
      assert.equal(text, xmldsig.decrypt_octets(rsa.key, octets))
    end
  end)

  it("says nothing but nil where it was not", function()
    local rsa, other = forge.pair "rsa", forge.pair "other"
    local octets = other.openssl:encrypt("text", PKCS1)
    for _, wrong in ipairs {
      octets,
      "",
      "x",
      octets:sub(2),
      octets .. "\0",
      ("\255"):rep(256),
      ("x"):rep(9999),
    } do
      local count = select("#", xmldsig.decrypt_octets(rsa.key, wrong))
      assert.equal(1, count)
      assert.is_nil((xmldsig.decrypt_octets(rsa.key, wrong)))
    end
    assert.is_nil((xmldsig.decrypt_octets(forge.pair("ec").key, octets)))
    assert.has_error(function()
      xmldsig.decrypt_octets(rsa.key)
    end)
    assert.has_error(function()
      xmldsig.decrypt_octets(rsa.key, octets, 1)
    end)
  end)
end)

describe("xmldsig.sign_octets and verify_octets", function()
  it("agree with each other and with OpenSSL", function()
    local rsa = forge.pair "rsa"
    for _, bits in ipairs { "256", "384", "512" } do
      local signature = assert(xmldsig.sign_octets(rsa.key, OCTETS, "rsa-sha" .. bits))
      local state = require("openssl.digest").new("sha" .. bits)
      state:update(OCTETS)
      assert.equal(rsa.openssl:sign(state), signature)
      local uri = forge.MORE .. "rsa-sha" .. bits
      local list = { forge.pair("other").certificate, rsa.certificate }
      assert.equal(2, xmldsig.verify_octets(list, OCTETS, signature, uri))
      fails("signature_invalid", xmldsig.verify_octets(list, OCTETS .. " ", signature, uri))
      fails("signature_invalid", xmldsig.verify_octets(list, OCTETS, signature .. "\0", uri))
      fails("signature_invalid", xmldsig.verify_octets(list, OCTETS, "", uri))
    end
  end)

  it("write ECDSA as two numbers of the curve's width", function()
    for name, width in pairs { ec = 32, ec384 = 48 } do
      local pair = forge.pair(name)
      local list = { pair.certificate }
      local uri = forge.MORE .. "ecdsa-sha256"
      for _ = 1, 20 do
        local signature = assert(xmldsig.sign_octets(pair.key, OCTETS, uri))
        assert.equal(2 * width, #signature)
        assert.equal(1, xmldsig.verify_octets(list, OCTETS, signature, uri))
        fails("signature_invalid", xmldsig.verify_octets(list, OCTETS, signature:sub(2), uri))
      end
      fails("signature_invalid", xmldsig.verify_octets(list, OCTETS, ("\0"):rep(2 * width), uri))
      local state = require("openssl.digest").new "sha256"
      state:update(OCTETS)
      local der = pair.openssl:sign(state)
      fails("signature_invalid", xmldsig.verify_octets(list, OCTETS, der, uri))
      local allow = { ecdsa = false }
      fails("algorithm_refused", xmldsig.verify_octets(list, OCTETS, der, uri, allow))
    end
  end)

  it("refuse by the same policy as documents", function()
    local rsa, small = forge.pair "rsa", forge.pair "small"
    local list = { rsa.certificate }
    fails("sha1_refused", xmldsig.sign_octets(rsa.key, OCTETS, "rsa-sha1"))
    fails("sha1_refused", xmldsig.verify_octets(list, OCTETS, "x", forge.DSIG .. "rsa-sha1"))
    fails("algorithm_refused", xmldsig.sign_octets(rsa.key, OCTETS, "ecdsa-sha256"))
    fails("algorithm_refused", xmldsig.sign_octets(rsa.key, OCTETS, "hmac-sha256"))
    fails(
      "algorithm_refused",
      xmldsig.verify_octets(list, OCTETS, "x", forge.MORE .. "hmac-sha256")
    )
    local uri = forge.MORE .. "rsa-sha256"
    fails("algorithm_refused", xmldsig.verify_octets(list, OCTETS, "x", "rsa-sha256"))
    fails("certificates_missing", xmldsig.verify_octets({}, OCTETS, "x", uri))
    local signature = assert(xmldsig.sign_octets(small.key, OCTETS, "rsa-sha256"))
    list = { small.certificate }
    fails("key_too_small", xmldsig.verify_octets(list, OCTETS, signature, uri))
    local allow = { min_rsa_bits = 1024 }
    assert.equal(1, xmldsig.verify_octets(list, OCTETS, signature, uri, allow))
    local state = require("openssl.digest").new "sha1"
    state:update(OCTETS)
    local weak, sha1_uri = rsa.openssl:sign(state), forge.DSIG .. "rsa-sha1"
    assert.equal(
      1,
      xmldsig.verify_octets({ rsa.certificate }, OCTETS, weak, sha1_uri, { sha1 = true })
    )
  end)
end)

describe("xmldsig.certificate", function()
  it("reads PEM, DER and Base64, and tells what is in it", function()
    local pair = forge.pair "rsa"
    local fields = pair.certificate:fields()
    local der = base64.decode(fields.base64)
    for _, text in ipairs {
      pair.pem,
      "Bag Attributes\n" .. pair.pem .. "\n",
      fields.pem,
      der,
      fields.base64,
      "\n  " .. fields.base64:gsub(("."):rep(64), "%0\n   ") .. "\n",
    } do
      assert.same(fields, assert(xmldsig.certificate(text)):fields())
    end
    assert.equal("CN=rsa\\, larger", fields.subject)
    assert.equal("0123456789abcdef01", fields.serial)
    assert.equal(1700000000, fields.not_before)
    assert.equal(2000000000, fields.not_after)
    assert.equal("rsa", fields.key)
    assert.equal(2048, fields.bits)
    local digest = require("openssl.digest").new("sha256"):final(der)
    local hex = digest:gsub(".", function(c)
      return ("%02x"):format(c:byte())
    end)
    assert.equal(hex, fields.sha256)
    assert.equal(40, #fields.sha1)
    assert.equal("ec", forge.pair("ec").certificate:fields().key)
    assert.equal(384, forge.pair("ec384").certificate:fields().bits)
  end)

  it("refuses what is not exactly one certificate with a key that is used", function()
    local pem = forge.pair("rsa").pem
    local der = base64.decode(forge.pair("rsa").certificate:fields().base64)
    for _, text in ipairs {
      "",
      "x",
      pem .. forge.pair("other").pem,
      pem:sub(1, 200),
      der .. "x",
      der:sub(1, -2),
      forge.pair("rsa").private,
      forge.pair("koblitz").pem,
      ("A"):rep(70000),
      "0\130\255\255",
    } do
      fails("bad_certificate", xmldsig.certificate(text))
    end
  end)
end)

describe("xmldsig.private_key", function()
  it("is taken out of a secret, and fits its certificate alone", function()
    local rsa, ec = forge.pair "rsa", forge.pair "ec"
    assert.same({ key = "rsa", bits = 2048 }, rsa.key:fields())
    assert.same({ key = "ec", bits = 256 }, ec.key:fields())
    assert.is_true(rsa.key:matches(rsa.certificate))
    assert.is_false(rsa.key:matches(forge.pair("other").certificate))
    assert.is_false(rsa.key:matches(ec.certificate))
  end)

  it("refuses what is not one, and never asks for a passphrase", function()
    for _, text in ipairs {
      "abc",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----",
      forge.pair("koblitz").private,
      forge.pair("rsa").pem,
    } do
      fails("bad_key", xmldsig.private_key(assert(secret.value(text))))
    end
    assert.has_error(function()
      xmldsig.private_key(forge.pair("rsa").private)
    end)
  end)

  it("has room for the largest keys in use", function()
    -- it takes some time to find the primes of 4096 bits
    local bits = os.getenv "LASTPASS_LONG" and 4096 or 3072
    local large = require("openssl.pkey").new({ type = "RSA", bits = bits }):toPEM "private"
    local key = assert(xmldsig.private_key(assert(secret.value(large))))
    assert.equal(bits, key:fields().bits)
  end)

  it("is of no use when it is closed, and hides itself", function()
    local one = assert(secret.value(forge.pair("ec").private))
    local key = assert(xmldsig.private_key(one))
    assert.is_nil(tostring(key):find "BEGIN")
    key:close()
    key:close()
    assert.has_error(function()
      key:fields()
    end)
    assert.has_error(function()
      xmldsig.sign_octets(key, "a", "ecdsa-sha256")
    end)
    one:close()
    assert.has_error(function()
      xmldsig.private_key(one)
    end)
  end)
end)
