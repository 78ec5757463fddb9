local fit = require "lastpass.cli.repl.fit"
local text = require "lastpass.text"

describe("repl.fit", function()
  local columns = {
    { title = "email", field = "email" },
    { title = "status", rank = 1, field = "status" },
    { title = "last", rank = 2, field = "last" },
    { title = "groups", field = "groups", yields = true },
    {
      title = "n",
      align = "right",
      field = function(row)
        return row.n
      end,
    },
  }
  local rows = {
    {
      email = "ann@acme.com",
      status = "active",
      last = "2026-01-01",
      groups = { "All", "Finance" },
      n = 1,
    },
    { email = "robert@acme.com", status = "disabled", groups = {}, n = 12 },
  }

  local function first_line(width)
    return (fit.table(rows, columns, width):match "^[^\n]*"):gsub(" +", " ")
  end

  it("is as wide as needed where there is no terminal", function()
    assert.equals("email status last groups n", first_line(nil))
    assert.truthy(fit.table(rows, columns):find("All, Finance", 1, true))
  end)

  it("lets one column give way, then leaves out what is missed least", function()
    assert.equals("email status last groups n", first_line(60))
    assert.equals("email status groups n", first_line(44))
    assert.equals("email groups n", first_line(34))
    for width = 34, 80 do
      for line in fit.table(rows, columns, width):gmatch "[^\n]+" do
        assert.truthy(text.width(line) <= width, line)
      end
      assert.truthy(fit.table(rows, columns, width):find("robert@acme.com", 1, true), width)
    end
  end)

  it("does what it can in no space at all", function()
    assert.is_string(fit.table(rows, columns, 5))
  end)
end)
