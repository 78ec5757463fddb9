local csv = require "lastpass.report.render.csv"
local lastpass = require "lastpass"

describe("lastpass.report.render.csv", function()
  local columns = {
    { name = "id" },
    { name = "text" },
    { name = "n", kind = "count" },
    { name = "list", kind = "list" },
  }

  it("writes RFC 4180: header, CRLF, quotes where they are needed", function()
    assert.equal(
      'id,text,n,list\r\na,"x, ""y""",-3,b; c\r\nd,"two\nlines",,\r\n" e ",,,\r\n',
      csv.write(columns, {
        { id = "a", text = 'x, "y"', n = -3, list = { "b", "c" } },
        { id = "d", text = "two\nlines" },
        { id = " e " },
      }, true)
    )
    assert.equal("id,text,n,list\r\n", csv.write(columns, {}, true))
  end)

  it("keeps formulas from spreadsheets, and numbers as they are", function()
    local text = csv.write(columns, { { id = "=1+1", text = "-x", n = -3, list = { "@a" } } }, true)
    assert.equal("'=1+1,'-x,-3,'@a", text:match "\r\n(.*)\r\n")
    text = csv.write(columns, { { id = "=1+1" } }, false)
    assert.equal("=1+1,,,", text:match "\r\n(.*)\r\n")
  end)

  it("is read by the reader of sources to the same values", function()
    local values = { 'x, "y"', "two\nlines", " spaces ", "ümlaut", "'=1", "a\rb" }
    local rows = {}
    for place, value in ipairs(values) do
      rows[place] = { id = "r" .. place, text = value }
    end
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(csv.write(columns, rows, true))
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
