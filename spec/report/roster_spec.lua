local check = require "spec.support.check"
local planted = require "spec.support.planted"
local rosters = require "lastpass.report.roster"

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
      assert(rosters.read(one, source, { field = "status", inactive = { "Terminated" } }))
    assert.equal(2, #roster.list)
    assert.equal("Ann", rosters.name_of(roster.by_address["ann@acme.example"]))
    assert.is_nil(rosters.name_of(roster.by_address["cat@acme.example"]))
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
    assert.equal(1, assert(rosters.read(one, rows(), inactive)).left_count)
    assert.same({}, one.gaps)
    inactive.active = { "employed" }
    local roster = assert(rosters.read(one, rows(), inactive))
    assert.same({ 3, 1 }, { #roster.list, roster.left_count })
    assert.same({
      "2 rows of the roster with a status on neither list, the first 'Beendet', count as employed",
    }, one.gaps)
    assert.matches(
      "report.x: active: the list 'active' is empty",
      check.blamed(function()
        rosters.check_active("report.x", { field = "s", active = {}, inactive = { "x" } })
      end)
    )
  end)

  it("notes rows that could not be used", function()
    local one = reading()
    local source = planted.roster(
      { { email = "ann@acme.example" }, { email = "x" } },
      { name = "hr" }
    )
    local roster = assert(rosters.read(one, source))
    assert.equal(1, roster.refused)
    assert.truthy(
      one.gaps[1]:find("1 row of the roster could not be used; the first: hr:2", 1, true)
    )
  end)

  it("needs addresses", function()
    local source = planted.roster({ { mail = "ann@acme.example" } }, { key = false })
    check.failure("argument", "missing_column", rosters.read(reading(), source))
  end)

  it("knows a source", function()
    assert.truthy(rosters.is_source(planted.roster {}))
    assert.falsy(rosters.is_source {})
    assert.falsy(rosters.is_source "hr.csv")
  end)
end)

describe("exclusions", function()
  it("matches addresses and patterns, whole addresses first", function()
    local reason_of, unused = rosters.exclusions {
      ["svc-*@acme.example"] = "service",
      ["SVC-boss@acme.example"] = "the boss's",
      ["*@partner.example"] = "partner",
      ["nobody@acme.example"] = "nobody",
    }
    assert.equal("service", reason_of "svc-print@acme.example")
    assert.equal("the boss's", reason_of "svc-boss@acme.example")
    assert.equal("partner", reason_of "x@partner.example")
    assert.is_nil(reason_of "ann@acme.example")
    assert.is_nil(reason_of "xsvc-a@acme.example")
    assert.is_nil(reason_of "svc-a@acmeXexample") -- a dot is a dot
    assert.same({ "nobody@acme.example" }, unused())
  end)

  it("leaves everybody in without patterns", function()
    local reason_of, unused = rosters.exclusions(nil)
    assert.is_nil(reason_of "ann@acme.example")
    assert.same({}, unused())
  end)

  it("wants a reason for each", function()
    check.blamed(function()
      rosters.check_exclude("report", { "svc@acme.example" })
    end)
    check.blamed(function()
      rosters.check_exclude("report", { ["svc@acme.example"] = "" })
    end)
    rosters.check_exclude("report", { ["svc@acme.example"] = "service" })
    rosters.check_exclude("report", nil)
  end)
end)
