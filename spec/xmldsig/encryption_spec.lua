-- Encrypted elements: what is decrypted, what is refused by name, and that all other failures are alike (saml §3.18).
local forge = require "spec.support.xmldsig"
local xmldsig = require "lastpass.xmldsig"

local TEXT = "<a:A xmlns:a='urn:a'>ü</a:A>"

local function decrypt(encrypted, o)
  o = o or {}
  local text = ("<r xmlns='urn:r'><e>%s</e></r>"):format(encrypted)
  local document = assert(xmldsig.parse(o.text or text))
  return document:decrypt {
    element = { "urn:r", "e" },
    keys = o.keys or { forge.pair("rsa").key },
    allow = o.allow,
  }
end

local function encrypt(o)
  o = o or {}
  o.certificate = o.certificate or forge.pair("rsa").certificate
  return assert(xmldsig.encrypt(o.plain or TEXT, {
    certificate = o.certificate,
    algorithm = o.algorithm,
    transport = o.transport,
  }))
end

local uniform

local function fails(encrypted, o)
  local text, message, code = decrypt(encrypted, o)
  assert.is_nil(text)
  assert.equal("decryption_failed", code, encrypted)
  uniform = uniform or message
  assert.equal(uniform, message)
end

local function refused(encrypted, o)
  local text, _, code = decrypt(encrypted, o)
  assert.is_nil(text)
  assert.equal("encryption_refused", code)
end

local function replaced(text, from, to)
  local first, last = text:find(from, 1, true)
  assert(first, from)
  return text:sub(1, first - 1) .. to .. text:sub(last + 1)
end

