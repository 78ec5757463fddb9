-- Too many wrong codes: who is locked, for how long, and whom one address can lock.
local check = require "spec.support.check"
local state = require "lastpass.state"

local mfa = require "lastpass.mfa"
local lockout, totp = mfa.lockout, mfa.totp

local KEY = "12345678901234567890"

describe("mfa.lockout", function()
  local here, now

  before_each(function()
    now = 1796000000
    here = state.memory {
      now = function()
        return now
      end,
    }
  end)

  local function attempt(more)
    local options = { state = here, user = "ann@acme.example", now = now }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(lockout.begin(options))
  end

  local function fail(count, more)
    local seconds
    for _ = 1, count do
      local one = attempt(more)
      assert.is_nil(one.refusal)
      seconds = assert(one:failed())
    end
    return seconds
  end

  local function refusal(more)
    local refused = attempt(more).refusal
    return refused and refused.outcome, refused and refused.retry_after
  end

  it("locks at the fifth failure, each time for twice as long, and ends by itself", function()
    for _, seconds in ipairs { 900, 1800, 3600, 7200 } do
      assert.equal(0, fail(4))
      assert.equal(seconds, fail(1))
      assert.same({ "locked", seconds }, { refusal() })
      now = now + seconds - 1
      assert.same({ "locked", 1 }, { refusal { user = " ANN@acme.example" } })
      now = now + 1
    end
    now = now + 86400
    assert.equal(900, fail(5))
  end)

  it("locks for a day at most", function()
    local limits = { seconds = 40000 }
    assert.equal(40000, fail(5, { limits = limits }))
    now = now + 40000
    assert.equal(80000, fail(5, { limits = limits }))
    now = now + 80000
    assert.equal(40000, fail(5, { limits = limits }))
    limits.seconds, limits.most_seconds = 70000, 86400
    assert.equal(70000, fail(5, { limits = limits, user = "bob@acme.example" }))
    now = now + 70000
    assert.equal(86400, fail(5, { limits = limits, user = "bob@acme.example" }))
  end)

  it("forgets failures that are older than the window, and those before a success", function()
    assert.equal(0, fail(4))
    now = now + 900
    assert.equal(0, fail(4))
    assert.is_true(attempt():succeeded())
    assert.equal(0, fail(4))
    assert.equal(900, fail(1))
  end)

  it("counts an attempt before its code is looked at: of many at once five are", function()
    local begun = 0
    for _ = 1, 1000 do
      if not attempt().refusal then
        begun = begun + 1
      end
    end
    assert.equal(5, begun)
  end)

  it("does not end a lock when an attempt from before it succeeds", function()
    local early = attempt()
    fail(4)
    assert.is_true(early:succeeded())
    assert.equal("locked", (refusal()))
    now = now + 899
    assert.equal("locked", (refusal()))
    now = now + 1
    assert.is_nil(refusal())
  end)

  it("has no attempts to spare after one that succeeds late, or several at once", function()
    local early = attempt()
    now = now + 900
    assert.is_true(early:succeeded())
    assert.equal(900, fail(5))
    now = now + 86400
    early = attempt()
    now = now + 900
    assert.is_true(early:withdraw())
    assert.equal(900, fail(5))
    now = now + 86400
    local one, other = attempt(), attempt()
    assert.is_true(one:succeeded() and other:succeeded())
    assert.equal(0, fail(4))
    assert.is_true(fail(1) > 0)
  end)

  it("counts nowhere what no user can be called, however long it is once it is composed", function()
    local full = state.memory { max = 1 }
    assert(full:add("x", "y", 60))
    for _, user in ipairs {
      "",
      " ",
      "\194\160",
      "\239\187\191",
      ("a"):rep(321),
      ("\224\165\152"):rep(106), -- these letters become two and three when they are composed
      ("\240\157\133\160"):rep(80),
    } do
      local refused = attempt({ user = user, state = full, address = "192.0.2.1" }).refusal
      assert.equal("unknown_user", refused.outcome)
      local options = { user = user, secret = KEY, code = "123456", state = full, time = now }
      assert.equal("unknown_user", assert(totp.verify(options)).outcome)
    end
  end)

  it("ends a challenge after five attempts, whoever they are for", function()
    for index = 1, 5 do
      local one = attempt { challenge = "c1", user = ("u%d@acme.example"):format(index) }
      assert.is_nil(one.refusal)
      assert.is_true(one:succeeded())
    end
    local refused = attempt({ challenge = "c1", user = "bob@acme.example" }).refusal
    assert.same({ "locked", "challenge_over" }, { refused.outcome, refused.code })
    assert.is_nil(refused.retry_after)
    assert.is_nil(refusal { challenge = "c2" })
  end)

  it("lets an address lock no more users than its share", function()
    local evil = "198.51.100.7"
    for index = 1, 8 do
      local user = ("u%d@acme.example"):format(index)
      assert.is_true(fail(5, { user = user, address = evil }) > 0)
      assert.equal("locked", (refusal { user = user, address = evil }))
      local elsewhere = refusal { user = user, address = "192.0.2.1" }
      assert.equal(index <= 5 and "locked" or nil, elsewhere)
    end
    now = now + 3600
    assert.equal(900, fail(5, { user = "new@acme.example", address = evil }))
    assert.equal("locked", (refusal { user = "new@acme.example" }))
  end)

  it("gives addresses that have locked their share few attempts on one user, together", function()
    local tried = 0
    for place = 1, 40 do
      local evil = ("198.51.100.%d"):format(place)
      assert(here:increment("mfa:address:" .. evil, 5, 3600))
      for _ = 1, 5 do
        local one = attempt { address = evil }
        if not one.refusal then
          tried = tried + 1
          assert(one:failed())
        end
      end
    end
    assert.equal(50, tried)
    assert.is_nil(refusal { address = "192.0.2.1" })
  end)

  it("keeps no counter of an empty user, or one that is too long", function()
    for _, user in ipairs { "", " \t", ("x"):rep(321) } do
      assert.equal(
        "unknown_user",
        (refusal { user = user, challenge = "c", address = "192.0.2.1" })
      )
    end
    assert.is_nil(next(here._backend._values))
    assert.is_nil(
      refusal { user = ("x"):rep(320), challenge = ("c"):rep(320), address = ("a"):rep(100) }
    )
  end)

  it("reports what the state says", function()
    local full = state.memory { max = 1 }
    assert(full:put("x", "y", 60))
    for _, more in ipairs { {}, { challenge = "c" }, { address = "192.0.2.1" } } do
      more.state, more.user = full, "ann"
      check.failure("conflict", "state_full", lockout.begin(more))
    end
    local last = attempt()
    for _ = 2, 5 do
      last = attempt()
    end
    last.state = full
    check.failure("conflict", "state_full", last:failed())
    check.failure("conflict", "state_full", last:succeeded())
  end)

  it("does not say whether the code of a locked user was right", function()
    local function verify(code)
      return totp.verify { user = "ann", secret = KEY, code = code, state = here, time = now }
    end
    local right = assert(totp.code { secret = KEY, time = now })
    local wrong = right == "000000" and "000001" or "000000"
    for index = 1, 5 do
      local result = verify(wrong)
      assert.equal("denied", result.outcome)
      assert.equal(index == 5 and 900 or nil, result.locked_for)
    end
    assert.same(verify(wrong), verify(right))
    assert.same({ "locked", 900 }, { verify(right).outcome, verify(right).retry_after })
    now = now + 900
    right = assert(totp.code { secret = KEY, time = now })
    assert.is_true(verify(right).ok)
  end)

  it("blames whoever asks for what it does not take", function()
    for _, options in ipairs {
      {},
      { state = here },
      { user = "ann" },
      { state = here, user = "ann", challenge = ("c"):rep(321) },
      { state = here, user = "ann", address = ("a"):rep(101) },
      { state = here, user = "ann", limits = { failures = 0.5 } },
      { state = here, user = "ann", limits = { failure = 1 } },
      { state = here, user = "ann", adress = "x" },
    } do
      check.blamed(function()
        lockout.begin(options)
      end)
    end
  end)
end)
