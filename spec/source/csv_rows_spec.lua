-- What becomes of a row that the parser leaves to Lua; whole files are in csv_spec.lua.
local columns = require "lastpass.source.columns"
local core = require "lastpass.core"
local csv = require "lastpass.csv"
local kind = require("lastpass.source.csv").kind
local csv_rows = require "lastpass.source.csv_rows"
local source = require "lastpass.source"

describe("row.admit", function()
  local function reader()
    local claimed = {}
    local email = { name = "email", label = "E", position = 1, positions = { 1 } }
    email.email, email.required = true, true
    local name = { name = "name", label = "A + B", join = "-", positions = { 2, 3 } }
    return {
      header = { "E", "A", "B" },
      proof = { file = "f.csv", rows = 0, refused = 0 },
      problems = {},
      _plan = {},
      _width = 3,
      _columns = { email, name },
      _key_column = email,
      _records = {
        claim = function(_, key, line)
          local first = claimed[key]
          claimed[key] = first or line
          return first
        end,
      },
    }
  end

  local function row(line, ...)
    return { line = line, number = line, ... }
  end

  it("makes a person", function()
    local self = reader()
    local person = csv_rows.admit(self, row(2, "Ann@Acme.com", "a", "b"))
    local origin = { file = "f.csv", row = 2, line = 2 }
    assert.same({ email = "Ann@Acme.com", name = "a-b", origin = origin }, person)
    assert.equal("f.csv:2", tostring(person.origin))
    assert.same({ file = "f.csv", rows = 1, refused = 0 }, self.proof)
  end)

  it("refuses with a problem and counts it", function()
    local self = reader()
    assert.is_nil(csv_rows.admit(self, row(2, "ann", "a", "b")))
    assert.is_nil(csv_rows.admit(self, row(3, "ann@x")))
    assert.same({ file = "f.csv", rows = 2, refused = 2 }, self.proof)
    assert.equal("f.csv:2: 'ann' is not an e-mail address: it has no @", tostring(self.problems[1]))
    assert.equal("f.csv:3: the row has 1 field, the header 3", tostring(self.problems[2]))
    assert.equal("ann@x", self.problems[2].key)
  end)

  it("takes a key only with a good row", function()
    local self = reader()
    assert.is_nil(csv_rows.admit(self, row(2, "ann@x", "a")))
    assert.is_table(csv_rows.admit(self, row(3, "ANN@x", "a", "b")))
    assert.is_nil(csv_rows.admit(self, row(4, "ann@X", "a", "b")))
    assert.equal("f.csv:4: 'ann@X' is already on line 3", tostring(self.problems[2]))
  end)

  it("passes over a row that holds nothing", function()
    local self = reader()
    assert.is_nil(csv_rows.admit(self, row(2, "", "", "")))
    assert.is_nil(csv_rows.admit(self, row(3, "")))
    assert.same({ file = "f.csv", rows = 0, refused = 0 }, self.proof)
  end)

  it("keeps only the beginning of a value that is refused", function()
    local self = reader()
    csv_rows.admit(self, row(2, ("x"):rep(100000), "a", "b"))
    assert.equal(1000, #self.problems[1].value)
    assert.is_true(#self.problems[1].reason < 150)
  end)
end)

-- Rows of a CSV file straight into what is wanted; spec/source/feed_spec.lua compares this way with
-- the other.
describe("a CSV file's rows", function()
  local wanted

  before_each(function()
    wanted = core.desired()
  end)

  it("are added as far as they were parsed, and counted", function()
    local texts = { "E-mail,Unit\na@x.com,A\nb@x.com,B\n", "c@x.com,C\n" }
    local file = {
      read = function()
        return table.remove(texts, 1)
      end,
    }
    local people = assert(source.csv(file, { name = "hr.csv" }))
    local plan = { email = "email", groups = { "unit" }, fixed = { "All" } }
    local pour = csv_rows.pouring(people, plan, wanted, 4)
    assert.equal(2, pour())
    assert.equal(0, pour())
    assert.equal("c@x.com", people:next().email)
    assert.equal(3, people.proof.rows)
    local email, _, groups, _, number, line = wanted:row(2)
    assert.same({ "b@x.com", { "B", "All" }, 4, 3 }, { email, groups, number, line })
    people:close()
    assert.equal(0, pour())
  end)

  describe("of parser:pour", function()
    local function shaped(text)
      local parser = csv.parser()
      parser:shape {
        width = 2,
        columns = {
          { name = "email", positions = { 1 }, join = " ", email = true, required = true },
          { name = "group", positions = { 2 }, join = " " },
        },
        key = 1,
        file = "hr.csv",
        origin = {},
      }
      assert(parser:parse(text))
      return parser
    end

    it("stops before the row that Lua must judge, which comes next", function()
      local parser = shaped "a@x.com,A\nb@x.com,B\nwrong,C\nd@x.com,D\n"
      assert.equal(2, parser:pour(wanted, { email = 1, groups = { 2 }, source = 1 }))
      assert.equal(0, parser:pour(wanted, { email = 1 }))
      assert.same({ "wrong", "C", line = 3, number = 3 }, parser:next())
      assert.equal(1, parser:pour(wanted, { email = 1, groups = { 2 } }))
      assert.equal(0, parser:pour(wanted, { email = 1 }))
      assert.is_nil(parser:next())
      assert.equal(3, #wanted)
    end)

    it("takes the words of the status, and leaves a row with another one to Lua", function()
      local parser = shaped "a@x.com, IN \nb@x.com,Out\nc@x.com,other\nd@x.com,\n"
      local how =
        { email = 1, active = 2, active_words = { "in" }, inactive_words = { "x", "out" } }
      assert.equal(2, parser:pour(wanted, how))
      assert.is_true((select(4, wanted:row(1))))
      assert.is_false((select(4, wanted:row(2))))
      assert.equal(0, parser:pour(wanted, how))
      assert.equal("c@x.com", parser:next().email)
      assert.equal(0, parser:pour(wanted, how)) -- an empty cell
      assert.equal("d@x.com", parser:next().email)
      assert.is_nil(parser:next())
    end)

    it("gives a row whose address is wanted already as a table, its key claimed once", function()
      wanted:add "a@x.com"
      local parser = shaped "a@x.com,A\nA@x.com,A\n"
      assert.equal(0, parser:pour(wanted, { email = 1 }))
      assert.equal(0, parser:pour(wanted, { email = 1 }))
      assert.equal("A", parser:next().group)
      assert.equal("A@x.com", parser:next()[1])
    end)

    it("pours nothing without a shape", function()
      local parser = csv.parser()
      parser:parse "a@x.com\n"
      assert.equal(0, parser:pour(wanted, { email = 1 }))
    end)

    it("raises for what it cannot work with", function()
      for _, description in ipairs {
        {},
        { email = 0 },
        { email = 3 },
        { email = "1x" },
        { email = 1, groups = { 3 } },
        { email = 1, groups = 2 },
        { email = 1, fixed = { 1 } },
        { email = 1, active = 9 },
        { email = 1, active = 1, active_words = { true } },
        { email = 1, active = 1, inactive_words = { true } },
        { email = 1, source = 65536 },
        1,
      } do
        assert.has_error(function()
          shaped("a@x.com,A\n"):pour(wanted, description)
        end)
      end
      for _, sink in ipairs { 1, core.snapshot(), {}, io.stdout } do
        assert.error_matches(function()
          shaped("a@x.com,A\n"):pour(sink, { email = 1 })
        end, "nothing that takes people")
      end
      assert.equal(0, #wanted)
    end)
  end)
end)

describe("columns", function()
  -- The bound columns as readable strings: "name=position,position flags".
  local function bound(options, header)
    local list, key = csv_rows.bind(columns.plan(options, 1, kind), header)
    local flat = {}
    for index, column in ipairs(assert(list, key)) do
      flat[index] = column.name
        .. "="
        .. table.concat(column.positions, ",")
        .. (column.email and " email" or "")
        .. (column.required and " required" or "")
        .. (column == key and " key" or "")
    end
    return flat
  end

  it("are in the order of the file, single ones before joined ones", function()
    local options = { columns = { z = "A", all = { "A", "C" }, b = "A", email = "D" } }
    assert.same(
      { "b=1", "z=1", "all=1,3", "email=4 email required key" },
      bound(options, { "A", "B", "C", "D" })
    )
  end)

  it("follow the header when none are named", function()
    assert.same(
      { "first_name=1", "email=2 email required key", "no=4", "größe_cm=5" },
      bound({}, { "First Name", "E-Mail", "", "No.", "Größe (cm)" })
    )
  end)

  it("have the key that is asked for, or none", function()
    assert.same({ "id=1 required key", "email=2 email" }, bound({ key = "id" }, { "Id", "Email" }))
    assert.same({ "id=1", "email=2 email" }, bound({ key = false }, { "Id", "Email" }))
    assert.same({ "id=1" }, bound({}, { "Id" }))
  end)

  it("do not mark columns of an earlier file", function()
    local plan = columns.plan({ columns = { a = "A" }, required = { "a" } }, 1, kind)
    assert.is_true(csv_rows.bind(plan, { "A" })[1].required)
    assert.is_nil(plan.columns.a.required)
    assert.same({ 2 }, csv_rows.bind(plan, { "B", "A" })[1].positions)
  end)

  it("may be optional, but not when they are the key", function()
    local options = { columns = { id = { "Id", optional = true }, name = "Name" } }
    assert.same({ "name=1" }, bound(options, { "Name" }))
    options.key = "id"
    local list, message, err = csv_rows.bind(columns.plan(options, 1, kind), { "Name" })
    assert.is_nil(list)
    assert.equal(
      "no column 'Id' (for the field 'id'); the header is the one column 'Name'",
      message
    )
    assert.equal("missing_column", err.code)
  end)

  it("may be filled by the first of several that is not empty", function()
    local options = { columns = { email = { first = { "mail", "upn" } } } }
    assert.same({ "email=2,1 email required key" }, bound(options, { "upn", "mail" }))
    for _, case in ipairs {
      { { first = {} }, "source.csv: column 'email' names no header" },
      {
        { "x", first = { "y" } },
        "source.csv: column 'email': 'first' stands in the place of other",
      },
      { { first = { "y" }, join = "" }, "source.csv: column 'email': 'first' and 'join' exclude" },
      { { first = { 7 } }, "source.csv: column 'email': a header must be a string, not number" },
      { { first = "y" }, "source.csv: column 'email': option 'first' must be table" },
    } do
      local _, message = pcall(columns.plan, { columns = { email = case[1] } }, 1, kind)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)
end)
