-- The exporter is killed again and again while events come in, late ones and twins among them; in the
-- end its files hold what the sandbox holds, no event lost and none doubled.
-- Over an hour with 25,000 events, and over both hours in which the clock is changed.
-- LASTPASS_LONG=1 kills it 102 times, otherwise 9.
local events = require "spec.support.events"
local json = require "lastpass.json"
local plans = require "spec.support.plans"
local store = require "spec.support.store"
local support = require "spec.support.box"
local time = require "lastpass.time"

local KILLS = os.getenv "LASTPASS_LONG" and 34 or 3 -- in each case
local SHORTEST_LIFE, LONGEST_LIFE = 0.02, 0.5 -- seconds

local cases = {
  { name = "with 25,000 events in an hour", now = 1781528400, hour = 25000 },
  -- 2026-03-08 02:00 in New York, where the clock goes on to 03:00, is 1772953200
  { name = "when an hour is left out", now = 1772953200 + 3000, hour = 6000 },
  -- 2026-11-01 02:00 in New York, where the clock goes back to 01:00, is 1793512800
  { name = "when an hour comes twice", now = 1793512800 + 4000, hour = 6000 },
}

local function describe_case(case)
  local NOW = case.now
  local box, folder, path

  setup(function()
    box = support.start { users = 20, events = 0, clock = NOW }
    assert(box:act { settings = { audit_reads = false } })
    folder = store.folder()
    path = folder .. "/events.json"
  end)

  teardown(function()
    box:stop()
    store.remove(folder)
  end)

  local function command(how)
    local words = {
      box.url,
      ("%d"):format(box.cid),
      box.provhash,
      folder .. "/journal.db",
      path,
      how,
      ("%d"):format(NOW),
    }
    for position, word in ipairs(words) do
      words[position] = "'" .. word .. "'"
    end
    return store.interpreter() .. " spec/support/export_child.lua " .. table.concat(words, " ")
  end

  -- Whatever comes to pass while nobody looks: a burst, twins in one second, what comes late.
  local function happen(random, number)
    local at = NOW - 3600 + math.floor(3000 * number / KILLS)
    assert(box:events {
      burst = {
        from = at,
        seconds = 20,
        count = 50 + math.floor(random() * 400),
        twins = 2 + math.floor(random() * 9),
      },
      events = {
        { time = at - 1000 - math.floor(random() * 1000), data = "late " .. number },
        { time = at, data = "twin" },
        { time = at, data = "twin" },
      },
    })
  end

  -- Every line of all files as the wire has it.
  local function of_files()
    local set, count, zone = {}, 0, time.zone()
    local names = { path }
    while store.read(path .. "." .. #names) do
      names[#names + 1] = path .. "." .. #names
    end
    for _, name in ipairs(names) do
      for line in io.lines(name) do
        local event = assert(json.decode(line))
        local local_time = time.format_civil((zone:to_local((assert(time.parse(event.time))))))
        local text = events.text_of(local_time, event.actor, event.ip, event.label, event.data)
        set[text], count = (set[text] or 0) + 1, count + 1
      end
    end
    return set, count, #names
  end

  it(("loses nothing and doubles nothing %s (%d kills)"):format(case.name, KILLS), function()
    local random, killed, log = plans.random(11), 0, folder .. "/log"
    assert(
      box:events { burst = { from = NOW - 7000, seconds = 3600, count = case.hour, twins = 9 } }
    )
    local number = 0
    while killed < KILLS do
      number = number + 1
      local life = SHORTEST_LIFE + random() * (LONGEST_LIFE - SHORTEST_LIFE)
      local line =
        "exec 2>/dev/null; timeout -s KILL %.3f %s >>%s 2>&1 & child=$!; echo; wait $child; echo $?"
      local pipe = assert(io.popen(line:format(life, command "follow", log)))
      pipe:read "*l"
      happen(random, number)
      if tonumber((pipe:read "*l")) == 137 then
        killed = killed + 1
      end
      pipe:close()
      assert.is_true(number < KILLS * 3, store.read(log))
    end
    assert.equal("", store.output(command "once" .. " 2>&1"))
    local found, count, files = of_files()
    assert.same({}, events.differences(events.of_box(box), found))
    assert.is_true(count > case.hour + 50 * killed)
    assert.is_true(files > 1, "nothing was put away")
  end)
end

describe("an exporter that is killed", function()
  for _, case in ipairs(cases) do
    describe(case.name, function()
      describe_case(case)
    end)
  end
end)
