local events = require("lastpass.sandbox.events")
local seeds = require("lastpass.sandbox.seed")
local time = require("lastpass.time")

local EPOCH = 1781528400
local MICRO = 1000000

local function make(options, settings)
  local company = seeds.new({ cid = 1, seed = 1, users = 100, epoch = EPOCH, zone = time.zone() })
  return events.new(company, settings or { action_names = "sentence" }, options)
end

local function times(history, query)
  local list = {}
  history:walk(query, function(event)
    list[#list + 1] = event.time
  end)
  return list
end

describe("lastpass.sandbox.events", function()
  it("has a history without two events at one time", function()
    local list = times(make({ events = 5000 }), { to = EPOCH * MICRO })
    assert.equal(5000, #list)
    for at = 2, #list do
      assert.is_true(list[at - 1] > list[at])
    end
    assert.is_true(list[1] < EPOCH * MICRO)
    assert.is_true(list[#list] >= (EPOCH - 30 * 86400) * MICRO)
  end)

  it("finds any window, to the microsecond", function()
    local history = make({ events = 5000 })
    local all = times(history, { to = EPOCH * MICRO })
    for _, pair in ipairs({ { 10, 20 }, { 1, 5000 }, { 4999, 5000 }, { 77, 77 } }) do
      local first, last = pair[1], pair[2]
      local list = times(history, { to = all[first], from = all[last] })
      assert.equal(last - first + 1, #list)
      assert.equal(all[first], list[1])
      assert.equal(all[last], list[#list])
      assert.equal(
        #list - 2,
        #times(history, { to = all[first] - 1, from = all[last] + 1 }) - (first == last and 1 or 0)
      )
    end
  end)

  it("puts the log before the history and gives each entry a time of its own", function()
    local history = make({ events = 10 })
    for number = 1, 3 do
      history:append(EPOCH * MICRO, "deactivated", "n" .. number, "API", "127.0.0.1")
    end
    history:append(EPOCH * MICRO + 500, "deactivated", "n4", "API", "127.0.0.1")
    local list = times(history, { to = math.huge })
    assert.equal(14, #list)
    assert.same({ EPOCH * MICRO + 500, EPOCH * MICRO + 3 }, { list[1], list[2] })
    assert.equal(11, #times(history, { to = EPOCH * MICRO + 1 }))
    assert.equal(2, #times(history, { to = math.huge, from = EPOCH * MICRO + 3 }))
  end)

  it("stops when it is told to", function()
    local count = 0
    make({ events = 100 }):walk({ to = EPOCH * MICRO }, function()
      count = count + 1
      return count < 7
    end)
    assert.equal(7, count)
  end)

  it("may have no history", function()
    assert.same({}, times(make({ events = 0 }), { to = math.huge }))
  end)

  it("has all the forms of Data", function()
    local seen = {}
    local history = make({ events = 2000 })
    history:walk({ to = EPOCH * MICRO }, function(event)
      seen[history:label(event)] = event.data
    end)
    assert.matches("^VID: %d+$", seen["Site added"])
    assert.matches("^Secure Note %(VID: %d+%)$", seen["Open secure note"])
    assert.matches("^'Shared%-.+' '.+@.+'$", seen["Add to shared folder"])
    assert.matches("'Read only:no Admin:no Hide PW:no'$", seen["Update folder permissions"])
    assert.matches("^%S+@%S+ %- %S", seen["Adding user to group"])
    assert.matches(" New value: %d+$", seen["Edit policy"])
    assert.matches(",", seen["Deleted sites"])
    assert.equal("", seen["Multifactor enabled"])
  end)

  it("writes times across a change of the clocks", function()
    local history = make({ events = 0 })
    -- 2026-11-01: New York goes from EDT to EST at 06:00 UTC.
    local change = 1793512800
    assert.equal("2026-11-01 01:59:59", history:time_text((change - 1) * MICRO))
    assert.equal("2026-11-01 01:00:00", history:time_text(change * MICRO))
  end)

  it("takes events of any time, and keeps the order", function()
    local history = make({ events = 100 })
    history:append(EPOCH * MICRO, "log_in", "", "a", "")
    history:insert({
      {
        time = (EPOCH - 86400) * MICRO,
        label = "Odd",
        data = "late",
        username = "b",
        address = "",
      },
      { time = (EPOCH + 5) * MICRO, label = "Odd", data = "", username = "c", address = "" },
      { time = (EPOCH + 5) * MICRO, label = "Odd", data = "", username = "c", address = "" },
    })
    history:append((EPOCH + 1) * MICRO, "log_in", "", "d", "")
    local names, last = {}, math.huge
    history:walk({ to = math.huge }, function(event)
      assert.is_true(event.time < last)
      last = event.time
      if #event.username == 1 then
        names[#names + 1] = event.username
      end
    end)
    assert.equal("ccdab", table.concat(names))
    local first = history.log[1]
    assert.same({ "Odd", "late" }, { history:label(first), first.data })
  end)

  it("makes many events over a stretch of time, some of them twice", function()
    local history = make({ events = 0 })
    history:burst(EPOCH * MICRO, 60 * MICRO, 1000, 10)
    local duplicates, before, count = 0, nil, 0
    history:walk({ to = math.huge }, function(event)
      local text = table.concat({
        history:time_text(event.time),
        event.username,
        event.address,
        history:label(event),
        event.data,
      }, "\n")
      duplicates = duplicates + (text == before and 1 or 0)
      before, count = text, count + 1
    end)
    assert.equal(1100, count)
    assert.equal(100, duplicates)
  end)
end)
