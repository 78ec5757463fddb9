-- The secured form, against luaossl's own signatures and ciphers.
local check = require "spec.support.check"
local core = require "lastpass.core"
local envelopes = require "lastpass.mfa.envelope"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local server = require "spec.support.mfa_server"

local NOW = 1795000000.75 -- 2026-11-18 11:06:40 UTC

describe("the secured form of LastPass MFA", function()
  local pair, envelope, now

  setup(function()
    pair = server.pair()
  end)

  before_each(function()
    now = NOW
    envelope = assert(envelopes.new(lastpass.secret.value(server.KEY), pair.private, function()
      return now
    end))
  end)

  local function sent(body)
    return assert(json.decode(core.reveal_body(body)))
  end

  it("signs the time and the request", function()
    for _, inner in ipairs {
      { Username = "ann@x.example" },
      "token",
      "\195\188@x.example",
      { a = {} },
    } do
      local body = assert(envelope:seal(inner))
      local request = sent(body)
      assert.same(
        { "Key", "Payload", "Signature", "Timestamp" },
        require("lastpass.error").names_of(request)
      )
      assert.equal(server.KEY, request.Key)
      assert.equal("2026-11-18 11:06:40Z", request.Timestamp)
      assert.same(inner, json.decode(server.from_base64(request.Payload)))
      assert.is_true(server.is_signed(request))
      assert.is_nil(body:preview():find(server.KEY, 1, true))
    end
    local request = sent(envelope:seal_plain "MIIBIjANBg")
    assert.equal("MIIBIjANBg", request.Payload)
    assert.is_true(server.is_signed(request))
  end)

  it("gives no two requests of a second the same signature", function()
    local seen = {}
    for _ = 1, 5 do
      local request = sent(envelope:seal "token")
      assert.is_nil(seen[request.Signature])
      seen[request.Signature] = true
      assert.equal("token", json.decode(server.from_base64(request.Payload)))
      assert.is_true(server.is_signed(request))
    end
    now = now + 1
    assert.matches('^"token"[ \t]+$', server.from_base64(sent(envelope:seal "token").Payload))
  end)

  it("gives two programs that ask the same in one second different signatures", function()
    local other = assert(envelopes.new(lastpass.secret.value(server.KEY), pair.private, function()
      return now
    end))
    assert.are_not.equal(sent(envelope:seal "token").Signature, sent(other:seal "token").Signature)
  end)

  it("reads what was encrypted for our key, with AES of any length", function()
    for _, bits in ipairs { 128, 192, 256 } do
      local text = ('{"bits":%d}'):format(bits)
      assert.equal(text, envelope:open(server.seal(text, { bits = bits })))
    end
    local text = '{"Message":"' .. ("x"):rep(100000) .. '"}'
    assert.equal(text, envelope:open(server.seal(text)))
  end)

  it("says the same whatever is wrong with an answer", function()
    local _, said, first = envelope:open(nil)
    local other = server.pair "theirs"
    local good = server.seal '{"Succeeded":true}'
    local function with(name, value)
      local copy = { EncKey = good.EncKey, Payload = good.Payload }
      copy[name] = value
      return copy
    end
    local function keyed(text)
      return server.seal("{}", { key_text = server.wide(text) })
    end
    local key, iv = server.base64(("k"):rep(32)), server.base64(("v"):rep(16))
    local payload = server.from_base64(good.Payload)
    for index, wrong in ipairs {
      {},
      "text",
      json.null,
      with("EncKey", nil),
      with("Payload", nil),
      with("EncKey", 5),
      with("Payload", {}),
      with("EncKey", ""),
      with("EncKey", "%%%"),
      with("EncKey", server.base64(("x"):rep(256))),
      with("EncKey", server.base64(("\255"):rep(256))),
      with("EncKey", server.base64(("x"):rep(255))),
      with("EncKey", server.base64(("x"):rep(5000))),
      with("EncKey", server.seal("{}", { pair = other }).EncKey),
      with("EncKey", server.seal("{}").EncKey),
      with("Payload", ""),
      with("Payload", "%%%"),
      with("Payload", server.base64(payload:sub(1, -2))),
      with("Payload", server.base64(payload:sub(1, -17))),
      with("Payload", server.base64(payload:sub(1, -2) .. "\0")),
      with("Payload", server.base64(("x"):rep(160))),
      server.seal("{}", { bytes = "odd" }),
      server.seal("{}", { bytes = "\0\216" }),
      server.seal("{}", { bytes = "" }),
      server.seal("{}", { key_text = '{"K":"a"}' }),
      server.seal("{}", { key_text = "odd" }),
      keyed "not json",
      keyed "[]",
      keyed "{}",
      keyed(('{"K":"%s"}'):format(key)),
      keyed(('{"K":"%s","V":5}'):format(key)),
      keyed(('{"K":"%s","V":""}'):format(key)),
      keyed(('{"K":"","V":"%s"}'):format(iv)),
      keyed(('{"K":"%s","V":"%s"}'):format(server.base64(("k"):rep(31)), iv)),
      keyed(('{"K":"%s","V":"%s"}'):format(key, server.base64(("v"):rep(12)))),
    } do
      local text, message, err = envelope:open(wrong)
      assert.is_nil(text, index)
      check.failure("protocol", "cannot_decrypt", text, message, err)
      assert.equal(said, message, index)
      assert.same(first, err)
    end
  end)

  it("wants an RSA key of 2048 bits", function()
    local key = lastpass.secret.value(server.KEY)
    local function new(secret)
      return envelopes.new(key, secret, os.time)
    end
    check.failure("argument", "weak_key", new(server.pair("small", 1024).private))
    local curve = require("openssl.pkey").new { type = "EC", curve = "prime256v1" }
    check.failure("argument", "weak_key", new(lastpass.secret.value(curve:toPEM "private")))
    check.failure("argument", nil, new(lastpass.secret.value "no key"))
    check.failure("argument", nil, new(lastpass.secret.value(pair.public)))
    local _, message = lastpass.mfa.new {
      api_key = key,
      private_key = lastpass.secret.value "-----BEGIN PRIVATE KEY-----\nc4n4ry\n",
    }
    assert.matches("^option private_key: ", message)
    assert.is_nil(message:find("c4n4ry", 1, true))
  end)
end)
