-- Exports as a whole, against the sandbox.
local check = require "spec.support.check"
local events = require "spec.support.events"
local export_module = require "lastpass.export"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local store = require "spec.support.store"
local support = require "spec.support.box"

local NOW = 1781528400
local AUTUMN = 1793512800 -- 2026-11-01 06:00 UTC: 01:00 comes again in New York

local export = export_module.run

describe("lastpass.export", function()
  local box, folder, path

  setup(function()
    box = support.start { users = 20, events = 300, clock = NOW }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { audit_reads = false } })
    folder = store.folder()
    path = folder .. "/events.json"
  end)

  after_each(function()
    store.remove(folder)
  end)

  local function client(options)
    options = options or {}
    options.journal = folder .. "/journal.db"
    return box:client(options)
  end

  -- The file as a multiset, by what the wire says.
  local function of_file(name)
    local zone, set = require("lastpass.time").zone(), {}
    local time = require "lastpass.time"
    for line in io.lines(name or path) do
      local event = assert(json.decode(line))
      local civil = zone:to_local((assert(time.parse(event.time))))
      local text =
        events.text_of(time.format_civil(civil), event.actor, event.ip, event.label, event.data)
      set[text] = (set[text] or 0) + 1
    end
    return set
  end

  local function assert_complete()
    assert.same({}, events.differences(events.of_box(box), of_file()))
  end

  it("writes a range to a file, whole", function()
    assert(box:events { events = { { time = NOW - 10, action = "Frobnicated" } } })
    local seen = {}
    local result = assert(export(client(), {
      from = "-40d",
      to = NOW,
      sink = path,
      on_progress = function(progress)
        seen[#seen + 1] = progress.events
      end,
    }))
    assert.equal(301, result.events)
    assert.equal(0, result.duplicates)
    assert.same({ Frobnicated = 1 }, result.unknown)
    assert.is_nil(result.cursor)
    assert.equal(301, seen[#seen])
    assert_complete()
  end)

  it("leaves no file behind when it fails or is cancelled", function()
    assert(box:faults { command = "reporting", body = '{"status":"FAIL","error":"no"}' })
    check.failure("refused", nil, export(client { retries = 0 }, { sink = path }))
    support.reset(box)
    local function cancel()
      return true
    end
    check.failure(
      "cancelled",
      "cancelled",
      export(client(), { from = "-40d", sink = path, cancel = cancel })
    )
    assert.is_nil(store.read(path))
    assert.is_nil(store.read(path .. ".part"))
  end)

  it("says what is wrong with a time", function()
    local err = check.failure("argument", "bad_time", export(client(), { from = "soon" }))
    assert.matches("option 'from'", err.message)
  end)

  it("goes on where the cursor stands; latecomers and twins included", function()
    local function run()
      return assert(export(client(), { from = "-40d", cursor = "siem", sink = path }))
    end
    local first = run()
    assert.equal(300, first.events)
    assert.equal("siem", first.cursor)
    assert.equal(0, run().events)
    local twin = { time = NOW - 5, action = "Log in", username = "ann@acme.com" }
    assert(box:events { events = { twin, twin } })
    assert.equal(2, run().events)
    assert(box:events { events = { twin, { time = NOW - 300, data = "late" } } })
    local result = run()
    assert.equal(2, result.events)
    assert.is_true(result.duplicates >= 2)
    assert.equal(NOW - 5, result.position)
    assert_complete()
  end)

  it("goes on through both hours of autumn, look by look", function()
    local at = AUTUMN - 7200
    while at <= AUTUMN + 7200 do
      assert(box:clock { set = at })
      assert(box:events { burst = { from = at - 600, seconds = 599, count = 50, duplicates = 7 } })
      assert(export(client(), { from = AUTUMN - 9000, cursor = "siem", sink = path }))
      at = at + 600
    end
    assert(box:events { events = { { time = AUTUMN + 6900, data = "late" } } })
    assert(export(client(), { from = AUTUMN - 9000, cursor = "siem", sink = path }))
    local count = 0
    for _ in io.lines(path) do
      count = count + 1
    end
    assert.equal(25 * 58 + 1, count)
    -- by the wire's texts, in which both hours look alike
    local expected = {}
    for text, number in pairs(events.of_box(box)) do
      if text:match "^2026%-1[01]" then
        expected[text] = number
      end
    end
    assert.same({}, events.differences(expected, of_file()))
    assert(box:clock { set = NOW })
  end)

  it("tells an event that comes in both hours of autumn from the one before", function()
    local function look(at, ...)
      assert(box:clock { set = at })
      local list = {}
      for _, name in ipairs { ... } do
        list[#list + 1] = { time = at, action = "Log in", data = name, username = "ann@acme.com" }
      end
      assert(box:events { events = list })
      assert(export(client(), { from = AUTUMN - 9000, cursor = "siem", sink = path }))
    end
    look(AUTUMN - 3600 + 480, "cron", "twice", "twice")
    look(AUTUMN - 3600 + 1500, "x")
    look(AUTUMN + 240, "y")
    look(AUTUMN + 480, "cron", "twice")
    look(AUTUMN + 4000, "z")
    local times, ids = {}, {}
    for line in io.lines(path) do
      local event = json.decode(line)
      assert.is_nil(ids[event.event_id])
      ids[event.event_id] = true
      if event.data == "cron" or event.data == "twice" then
        assert.is_nil(event.ambiguous)
        times[#times + 1] = event.data .. " " .. event.time
      end
    end
    table.sort(times)
    assert.same({
      "cron 2026-11-01T05:08:00Z",
      "cron 2026-11-01T06:08:00Z",
      "twice 2026-11-01T05:08:00Z",
      "twice 2026-11-01T05:08:00Z",
      "twice 2026-11-01T06:08:00Z",
    }, times)
    assert(box:clock { set = NOW })
  end)

  it("gives an event the same identifier in every run, window and page", function()
    local twin = { time = NOW - 600, action = "Log in", username = "ann@acme.com", data = "twin" }
    assert(box:events { events = { twin, twin, twin } })
    assert(box:events { burst = { from = NOW - 3000, seconds = 10, count = 500, duplicates = 9 } })
    local function ids_of(options)
      local set, count = {}, 0
      options.sink = function(text)
        for line in text:gmatch "[^\n]+" do
          local event = json.decode(line)
          assert.is_nil(set[event.event_id], event.event_id)
          set[event.event_id], count = event.time .. event.data .. event.actor, count + 1
        end
        return true
      end
      assert(export(client(), options))
      return set, count
    end
    local all, count = ids_of { from = "-40d" }
    assert.equal(#assert(box:events()), count)
    local some, fewer = ids_of { from = NOW - 700 }
    assert.is_true(fewer >= 3 and fewer < count)
    for id, text in pairs(some) do
      assert.equal(all[id], text)
    end
    assert.same(all, (ids_of { from = "-40d", cursor = "one" }))
    -- what comes late to its equals has a number of its own
    assert(box:events { events = { twin } })
    local late, one = ids_of { from = "-40d", cursor = "one" }
    assert.equal(1, one)
    assert.is_nil(all[next(late)])
    assert.matches("^%x+%-4$", (next(late)))
    local named = ids_of {
      from = NOW - 700,
      pseudonymise = lastpass.secret.value "key",
    }
    for id in pairs(named) do
      assert.is_nil(all[id])
    end
  end)

  it("keeps the cursor after each batch that the sink has confirmed", function()
    local texts, sink = {}, nil
    local function new_sink(most)
      sink = {
        confirmed = true,
        batch = { events = 40 },
        write = function(_, text)
          if most == 0 then
            return nil, "away", { kind = "transport", code = "away", message = "away" }
          end
          most = most - 1
          texts[#texts + 1] = text
          return true
        end,
        confirm = function()
          return {}
        end,
      }
      return sink
    end
    local options = { from = "-40d", cursor = "siem" }
    for _ = 1, 2 do
      options.sink = new_sink(3)
      check.failure("transport", "away", export(client(), options))
    end
    options.sink = new_sink(100)
    assert(export(client(), options))
    local seen, count = {}, 0
    for line in table.concat(texts):gmatch "[^\n]+" do
      local id = json.decode(line).event_id
      assert.is_nil(seen[id])
      seen[id], count = true, count + 1
    end
    assert.equal(300, count)
  end)

  it("follows until it is cancelled, and survives what passes", function()
    local looks = 0
    local messages = {}
    assert(box:faults { command = "reporting", status = 503, nth = 3 })
    local result = assert(export(client { retries = 0 }, {
      from = "-40d",
      cursor = "siem",
      follow = true,
      every = 0,
      sink = path,
      on_progress = function(progress)
        messages[#messages + 1] = progress.code
      end,
      cancel = function()
        looks = looks + 1
        if looks == 30 then
          assert(box:events { events = { { time = NOW - 1, data = "new" } } })
        end
        return looks > 60
      end,
    }))
    assert.equal(301, result.events)
    assert.same({ "http_status" }, messages)
    assert_complete()
  end)

  it("ends following at what does not pass", function()
    local told = 0
    local sink = {
      write = function()
        told = told + 1
        return nil, "full", { kind = "argument", code = "disk_full", message = "full" }
      end,
      confirm = function()
        return {}
      end,
    }
    check.failure(
      "argument",
      "disk_full",
      export(client(), { from = "-40d", cursor = "siem", follow = true, sink = sink })
    )
    assert.equal(1, told)
    -- and the cursor has not moved
    local result = assert(export(client(), { from = "-40d", cursor = "siem", sink = path }))
    assert.equal(300, result.events)
  end)

  it("moves the cursor only after the sink has confirmed", function()
    local journal = {}
    local sink = {
      write = function(_, _, count)
        journal[#journal + 1] = "write " .. count
        return true
      end,
      confirm = function()
        journal[#journal + 1] = "confirm"
        if #journal == 1 then
          return {} -- nothing was written yet
        end
        return nil, "lost", { kind = "protocol", code = "lost", message = "lost" }
      end,
    }
    check.failure(
      "protocol",
      "lost",
      export(client(), { from = "-40d", cursor = "siem", sink = sink })
    )
    assert.equal("confirm", journal[1])
    assert.matches("^write %d", journal[2])
    assert.equal("confirm", journal[#journal])
    local result = assert(export(client(), { from = "-40d", cursor = "siem", sink = path }))
    assert.equal(300, result.events)
  end)

  it("takes back what was written before the cursor was first kept", function()
    local options = { from = "-3d", cursor = "siem", sink = path }
    local line = '{"somebody":"else"}\n'
    store.write(path, line)
    local room = require "lastpass.export.cursor"
    local open = room.open
    function room.open(...) -- luacheck: ignore 122
      local cursor = open(...)
      local save = cursor.save
      cursor.save = function(...)
        return #store.read(path) == #line and save(...) or error "killed"
      end
      return cursor
    end
    local ok, message = pcall(export, client(), options)
    room.open = open -- luacheck: ignore 122
    assert.is_false(ok)
    assert.matches("killed", message)
    assert.is_true(#store.read(path) > #line)
    local result = assert(export(client(), options))
    local lines = {}
    for text in io.lines(path) do
      lines[#lines + 1] = text
    end
    assert.equal('{"somebody":"else"}', lines[1])
    assert.is_true(result.events > 0)
    assert.equal(1 + result.events, #lines)
  end)

  it("goes on in a new file when the old one was taken away and the exporter killed", function()
    local function run()
      return assert(export(client(), { from = "-40d", cursor = "siem", sink = path }))
    end
    run()
    os.rename(path, folder .. "/taken.json")
    assert(box:events { events = { { time = NOW - 5, data = "new" } } })
    local file = require "lastpass.export.sinks.file"
    local open = file.open
    function file.open(...) -- luacheck: ignore 122
      local sink = open(...)
      local write = sink.write
      sink.write = function(...)
        write(...)
        error "killed"
      end
      return sink
    end
    local ok = pcall(run)
    file.open = open -- luacheck: ignore 122
    assert.is_false(ok)
    assert.truthy(#store.read(path) > 0)
    assert.equal(1, run().events)
    local count = 0
    for _ in io.lines(path) do
      count = count + 1
    end
    assert.equal(1, count)
  end)

  it("makes no cursor when nothing could be read", function()
    assert(box:faults { command = "reporting", status = 503, nth = 1 })
    check.failure(
      "transport",
      "http_status",
      export(client { retries = 0 }, { from = "-1d", cursor = "siem", sink = path })
    )
    local result = assert(export(client(), { from = "-40d", cursor = "siem", sink = path }))
    assert.equal(300, result.events)
  end)

  it("writes every format with its header, and no name where names are not wanted", function()
    for _, format in ipairs { "ndjson", "ecs", "ocsf", "cef", "leef", "syslog", "csv" } do
      local result = assert(export(client(), {
        from = "-40d",
        format = format,
        sink = path,
        pseudonymise = lastpass.secret.value "key",
      }))
      assert.equal(300, result.events)
      local text = store.read(path)
      local _, lines = text:gsub("\n", "")
      assert.equal(format == "csv" and 301 or 300, lines)
      assert.is_truthy(text:find("@pseudonym.invalid", 1, true))
      assert.is_nil(text:find(box:client():option "cid" == 0 and "" or "@lumenor.example", 1, true))
    end
  end)

  it("works inside a task", function()
    local one = client()
    local result
    lastpass.parallel(2, function(spawn)
      spawn(function()
        result = assert(export(one, { from = "-40d", sink = path }))
      end)
    end)
    assert.equal(300, result.events)
  end)
end)

describe("options of client:export", function()
  it("have defaults, and are copied", function()
    local given = { cursor = "siem" }
    local complete = export_module.complete_options(given, 1)
    assert.equal("ndjson", complete.format)
    assert.equal(60, complete.every)
    assert.equal(900, complete.overlap)
    assert.equal("-24h", complete.from)
    assert.is_nil(given.format)
  end)

  it("that are wrong are blamed on the caller", function()
    for given, text in pairs {
      [{ formt = "x" }] = "did you mean 'format'",
      [{ follow = true, to = "now" }] = "exclude each other",
      [{ cursor = "" }] = "'cursor' must be a name",
      [{ cursor = "x", to = "now" }] = "exclude each other",
      [{ every = -1 }] = "a number of seconds",
      [{ pseudonymise = io.stdout }] = "lastpass.secret",
    } do
      assert.matches(
        text,
        check.blamed(function()
          export_module.complete_options(given, 1)
        end)
      )
    end
  end)

  it("are all listed for the documentation", function()
    local listed = {}
    for _, entry in ipairs(export_module.options) do
      listed[entry[1]] = true
      assert.is_string(entry[3])
    end
    local message = check.blamed(function()
      export_module.complete_options({ nonsense_option = 1 }, 1)
    end)
    for name in message:match("known are: (.-)%)"):gmatch "[%w_]+" do
      assert.is_true(listed[name], name)
    end
  end)
end)
