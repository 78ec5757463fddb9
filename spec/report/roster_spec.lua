local check = require "spec.support.check"
local planted = require "spec.support.planted"
local roster_room = require "lastpass.report.roster"

describe("lastpass.report.roster", function()
  local function reading()
    local gaps = {}
    return {
      query = {},
      gaps = gaps,
      miss = function(_, format, ...)
        gaps[#gaps + 1] = format:format(...)
      end,
    }
  end

  it("tells who is employed from who has left", function()
    local one = reading()
    local source = planted.roster({
      { email = "Ann@acme.example", name = "Ann", status = "employed" },
      { email = "bob@acme.example", status = " TERMINATED " },
      { email = "cat@acme.example" },
    }, { name = "hr" })
    local roster =
      assert(roster_room.read(one, source, { field = "status", inactive = { "Terminated" } }))
    assert.equal(2, #roster.list)
    assert.equal("Ann", roster_room.name_of(roster.by_address["ann@acme.example"]))
    assert.is_nil(roster_room.name_of(roster.by_address["cat@acme.example"]))
    assert.truthy(roster.left["bob@acme.example"])
    assert.equal(1, roster.left_count)
    assert.same({}, one.gaps)
    assert.same({ "roster hr: 3 rows read to the end, 0 rows refused" }, one.query)
  end)

  it("takes status words in any spelling, and notes those that nobody knows", function()
    local function rows()
      return planted.roster({
        { email = "ann@acme.example", status = "Employed" },
        { email = "bob@acme.example", status = "left\194\160" },
        { email = "cat@acme.example", status = "Beendet" },
        { email = "dee@acme.example" },
      }, { name = "hr" })
    end
    local one = reading()
    local inactive = { field = "status", inactive = { "LEFT" } }
    assert.equal(1, assert(roster_room.read(one, rows(), inactive)).left_count)
    assert.same({}, one.gaps)
    inactive.active = { "employed" }
    local roster = assert(roster_room.read(one, rows(), inactive))
    assert.same({ 3, 1 }, { #roster.list, roster.left_count })
    assert.same({
      "2 rows of the roster with a status on neither list, the first 'Beendet', count as employed",
    }, one.gaps)
    assert.matches(
      "report.x: active: the list 'active' is empty",
      check.blamed(function()
        roster_room.check_active("report.x", { field = "s", active = {}, inactive = { "x" } })
      end)
    )
  end)

  it("notes rows that could not be used", function()
    local one = reading()
    local source = planted.roster(
      { { email = "ann@acme.example" }, { email = "x" } },
      { name = "hr" }
    )
    local roster = assert(roster_room.read(one, source))
    assert.equal(1, roster.refused)
    assert.truthy(
      one.gaps[1]:find("1 row of the roster could not be used; the first: hr:2", 1, true)
    )
  end)

  it("needs addresses", function()
    local source = planted.roster({ { mail = "ann@acme.example" } }, { key = false })
    check.failure("argument", "missing_column", roster_room.read(reading(), source))
  end)

  it("knows a source", function()
    assert.truthy(roster_room.is_source(planted.roster {}))
    assert.falsy(roster_room.is_source {})
    assert.falsy(roster_room.is_source "hr.csv")
  end)
end)
