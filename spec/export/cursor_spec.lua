-- How far an export has come.
local check = require "spec.support.check"
local cursors = require "lastpass.export.cursor"
local events = require "spec.support.events"
local lastpass = require "lastpass"
local store = require "spec.support.store"

describe("lastpass.export.cursor", function()
  local T = 1772377200 -- 2026-03-01 10:00:00 in New York

  local folder, client

  before_each(function()
    folder = store.folder()
    client = lastpass.new {
      cid = 1,
      provhash = lastpass.secret.value "x",
      journal = folder .. "/journal.db",
    }
  end)

  after_each(function()
    store.remove(folder)
  end)

  local function open(query)
    query = query or {}
    query.from = query.from or T - 3600
    return cursors.open(client, "siem", query, 60)
  end

  -- Rows a number of seconds after T.
  local function rows(...)
    local list = {}
    for position, one in ipairs { ... } do
      local time = require("lastpass.time").format_civil(T - 5 * 3600 + one[1])
      list[position] = { time, one[2] }
    end
    return events.clocked(list)
  end

  local function kept(part)
    local names = {}
    for row = 1, #part do
      if not part:at(row, "dropped") then
        names[#names + 1] = part:at(row, "username")
      end
    end
    return table.concat(names)
  end

  -- Everything that was read is handed on.
  local function take(cursor, part, now)
    local duplicates = cursor:filter(part, now)
    cursor:advance(part, 0, #part)
    return duplicates
  end

  it("begins where it is told, and moves when it is saved", function()
    local cursor = assert(open())
    assert.equal(T - 3600, cursor:threshold())
    cursor:begin_poll()
    local part = rows({ 10, "b" }, { 5, "a" })
    assert.equal(0, take(cursor, part, T + 20))
    assert.equal("ba", kept(part))
    assert.is_true(cursor:save { offset = 1 })
    local again = assert(open { from = T })
    assert.equal(T + 10, again.position)
    assert.equal(T + 10 - 60, again:threshold())
    assert.same({ offset = 1 }, again.state.sink)
  end)

  it("drops what was handed on, and nothing else: twins and latecomers count", function()
    local cursor = assert(open())
    cursor:begin_poll()
    take(cursor, rows({ 10, "b" }, { 10, "b" }, { 5, "a" }), T + 20)
    assert(cursor:save {})
    cursor = assert(open())
    cursor:begin_poll()
    local part = rows(
      { 12, "d" },
      { 10, "b" },
      { 10, "b" },
      { 10, "b" },
      { 7, "late" },
      { 5, "a" },
      { -55, "too late" }
    )
    assert.equal(3, take(cursor, part, T + 20))
    assert.equal("dblate", kept(part))
    assert(cursor:save {})
    cursor:begin_poll()
    part = rows({ 12, "d" }, { 10, "b" }, { 10, "b" }, { 10, "b" }, { 7, "late" })
    assert.equal(5, cursor:filter(part, T + 20))
    assert.equal("", kept(part))
  end)

  it("has not moved when it was not saved", function()
    local cursor = assert(open())
    cursor:begin_poll()
    take(cursor, rows { 10, "b" }, T + 20)
    cursor = assert(open())
    cursor:begin_poll()
    local part = rows { 10, "b" }
    assert.equal(0, cursor:filter(part, T + 20))
    assert.equal("b", kept(part))
  end)

  it("is not led into the future by one odd date", function()
    local cursor = assert(open())
    cursor:begin_poll()
    take(cursor, rows({ 9999999, "odd" }, { 10, "b" }), T + 20)
    assert(cursor:save {})
    assert.equal(T + 20, cursor.position)
    cursor:begin_poll()
    local part = rows({ 9999999, "odd" }, { 15, "c" })
    take(cursor, part, T + 25)
    assert.equal("c", kept(part))
  end)

  it("moves behind each batch, and meets what waits again", function()
    local cursor = assert(open())
    local function list()
      return rows({ 900, "e" }, { 800, "d" }, { 800, "d" }, { 700, "b" }, { 10, "a" })
    end
    cursor:begin_poll()
    local part = list()
    assert.equal(0, cursor:filter(part, T + 1000))
    cursor:advance(part, 0, 2)
    assert(cursor:save {})
    assert.equal(T + 700, cursor.position)
    cursor:advance(part, 2, 3)
    assert(cursor:save {})
    assert.equal(T + 800, cursor.position)
    cursor = assert(open())
    cursor:begin_poll()
    part = list()
    assert.equal(1, cursor:filter(part, T + 1000))
    assert.equal("ed", kept(part))
    -- the one that was handed on was the older of the two
    assert.is_false(part:at(2, "dropped"))
    assert.is_true(part:at(3, "dropped"))
  end)

  it("does not move behind a row that waits, in whatever order they stand", function()
    local cursor = assert(open())
    cursor:begin_poll()
    local part = rows({ 10, "a" }, { 900, "e" })
    cursor:filter(part, T + 1000)
    cursor:advance(part, 0, 1)
    assert(cursor:save {})
    assert.equal(T + 10, cursor.position)
    cursor = assert(open())
    cursor:begin_poll()
    part = rows({ 10, "a" }, { 900, "e" })
    assert.equal(1, cursor:filter(part, T + 1000))
    assert.equal("a", kept(part))
  end)

  it("forgets what was noted and not saved with the next look", function()
    local cursor = assert(open())
    cursor:begin_poll()
    take(cursor, rows { 10, "b" }, T + 20)
    cursor:begin_poll()
    assert(cursor:save {})
    assert.equal(T - 3600, cursor.position)
    cursor:begin_poll()
    assert.equal(0, take(cursor, rows { 10, "b" }, T + 20))
  end)

  it("forgets what is older than it looks back", function()
    local cursor = assert(open())
    for number = 1, 5 do
      cursor:begin_poll()
      take(cursor, rows { number * 100, "x" .. number }, T + 1000)
      assert(cursor:save {})
    end
    local count = 0
    for _ in pairs(cursor.exported.counts) do
      count = count + 1
    end
    assert.equal(1, count)
  end)

  it("belongs to one choice of events, and to one follower", function()
    local cursor = assert(open { user = "ann@acme.com" })
    cursor:begin_poll()
    take(cursor, rows { 10, "b" }, T + 20)
    assert(cursor:save {})
    check.failure("conflict", "other_query", open { user = "bob@acme.com" })
    local twin = assert(open { user = "ann@acme.com" })
    twin:begin_poll()
    take(twin, rows { 11, "b" }, T + 20)
    assert(twin:save {})
    cursor:begin_poll()
    take(cursor, rows { 12, "b" }, T + 20)
    check.failure("conflict", "cursor_moved", cursor:save {})
  end)
end)

-- What was seen of the last while.
describe("exported events of lastpass.export.cursor", function()
  local function digest(text)
    return (text .. ("."):rep(16)):sub(1, 16)
  end

  it("counts, and comes back from its bytes", function()
    local one = cursors.read_exported ""
    local a, b = digest "a", digest "b"
    assert.equal(0, one:count(a))
    one:note(a, 100, 1)
    one:note(a, 100, 3)
    one:note(a, 100, 2)
    one:note(b, 200, 1)
    assert.equal(3, one:count(a))
    assert.equal(200, one.newest)
    local two = assert(cursors.read_exported(one:dump()))
    assert.equal(one:dump(), two:dump())
    assert.equal(3, two:count(a))
    assert.equal(200, two.newest)
    two:prune(150)
    assert.equal(0, two:count(a))
    assert.equal(1, two:count(b))
  end)

  it("takes any digest, also one with line ends and digits in it", function()
    local one = cursors.read_exported ""
    for number = 1, 2000 do
      one:note(digest(tostring(number)), number, number % 3 + 1)
    end
    one:note(("1 2\n"):rep(4), -5, 7)
    local two = assert(cursors.read_exported(one:dump()))
    assert.equal(7, two:count(("1 2\n"):rep(4)))
    assert.equal(one:dump(), two:dump())
  end)

  it("does not take what it has not written", function()
    assert.is_nil(cursors.read_exported "rubbish")
    assert.is_nil(cursors.read_exported((("x"):rep(16)) .. "1 1"))
  end)
end)
