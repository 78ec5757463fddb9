local check = require "spec.support.check"
local values = require "lastpass.cli.values"

describe("amounts", function()
  it("are sizes", function()
    for text, bytes in pairs {
      ["100"] = 100,
      ["500K"] = 512000,
      ["1.5M"] = 1572864,
      ["2g"] = 2 ^ 31,
    } do
      assert.equals(bytes, values.size("rotate", text), text)
    end
    assert.is_nil(values.size("rotate", nil))
  end)

  it("are lengths of time", function()
    for text, seconds in pairs { ["90"] = 90, ["15m"] = 900, ["24h"] = 86400, ["2 d"] = 172800 } do
      assert.equals(seconds, values.duration("every", text), text)
    end
    assert.is_nil(values.duration("every", nil))
  end)

  it("that are none name the option", function()
    for _, text in ipairs { "", "soon", "-5", "5x", "1e3" } do
      local err = check.failure("argument", "usage", values.duration("every", text))
      assert.matches("^%-%-every: ", err.message)
      check.failure("argument", "usage", values.size("rotate", text))
    end
  end)
end)

describe("CSV files on the command line", function()
  it("are options of source.csv", function()
    assert.same({}, values.csv {})
    assert.same(
      { delimiter = "\t", encoding = "latin1", header = 4, expect = { trailer = "END" } },
      values.csv { delimiter = "\\t", encoding = "latin1", header = 4, expect_trailer = "END" }
    )
    assert.same(
      { dates = { last_day = "DD/MM/YYYY", born = "iso" } },
      values.csv { date = { "last_day=DD/MM/YYYY", "born=iso" } }
    )
    check.failure("argument", "usage", values.csv { date = { "last_day" } })
    for text, rows in pairs {
      ["180"] = 180,
      ["150-200"] = { min = 150, max = 200 },
      ["150-"] = { min = 150 },
      ["-200"] = { max = 200 },
    } do
      assert.same({ expect = { rows = rows } }, values.csv { expect_rows = text })
    end
    for _, text in ipairs { "", "-", "x", "1.5", "1-2-3" } do
      local err = check.failure("argument", "usage", values.csv { expect_rows = text })
      assert.equal(
        ("--expect-rows: '%s' is none; write 180, 150-200 or 150-"):format(text),
        err.message
      )
    end
  end)
end)

describe("values with a name", function()
  it("are read from an option that is given several times", function()
    assert.is_nil((values.pairs("--date", {}, "FIELD=FORM")))
    assert.is_nil((values.pairs("--date", nil, "FIELD=FORM")))
    assert.same({ a = "b", c = "d=e" }, values.pairs("--date", { "a=b", "c=d=e" }, "FIELD=FORM"))
    local err = check.failure("argument", "usage", values.pairs("--date", { "a" }, "FIELD=FORM"))
    assert.equals("--date a: write FIELD=FORM", err.message)
  end)

  it("of lists are nil when there are none", function()
    assert.is_nil(values.list {})
    assert.is_nil(values.list(nil))
    assert.same({ "a" }, values.list { "a" })
  end)

  it("have the name that the command line gives them", function()
    assert.equals("output", values.key "-o --output")
    assert.equals("last_day", values.key "--last-day")
  end)
end)
