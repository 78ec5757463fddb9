-- The exporter is killed again and again while events come in, late ones and twins among them; in the
-- end its files hold what the sandbox holds, no event lost and none doubled.
-- LASTPASS_LONG=1 kills it 100 times, otherwise 8.
local events = require "spec.support.events"
local json = require "lastpass.json"
local plans = require "spec.support.plans"
local store = require "spec.support.store"
local support = require "spec.support.box"
local time = require "lastpass.time"

local KILLS = os.getenv "LASTPASS_LONG" and 100 or 8
local SHORTEST_LIFE, LONGEST_LIFE = 0.02, 0.5 -- seconds
local NOW = 1781528400

describe("an exporter that is killed", function()
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
    local words =
      { box.url, ("%d"):format(box.cid), box.provhash, folder .. "/journal.db", path, how }
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
        local local_time = time.format_civil((zone:to_local(assert(time.parse(event.time)))))
        local text = events.text_of(local_time, event.actor, event.ip, event.label, event.data)
        set[text], count = (set[text] or 0) + 1, count + 1
      end
    end
    return set, count, #names
  end

  it(("loses nothing and doubles nothing (%d kills)"):format(KILLS), function()
    local random, killed, log = plans.random(11), 0, folder .. "/log"
    assert(box:events { burst = { from = NOW - 7000, seconds = 3000, count = 6000, twins = 9 } })
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
    assert.is_true(count > 6000 + 50 * killed)
    assert.is_true(files > 1, "nothing was put away")
  end)
end)