describe("document:decrypt", function()
  it("reads what was encrypted, by every algorithm", function()
    for _, algorithm in ipairs { "aes128-gcm", "aes192-gcm", "aes256-gcm" } do
      for _, transport in ipairs { "rsa-oaep", "rsa-oaep-mgf1p" } do
        local encrypted = encrypt { algorithm = algorithm, transport = transport }
        assert.is_nil(encrypted:find("ü", 1, true))
        assert.equal(TEXT, (decrypt(encrypted)))
      end
    end
    assert.equal(TEXT, (decrypt(encrypt())))
    local large = ("x"):rep(100000)
    assert.equal(large, (decrypt(encrypt { plain = large })))
  end)

  it("tries several keys, and keys for several recipients", function()
    local rsa, other, ec = forge.pair "rsa", forge.pair "other", forge.pair "ec"
    local keys = { ec.key, other.key, rsa.key }
    assert.equal(TEXT, (decrypt(encrypt(), { keys = keys })))
    local encrypted = encrypt()
    local foreign = encrypt { certificate = other.certificate }
    local key = foreign:match "<xenc:EncryptedKey.*</xenc:EncryptedKey>"
    local both = encrypted:gsub("<xenc:EncryptedKey>", function(open)
      return key .. open
    end)
    assert.equal(TEXT, (decrypt(both)))
    fails(encrypt(), { keys = { other.key, ec.key } })
    fails(encrypt(), { keys = {} })
    local nine = encrypted:gsub("<xenc:EncryptedKey>", function(open)
      return key:rep(8) .. open
    end)
    fails(nine)
  end)

  it("finds the key beside the data as well", function()
    local encrypted = encrypt()
    local key = encrypted:match "<xenc:EncryptedKey.*</xenc:EncryptedKey>"
    local data = encrypted:gsub("<ds:KeyInfo.*</ds:KeyInfo>", "")
    local beside = key:gsub(
      "^<xenc:EncryptedKey",
      ("%%0 xmlns:xenc='%s' xmlns:ds='%s'"):format(forge.ENC, forge.DSIG)
    )
    assert.equal(TEXT, (decrypt(data .. beside)))
    fails(data)
  end)

  it("fails alike for everything but the name of an algorithm", function()
    local encrypted = encrypt()
    local rest = "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
    fails(replaced(encrypted, rest, "!" .. rest))
    fails(replaced(encrypted, rest, "<x/>" .. rest))
    fails(replaced(encrypted, "<xenc:CipherValue>", "<xenc:CipherValue>!"))
    fails((encrypted:gsub("<xenc:CipherData>", "<x>%0"):gsub("</xenc:CipherData>", "%0</x>")))
    fails "<xenc:EncryptedData xmlns:xenc='http://www.w3.org/2001/04/xmlenc#'/>"
    fails ""
    fails(encrypted .. encrypted)
    fails(replaced(encrypted, "#Element", "#Content"))
    fails((encrypted:gsub("CipherValue", "CipherReference")))
    fails((encrypted:gsub("<ds:DigestMethod", "<ds:DigestMethod Algorithm='urn:x'/>%0")))
    local position = encrypted:find(rest, 1, true)
    for back = 5, 60 do
      local at = position - back
      local character = encrypted:sub(at, at) == "B" and "C" or "B"
      fails(encrypted:sub(1, at - 1) .. character .. encrypted:sub(at + 1))
    end
    position = encrypted:find "</xenc:CipherValue>"
    for back = 10, 20 do
      local at = position - back
      local character = encrypted:sub(at, at) == "B" and "C" or "B"
      fails(encrypted:sub(1, at - 1) .. character .. encrypted:sub(at + 1))
    end
  end)

  it("refuses algorithms by their names", function()
    local encrypted = encrypt()
    for _, name in ipairs {
      forge.ENC .. "rsa-1_5",
      forge.ENC .. "kw-aes128",
      forge.ENC .. "dh",
      "rsa-oaep",
      "",
    } do
      refused(replaced(encrypted, forge.ENC .. "rsa-oaep-mgf1p", name))
    end
    for _, name in ipairs {
      forge.ENC .. "tripledes-cbc",
      forge.ENC .. "aes256-cbc",
      forge.ENC .. "kw-aes256",
      "aes256-gcm",
      "",
    } do
      refused(replaced(encrypted, forge.ENC11 .. "aes256-gcm", name))
    end
    refused(replaced(encrypted, forge.DSIG .. "sha1", forge.MORE .. "md5"))
    local with_mask = encrypt { transport = "rsa-oaep" }
    refused(replaced(with_mask, "mgf1sha256", "mgf1md5"))
    fails(replaced(with_mask, "mgf1sha256", "mgf1sha1"))
  end)

  it("takes AES-CBC only where it is allowed", function()
    local openssl = require "openssl.cipher"
    local key, iv = ("k"):rep(32), ("i"):rep(16)
    local state = openssl.new("aes-256-cbc"):encrypt(key, iv)
    local bytes = iv .. state:final(TEXT)
    local wrapped = forge.pair("rsa").openssl:encrypt(key, { rsaPadding = 4 })
    local base64 = require "lastpass.text.base64"
    local encrypted = encrypt():gsub("<xenc:CipherValue>[^<]*", "<xenc:CipherValue>%%s")
    encrypted = encrypted:format(base64.encode(wrapped), base64.encode(bytes))
    encrypted = replaced(encrypted, forge.ENC11 .. "aes256-gcm", forge.ENC .. "aes256-cbc")
    refused(encrypted)
    assert.equal(TEXT, (decrypt(encrypted, { allow = { cbc = true } })))
  end)

  it("takes no options that it does not know", function()
    local document = assert(xmldsig.parse "<a/>")
    for _, o in ipairs {
      { key = 1 },
      { keys = { "x" } },
      { keys = {}, allow = { rsa15 = true } },
      {},
    } do
      assert.has_error(function()
        document:decrypt(o)
      end)
    end
    local certificate = forge.pair("ec").certificate
    local text, _, code = xmldsig.encrypt("<a/>", { certificate = certificate })
    assert.is_nil(text)
    assert.equal("bad_certificate", code)
    certificate = forge.pair("rsa").certificate
    text, _, code = xmldsig.encrypt("<a/>", { certificate = certificate, algorithm = "aes256-cbc" })
    assert.is_nil(text)
    assert.equal("encryption_refused", code)
  end)
end)
