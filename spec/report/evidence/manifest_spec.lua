local check = require "spec.support.check"
local manifest = require "lastpass.report.evidence.manifest"
local planted = require "spec.support.planted"

-- RFC 8032 §7.1, test 3: message af82, wrapped as PKCS #8 (RFC 8410).
local SEED = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
local SIGNED = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
  .. "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"

local function from_hex(text)
  return (text:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function to_hex(bytes)
  return (bytes:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end

describe("lastpass.report.evidence.manifest", function()
  it("lists files by name, with the SHA-256 of FIPS 180", function()
    local body = manifest.new({
      manifest.entry("b", "abc"),
      manifest.entry("a", ""),
    }, { account = "x", read_at = "2026-06-15T13:00:00Z", key = "abc" })
    assert.same({
      {
        path = "a",
        bytes = 0,
        sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      },
      {
        path = "b",
        bytes = 3,
        sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      },
    }, body.files)
    assert.equal(body.files[2].sha256, body.key_sha256)
    assert.equal(manifest.render(body), manifest.render(body))
    assert.truthy(manifest.render(manifest.new({}, { key = "" })):find('"files":[]', 1, true))
  end)

  it("refuses what is signed and yet no manifest", function()
    local made = {}
    local folder, key = planted.path(made), planted.path(made)
    os.execute("mkdir " .. folder)
    assert(manifest.new_key(key))
    check.failure("argument", "cannot_read", manifest.verify(folder, key .. ".pub"))
    planted.write(folder .. "/manifest.json", '{"format":"other"}')
    assert(manifest.sign(key, folder .. "/manifest.json", folder .. "/manifest.sig"))
    check.failure("protocol", "not_evidence", manifest.verify(folder, key .. ".pub"))
    planted.remove(made)
  end)
end)

describe("signature", function()
  local made

  before_each(function()
    made = {}
  end)

  after_each(function()
    planted.remove(made)
  end)

  it("is Ed25519 as RFC 8032 has it", function()
    local der, key, message, sig =
      planted.path(made), planted.path(made), planted.path(made), planted.path(made)
    planted.write(der, from_hex("302e020100300506032b657004220420" .. SEED))
    os.execute(("umask 077; openssl pkey -inform DER -in %s -out %s"):format(der, key))
    planted.write(message, from_hex "af82")
    assert(manifest.sign(key, message, sig))
    assert.equal(SIGNED, to_hex(planted.read(sig)))
    planted.write(key .. ".pub", assert(manifest.public_key(key)))
    assert.is_true(manifest.is_signed(key .. ".pub", message, sig))
    planted.write(message, from_hex "af83")
    assert.is_false(manifest.is_signed(key .. ".pub", message, sig))
  end)

  it("copes with odd names", function()
    local folder = planted.path(made)
    os.execute("mkdir -m 700 " .. folder)
    local key = folder .. "/it's a $(key)"
    assert(manifest.new_key(key))
    planted.write(folder .. "/- m", "text")
    assert(manifest.sign(key, folder .. "/- m", folder .. "/s;ig"))
    assert.is_true(manifest.is_signed(key .. ".pub", folder .. "/- m", folder .. "/s;ig"))
  end)

  it("makes keys that only their owner reads", function()
    local key = planted.path(made)
    assert(manifest.new_key(key))
    local pipe = io.popen("stat -c %a " .. key)
    assert.equal("600\n", pipe:read "*a")
    pipe:close()
    check.failure("argument", "key_exists", manifest.new_key(key))
    check.failure("argument", "cannot_write", manifest.new_key(key .. "/none"))
  end)

  it("says what to install when openssl is not there", function()
    local key = planted.path(made)
    assert(manifest.new_key(key))
    local files = require "lastpass.files"
    local run = files.run
    files.run = function(command)
      return run(command:gsub("openssl", "/no/such/openssl"))
    end
    local _, _, err = manifest.public_key(key)
    files.run = run
    assert.equal("no_openssl", err.code)
  end)
end)
