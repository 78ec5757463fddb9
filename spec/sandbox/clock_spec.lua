local clocks = require("lastpass.sandbox.clock")
local time = require("lastpass.time")

describe("lastpass.sandbox.clock", function()
  it("reads spans", function()
    local known =
      { ["90s"] = 90, ["15m"] = 900, ["12h"] = 43200, ["3d"] = 259200, ["2w"] = 1209600 }
    known["1d12h"] = 129600
    known["1.5h"] = 5400
    for text, seconds in pairs(known) do
      assert.equal(seconds, clocks.span(text))
    end
    assert.equal(0.25, clocks.span(0.25))
  end)

  it("refuses what is no span", function()
    for _, value in ipairs({ "", "3", "d", "3x", "-3d", "3d ", -1, 0 / 0, math.huge, true, {} }) do
      local seconds, message, err = clocks.span(value)
      assert.is_nil(seconds)
      assert.matches("span", message)
      assert.equal("bad_span", err.code)
    end
  end)

  it("starts at a fixed instant and runs", function()
    local clock = clocks.new()
    local first = clock:microseconds()
    assert.is_true(first >= clocks.START * 1000000 and first < (clocks.START + 60) * 1000000)
    local later = first
    for _ = 1, 1000000 do
      later = clock:microseconds()
      if later > first then
        break
      end
    end
    assert.is_true(later > first)
  end)

  it("can stand, be put forward and be set", function()
    local clock = clocks.new(1000, true)
    assert.equal(1000000000, clock:microseconds())
    clock:advance(0.5)
    assert.equal(1000500000, clock:microseconds())
    assert.equal(1000, clock:seconds())
    clock:set(5000000)
    assert.equal(5, clock:seconds())
    clock:freeze(false)
    assert.is_true(clock:microseconds() >= 5000000)
    clock:freeze(true)
    local stood = clock:microseconds()
    assert.equal(stood, clock:microseconds())
  end)

  it("describes itself in the account's time", function()
    local shown = clocks.new(1781528400, true):describe(time.zone())
    assert.same({
      now = 1781528400,
      microseconds = "1781528400000000",
      iso = "2026-06-15T13:00:00Z",
      account_time = "2026-06-15 09:00:00",
      timezone = "America/New_York",
      frozen = true,
    }, shown)
  end)
end)
