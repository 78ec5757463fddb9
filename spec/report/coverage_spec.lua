-- A planted company with one and more of each class, and nobody else.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local planted = require "spec.support.planted"
local report = require "lastpass.report"

describe("lastpass.report.coverage", function()
  local box, client

  local function roster(more)
    local list = {
      { email = "Ann@acme.example", fullname = "Ann Lee", status = "employed" },
      { email = "bob@acme.example", fullname = "Bob Ray", status = "employed" },
      { email = "empty@acme.example", fullname = "Eve Empty", status = "employed" },
      { email = "never@acme.example", fullname = "Nia Never", status = "employed" },
      { email = "fresh@acme.example", fullname = "Fay Fresh", status = "employed" },
      { email = "stale@acme.example", fullname = "Sue Stale", status = "employed" },
      { email = "off@acme.example", fullname = "Oli Off", status = "employed" },
      { email = "missing@acme.example", fullname = "Max Missing", status = "employed" },
      { email = "gone@acme.example", fullname = "Guy Gone", status = "Terminated" },
      { email = "chief@acme.example", fullname = "Cho Chief", status = "employed" },
    }
    for _, one in ipairs(more or {}) do
      list[#list + 1] = one
    end
    return planted.roster(list, { name = "hr" })
  end

  local function coverage(options)
    local merged = {
      roster = roster(),
      active = { field = "status", inactive = { "terminated" } },
      exclude = {
        ["svc-*@acme.example"] = "service account",
        ["chief@acme.example"] = "on a tablet",
      },
    }
    for name, value in pairs(options or {}) do
      merged[name] = value
    end
    return report.coverage(client, merged)
  end

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example" },
      { "bob@acme.example" },
      { "empty@acme.example", { sites = 0, notes = 0 } },
      { "never@acme.example", { last_login = "" } },
      { "off@acme.example", { disabled = true } },
      { "gone@acme.example" },
      { "ghost@acme.example", { disabled = true } },
      { "svc-backup@acme.example" },
      { "svc-print@acme.example", { disabled = true } },
    }, { "fresh@acme.example", "stale@acme.example", "stranger@mail.example" })
    client = box:client()
    planted.at(box, "2026-04-02 10:00:00", function()
      assert(client:reinviteuser { username = "stale@acme.example" })
    end)
    planted.at(box, "2026-06-01 10:00:00", function()
      assert(client:reinviteuser { username = "fresh@acme.example" })
    end)
  end)

  teardown(function()
    box:stop()
  end)

  it("puts everybody into exactly one class", function()
    local made = assert(coverage())
    assert.same({
      ["ann@acme.example"] = "active",
      ["bob@acme.example"] = "active",
      ["empty@acme.example"] = "empty_vault",
      ["never@acme.example"] = "never_logged_in",
      ["fresh@acme.example"] = "invited",
      ["stale@acme.example"] = "invitation_expired",
      ["off@acme.example"] = "disabled",
      ["missing@acme.example"] = "missing",
      ["gone@acme.example"] = "orphan",
      ["ghost@acme.example"] = "orphan",
      ["stranger@mail.example"] = "orphan",
      ["svc-backup@acme.example"] = "excluded",
      ["svc-print@acme.example"] = "excluded",
      ["chief@acme.example"] = "excluded",
    }, planted.by_email(made.rows, "class"))
    local reasons = planted.by_email(made.rows, "reason")
    assert.same({
      ["gone@acme.example"] = "HR says that they have left",
      ["svc-backup@acme.example"] = "service account",
      ["svc-print@acme.example"] = "service account",
      ["chief@acme.example"] = "on a tablet",
    }, reasons)
  end)

  it("adds up to the headcount, to the accounts, and to everybody", function()
    local made = assert(coverage())
    assert.same({
      "The headcount of the roster: 2 + 1 + 1 + 1 + 1 + 1 + 1 + 0 + 1 = 9",
      "Accounts and invitations: 2 + 1 + 1 + 1 + 1 + 1 + 0 + 3 + 2 = 12",
      "Everybody in either: 2 + 1 + 1 + 1 + 1 + 1 + 1 + 3 + 3 = 14",
    }, made.sums)
    assert.equal(9, made:total "headcount")
    assert.equal(2, made:total "active")
    assert.equal(2 / 9, made:total "coverage")
    assert.truthy(tostring(made):find("1 + 1 + 1 + 1 + 0 + 1 = 9", 1, true))
  end)

  it("says where the numbers come from", function()
    local statement = assert(coverage()).statement
    assert.equal("9 people of the roster hr, 12 accounts and invitations", statement.population)
    assert.is_true(statement.complete)
    assert.truthy(statement.completeness:find("all pages, 9 users and 3 invitations", 1, true))
    assert.equal(planted.NOW, statement.read_at)
    assert.equal("lastpass-lua " .. lastpass._VERSION, statement.tool)
    assert.same({
      "getuserdata: everybody, all pages",
      "roster hr: 10 rows read to the end, 0 rows refused",
    }, { statement.query[1], statement.query[2] })
    assert.truthy(statement.query[3]:find "^reporting: admin events from 2026%-05%-16T13:00:00Z on")
    assert.equal(30, statement.options.invitation_days)
    assert.equal("hr", statement.options.roster)
  end)

  it("names the assumption about invitations, and lets it be another", function()
    local made = assert(coverage())
    assert.truthy(made.notes[1]:find("the last 30 days", 1, true))
    made = assert(coverage { invitation_days = 100 })
    assert.equal("invited", planted.by_email(made.rows, "class")["stale@acme.example"])
    made = assert(coverage { invitation_days = 10 })
    assert.equal("invitation_expired", planted.by_email(made.rows, "class")["fresh@acme.example"])
    made = assert(coverage { events = false })
    assert.equal("invited", planted.by_email(made.rows, "class")["stale@acme.example"])
    assert.equal("Events were not read, so no invitation counts as expired.", made.notes[1])
  end)

  it("is not complete when rows of the roster could not be used", function()
    local made =
      assert(coverage { roster = roster { { email = "no address", status = "employed" } } })
    assert.is_false(made.statement.complete)
    assert.truthy(
      made.statement.completeness:find("1 row of the roster could not be used", 1, true)
    )
    assert.equal(9, made:total "headcount")
  end)

  it("concludes nothing from a part of a roster", function()
    local path = os.tmpname()
    planted.write(path, 'email,status\nann@acme.example,employed\n"bob@acme.example,employed\n')
    local err = check.failure("protocol", nil, coverage { roster = lastpass.source.csv(path) })
    os.remove(path)
    assert.equal("unterminated_quote", err.code)
  end)

  it("says which exclusions match nobody", function()
    local made = assert(coverage { exclude = { ["robot@acme.example"] = "a robot" } })
    local notes = table.concat(made.notes, "\n")
    assert.truthy(notes:find("The exclusion 'robot@acme.example' matches nobody.", 1, true))
  end)

  it("works on a directory that was read before", function()
    local made = assert(report.coverage(client:snapshot(), { roster = roster() }))
    assert.equal(3, made:class("active").in_hr) -- without exclusions, and nobody has left
  end)

  it("blames the caller for what is missing or wrong", function()
    assert.equal(
      "report.coverage: needs the option 'roster', a source of people",
      check.blamed(function()
        report.coverage(client, {})
      end)
    )
    check.blamed(function()
      report.coverage(client, { roster = {} })
    end)
    check.blamed(function()
      report.coverage(client, { roster = roster(), exclude = { "svc@acme.example" } })
    end)
    check.blamed(function()
      report.coverage(client, { roster = roster(), active = { field = "status" } })
    end)
    check.blamed(function()
      report.coverage({}, { roster = roster() })
    end)
  end)

  it("returns the failure of a read", function()
    assert(box:faults { command = "getuserdata", status = 500, count = 1 })
    client = box:client { retries = 0 }
    check.failure("transport", "http_status", coverage())
    box:clear_faults()
    assert(box:faults { command = "reporting", status = 500, count = 1 })
    check.failure("transport", "http_status", coverage())
    box:clear_faults()
  end)
end)
