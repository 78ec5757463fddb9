-- Rows of a CSV file straight into what is wanted; spec/source/feed_spec.lua compares this way with
-- the other.
local core = require "lastpass.core"
local csv = require "lastpass.csv"
local csv_feed = require "lastpass.source.csv_feed"
local source = require "lastpass.source"

describe("a CSV file's rows", function()
  local wanted

  before_each(function()
    wanted = core.wanted()
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
    local pour = csv_feed.pouring(people, plan, wanted, 4)
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
