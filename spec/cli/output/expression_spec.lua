local expression = require "lastpass.cli.output.expression"

-- "left operator right" of each comparison, constants in brackets.
local function found(text)
  assert((loadstring or load)("return (" .. text .. "\n)"), text)
  local list = {}
  for index, one in ipairs((expression.find(text))) do
    local sides = {}
    for place, side in ipairs { one.left, one.right } do
      sides[place] = side.is_constant and "<" .. side.text .. ">" or side.text
    end
    list[index] = sides[1] .. " " .. one.operator .. " " .. sides[2]
  end
  return list
end

describe("an expression", function()
  it("is cut at what binds weaker than a comparison", function()
    assert.same({ "u.a == <1>" }, found "u.a == 1")
    assert.same({ "u.a == <1 + 2>", "<3> ~= u.b .. 'x'" }, found "u.a == 1 + 2 and 3 ~= u.b .. 'x'")
    assert.same({ "not u.a == <true>", "#u.b < <2>" }, found "not u.a == true or #u.b < 2")
    assert.same({ "u.a >= <1>", "(u.a >= 1) == <false>" }, found "(u.a >= 1) == false")
    assert.same({ "u.a == <1>", "u.a == 1 == <true>" }, found "u.a == 1 == true")
    assert.same({ "u.a == <f(1, '=')>" }, found "u.a == f(1, '=')")
    assert.same({ "u.a == <1>", "u.b == <2>" }, found "f(u.a == 1, u.b == 2)")
    assert.same({ "u.a == <1>" }, found "{ x = u.a == 1; 3 }")
  end)

  it("knows has() with two values", function()
    assert.same({ "u.a has <'x'>" }, found "has(u.a, 'x')")
    assert.same({ "u.a has <f(1, 2)>" }, found "not has(u.a, f(1, 2))")
    assert.same({}, found "has(u.a)")
    assert.same({}, found "x.has(u.a, 'x')")
  end)

  it("does not read texts and remarks as Lua", function()
    assert.same({ [[u.a == <"u.b == 3 \" and">]] }, found [[u.a == "u.b == 3 \" and"]])
    assert.same({ "u.a == <[=[u.b == ]]3]=]>" }, found "u.a == [=[u.b == ]]3]=]")
    assert.same({ "u.a == <1>" }, found "u.a == 1 -- u.b == 2")
    assert.same({ "u.a == <1>" }, found "u.a --[[ == 3 ]] == 1")
    assert.same({ "u.a == <0x1F>", "u.b == <1e-3>" }, found "u.a == 0x1F and u.b == 1e-3")
  end)

  it("has names and fields; a function has its own", function()
    local _, names, fields =
      expression.find "u.a == x and row.b:lower() == string.format(y, { k = 1 })"
    assert.same({ "u", "x", "row", "string", "y" }, names)
    assert.same({ "a", "b" }, fields)
    local comparisons
    comparisons, names = expression.find "(function(x) return x == u.a end)(3)"
    assert.same({}, comparisons)
    assert.same({}, names)
  end)
end)
