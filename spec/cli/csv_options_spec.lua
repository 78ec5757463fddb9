-- What the command line says of a CSV file, as options of source.csv.
local check = require "spec.support.check"
local csv_options = require "lastpass.cli.csv_options"

describe("lastpass.cli.csv_options", function()
  it("are options of source.csv", function()
    assert.same({}, csv_options.of {})
    assert.same(
      { delimiter = "\t", encoding = "latin1", header = 4, expect = { trailer = "END" } },
      csv_options.of { delimiter = "\\t", encoding = "latin1", header = 4, expect_trailer = "END" }
    )
    assert.same(
      { dates = { last_day = "DD/MM/YYYY", born = "iso" } },
      csv_options.of { date = { "last_day=DD/MM/YYYY", "born=iso" } }
    )
    check.failure("argument", "usage", csv_options.of { date = { "last_day" } })
    for text, rows in pairs {
      ["180"] = 180,
      ["150-200"] = { min = 150, max = 200 },
      ["150-"] = { min = 150 },
      ["-200"] = { max = 200 },
    } do
      assert.same({ expect = { rows = rows } }, csv_options.of { expect_rows = text })
    end
    for _, text in ipairs { "", "-", "x", "1.5", "1-2-3" } do
      local err = check.failure("argument", "usage", csv_options.of { expect_rows = text })
      assert.equal(
        ("--expect-rows: '%s' is none; write 180, 150-200 or 150-"):format(text),
        err.message
      )
    end
  end)
end)
