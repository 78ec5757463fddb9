-- otpauth addresses: written as apps read them, read as apps write them, and refused without repeating a secret.
local check = require "spec.support.check"
local uri = require("lastpass.mfa").uri

local KEY = "12345678901234567890"
local TEXT = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

local function write(more)
  local options = { secret = KEY, issuer = "Acme Ltd", account = "ann@acme.example" }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return uri.write(options)
end

describe("mfa.uri", function()
  it("writes what apps read, and leaves out what is usual", function()
    local common = "otpauth://totp/Acme%20Ltd:ann%40acme.example?secret="
      .. TEXT
      .. "&issuer=Acme%20Ltd"
    assert.equal(common, write())
    assert.equal(common, write { digits = 6, period = 30, algorithm = "SHA1", type = "totp" })
    assert.equal(
      common .. "&algorithm=SHA256&digits=8&period=60",
      write { digits = 8, period = 60, algorithm = "SHA256" }
    )
    assert.equal(
      common:gsub("totp", "hotp") .. "&counter=9007199254740992",
      write { type = "hotp", counter = 2 ^ 53 }
    )
  end)

  it("refuses names that cannot be written", function()
    for _, name in ipairs { "", " ", "a:b", ("x"):rep(201), "a\nb", "\255" } do
      check.failure("argument", "bad_name", write { issuer = name })
      check.failure("argument", "bad_name", write { account = name })
    end
    assert.is_string(write { issuer = "Bücher & Co + 100 %", account = "ä/?#" })
  end)

  it("reads what it wrote", function()
    for _, more in ipairs {
      {},
      { digits = 8, period = 60, algorithm = "SHA512" },
      { type = "hotp", counter = 0 },
      { type = "hotp", counter = 2 ^ 32 },
      { issuer = "Bücher & Co + 100 %", account = "ä/?#=+ b" },
      { secret = ("\0\255"):rep(8) .. "x" },
    } do
      local read = assert(uri.read(assert(write(more))))
      assert.equal(more.type or "totp", read.type)
      assert.equal(more.secret or KEY, read.secret)
      assert.equal(more.issuer or "Acme Ltd", read.issuer)
      assert.equal(more.account or "ann@acme.example", read.account)
      assert.equal(more.digits or 6, read.digits)
      assert.equal(more.algorithm or "SHA1", read.algorithm)
      assert.equal(more.counter, read.counter)
      assert.equal(not more.type and (more.period or 30) or nil, read.period)
      assert.is_nil(read.other)
    end
  end)

  it("reads what others write", function()
    local spaced = TEXT:lower():gsub("....", "%0-")
    for text, account in pairs {
      ["otpauth://totp/Acme:ann?secret=" .. TEXT .. "&issuer=Acme"] = "ann",
      ["otpauth://totp/Acme%3Aann?secret=" .. TEXT .. "===&issuer=Acme"] = "ann",
      ["otpauth://totp/Acme:%20ann?secret=" .. TEXT] = "ann",
      ["OTPAUTH://TOTP/Acme:ann?secret=" .. spaced] = "ann",
      ["otpauth://totp/ann+x?issuer=Acme&secret=" .. TEXT] = "ann+x",
      ["otpauth://totp/a@b.c?issuer=Acme&algorithm=sha-1&secret=" .. TEXT] = "a@b.c",
    } do
      local read = assert(uri.read(text))
      assert.same({ KEY, "Acme", account }, { read.secret, read.issuer, read.account })
    end
    local read = assert(uri.read("otpauth://totp/A%20B:ann?issuer=A+B&secret=" .. TEXT))
    assert.equal("A B", read.issuer)
    read = assert(uri.read("otpauth://totp/ann?image=x%3A&secret=" .. TEXT))
    assert.same({ image = "x:" }, read.other)
    assert.is_nil(read.issuer)
  end)

  it("refuses everything else, and never repeats it", function()
    local refusals = {
      bad_uri = {
        "",
        "otpauth",
        "http://totp/a?secret=" .. TEXT,
        "otpauth://totp/a#?secret=" .. TEXT,
        "otpauth://totp/a",
        "otpauth://totp?secret=" .. TEXT,
        "otpauth://totp/%zz?secret=" .. TEXT,
        "otpauth://totp/a?secret=%" .. TEXT,
        "otpauth://totp/a?secret=" .. TEXT .. ("&x=y"):rep(600),
        "otpauth://totp/a?secret=" .. TEXT .. ("&x"):rep(21),
      },
      bad_type = { "otpauth://steam/a?secret=" .. TEXT, "otpauth:///a?secret=" .. TEXT },
      bad_name = {
        "otpauth://totp/?secret=" .. TEXT,
        "otpauth://totp/a:?secret=" .. TEXT,
        "otpauth://totp/:a?secret=" .. TEXT,
        "otpauth://totp/a:b:c?secret=" .. TEXT,
        "otpauth://totp/a%00?secret=" .. TEXT,
        "otpauth://totp/a%FF?secret=" .. TEXT,
        "otpauth://totp/a?issuer=&secret=" .. TEXT,
      },
      two_issuers = { "otpauth://totp/A:a?issuer=B&secret=" .. TEXT },
      duplicate_parameter = {
        "otpauth://totp/a?secret=" .. TEXT .. "&secret=" .. TEXT,
        "otpauth://totp/a?secret=" .. TEXT .. "&x=1&%78=1",
      },
      no_secret = { "otpauth://totp/a?issuer=A", "otpauth://totp/a?" },
      bad_secret = {
        "otpauth://totp/a?secret=",
        "otpauth://totp/a?secret=" .. TEXT .. "1",
        "otpauth://totp/a?secret=" .. TEXT .. "A",
        "otpauth://totp/a?secret=" .. TEXT:sub(1, 24),
        "otpauth://totp/a?secret=A=A" .. TEXT,
      },
      bad_algorithm = { "otpauth://totp/a?algorithm=MD5&secret=" .. TEXT },
      bad_digits = {
        "otpauth://totp/a?digits=5&secret=" .. TEXT,
        "otpauth://totp/a?digits=&secret=" .. TEXT,
        "otpauth://totp/a?digits=6.0&secret=" .. TEXT,
        "otpauth://totp/a?digits=0x6&secret=" .. TEXT,
      },
      bad_period = {
        "otpauth://totp/a?period=0&secret=" .. TEXT,
        "otpauth://totp/a?period=-30&secret=" .. TEXT,
        "otpauth://totp/a?period=1e1&secret=" .. TEXT,
        "otpauth://totp/a?period=99999999999999999999&secret=" .. TEXT,
      },
      bad_counter = {
        "otpauth://hotp/a?secret=" .. TEXT,
        "otpauth://hotp/a?counter=-1&secret=" .. TEXT,
        "otpauth://hotp/a?counter=9007199254740993000&secret=" .. TEXT,
      },
    }
    for code, texts in pairs(refusals) do
      for _, text in ipairs(texts) do
        local err = check.failure("argument", nil, uri.read(text))
        if code ~= "bad_uri" then
          assert.equal(code, err.code, text)
        end
        assert.is_nil(err.message:find(TEXT:sub(1, 8), 1, true))
      end
    end
  end)

  it("blames whoever asks for what it does not take", function()
    for _, more in ipairs {
      { secret = "short" },
      { secret = false },
      { type = "steam" },
      { type = "hotp" },
      { counter = 5 },
      { type = "hotp", counter = 5, period = 30 },
      { digits = 5 },
      { algorithm = "MD5" },
      { label = "x" },
    } do
      check.blamed(function()
        write(more)
      end)
    end
  end)
end)
