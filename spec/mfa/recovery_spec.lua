-- Recovery codes: each once, kept as HMACs; what the app shows at that time is used up as well.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local state = require "lastpass.state"

local mfa = require "lastpass.mfa"
local recovery, totp = mfa.recovery, mfa.totp

local KEY, TOTP_KEY = ("k"):rep(32), "12345678901234567890"

describe("mfa.recovery", function()
  local here, now, set

  before_each(function()
    now = 1796000000
    here = state.memory {
      now = function()
        return now
      end,
    }
    set = assert(recovery.generate { user = "ann@acme.example", key = KEY })
  end)

  local function unchecked(code, more)
    local options = { user = "ann@acme.example", key = KEY, hashes = set.hashes, code = code }
    options.state, options.time = here, now
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return recovery.verify(options)
  end

  local function verify(...)
    return assert(unchecked(...))
  end

  it("makes ten codes of 80 bits, and hashes that do not show them", function()
    assert.equal(10, #set.codes)
    assert.equal(10, #set.hashes)
    local seen = {}
    for index, code in ipairs(set.codes) do
      assert.matches(
        "^" .. ("[A-Z2-7]"):rep(4) .. ("%-" .. ("[A-Z2-7]"):rep(4)):rep(3) .. "$",
        code
      )
      assert.matches("^" .. ("%x"):rep(64) .. "$", set.hashes[index])
      assert.is_nil(seen[code] or seen[set.hashes[index]])
      seen[code], seen[set.hashes[index]] = true, true
    end
    assert.equal(3, #recovery.generate({ user = "ann", key = KEY, count = 3 }).codes)
  end)

  it("accepts each once, however it is typed", function()
    for index, code in ipairs(set.codes) do
      local typed = index % 2 == 0 and " " .. code:lower():gsub("-", " ") or code
      local result = verify(typed)
      assert.same({ "approved", "recovery", "proved", set.hashes[index], 9 }, {
        result.outcome,
        result.method,
        result.evidence,
        result.hash,
        result.left,
      })
      assert.equal("used", verify(code).code)
      assert.is_true(here:increment("mfa:tries:ann@acme.example", -1, 900) == 0)
    end
  end)

  it("works with a key in locked memory as with one in a string", function()
    local secret = assert(lastpass.secret.value(KEY))
    assert.is_true(verify(set.codes[1], { key = secret }).ok)
    local other = assert(recovery.generate { user = "ann@acme.example", key = secret, count = 1 })
    assert.is_true(verify(other.codes[1], { hashes = other.hashes }).ok)
  end)

  it("refuses what is wrong, of another user, or under another key", function()
    assert.equal("wrong", verify("AAAA-BBBB-CCCC-DDDD").code)
    assert.equal("wrong", verify(set.codes[1], { user = "bob@acme.example" }).code)
    assert.equal("wrong", verify(set.codes[1], { key = ("j"):rep(32) }).code)
    local none = { "", "AAAA", set.codes[1] .. "A", "AAAA-BBBB-CCCC-DDD1", (" "):rep(65) }
    for _, code in ipairs(none) do
      assert.equal("malformed", verify(code).code)
    end
    assert.is_true(verify(set.codes[1]).ok)
    assert.equal(
      "not_enrolled",
      recovery.verify({
        user = "ann",
        key = KEY,
        code = set.codes[2],
        state = here,
        secret = TOTP_KEY,
      }).outcome
    )
  end)

  it("uses up what the app shows now", function()
    local function app(offset)
      local code = assert(totp.code { secret = TOTP_KEY, time = now + offset })
      return totp.verify {
        user = "ann@acme.example",
        secret = TOTP_KEY,
        code = code,
        state = here,
        time = now,
        window = 2,
      }
    end
    assert.is_true(verify(set.codes[1], { secret = TOTP_KEY }).ok)
    for _, offset in ipairs { -30, 0, 30, 60 } do
      assert.equal("used", app(offset).code)
    end
    now = now + 90
    assert.is_true(app(0).ok)
  end)

  it("uses up what a device shows whose clock is ahead", function()
    local function app(drift)
      return assert(totp.verify {
        user = "ann@acme.example",
        secret = TOTP_KEY,
        code = assert(totp.code { secret = TOTP_KEY, time = now + 30 * drift }),
        state = here,
        time = now,
        drift = 9,
      })
    end
    assert.is_true(verify(set.codes[1], { secret = TOTP_KEY, drift = 9 }).ok)
    for drift = 8, 10 do
      assert.equal("used", app(drift).code)
    end
    now = now + 90
    assert.is_true(app(9).ok)
  end)

  it("is counted with the codes of the app", function()
    for _ = 1, 5 do
      assert.equal("denied", verify("AAAA-BBBB-CCCC-DDDD").outcome)
    end
    local code = assert(totp.code { secret = TOTP_KEY, time = now })
    local options = { user = "Ann@acme.example", secret = TOTP_KEY, code = code, time = now }
    options.state = here
    assert.equal("locked", totp.verify(options).outcome)
  end)

  it("fails when the state does", function()
    local full = state.memory { max = 1 }
    local options = { user = "ann@acme.example", key = KEY, hashes = set.hashes }
    options.code, options.state = set.codes[1], full
    check.failure("conflict", "state_full", recovery.verify(options))
  end)

  it("blames whoever asks for what it does not take", function()
    for name, value in pairs {
      key = "short",
      hashes = { 5 },
      user = false,
      code = 5,
      digits = 6,
      secret = "short",
    } do
      check.blamed(function()
        unchecked(set.codes[1], { [name] = value })
      end)
    end
    check.blamed(function()
      unchecked(set.codes[1], { hashes = { first = set.hashes[1] } })
    end)
    for _, user in ipairs { "", " ", "\194\160", ("u"):rep(321) } do
      check.failure("argument", "bad_user", recovery.generate { user = user, key = KEY })
    end
    local many = {}
    for index = 1, 51 do
      many[index] = "x"
    end
    check.blamed(function()
      unchecked(set.codes[1], { hashes = many })
    end)
    for _, options in ipairs {
      {},
      { user = "ann" },
      { user = "ann", key = "short" },
      { user = "ann", key = KEY, count = 0 },
    } do
      check.blamed(function()
        recovery.generate(options)
      end)
    end
  end)
end)
