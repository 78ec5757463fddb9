local reports = require "spec.support.reports"

describe("lastpass.report.render.table", function()
  it("lays everything out", function()
    local text = tostring(reports.sample { title = "A sample" })
    assert.truthy(text:find "^A sample\n========\n\nPeople: 3   Share: unknown\n\nClasses\n\n")
    assert.truthy(text:find("\nEverybody: 2 + 0 + 1 = 3\n", 1, true))
    assert.truthy(text:find("\nPeople (2)\n", 1, true))
    assert.truthy(text:find("\nBy group\n\nGroup\n-----\n(none)\n", 1, true))
    assert.truthy(text:find("\nNote: A note with <angle> brackets.\n", 1, true))
    assert.truthy(text:find("Read          2026-06-15T13:00:00Z\n", 1, true))
    assert.truthy(text:find("12,345  50.0 %  2026-06-15 13:00 UTC  a, <b>  yes\n", 1, true))
  end)

  it("sends nothing to the terminal that it would act on", function()
    local text = tostring(reports.sample())
    assert.is_nil(text:find("\27", 1, true))
    assert.is_nil(text:find("\226\128\174", 1, true))
  end)

  it("fits the tables into the terminal", function()
    local widest = 0
    local one = reports.sample { statement = reports.sample().statement }
    for line in one:render("table", { width = 100 }):gmatch "[^\n]+" do
      if line:find "acme%.example" then
        widest = math.max(widest, #line)
      end
    end
    assert.truthy(widest > 0 and widest <= 110, widest) -- "…" has three bytes
  end)
end)
