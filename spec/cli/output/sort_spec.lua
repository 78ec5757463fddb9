local sort = require "lastpass.cli.output.sort"

local view = { name = "things", key = "name", fields = { "name", "size", "list", "on" } }

local function each(list)
  local place = 0
  return function()
    place = place + 1
    return list[place]
  end
end

local function names(text, rows)
  local list = {}
  for place, row in ipairs(sort.sorted(assert(sort.read(text, view)), view, each(rows))) do
    list[place] = row.name
  end
  return table.concat(list, " ")
end

local rows = {
  { name = "b", size = 2, on = true },
  { name = "A", size = 10, on = false },
  { name = "c" },
  { name = "d", size = 2, on = false, list = { "x" } },
}

describe("--sort", function()
  it("sorts numbers as numbers and texts without regard to case", function()
    assert.equals("b d A c", names("size", rows))
    assert.equals("A b c d", names("name", rows))
    assert.equals("A d b c", names("on,name", rows))
  end)

  it("puts what has no value last, either way", function()
    assert.equals("A b d c", names("-size", rows))
    assert.equals("d b A c", names("list", rows))
  end)

  it("takes several fields, and keeps the order of equals", function()
    assert.equals("d b A c", names("size,-name", rows))
    assert.equals("b d A c", names("size", rows))
  end)

  it("names the nearest of an unknown field", function()
    local _, message, err = sort.read("-siz", view)
    assert.equals("unknown_field", err.code)
    assert.truthy(message:find("did you mean 'size'", 1, true), message)
    assert.is_nil((sort.read(",", view)))
  end)
end)
