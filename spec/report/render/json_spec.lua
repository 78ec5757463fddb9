local json = require "lastpass.json"
local reports = require "spec.support.reports"

describe("lastpass.report.render.json", function()
  it("has everything, times and lists in their forms", function()
    local value = assert(json.decode(reports.sample():render "json"))
    assert.equal("lastpass.report", value.format)
    assert.equal(1, value.version)
    assert.same({
      email = "ann@acme.example",
      note = reports.HOSTILE,
      count = 12345,
      share = 0.5,
      time = "2026-06-15T13:00:00Z",
      list = { "a", "<b>" },
      flag = true,
    }, value.rows[1])
    assert.equal(json.null, value.rows[2].count)
    assert.is_false(value.rows[2].flag)
    assert.equal("2026-06-15T13:00:00Z", value.statement.read_at)
    assert.same({ days = 90, list = { "a", "b" }, deep = { x = true } }, value.statement.options)
    assert.same({ "Everybody: 2 + 0 + 1 = 3" }, value.sums)
    assert.equal("count", value.columns[3].kind)
    assert.equal(json.null, value.totals[2].value)
    assert.same({}, value.tables[1].rows)
  end)

  it("gives equal bytes for equal reports, and lists that are empty as lists", function()
    local one = reports.sample()
    assert.equal(one:render "json", reports.sample():render "json")
    assert.truthy(one:render("json"):find('"rows":[]', 1, true))
    assert.truthy(reports.sample({ notes = {} }):render("json"):find('"notes":[]', 1, true))
  end)
end)
