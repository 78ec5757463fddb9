local check = require "spec.support.check"
local lastpass = require "lastpass"
local planted = require "spec.support.planted"
local readings = require "lastpass.report.reading"
local report = require "lastpass.report"

describe("lastpass.report.reading", function()
  local box, client

  setup(function()
    box = planted.start()
    planted.plant(box, { { "ann@acme.example", { admin = true } } }, { "new@acme.example" })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  it("reads the directory by the client's clock", function()
    local reading = assert(readings.open("report", client))
    assert.equal(planted.NOW, reading.now)
    assert.equal(planted.NOW, reading.read_at)
    local statement = reading:statement("everybody", { a = 1, f = print, deep = { "x" } })
    assert.is_true(statement.complete)
    assert.same({ a = 1, f = "(function)", deep = { "x" } }, statement.options)
    assert.equal(box.url .. ", account 8771312", statement.account)
  end)

  it("says what is missing", function()
    local reading = assert(readings.open("report", client))
    reading:miss("%d things", 3)
    local statement = reading:statement "everybody"
    assert.is_false(statement.complete)
    assert.truthy(
      statement.completeness:find "^not complete: 3 things %(the directory was read whole"
    )
  end)

  it("says when values had an unknown form", function()
    assert(box:faults {
      command = "getuserdata",
      count = 1,
      body = '{"total":1,"count":1,"Users":{"1":{"username":"a@x.example","sites":"many"}}}',
    })
    local reading = assert(readings.open("report", client))
    assert.truthy(reading:statement("x").completeness:find("1 value of an unknown form", 1, true))
  end)

  it("takes a directory that was read before, and its own time", function()
    local snapshot = assert(client:snapshot())
    local reading = assert(readings.open("report", snapshot))
    assert.equal(snapshot.read_at, reading.read_at)
    assert.equal(planted.NOW, reading.now)
  end)

  it("takes a stored directory where that is enough", function()
    assert(client:keep_snapshot())
    local stored = assert(client:kept_snapshot(planted.NOW))
    local reading = assert(readings.open("report", stored))
    assert.equal(planted.NOW, reading.now)
    assert.is_true(reading.is_record)
    check.blamed(function()
      readings.open("report", stored, { live = true })
    end)
  end)

  it("takes nothing else", function()
    assert.equal(
      "report: needs a client, or a directory as client:snapshot gives it",
      check.blamed(function()
        readings.open("report", "acme")
      end)
    )
  end)

  it("lets strict clients raise", function()
    assert.equal(1, #report.admins(lastpass.strict(client)).rows)
    assert.equal(1, #report.admins(lastpass.strict(client):snapshot()).rows)
    assert(readings.open("report", lastpass.strict(client):snapshot(), { live = true }))
    local failing = lastpass.strict(box:client { retries = 0 })
    assert(box:faults { command = "getuserdata", status = 500, count = 1 })
    check.raised("transport", "http_status", report.admins, failing)
  end)
end)
