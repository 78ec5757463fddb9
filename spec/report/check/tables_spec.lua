local tables = require "lastpass.report.check.tables"

describe("lastpass.report.check.tables", function()
  it("counts what each rule has found", function()
    local one = tables.rules {
      book = { rules = { { name = "a", title = "A", severity = "error" }, { name = "b" } } },
      tested = { a = 5, b = 0 },
      rows = { { rule = "a" }, { rule = "a", waived = true }, { rule = "a" } },
    }
    assert.same(
      { rule = "a", title = "A", severity = "error", tested = 5, findings = 2, waived = 1 },
      one.rows[1]
    )
    assert.same({ rule = "b", tested = 0, findings = 0, waived = 0 }, one.rows[2])
  end)

  it("says how waivers stand", function()
    local one = tables.waivers {
      waivers = {
        { used = 0, holds = true },
        { used = 1, holds = true },
        { used = 1, holds = false },
      },
    }
    local states = {}
    for place, row in ipairs(one.rows) do
      states[place] = row.state
    end
    assert.same({ "matches nothing", "holds", "expired" }, states)
  end)
end)
