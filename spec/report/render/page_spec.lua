local page = require "lastpass.report.render.page"

describe("lastpass.report.render.page", function()
  -- What is put in without e() is made by this library: attributes of classes, the style, the chart.
  local own = {
    ["style"] = true,
    ["chart"] = true,
    ["one.id"] = true,
    ["column.class and ' class=\"' .. column.class .. '\"'"] = true,
    ["one.columns[place].class and ' class=\"' .. one.columns[place].class .. '\"'"] = true,
    ["classes.columns[place].class and ' class=\"' .. classes.columns[place].class .. '\"'"] = true,
  }

  it("escapes all that it puts in", function()
    local count = 0
    for expression in page:gmatch "%$(%b())" do
      expression = expression:sub(2, -2)
      count = count + 1
      assert.truthy(expression:find "^e%(.*%)$" or own[expression], expression)
    end
    assert.truthy(count > 20)
  end)
end)
