local json = require "lastpass.json"
local lastpass = require "lastpass"
local plain = require "lastpass.report.render.plain"
local reports = require "spec.support.reports"

describe("table", function()
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

describe("CSV", function()
  local columns = {
    { name = "id" },
    { name = "text" },
    { name = "n", kind = "count" },
    { name = "list", kind = "list" },
  }

  it("writes RFC 4180: header, CRLF, quotes where they are needed", function()
    assert.equal(
      'id,text,n,list\r\na,"x, ""y""",-3,b; c\r\nd,"two\nlines",,\r\n" e ",,,\r\n',
      plain.write_csv(columns, {
        { id = "a", text = 'x, "y"', n = -3, list = { "b", "c" } },
        { id = "d", text = "two\nlines" },
        { id = " e " },
      }, true)
    )
    assert.equal("id,text,n,list\r\n", plain.write_csv(columns, {}, true))
  end)

  it("keeps formulas from spreadsheets, and numbers as they are", function()
    local text =
      plain.write_csv(columns, { { id = "=1+1", text = "-x", n = -3, list = { "@a" } } }, true)
    assert.equal("'=1+1,'-x,-3,'@a", text:match "\r\n(.*)\r\n")
    text = plain.write_csv(columns, { { id = "=1+1" } }, false)
    assert.equal("=1+1,,,", text:match "\r\n(.*)\r\n")
  end)

  it("is read by the reader of sources to the same values", function()
    local values = { 'x, "y"', "two\nlines", " spaces ", "ümlaut", "'=1", "a\rb" }
    local rows = {}
    for position, value in ipairs(values) do
      rows[position] = { id = "r" .. position, text = value }
    end
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(plain.write_csv(columns, rows, true))
    file:close()
    local source = assert(lastpass.source.csv(path, { key = "id", trim = false }))
    local read = {}
    for row in source:rows() do
      read[#read + 1] = row.text
    end
    os.remove(path)
    assert.same(values, read)
  end)
end)

describe("JSON", function()
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

  it("paints lines by the gravest value of a row", function()
    local severity = { name = "severity", title = "S", tones = { error = "bad" } }
    local rows = { { severity = "error" }, { severity = "error", waived = true } }
    local text = reports.sample({ columns = { severity }, rows = rows }):render("table", {
      paint = function(tone, line)
        return ("<%s %s>"):format(tone, line)
      end,
    })
    assert.truthy(text:find("\n<bad error>\nerror\n", 1, true), text)
  end)
end)
