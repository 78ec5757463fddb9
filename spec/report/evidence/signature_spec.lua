local check = require "spec.support.check"
local planted = require "spec.support.planted"
local signature = require "lastpass.report.evidence.signature"

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

describe("lastpass.report.evidence.signature", function()
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
    assert(signature.sign(key, message, sig))
    assert.equal(SIGNED, to_hex(planted.read(sig)))
    planted.write(key .. ".pub", assert(signature.public_key(key)))
    assert.is_true(signature.verify(key .. ".pub", message, sig))
    planted.write(message, from_hex "af83")
    assert.is_false(signature.verify(key .. ".pub", message, sig))
  end)

  it("copes with odd names", function()
    local folder = planted.path(made)
    os.execute("mkdir -m 700 " .. folder)
    local key = folder .. "/it's a $(key)"
    assert(signature.new_key(key))
    planted.write(folder .. "/- m", "text")
    assert(signature.sign(key, folder .. "/- m", folder .. "/s;ig"))
    assert.is_true(signature.verify(key .. ".pub", folder .. "/- m", folder .. "/s;ig"))
  end)

  it("makes keys that only their owner reads", function()
    local key = planted.path(made)
    assert(signature.new_key(key))
    local pipe = io.popen("stat -c %a " .. key)
    assert.equal("600\n", pipe:read "*a")
    pipe:close()
    check.failure("argument", "key_exists", signature.new_key(key))
    check.failure("argument", "cannot_write", signature.new_key(key .. "/none"))
  end)

  it("says what to install when openssl is not there", function()
    local key = planted.path(made)
    assert(signature.new_key(key))
    local files = require "lastpass.files"
    local run = files.run
    files.run = function(command)
      return run(command:gsub("openssl", "/no/such/openssl"))
    end
    local _, _, err = signature.public_key(key)
    files.run = run
    assert.equal("no_openssl", err.code)
  end)
end)
