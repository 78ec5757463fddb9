local csv = require "lastpass.text.csv"
local values = require "lastpass.report.values"

describe("lastpass.report.values", function()
  it("writes values for people", function()
    assert.equal("", values.shown(nil, "count"))
    assert.equal("12,345", values.shown(12345, "count"))
    assert.equal("83.2", values.shown(83.2, "score"))
    assert.equal("31.3 %", values.shown(0.3125, "share"))
    assert.equal("100.0 %", values.shown(1, "share"))
    assert.equal("3 h 02 m", values.shown(10920, "duration"))
    assert.equal("2026-06-15 13:00 UTC", values.shown(1781528400, "time"))
    assert.equal("yes", values.shown(true, "flag"))
    assert.equal("no", values.shown(false, "flag"))
    assert.equal("a, b", values.shown({ "a", "b" }, "list"))
    assert.equal("Ann", values.shown "Ann")
  end)

  it("writes values for programs", function()
    local function cell(value, kind)
      return (csv.line({ values.plain(value, kind) }):gsub("\r\n$", ""))
    end
    assert.equal("", cell(nil, "count"))
    assert.equal("12345", cell(12345, "count"))
    assert.equal("0.3125", cell(0.3125, "share"))
    assert.equal("10920", cell(10920, "duration"))
    assert.equal("2026-06-15T13:00:00Z", cell(1781528400, "time"))
    assert.equal("yes", cell(true))
    assert.equal("a; b", cell({ "a", "b" }, "list"))
    assert.equal("-1.5", cell(-1.5, "score"))
  end)

  it("knows which stand at the right", function()
    assert.is_true(values.is_number "share")
    assert.is_false(values.is_number "time")
    assert.is_false(values.is_number(nil))
  end)
end)

describe("statistics", function()
  it("takes percentiles that occur, by the nearest rank", function()
    local list = { 15, 20, 35, 40, 50 } -- the textbook's
    assert.equal(15, values.percentile(list, 5))
    assert.equal(20, values.percentile(list, 30))
    assert.equal(20, values.percentile(list, 40))
    assert.equal(35, values.percentile(list, 50))
    assert.equal(50, values.percentile(list, 100))
    assert.is_nil(values.percentile({}, 50))
  end)

  it("counts whole days", function()
    assert.equal(0, values.days(100, 100 + 86399))
    assert.equal(1, values.days(100, 100 + 86400))
    assert.equal(-1, values.days(100, 99))
    assert.is_nil(values.days(nil, 99))
  end)

  it("divides ages at their limits", function()
    local list, class_of = values.age_classes { 7, 30 }
    local names = {}
    for position, class in ipairs(list) do
      names[position] = class[1] .. ": " .. class[2]
    end
    assert.same(
      { "up_to_7: up to 7 days", "up_to_30: 8 to 30 days", "over_30: over 30 days" },
      names
    )
    assert.equal("up_to_7", class_of(7))
    assert.equal("up_to_30", class_of(8))
    assert.equal("up_to_30", class_of(30))
    assert.equal("over_30", class_of(31))
  end)

  it("makes classes with counters", function()
    local classes, by_name = values.classes({ { "a", "A", "first" } }, "more")
    assert.same({ { name = "a", title = "A", meaning = "first", count = 0, more = 0 } }, classes)
    assert.equal(classes[1], by_name.a)
  end)

  local function sorted(rows, ...)
    values.sort(rows, ...)
    local list = {}
    for position, row in ipairs(rows) do
      list[position] = row.id
    end
    return table.concat(list, " ")
  end

  it("sorts by several fields, what is not known last, equal rows in their order", function()
    local function rows()
      return {
        { id = "a", n = 2, t = "x" },
        { id = "b", n = -1, t = "xy" },
        { id = "c", t = "x" },
        { id = "d", n = 10, t = "x" },
        { id = "e", n = 2, t = "x" },
      }
    end
    assert.equal("b a e d c", sorted(rows(), "n"))
    assert.equal("d a e b c", sorted(rows(), "-n"))
    assert.equal("a e d c b", sorted(rows(), "t", "n"))
    assert.equal("a b c d e", sorted(rows(), "nothing"))
  end)

  it("sorts booleans, fractions and large numbers", function()
    assert.equal("b a", sorted({ { id = "a", f = true }, { id = "b", f = false } }, "f"))
    assert.equal("a b", sorted({ { id = "a", f = true }, { id = "b", f = false } }, "-f"))
    assert.equal(
      "c b a",
      sorted(
        { { id = "a", n = 1781528400.5 }, { id = "b", n = 0.25 }, { id = "c", n = 0.125 } },
        "n"
      )
    )
  end)
end)
