-- What every journal does with the rates of companies, whatever database is behind it. No process sleeps: slots are
-- compared with each other.
local assert = require "luassert"
local lastpass = require "lastpass"
local store = require "lastpass.store"
local support = require "spec.support.store"

return function(make, busted)
  local it = busted.it
  local options, journal, other

  busted.before_each(function()
    options = make()
    journal, other = assert(store.open(options)), assert(store.open(options))
  end)

  busted.after_each(function()
    journal:close()
    other:close()
  end)

  local function is_about(expected, actual)
    assert.is_true(math.abs(expected - actual) < 0.01, ("%s, not %s"):format(actual, expected))
  end

  it("gives each slot to one, whoever asks", function()
    local first = assert(journal:reserve_slots("t 1", 1, 0.01))
    is_about(100, first.step)
    assert.equal(0, first.after)
    assert.equal(0, first.blocked)
    assert.is_nil(first.learned)
    local slots = {}
    for at = 1, 6 do
      local one = at % 2 == 0 and journal or other
      slots[at] = assert(one:reserve_slots("t 1", at == 3 and 2 or 1, 0.01)).after
    end
    -- the clock of the database goes on meanwhile
    for at, expected in ipairs { 100, 200, 300, 500, 600, 700 } do
      assert.is_true(slots[at] <= expected and slots[at] > expected - 60, slots[at])
    end
    assert.equal(0, assert(other:reserve_slots("t 2", 1, 0.01)).after)
  end)

  it("takes the rate of whoever asks", function()
    assert(journal:reserve_slots("t 1", 10, 1))
    local slots = assert(other:reserve_slots("t 1", 1, 0.5))
    is_about(2, slots.step)
    assert.is_true(slots.after <= 10 and slots.after > 0)
  end)

  it("reserves no slot before a moment that is named", function()
    local slots = assert(journal:reserve_slots("t 1", 1, 2, 500))
    assert.is_true(slots.after > 440 and slots.after <= 500)
    slots = assert(journal:reserve_slots("t 1", 1, 2, 5000))
    assert.is_true(slots.after > 4900 and slots.after <= 5000)
  end)

  it("limits nobody that has no rate and was never refused", function()
    for _ = 1, 3 do
      local slots = assert(journal:reserve_slots("t 1", 1))
      assert.equal(0, slots.step)
      assert.equal(0, slots.after)
    end
  end)

  it("halves the rate when a company refuses, for all, and lets all wait", function()
    is_about(0.01, assert(journal:lower_rate("t 1", 0.01, 0.001, 300)))
    local slots = assert(other:reserve_slots("t 1", 1))
    assert.is_true(slots.blocked > 240 and slots.blocked <= 300)
    assert.is_true(slots.after > 240 and slots.after <= 300)
    -- a minute later it is twice as much; little of one has passed
    assert.is_true(slots.step > 45 and slots.step <= 100, slots.step)
    assert.is_true(slots.learned >= 0.01 and slots.learned < 0.021)
    -- the slower of the two counts
    is_about(2000, assert(other:reserve_slots("t 1", 1, 0.0005)).step)
    assert.is_true(assert(other:reserve_slots("t 1", 1, 100)).step > 45)
    assert.equal(0, assert(other:reserve_slots("t 2", 1)).step)
  end)

  it("takes refusals of requests that were under way together as one", function()
    is_about(8, assert(journal:lower_rate("t 1", 8, 0.1, 0)))
    for _ = 1, 3 do
      local rate = assert(other:lower_rate("t 1", 8, 0.1, 0))
      assert.is_true(rate <= 8 and rate >= 3) -- once more where a second has passed
    end
  end)

  it("waits for nothing that was written before the clock was set back", function()
    assert(journal:reserve_slots("t 1", 100000, 1))
    assert.is_true(other:reserve_slots("t 1", 1, 1).after < 1)
    assert(journal:lower_rate("t 2", 5, 1, 100000))
    local found = assert(other:reserve_slots("t 2", 1, 1))
    assert.same({ true, 0 }, { found.after < 1, found.blocked })
    -- what servers ask for is kept
    assert(journal:lower_rate("t 2", 5, 1, 120))
    assert.is_true(other:reserve_slots("t 2", 1, 1).blocked > 60)
  end)

  it("takes numbers only", function()
    for _, arguments in ipairs {
      { "", 1, 1 },
      { "t 1", 0.5, 1 },
      { "t 1", 1, "fast" },
      { "t 1", 1, 1, -1 },
      { "t 1", 1, 0 / 0 },
    } do
      assert.has_error(function()
        journal:reserve_slots((table.unpack or unpack)(arguments, 1, 4))
      end)
    end
    assert.has_error(function()
      journal:lower_rate("t 1", 1, 1, math.huge)
    end)
  end)

  -- The sandbox's own times: on a slow machine it takes longer, never less.
  it("lets four processes together ask at the rate of one", function()
    local box = assert(lastpass.sandbox.start { users = 3 })
    local children = {}
    for at = 1, 4 do
      children[at] = support.child {
        "ask",
        options.dsn or options.path,
        "-",
        -- the hash of a sandbox is no secret
        ("%s %.0f %s 20 8"):format(box.url, box.cid, box.provhash),
      }
    end
    for _, child in ipairs(children) do
      assert.equal("asked", child:read())
      child:wait()
    end
    local times = {}
    for _, entry in ipairs(assert(box:journal { command = "getuserdata" })) do
      times[#times + 1] = entry.microseconds / 1000000
    end
    box:stop()
    assert.equal(32, #times)
    table.sort(times)
    -- 32 slots of a twentieth of a second; what was late on its way may have come together with the next
    local took = times[#times] - times[1]
    assert.is_true(took > 31 / 20 - 0.15, ("32 requests came within %.2f s"):format(took))
    local most = 0
    for first = 1, #times do
      local count = 0
      while times[first + count] and times[first + count] < times[first] + 0.5 do
        count = count + 1
      end
      most = math.max(most, count)
    end
    -- 10 in half a second, and one of each process that was late
    assert.is_true(most <= 15, ("%d requests came within half a second"):format(most))
  end)
end
