-- The exporter is killed again and again while events come in, late ones and twins among them; in the
-- end its files hold what the sandbox holds, no event lost and none doubled.
-- Over an hour with 25,000 events, and over both hours in which the clock is changed.
-- The same with receivers: a webhook that is away now and then, refuses some events, or takes a batch and says
-- nothing, and syslog servers whose connections break; there all must have come, and once doubles are dropped by
-- the identifier, nothing else.
-- It is killed 9, 102 or 300 times with a file, 4, 30 or 300 times with each receiver.
-- Runs first: many runs, killed one after the other.
local extent = require "spec.support.extent"
local events = require "spec.support.events"
local json = require "lastpass.json"
local plans = require "spec.support.plans"
local store = require "spec.support.store"
local support = require "spec.support.box"
local time = require "lastpass.time"

local KILLS = extent(3, 34, 100) -- in each case
local KILLS_EACH = extent(4, 30, 300) -- with each receiver
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
        duplicates = 2 + math.floor(random() * 9),
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
    local burst = { from = NOW - 7000, seconds = 3600, count = case.hour, duplicates = 9 }
    assert(box:events { burst = burst })
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

describe("an exporter that is killed while its receiver is at fault", function()
  local NOW = 1781528400
  local box, folder, pipes

  setup(function()
    box = support.start { users = 20, events = 0, clock = NOW }
    assert(box:act { settings = { audit_reads = false } })
    folder, pipes = store.folder(), {}
    os.execute(
      (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x "
        .. "-addext subjectAltName=DNS:localhost -keyout %s/key -out %s/crt >/dev/null 2>&1 "
        .. "&& cat %s/key %s/crt > %s/pem"
      ):format(folder, folder, folder, folder, folder)
    )
  end)

  teardown(function()
    for _, pipe in ipairs(pipes) do
      os.execute("kill " .. pipe.process)
      pipe.file:close()
    end
    box:stop()
    store.remove(folder)
  end)

  -- A receiver's port.
  local function start(command)
    local file = assert(io.popen("echo $$; exec timeout 1200 /usr/bin/python3 " .. command))
    pipes[#pipes + 1] = { process = file:read "*l", file = file }
    return tonumber((file:read "*l"))
  end

  local function out_of(kind)
    return folder .. "/" .. kind .. ".out"
  end

  local function command_of(kind, port, how, name)
    local words = {
      box.url,
      ("%d"):format(box.cid),
      box.provhash,
      ("%s/%s.db"):format(folder, name or kind),
      folder .. "/" .. (name or kind),
      how,
      ("%d"):format(NOW),
      kind,
      ("%d"):format(port),
      folder .. "/crt",
    }
    for position, word in ipairs(words) do
      words[position] = "'" .. word .. "'"
    end
    return store.interpreter() .. " spec/support/export_child.lua " .. table.concat(words, " ")
  end

  -- Kills it again and again, in the background; the file `kind.done` says that it is over.
  -- It lives up to half as long again as a whole run takes here, so that it is killed in all that it does.
  local function kill_loop(kind, port, whole, random)
    local lives = {}
    for number = 1, KILLS_EACH * 6 do
      lives[number] = ("%.3f"):format(whole * (0.2 + 1.3 * random()))
    end
    local script = ([[killed=0
for life in %s; do
  timeout -s KILL $life %s >>%s/%s.log 2>&1
  [ $? = 137 ] && killed=$((killed + 1))
  [ $killed = %d ] && break
done
echo $killed >%s/%s.done]]):format(
      table.concat(lives, " "),
      command_of(kind, port, "follow"),
      folder,
      kind,
      KILLS_EACH,
      folder,
      kind
    )
    store.write(("%s/%s.sh"):format(folder, kind), script)
    os.execute(("sh %s/%s.sh >/dev/null 2>&1 &"):format(folder, kind))
  end

  local function is_over(kind)
    return tonumber(store.read(("%s/%s.done"):format(folder, kind)) or "")
  end

  -- Everything that has come, doubles dropped by their identifier; how many doubles there were.
  local function arrived(kind)
    local set, ids, doubles, zone = {}, {}, 0, time.zone()
    local function take(line)
      local event = assert(json.decode(line), line)
      if ids[event.event_id] then
        assert.equal(ids[event.event_id], line)
        doubles = doubles + 1
        return
      end
      ids[event.event_id] = line
      local local_time = time.format_civil((zone:to_local((assert(time.parse(event.time))))))
      local text = events.text_of(local_time, event.actor, event.ip, event.label, event.data)
      set[text] = (set[text] or 0) + 1
    end
    for line in (store.read(out_of(kind)) or ""):gmatch "[^\n]+" do
      take(line)
    end
    for line in (store.read(folder .. "/" .. kind .. ".letters") or ""):gmatch "[^\n]+" do
      take(assert(json.decode(line)).event)
    end
    return set, doubles
  end

  it(("loses nothing, and doubles can be told (%d kills each)"):format(KILLS_EACH), function()
    local random, number = plans.random(17), 0
    local cut = "cut=random cuts=1000000 chance=3"
    local ports = {
      webhook = start("spec/support/receiver.py " .. out_of "webhook"),
      tcp = start(("spec/support/collector.py tcp %s - %s"):format(out_of "tcp", cut)),
      tls = start(("spec/support/collector.py tls %s %s/pem %s"):format(out_of "tls", folder, cut)),
    }
    assert(
      box:events { burst = { from = NOW - 7000, seconds = 3600, count = 3000, duplicates = 9 } }
    )
    local now = require("lastpass.curl").now
    local began, trial = now(), start "spec/support/collector.py tcp /dev/null -"
    local said = store.output(command_of("tcp", trial, "once", "trial") .. " 2>&1")
    assert.equal("", said)
    local whole = math.min(now() - began, 5)
    for kind, port in pairs(ports) do
      kill_loop(kind, port, whole, random)
    end
    local deadline = os.time() + 1500
    repeat
      number = number + 1
      if number <= 60 then
        local at = NOW - 3000 + math.floor(2900 * number / 60)
        assert(box:events {
          burst = {
            from = at,
            seconds = 20,
            count = 20 + math.floor(random() * 100),
            duplicates = 5,
          },
          events = {
            { time = at - 500, data = "late " .. number },
            { time = at, data = "twin" },
            { time = at, data = "twin" },
            number % 7 == 3 and { time = at + 1, data = "poison " .. number } or nil,
          },
        })
      end
      store.output "sleep 0.3"
      local over = is_over "webhook" and is_over "tcp" and is_over "tls"
    until (over and number >= 60) or os.time() > deadline
    for kind, port in pairs(ports) do
      assert.equal(KILLS_EACH, is_over(kind), store.read(folder .. "/" .. kind .. ".log"))
      if KILLS_EACH >= 100 then
        assert.is_true(#(store.read(out_of(kind)) or "") > 0, "it was always killed too early")
      end
      local tries = 0
      repeat
        tries = tries + 1
        said = store.output(command_of(kind, port, "once") .. " 2>&1")
      until said == "" or tries == 40
      assert.equal("", said)
      local found, doubles = arrived(kind)
      assert.same({}, events.differences(events.of_box(box), found), kind)
      if os.getenv "LASTPASS_LONG" then
        local line = "%s: %d kills in lives of up to %.2f s, %d doubles dropped"
        print(line:format(kind, KILLS_EACH, whole * 1.5, doubles))
      end
    end
  end)
end)
