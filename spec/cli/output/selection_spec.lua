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

describe("--where", function()
  local view =
    { name = "users", key = "email", fields = { "email", "admin", "mfa", "age", "groups", "at" } }
  local ann =
    { email = "ann@acme.com", admin = true, age = 41, groups = { "Finance", "Berlin" }, at = 100 }

  local function ask(text, row)
    local fn, message, err = selection.compile_where(text, view)
    if not fn then
      return nil, message, err
    end
    local ok, result = pcall(fn, row or ann)
    if not ok then
      return nil, result.message, result
    end
    return result
  end

  it("is a Lua expression of the row", function()
    assert.is_true(ask "u.admin and not u.mfa")
    assert.is_true(ask "row.age == 41")
    assert.is_false(ask "u.age > 41")
    assert.is_true(ask 'u.email:match "@acme%.com$"')
    assert.is_true(ask "math.floor(u.age / 2) == 20")
    assert.is_false(ask "nil")
    assert.is_true(ask "u.age -- a remark")
  end)

  it("has helpers for lists and times", function()
    assert.is_true(ask 'has(u.groups, "finance")')
    assert.is_false(ask 'has(u.groups, "Sales")')
    assert.is_false(ask 'has(u.mfa, "x")')
    assert.is_true(ask 'u.at < ago "90d"')
    assert.is_true(ask 'u.at < time "2026-03-01"')
    assert.is_true(ask "u.at < now()")
  end)

  it("says what is wrong with it", function()
    local _, message, err = ask "u.admin and"
    assert.equals("bad_where", err.code)
    assert.equals("argument", err.kind)
    assert.truthy(message:find("^%-%-where: "), message)
    _, message = ask "x ="
    assert.truthy(message, "a statement is no expression")
  end)

  it("names the field that there is not, and the nearest", function()
    local _, message, err = ask "u.admn"
    assert.equals("unknown_field", err.code)
    assert.truthy(message:find("did you mean 'admin'", 1, true), message)
    _, message = ask "admin"
    assert.truthy(message:find("there is no 'admin'", 1, true), message)
  end)

  it("names the row at which it fails", function()
    local _, message = ask "u.mfa > 3"
    assert.truthy(message:find("at ann@acme.com: attempt to compare", 1, true), message)
  end)

  it("says what to write where a row has no such thing", function()
    local _, message, err = ask "u.mfa:find 'x'"
    assert.truthy(message:find("nil value", 1, true), message)
    assert.equals("not every row has one; (u.mfa or '') stands for those without", err.hint)
    assert.is_false(ask "(u.mfa or ''):find 'x'")
  end)

  it("acts on nothing", function()
    for _, text in ipairs {
      "os.execute 'true'",
      "io.open 'x'",
      "require 'lastpass'",
      "load 'x'",
      "setmetatable({}, {})",
      "getmetatable(u)",
      "string.dump(has)",
      "_G",
      "debug.getinfo(1)",
      "(function() u.age = 3 return true end)()",
      "(function() leak = 3 return true end)()",
      'time "no time at all"',
    } do
      local value, message = ask(text)
      assert.is_nil(value, text)
      assert.truthy(message, text)
    end
    assert.equals(41, ann.age)
  end)

  it("refuses bytecode", function()
    local value = selection.compile_where(string.dump(function() end), view)
    assert.is_nil(value)
  end)
end)
