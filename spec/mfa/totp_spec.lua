-- Codes that change with time: the vectors of RFC 6238, windows, drift, each code once.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local state = require "lastpass.state"

local mfa = require "lastpass.mfa"
local totp = mfa.totp

local KEY = "12345678901234567890"

-- RFC 6238, appendix B, 8 digits; the keys of SHA256 and SHA512 are 32 and 64 bytes long (the known erratum).
local vectors = {
  { 59, "94287082", "46119246", "90693936" },
  { 1111111109, "07081804", "68084774", "25091201" },
  { 1111111111, "14050471", "67062674", "99943326" },
  { 1234567890, "89005924", "91819424", "93441116" },
  { 2000000000, "69279037", "90698825", "38618901" },
  { 20000000000, "65353130", "77737706", "47863826" },
}
local algorithms = { "SHA1", "SHA256", "SHA512" }

local function key_of(algorithm)
  local length = ({ SHA1 = 20, SHA256 = 32, SHA512 = 64 })[algorithm]
  return (KEY):rep(4):sub(1, length)
end

describe("mfa.totp", function()
  local here, now

  before_each(function()
    now = 1796000000
    here = state.memory {
      now = function()
        return now
      end,
    }
  end)

  local function verify(code, more)
    local options =
      { user = "ann@acme.example", secret = KEY, code = code, state = here, time = now }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(totp.verify(options))
  end

  local function code_at(time, more)
    local options = { secret = KEY, time = time }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(totp.code(options))
  end

  it("gives the codes of RFC 6238, of bytes and of secrets", function()
    for _, vector in ipairs(vectors) do
      for index, algorithm in ipairs(algorithms) do
        local key = key_of(algorithm)
        local options = { secret = key, time = vector[1], digits = 8, algorithm = algorithm }
        assert.equal(vector[index + 1], totp.code(options))
        options.secret = assert(lastpass.secret.value(key))
        assert.equal(vector[index + 1], totp.code(options))
        local result = verify(vector[index + 1], options)
        assert.equal("approved", result.outcome)
        assert.equal(math.floor(vector[1] / 30), result.step)
        assert.equal(0, result.drift)
      end
    end
  end)

  it("lets a code in once", function()
    local code = code_at(now)
    local result = verify(code)
    assert.is_true(result.ok)
    assert.same(
      { "approved", "proved", "totp", "ann@acme.example" },
      { result.outcome, result.evidence, result.method, result.user }
    )
    result = verify(code)
    assert.same({ false, "denied", "used" }, { result.ok, result.outcome, result.code })
    assert.is_nil(result.step)
  end)

  it("accepts none before the last one used, whatever the clock does", function()
    assert.is_true(verify(code_at(now + 30)).ok)
    assert.equal("used", verify(code_at(now)).code)
    now = now - 86400
    local old = code_at(now)
    assert.equal("used", verify(old).code)
    now = now + 86400 + 60
    assert.is_true(verify(code_at(now)).ok)
  end)

  it("has a window of one code on both sides, or what it is given", function()
    for offset = -3, 3 do
      for past = 0, 2 do
        for future = 0, 2 do
          local window = past == future and past or { past = past, future = future }
          local user = ("%d%d%d@acme.example"):format(offset, past, future)
          local key = user .. KEY
          local code = assert(totp.code { secret = key, time = now + offset * 30 })
          local result = verify(code, { secret = key, user = user, window = window })
          local is_within = offset >= -past and offset <= future
          assert.equal(is_within and "approved" or "denied", result.outcome)
          assert.equal(is_within and offset or nil, result.drift)
        end
      end
    end
    assert.equal("approved", verify(code_at(now + 30)).outcome)
  end)

  it("follows a clock that is wrong, when it is told by how much", function()
    local code = code_at(now - 150)
    assert.equal("wrong", verify(code).code)
    local result = verify(code, { drift = -5 })
    assert.is_true(result.ok)
    assert.equal(-5, result.drift)
    result = verify(code_at(now - 120 + 30), { drift = -5 + 1 })
    assert.equal(-3, result.drift)
  end)

  it("takes digits only, which may stand apart", function()
    local code = code_at(now)
    for _, typed in ipairs {
      "",
      code:sub(1, 5),
      code .. "0",
      "+" .. code:sub(2),
      " -" .. code:sub(2),
      code:sub(1, 5) .. "x",
      code:sub(1, 5) .. "\217\161", -- an Arabic 1
      code:sub(1, 5) .. "\n",
      code:sub(1, 5) .. "\0",
      "\239\188\145" .. code:sub(2), -- a fullwidth 1
      (" "):rep(100) .. code,
    } do
      local result = verify(typed)
      assert.same({ "denied", "malformed" }, { result.outcome, result.code })
    end
    assert.is_true(verify(" " .. code:sub(1, 3) .. " " .. code:sub(4) .. " ").ok)
  end)

  it("counts nothing for an unknown user or one without a secret", function()
    for _, user in ipairs { "", "  ", ("x"):rep(400) } do
      assert.equal("unknown_user", verify("123456", { user = user }).outcome)
    end
    local result = totp.verify { user = "ann", code = "123456", state = here }
    assert.equal("not_enrolled", result.outcome)
    assert.is_nil(next(here._backend._values))
  end)

  it("fails when the state does, and lets nobody in", function()
    local full = state.memory { max = 1 }
    assert(full:put("other", "x", 60))
    local code = code_at(now)
    check.failure(
      "conflict",
      "state_full",
      totp.verify { user = "ann", secret = KEY, code = code, state = full, time = now }
    )
  end)

  it("makes secrets, each another, as long as the digest asks", function()
    assert.equal(20, #totp.generate_secret())
    assert.equal(32, #totp.generate_secret { algorithm = "SHA256" })
    assert.equal(64, #totp.generate_secret { algorithm = "SHA512" })
    assert.equal(16, #totp.generate_secret { bytes = 16 })
    assert.not_equal(totp.generate_secret(), totp.generate_secret())
  end)

  it("gives a drift that it takes the next time", function()
    for _, sign in ipairs { 1, -1 } do
      local options =
        { user = "ann", secret = KEY, state = here, time = 1796000000, drift = 10 * sign }
      options.state = state.memory()
      options.code = assert(totp.code { secret = KEY, time = options.time + sign * 11 * 30 })
      local result = assert(totp.verify(options))
      assert.is_true(result.ok)
      assert.equal(10 * sign, result.drift)
      options.drift, options.code = result.drift, "000000"
      assert(totp.verify(options))
    end
  end)

  it("blames whoever asks for what it does not take", function()
    for _, options in ipairs {
      {},
      { secret = "short" },
      { secret = ("x"):rep(4096) },
      { secret = KEY, digits = 5 },
      { secret = KEY, digits = 9 },
      { secret = KEY, algorithm = "MD5" },
      { secret = KEY, period = 0 },
      { secret = KEY, time = -1 },
      { secret = KEY, time = 0 / 0 },
      { secret = KEY, time = math.huge },
      { secret = KEY, tine = 5 },
      { secret = 5 },
    } do
      check.blamed(function()
        totp.code(options)
      end)
    end
    local good = { user = "ann", secret = KEY, code = "123456", state = here }
    for name, value in pairs {
      user = 5,
      code = 123456,
      state = "x",
      window = 3,
      drift = 11,
      secret = "short",
      address = ("x"):rep(101),
      limits = { failures = 0 },
    } do
      local options = {}
      for key, one in pairs(good) do
        options[key] = one
      end
      options[name] = value
      check.blamed(function()
        totp.verify(options)
      end)
    end
    for _, window in ipairs { { past = 3 }, { future = -1 }, { passt = 1 }, -1, 0.5 } do
      check.blamed(function()
        totp.verify {
          user = "ann",
          secret = KEY,
          code = "123456",
          state = here,
          window = window,
        }
      end)
    end
    for _, name in ipairs { "user", "code", "state" } do
      check.blamed(function()
        local options = { user = "ann", secret = KEY, code = "123456", state = here }
        options[name] = nil
        totp.verify(options)
      end)
    end
  end)
end)
