-- Declared arguments: what fits is passed on, anything else raises at the caller's line.
local check = require "spec.support.check"
local signature = require "lastpass.signature"

describe("lastpass.signature", function()
  local function given(...)
    return select("#", ...), ...
  end

  local function of(text, form)
    return signature.check("module.work", text, given, form)
  end

  it("passes on what fits", function()
    assert.same({ 1, "a" }, { of "a?: any"("a") })
    assert.same({ 2, "a", 5 }, { of "a: string, b?: number"("a", 5) })
    assert.equal("b", (select(3, of "a: string, ...: string"("a", "b", "c"))))
    assert.equal(3, (of "a: string, ...: string"("a", "b", "c")))
    assert.equal(1, (of "a: integer"(5)))
    assert.equal(4, (of "a: any, b: any, c: any, d?: any"(1, 2, 3, 4)))
  end)

  it("lets further nils be, which a call as the last argument may give", function()
    assert.has_no.errors(function()
      of "a: string"("a", nil, nil)
      of ""(nil)
      of "a: any, b: any, c: any, d: any"(1, 2, 3, 4, nil)
    end)
  end)

  it("raises for too many, with the right form", function()
    for text, expected in pairs {
      [""] = "module.work: takes no arguments, and more were given: module.work()",
      ["a?: any"] = "module.work: takes one argument, and more were given: module.work(a?)",
      ["a?: any, b?: any"] = "module.work: takes 2 arguments, and more were given: "
        .. "module.work(a?, b?)",
      ["a?: any, b?: any, c?: any"] = "module.work: takes 3 arguments, and more were given: "
        .. "module.work(a?, b?, c?)",
      ["a?: any, b?: any, c?: any, d?: any"] = "module.work: takes 4 arguments, "
        .. "and more were given: module.work(a?, b?, c?, d?)",
    } do
      local fn, count = of(text), select(2, text:gsub(":", ""))
      local arguments = {}
      for place = 1, count do
        arguments[place] = place
      end
      for surplus = 1, 2 do -- right after, and after a nil
        arguments[count + surplus] = "more"
        assert.equal(
          expected,
          check.blamed(function()
            fn((table.unpack or unpack)(arguments, 1, count + surplus))
          end)
        )
        arguments[count + surplus] = nil
      end
    end
    assert.equal(
      'module.work: takes one argument, and more were given: write work "a"',
      check.blamed(function()
        of("a: string", 'write work "a"')("a", "b")
      end)
    )
  end)

  it("raises for another type, and for what is missing", function()
    for _, case in ipairs {
      { "a: string", { 5 }, "'a' must be a string, not a number: module.work(a)" },
      { "a: string", {}, "'a' is missing: module.work(a)" },
      { "a?: string", { false }, "'a' must be a string, not a boolean: module.work(a?)" },
      { "a: integer", { 1.5 }, "'a' must be an integer, not a number: module.work(a)" },
      { "a: integer", { 1 / 0 }, "'a' must be an integer, not a number: module.work(a)" },
      { "a: string|table", { 5 }, "'a' must be a string or table, not a number: module.work(a)" },
      { "a: any, b: table", { 5 }, "'b' is missing: module.work(a, b)" },
      {
        "a?: any, b?: any, c: lastpass.Plan",
        { 1, 2, {} },
        "'c' must be a Plan, not a table: module.work(a?, b?, c)",
      },
      {
        "a: string, ...: string",
        { "a", "b", 5 },
        "argument 3 must be a string, not a number: module.work(a, ...)",
      },
      { "...: string", { {} }, "argument 1 must be a string, not a table: module.work(...)" },
    } do
      assert.equal(
        "module.work: " .. case[3],
        check.blamed(function()
          of(case[1])((table.unpack or unpack)(case[2]))
        end)
      )
    end
  end)

  it("knows objects by their class, strict ones too", function()
    local fn = of "plan: lastpass.Plan"
    local plan = setmetatable({}, { __name = "lastpass.Plan" })
    assert.equal(1, (fn(plan)))
    assert.equal(1, (fn(setmetatable({ _target = plan }, { __name = "lastpass.strict" }))))
    check.blamed(function()
      fn(setmetatable({ _target = {} }, { __name = "lastpass.strict" }))
    end)
  end)

  it("tells a method that is called with a dot", function()
    local methods = signature.declare("thing:", {
      work = function(_, text)
        return text
      end,
    }, { work = "text: string" })
    assert.equal("x", methods:work "x")
    assert.equal(
      "thing:work: is called with a colon: thing:work(text)",
      check.blamed(function()
        methods.work "x"
      end)
    )
    assert.equal(
      "thing:work: takes one argument, and more were given: thing:work(text)",
      check.blamed(function()
        methods:work("x", "y")
      end)
    )
  end)

  it("remembers what was declared", function()
    local fn = of "a: string"
    assert.equal("a: string", signature.of(fn).text)
    assert.equal("module.work", signature.of(fn).where)
    assert.is_nil(signature.of(given))
  end)
end)
