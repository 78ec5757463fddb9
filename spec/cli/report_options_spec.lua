local check = require "spec.support.check"
local cli = require "spec.support.cli"
local report_options = require "lastpass.cli.report_options"

describe("options of reports", function()
  local definition = {
    options = {
      { "roster", "roster", "x", is_required = true },
      { "days", "number", "so long", default = 90, value = "DAYS" },
      { "domains", "list", "x", flag = "--domain" },
      { "what", "list", "only these", one_of = { "a", "b" }, value = "KINDS" },
      { "absent", "number", "x" },
      { "events", "boolean", "false: none", flag = "--no-events" },
      { "limit", "duration", "x", default = 7200 },
    },
    takes_record = true,
  }
  local function only(...)
    return { options = { { ... } } }
  end

  it("have the options of the report", function()
    local known = {}
    for _, option in ipairs(report_options.options_of(definition)) do
      known[option[1]] = option
    end
    assert.truthy(known["--roster"] and known["--as-of"])
    assert.same({ "--days", "so long; default 90", value = "DAYS", number = true }, known["--days"])
    assert.is_true(known["--domain"].many)
    assert.same({ "--what", "only these: a,b", value = "KINDS" }, known["--what"])
    assert.same({ "--no-events", "none" }, known["--no-events"])
    assert.equals("x: 4h, 2d; default 2h", known["--limit"][2])
    assert.is_nil(known["--absent"].many)
  end)

  it("give the report what the command line has given, and nothing else", function()
    local given = { days = 5, domain = {}, as_of = "x" }
    assert.same({ days = 5 }, (report_options.settings(definition, given)))
    given = { domain = { "a" }, no_events = true, limit = "2h", what = "a, b" }
    assert.same(
      { domains = { "a" }, events = false, limit = 7200, what = { "a", "b" } },
      (report_options.settings(definition, given))
    )
    given = { limit = "soon" }
    check.failure("argument", "usage", cli.returned(report_options.settings, definition, given))
  end)

  it("say what is missing", function()
    local needed = only("field", "field", "which")
    needed.options[1].flag, needed.options[1].is_required = "--last-day", true
    local err =
      check.failure("argument", "usage", cli.returned(report_options.settings, needed, {}))
    assert.equals("--last-day is needed: which", err.message)
  end)

  it("know who has left", function()
    local left = only("active", "status", "x")
    left.options[1].flag = "--left"
    assert.is_nil(report_options.settings(left, {}).active)
    local given = { left = "Job status=terminated, gone for good" }
    local settings, columns = report_options.settings(left, given)
    assert.same(
      { field = "job_status", inactive = { "terminated", "gone for good" } },
      settings.active
    )
    assert.same({ { option = "left", field = "job_status" } }, columns)
    given = { left = "terminated" }
    check.failure("argument", "usage", cli.returned(report_options.settings, left, given))
  end)

  it("open a roster when one is needed, or an option says something of it", function()
    assert.is_true(report_options.needs_roster(definition))
    local wants = report_options.wants_roster
    assert.is_true(wants(definition, {}))
    local licences = require("lastpass").report.licences
    assert.is_false(report_options.needs_roster(licences))
    assert.is_false(wants(licences, { column = {} }))
    assert.is_true(wants(licences, { roster = "hr.csv" }))
    assert.is_true(wants(licences, { column = { "email=Mail" } }))
    assert.is_false(wants(only("days", "number", "x"), { roster = "hr.csv" }))
  end)
end)
