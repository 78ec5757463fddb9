-- Any range of events, whole and in order, whatever happens on the clock.
local check = require "spec.support.check"
local events = require "spec.support.events"
local reader = require "lastpass.export.reader"
local support = require "spec.support.box"

describe("lastpass.export.reader", function()
  local AUTUMN = 1793512800 -- 2026-11-01 06:00 UTC: 01:00 comes again in New York
  local SPRING = 1772953200 -- 2026-03-08 07:00 UTC: 02:00 is passed over

  local function start(clock, options)
    options = options or {}
    options.users, options.events, options.clock = 20, options.events or 0, clock
    local box = support.start(options)
    assert(box:act { settings = { audit_reads = false } })
    return box
  end

  -- The multiset of what is read, and whether it came in the order of time.
  local function read(box, query, options)
    local set, count, last, in_order, ambiguous = {}, 0, -math.huge, true, 0
    query.now = query.now or box:clock().now
    assert(reader.read(box:client(options), query, function(rows)
      for row = #rows, 1, -1 do
        if not rows:at(row, "dropped") then
          local text = events.text_of(
            rows:at(row, "local_time"),
            rows:at(row, "username"),
            rows:at(row, "address"),
            rows:at(row, "action"),
            rows:at(row, "data")
          )
          set[text] = (set[text] or 0) + 1
          count = count + 1
          ambiguous = ambiguous + (rows:at(row, "ambiguous") and 1 or 0)
          in_order = in_order and rows:at(row, "utc") >= last
          last = rows:at(row, "utc")
        end
      end
      return true
    end))
    return set, count, in_order, ambiguous
  end

  local box

  after_each(function()
    box:stop()
  end)

  it("reads 25,000 events of one hour, twins included, no reply being full twice", function()
    local now = 1781528400
    box = start(now, { events = 300 })
    assert(
      box:events { burst = { from = now - 7200, seconds = 3600, count = 25000, duplicates = 40 } }
    )
    local set, count, in_order = read(box, { from = now - 30 * 86400 })
    assert.equal(25000 + 625 + 300, count)
    assert.same({}, events.differences(events.of_box(box), set))
    assert.is_true(in_order)
    assert.is_true(support.requests(box, "reporting") < 60)
  end)

  it("reads a range to the second: its first one is in it, its end is not", function()
    local now = 1781528400
    box = start(now)
    local list = {}
    for second = 0, 9 do
      list[#list + 1] = { time = now - 100 + second, data = tostring(second) }
      list[#list + 1] = { time = now - 100 + second, data = tostring(second) }
    end
    assert(box:events { events = list })
    assert.equal(8, select(2, read(box, { from = now - 98, to = now - 94 })))
    assert.equal(12, select(2, read(box, { from = now - 96 })))
    assert.equal(0, select(2, read(box, { from = now - 50, to = now - 40 })))
  end)

  it("reads more than a reply holds within one second", function()
    local now = 1781528400
    box = start(now)
    assert(
      box:events { burst = { from = now - 600, seconds = 0.9, count = 12000, duplicates = 0 } }
    )
    local set, count = read(box, { from = now - 3600 })
    assert.equal(12000, count)
    assert.same({}, events.differences(events.of_box(box), set))
  end)

  it("reads both hours of autumn, and tells them apart", function()
    box = start(AUTUMN + 86400)
    assert(box:events {
      burst = { from = AUTUMN - 5400, seconds = 10800, count = 3000, duplicates = 30 },
    })
    local set, count, in_order, ambiguous = read(box, { from = AUTUMN - 86400 })
    assert.equal(3100, count)
    assert.same({}, events.differences(events.of_box(box), set))
    assert.is_true(in_order)
    assert.equal(0, ambiguous)
    -- 30 minutes before the second hour to its end: a third of it all
    assert.equal(1550, select(2, read(box, { from = AUTUMN - 1800, to = AUTUMN + 3600 })))
  end)

  it("reads more than a reply holds in the hour that happens twice", function()
    box = start(AUTUMN + 86400)
    assert(
      box:events { burst = { from = AUTUMN - 3600, seconds = 7200, count = 24000, duplicates = 0 } }
    )
    local set, count, in_order = read(box, { from = AUTUMN - 86400 })
    assert.equal(24000, count)
    assert.same({}, events.differences(events.of_box(box), set))
    assert.is_true(in_order)
  end)

  it("reads across the hour that spring leaves out", function()
    box = start(SPRING + 86400)
    local burst = { from = SPRING - 5400, seconds = 10800, count = 15000, duplicates = 0 }
    assert(box:events { burst = burst })
    local set, count, in_order = read(box, { from = SPRING - 86400 })
    assert.equal(15000, count)
    assert.same({}, events.differences(events.of_box(box), set))
    assert.is_true(in_order)
  end)

  it("reads what is ahead of our clock, when no end is given", function()
    local now = 1781528400
    box = start(now)
    assert(box:events { events = { { time = now - 10 } } })
    assert.equal(1, select(2, read(box, { from = now - 3600, now = now - 600 })))
  end)

  it("hands the filters on", function()
    local now = 1781528400
    box = start(now, { events = 200 })
    local _, all = read(box, { from = now - 30 * 86400 })
    local _, admins = read(box, { from = now - 30 * 86400, admin = true })
    local _, found = read(box, { from = now - 30 * 86400, search = "SAML" })
    assert.equal(200, all)
    assert.is_true(admins > 0 and admins < all)
    assert.is_true(found > 0 and found < all)
  end)

  it("stops at the first failure, of the server or of who is told", function()
    local now = 1781528400
    box = start(now, { events = 200 })
    assert(box:faults { command = "reporting", body = '{"status":"FAIL","error":"no"}', nth = 3 })
    local parts = 0
    local client = box:client { retries = 0 }
    check.failure(
      "refused",
      nil,
      reader.read(client, { from = now - 30 * 86400, now = now }, function()
        parts = parts + 1
        return true
      end)
    )
    assert.is_true(parts <= 2)
    support.reset(box)
    local ok, message, err = reader.read(client, { from = now - 86400, now = now }, function()
      return nil, "full", { kind = "argument" }
    end)
    assert.is_nil(ok)
    assert.equal("full", message)
    assert.equal("argument", err.kind)
  end)
end)

-- One reply, and the next ones.
describe("pages of lastpass.export.reader", function()
  local box, client

  setup(function()
    box = support.start { users = 10, events = 20 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client { retries = 0 }
  end)

  local function play(...)
    local rules = {}
    for position, body in ipairs { ... } do
      rules[position] = { command = "reporting", body = body, nth = position }
    end
    assert(box:faults(rules))
  end

  local function names(rows)
    local list = {}
    for row = 1, #rows do
      list[row] = rows:at(row, "username")
    end
    return table.concat(list)
  end

  local function follow()
    local data = { user = "allusers" }
    return reader.follow_pages(client, data, assert(reader.fetch_page(client, data)))
  end

  it("is read while it comes", function()
    assert.equal(20, #assert(reader.fetch_page(client, { from = "2026-01-01 00:00:00" })))
  end)

  it("says what the server refuses, in the contract's words", function()
    play '{"status":"FAIL","error":"Please select a valid user."}'
    local err = check.failure("refused", nil, reader.fetch_page(client, { user = "api" }))
    assert.equal("reporting", err.command)
    support.reset(box)
    play '<?xml version="1.0"?>\n<lastpass rc="Authorization Error"/>'
    check.failure("auth", nil, reader.fetch_page(client, {}))
    support.reset(box)
    play '{"status":"OK","data":{"Event1":{"Time":7}}}'
    local bad = check.failure("protocol", "unexpected_shape", reader.fetch_page(client, {}))
    assert.matches("at byte", bad.message)
    support.reset(box)
    play '{"status":"OK"}'
    check.failure("protocol", "unexpected_shape", reader.fetch_page(client, {}))
    support.reset(box)
    assert(box:faults { command = "reporting", status = 503 })
    check.failure("transport", "http_status", reader.fetch_page(client, {}))
  end)

  it("follows next digit by digit; the event of that moment comes once", function()
    play(
      events.reply(
        { { "2026-03-01 10:00:05", "a" }, { "2026-03-01 10:00:04", "b" } },
        '"1772377204123456"'
      ),
      events.reply(
        { { "2026-03-01 10:00:04", "b" }, { "2026-03-01 10:00:03", "c" } },
        "1772377203000001"
      ),
      events.reply { { "2026-03-01 10:00:03", "c" }, { "2026-03-01 10:00:01", "d" } }
    )
    assert.equal("abcd", names(assert(follow())))
  end)

  it("keeps events that say the same on both sides of the boundary", function()
    play(
      events.reply(
        { { "2026-03-01 10:00:04", "a" }, { "2026-03-01 10:00:04", "a" } },
        '"1772377204123456"'
      ),
      events.reply {
        { "2026-03-01 10:00:04", "a" },
        { "2026-03-01 10:00:04", "a" },
        { "2026-03-01 10:00:04", "a" },
      }
    )
    assert.equal("aaaa", names(assert(follow())))
  end)

  it("takes a whole second back when next is one", function()
    local last = { { "2026-03-01 10:00:04", "a" }, { "2026-03-01 10:00:04", "b" } }
    play(
      events.reply(last, '"1772377204000000"'),
      events.reply { last[1], last[2], { "2026-03-01 10:00:04", "c" } }
    )
    assert.equal("abc", names(assert(follow())))
    support.reset(box)
    play(
      events.reply(last, '"1772377204123456"'),
      events.reply { last[1], last[2], { "2026-03-01 10:00:04", "c" } }
    )
    assert.equal("abc", names(assert(follow())))
  end)

  it("does not go in circles", function()
    assert(box:faults {
      command = "reporting",
      body = events.reply({ { "2026-03-01 10:00:05" } }, '"1772377204123456"'),
    })
    check.failure("protocol", "unexpected_shape", follow())
    assert.equal(2, support.requests(box, "reporting"))
  end)
end)
