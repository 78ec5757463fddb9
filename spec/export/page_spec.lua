-- One reply, and the next ones.
local check = require "spec.support.check"
local events = require "spec.support.events"
local page = require "lastpass.export.page"
local support = require "spec.support.box"

describe("lastpass.export.page", function()
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
    return page.follow(client, data, assert(page.fetch(client, data)))
  end

  it("is read while it comes", function()
    assert.equal(20, #assert(page.fetch(client, { from = "2026-01-01 00:00:00" })))
  end)

  it("says what the server refuses, in the contract's words", function()
    play '{"status":"FAIL","error":"Please select a valid user."}'
    local err = check.failure("refused", nil, page.fetch(client, { user = "api" }))
    assert.equal("reporting", err.command)
    support.reset(box)
    play '<?xml version="1.0"?>\n<lastpass rc="Authorization Error"/>'
    check.failure("auth", nil, page.fetch(client, {}))
    support.reset(box)
    play '{"status":"OK","data":{"Event1":{"Time":7}}}'
    local bad = check.failure("protocol", "unexpected_shape", page.fetch(client, {}))
    assert.matches("at byte", bad.message)
    support.reset(box)
    play '{"status":"OK"}'
    check.failure("protocol", "unexpected_shape", page.fetch(client, {}))
    support.reset(box)
    assert(box:faults { command = "reporting", status = 503 })
    check.failure("transport", "http_status", page.fetch(client, {}))
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
