local selection = require "lastpass.cli.output.selection"

describe("--fields", function()
  local view = { name = "users", fields = { "email", "status" } }

  it("reads names in their order", function()
    assert.same({ "status", "email" }, selection.read_fields("status, email", view))
    assert.is_true(selection.has_field(view, "email"))
    assert.is_false(selection.has_field(view, "mail"))
  end)

  it("names the nearest of what there is not, and lists all", function()
    local _, message, err = selection.read_fields("emial", view)
    assert.equals("--fields: users have no field 'emial' (did you mean 'email'?)", message)
    assert.equals("unknown_field", err.code)
    assert.truthy(err.hint:find("email, status", 1, true))
    assert.is_nil((selection.read_fields(" ", view)))
  end)
end)

describe("--sort", function()
  local view = { name = "things", key = "name", fields = { "name", "size", "list", "on" } }

  local function each(list)
    local index = 0
    return function()
      index = index + 1
      return list[index]
    end
  end

  local function names(text, rows)
    local list = {}
    for index, row in
      ipairs(selection.sorted(assert(selection.read_sort(text, view)), view, each(rows)))
    do
      list[index] = row.name
    end
    return table.concat(list, " ")
  end

  local rows = {
    { name = "b", size = 2, on = true },
    { name = "A", size = 10, on = false },
    { name = "c" },
    { name = "d", size = 2, on = false, list = { "x" } },
  }

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
    local _, message, err = selection.read_sort("-siz", view)
    assert.equals("unknown_field", err.code)
    assert.truthy(message:find("did you mean 'size'", 1, true), message)
    assert.is_nil((selection.read_sort(",", view)))
  end)
end)
