local where = require "lastpass.cli.output.where"

describe("--where", function()
  local view =
    { name = "users", key = "email", fields = { "email", "admin", "mfa", "age", "groups", "at" } }
  local ann =
    { email = "ann@acme.com", admin = true, age = 41, groups = { "Finance", "Berlin" }, at = 100 }

  local function ask(text, row)
    local fn, message, err = where.compile(text, view)
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

  it("says how to compare what not every row has, and times", function()
    local timed = { name = "users", key = "email", fields = view.fields, times = { at = true } }
    local function hint_of(text)
      local ok, err = pcall(assert(where.compile(text, timed)), ann)
      assert.is_false(ok, text)
      return err.hint
    end
    assert.equals(
      "not every row has one; (u.mfa or 0) stands for those without",
      hint_of 'u.mfa < ago "90d"'
    )
    assert.equals(
      "not every row has one; (u.mfa or 0) stands for those without",
      hint_of "not (3 <= u.mfa)"
    )
    assert.truthy(hint_of('u.at < "2026-03-01"'):find("times are seconds", 1, true))
    assert.is_true(ask '(u.mfa or 0) < ago "90d"')
  end)

  it("checks names before a row is there, whether they are reached or not", function()
    for _, text in ipairs { "u.admn and true", "false and row.admn", "u.admin or u.mfa == none" } do
      local fn, message, err = where.compile(text, view)
      assert.is_nil(fn, text)
      assert.truthy(message:find("--where: ", 1, true), message)
      assert.equals("argument", err.kind)
    end
    assert.is_true(ask "(function(x) return x.age == 41 end)(u)")
    assert.is_true(ask "#({ none = 1 }) == 0")
  end)

  it("does not take for its helpers what they ignore", function()
    local wrong = {
      'has(u.groups, "Finance", "Berlin")',
      "has(u.groups)",
      "has(u.groups, nil)",
      'has("Finance", u.groups)',
      "has(u.email, 'ann')",
      'ago("90d", "1d")',
      "ago(90)",
      "ago(nil)",
      "ago()",
      'ago "-90d"',
      'ago "2026-03-01"',
      'time("2026-03-01", "UTC")',
      "time()",
      'now "x"',
    }
    for _, text in ipairs(wrong) do
      local value, message, err = ask(text)
      assert.is_nil(value, text)
      assert.truthy(message:find("--where: ", 1, true), message)
      assert.equals("bad_where", err.code)
    end
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
    local value = where.compile(string.dump(function() end), view)
    assert.is_nil(value)
  end)
end)
