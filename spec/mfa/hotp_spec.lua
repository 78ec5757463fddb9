-- Codes of devices that count: the vectors of RFC 4226, look-ahead, resynchronising, each code once.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local state = require "lastpass.state"

local hotp = require("lastpass.mfa").hotp

local KEY = "12345678901234567890"

-- RFC 4226, appendix D.
local vectors = {
  [0] = "755224",
  "287082",
  "359152",
  "969429",
  "338314",
  "254676",
  "287922",
  "162583",
  "399871",
  "520489",
}

describe("mfa.hotp", function()
  local here

  before_each(function()
    here = state.memory()
  end)

  local function with(more, options)
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return options
  end

  local function unchecked(code, counter, more)
    local options = { user = "ann", secret = KEY, code = code, counter = counter, state = here }
    return hotp.verify(with(more, options))
  end

  local function verify(...)
    return assert(unchecked(...))
  end

  local function code_of(counter, more)
    return assert(hotp.code(with(more, { secret = KEY, counter = counter })))
  end

  it("gives the codes of RFC 4226, of bytes and of secrets", function()
    local secret = assert(lastpass.secret.value(KEY))
    for counter = 0, 9 do
      assert.equal(vectors[counter], code_of(counter))
      assert.equal(vectors[counter], code_of(counter, { secret = secret }))
      local result = verify(vectors[counter], counter, { secret = secret })
      assert.same({ "approved", counter, 0 }, { result.outcome, result.counter, result.ahead })
    end
  end)

  it("lets a code in once, and none before it", function()
    local result = verify(code_of(3), 0)
    assert.same({ "approved", 3, 3, "hotp", "proved" }, {
      result.outcome,
      result.counter,
      result.ahead,
      result.method,
      result.evidence,
    })
    for _, counter in ipairs { 3, 2, 0 } do
      assert.equal("wrong", verify(code_of(counter), 0).code)
    end
    assert.equal("approved", verify(code_of(4), 0).outcome)
  end)

  it("counts beyond 32 bits, and beyond the sign", function()
    for _, counter in ipairs { 2 ^ 31 - 1, 2 ^ 31, 2 ^ 32 - 1, 2 ^ 32, 2 ^ 40 + 7, 2 ^ 52 } do
      local user = ("u%.0f"):format(counter)
      local result = verify(code_of(counter), counter - 2, { user = user, secret = user .. KEY })
      assert.equal("denied", result.outcome)
      local code = code_of(counter, { secret = user .. KEY })
      result = verify(code, counter - 2, { user = user, secret = user .. KEY })
      assert.same({ "approved", 2 }, { result.outcome, result.ahead })
      assert.equal(counter, result.counter)
      result = verify(code, counter - 2, { user = user, secret = user .. KEY })
      assert.equal("denied", result.outcome)
    end
  end)

  it("looks ten codes ahead, or as far as it is told", function()
    assert.equal("denied", verify(code_of(11), 0).outcome)
    assert.equal("denied", verify(code_of(1), 0, { look_ahead = 0 }).outcome)
    assert.equal("approved", verify(code_of(10), 0).outcome)
    assert.equal("approved", verify(code_of(111), 0, { look_ahead = 100 }).outcome)
  end)

  it("finds a device again by two codes that follow each other", function()
    local function resynchronise(one, other, more)
      local options = { user = "ann", secret = KEY, codes = { one, other }, counter = 0 }
      options.state = here
      return assert(hotp.resynchronise(with(more, options)))
    end
    assert.equal("wrong", resynchronise(code_of(70), code_of(72)).code)
    assert.equal("wrong", resynchronise(code_of(71), code_of(70)).code)
    assert.equal("malformed", resynchronise(code_of(70), "x").code)
    local result = resynchronise(code_of(70), code_of(71))
    assert.same({ "approved", 71 }, { result.outcome, result.counter })
    assert.equal("denied", resynchronise(code_of(70), code_of(71)).outcome)
    assert.equal("approved", verify(code_of(72), 0).outcome)
    result = resynchronise(code_of(500), code_of(501), { look_ahead = 900 })
    assert.equal(501, result.counter)
  end)

  it("takes attempts of both kinds from one count", function()
    for _ = 1, 3 do
      assert.equal("denied", verify("000000", 0).outcome)
    end
    for _ = 1, 2 do
      local options = { user = "ann", secret = KEY, codes = { "000000", "000001" }, counter = 0 }
      options.state = here
      assert.equal("denied", hotp.resynchronise(options).outcome)
    end
    assert.equal("locked", verify(code_of(0), 0).outcome)
  end)

  it("does not know users without a name or a secret", function()
    local options = { user = "ann", code = "123456", counter = 0, state = here }
    assert.equal("not_enrolled", hotp.verify(options).outcome)
    assert.equal("unknown_user", verify("123456", 0, { user = " " }).outcome)
  end)

  it("fails when the state does", function()
    local full = state.memory { max = 1 }
    assert(full:put("x", "y", 60))
    local options = { user = "ann", secret = KEY, code = code_of(0), counter = 0, state = full }
    check.failure("conflict", "state_full", hotp.verify(options))
  end)

  it("blames whoever asks for what it does not take", function()
    for name, value in pairs {
      user = 5,
      code = 755224,
      counter = -1,
      look_ahead = 101,
      secret = "short",
      window = 1,
    } do
      check.blamed(function()
        unchecked("755224", 0, { [name] = value })
      end)
    end
    for _, codes in ipairs { {}, { "1" }, { "1", "2", "3" }, { 1, 2 } } do
      check.blamed(function()
        hotp.resynchronise {
          user = "ann",
          secret = KEY,
          codes = codes,
          counter = 0,
          state = here,
        }
      end)
    end
    for _, counter in ipairs { -1, 0.5, 2 ^ 53, 1 / 0, 0 / 0 } do
      check.blamed(function()
        hotp.code { secret = KEY, counter = counter }
      end)
    end
    check.blamed(function()
      hotp.code { secret = KEY }
    end)
  end)
end)
