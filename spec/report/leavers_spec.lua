local check = require "spec.support.check"
local lastpass = require "lastpass"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

local HOUR, DAY = 3600, 86400

describe("lastpass.report.leavers", function()
  local box, client

  local function roster(more)
    local list = {
      { email = "intime@acme.example", last_day = "2026-06-01" },
      { email = "late@acme.example", last_day = "2026-06-01 17:00" },
      { email = "early@acme.example", last_day = "2026-06-10" },
      { email = "open@acme.example", last_day = "2026-06-05" },
      { email = "pending@acme.example", last_day = "2026-06-14" },
      { email = "back@acme.example", last_day = "2026-06-01" },
      { email = "removed@acme.example", last_day = "2026-06-03" },
      { email = "unknown@acme.example", last_day = "2026-06-02" },
      { email = "nobody@acme.example", last_day = "2026-06-02" },
      { email = "future@acme.example", last_day = "2026-06-15" },
      { email = "stays@acme.example", last_day = "" },
    }
    for _, one in ipairs(more or {}) do
      list[#list + 1] = one
    end
    return planted.roster(list, { name = "hr" })
  end

  local function leavers(options)
    local merged = { roster = roster(), field = "last_day" }
    for name, value in pairs(options or {}) do
      merged[name] = value
    end
    return report.leavers(client, merged)
  end

  setup(function()
    box = planted.start()
    local people = {}
    for position, name in ipairs {
      "intime",
      "late",
      "early",
      "open",
      "pending",
      "back",
      "removed",
      "future",
      "stays",
    } do
      people[position] = { name .. "@acme.example" }
    end
    people[#people + 1] = { "unknown@acme.example", { disabled = true } }
    planted.plant(box, people)
    client = box:client()
    local function disable(moment, name)
      planted.at(box, moment, function()
        assert(client:disableuser { name .. "@acme.example" })
      end)
    end
    disable("2026-06-01 12:00:00", "back")
    disable("2026-06-02 10:00:00", "intime") -- 10 hours after the end of June 1
    disable("2026-06-03 18:00:00", "late") -- 49 hours
    planted.at(box, "2026-06-04 03:00:00", function() -- 3 hours after the end of June 3
      assert(client:deluser { username = "removed@acme.example", deleteaction = 1 })
    end)
    planted.at(box, "2026-06-05 09:00:00", function()
      assert(client:enableuser { "back@acme.example" })
    end)
    disable("2026-06-06 00:00:00", "back") -- 4 days after the end of June 1
    disable("2026-06-09 09:00:00", "early")
  end)

  teardown(function()
    box:stop()
  end)

  it("finds each leaver's delay, and nobody else", function()
    local made = assert(leavers())
    assert.same({
      ["intime@acme.example"] = "in_time",
      ["early@acme.example"] = "in_time",
      ["removed@acme.example"] = "in_time",
      ["late@acme.example"] = "late",
      ["back@acme.example"] = "late",
      ["open@acme.example"] = "open",
      ["pending@acme.example"] = "pending",
      ["unknown@acme.example"] = "unknown",
      ["nobody@acme.example"] = "no_account",
    }, planted.by_email(made.rows, "class"))
    assert.same({
      ["intime@acme.example"] = 10 * HOUR,
      ["early@acme.example"] = -39 * HOUR,
      ["removed@acme.example"] = 3 * HOUR,
      ["late@acme.example"] = 49 * HOUR,
      ["back@acme.example"] = 4 * DAY,
      ["open@acme.example"] = 9 * DAY + 9 * HOUR,
      ["pending@acme.example"] = 9 * HOUR,
    }, planted.by_email(made.rows, "delay"))
    assert.equal(1, planted.by_email(made.rows, "returned")["back@acme.example"])
  end)

  it("gives percentiles and breaches", function()
    local made = assert(leavers())
    assert.equal(9, made:total "leavers")
    assert.equal(3, made:total "breaches")
    assert.equal(10 * HOUR, made:total "p50") -- of 0, 3 h, 10 h, 49 h, 96 h
    assert.equal(96 * HOUR, made:total "p90")
    assert.equal(96 * HOUR, made:total "p95")
    assert.equal(96 * HOUR, made:total "p100")
    assert.same({ "Leavers: 3 + 2 + 1 + 1 + 1 + 1 = 9" }, made.sums)
  end)

  it("takes another limit", function()
    local made = assert(leavers { limit = 4 * HOUR })
    assert.equal("late", planted.by_email(made.rows, "class")["intime@acme.example"])
    assert.equal("open", planted.by_email(made.rows, "class")["pending@acme.example"])
    assert.equal(5, made:total "breaches")
    assert.equal("The limit is 4 h 00 m (option limit).", made.notes[1])
  end)

  it("does not know of ends before the events begin", function()
    local made = assert(leavers { from = "2026-06-04" })
    assert.equal("unknown", planted.by_email(made.rows, "class")["intime@acme.example"])
    check.failure("argument", "bad_time", leavers { from = "whenever" })
  end)

  it("is not complete when a date cannot be read", function()
    local made = assert(leavers {
      roster = roster { { email = "odd@acme.example", last_day = "June" } },
    })
    assert.is_false(made.statement.complete)
    assert.truthy(made.statement.completeness:find("hr:12: 'June' is no time", 1, true))
    assert.equal(9, made:total "leavers")
  end)

  it("concludes nothing from a part of a roster", function()
    local path = os.tmpname()
    planted.write(path, 'email,last_day\n"open@acme.example,2026-06-05\n')
    check.failure("protocol", "unterminated_quote", leavers { roster = lastpass.source.csv(path) })
    os.remove(path)
  end)

  it("blames the caller for what is missing", function()
    assert.equal(
      "report.leavers: needs the option 'field', the roster's column with the last day or moment",
      check.blamed(function()
        report.leavers(client, { roster = roster() })
      end)
    )
    check.blamed(function()
      report.leavers(client, { field = "last_day" })
    end)
  end)
end)
