local check = require "spec.support.check"
local planted = require "spec.support.planted"
local result = require "lastpass.report.result"

describe("lastpass.report.result", function()
  local function fields(more)
    local given = {
      name = "sample",
      title = "A sample",
      statement = {
        population = "two people",
        account = "x",
        query = { "q" },
        read_at = 0,
        as_of = 0,
        complete = true,
        completeness = "complete",
        tool = "t",
        options = {},
      },
      columns = { { name = "email", title = "E-mail" } },
      rows = { { email = "a@x.example" } },
      classes = { { name = "a", title = "A", count = 1 }, { name = "b", title = "B", count = 2 } },
      partitions = { { of = "Everybody", count = 3 } },
      totals = { { name = "n", title = "N", value = 3, kind = "count" } },
    }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return given
  end

  it("says that the classes add up", function()
    local one = result.new(fields())
    assert.same({ "Everybody: 1 + 2 = 3" }, one.sums)
    assert.is_true(result.is(one))
    assert.is_false(result.is {})
    assert.equal(2, one:class("b").count)
    assert.is_nil(one:class "c")
    assert.equal(3, one:total "n")
    assert.is_nil(one:total "m")
  end)

  it("is not made when they do not", function()
    local ok, message =
      pcall(result.new, fields { partitions = { { of = "Everybody", count = 4 } } })
    assert.is_false(ok)
    assert.equal("report.sample: the classes come to 3, not to 4: Everybody", message)
  end)

  it("is written to files by their ending", function()
    local made = {}
    local path = planted.path(made)
    local one = result.new(fields())
    for ending, start in pairs {
      [".csv"] = "^email\r\na@x%.example\r\n$",
      [".json"] = '^{"classes"',
      [".txt"] = "^A sample\n",
      [".html"] = "^<!DOCTYPE html>",
    } do
      assert(one:save(path .. ending))
      assert.truthy(planted.read(path .. ending):find(start), ending)
      os.remove(path .. ending)
    end
    check.failure("argument", "cannot_write", one:save(path .. "/no/folder.csv"))
    check.blamed(function()
      one:save(path .. ".docx")
    end)
    check.blamed(function()
      one:save(path .. ".xml") -- for checks alone
    end)
    check.blamed(function()
      one:render("csv", { widht = 3 })
    end)
  end)
end)

describe("a definition", function()
  local box, client

  setup(function()
    box = planted.start()
    planted.plant(box, { { "ann@acme.example", { admin = true } }, { "bob@acme.example" } })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  -- All that a new report is.
  local definition = {
    name = "names",
    title = "Names",
    summary = "Who has a name of some length",
    row_title = "People",
    takes_record = true,
    options = {
      { "length", "number", "letters", default = 3, least = 1, is_whole = true },
      { "only", "list", "only these", one_of = { "admins", "others" } },
      { "why", "field", "a reason", is_required = true },
    },
    columns = { { name = "email", title = "E-mail" } },
    compute = function(reading, options)
      local rows = {}
      for user in reading:users() do
        rows[#rows + 1] = #user.fullname >= options.length and { email = user.email } or nil
      end
      return { population = "everybody", rows = rows, totals = {} }
    end,
  }

  it("is all that a report needs", function()
    local report = assert(result.make(definition, client, { why = "x" }))
    assert.equal(2, #report.rows)
    assert.equal("Names", report.title)
    assert.same({ length = 3, why = "x" }, report.statement.options)
    assert.equal("email\r\nann@acme.example\r\nbob@acme.example\r\n", report:render "csv")
    assert.truthy(report:render("html"):find("<td>", 1, true) == nil)
    assert.truthy(report:render("table"):find("ann@acme.example", 1, true))
    assert.equal(0, #assert(result.make(definition, client, { why = "x", length = 99 })).rows)
  end)

  it("says which options it takes", function()
    for _, options in ipairs {
      {},
      { why = "x", length = 0 },
      { why = "x", length = 1.5 },
      { why = "x", only = { "admin" } },
      { why = "x", lenght = 3 },
    } do
      check.blamed(function()
        result.make(definition, client, options)
      end)
    end
    assert.matches(
      "report.names: needs the option 'why', a reason",
      check.blamed(function()
        result.make(definition, client, {})
      end)
    )
  end)
end)
