-- What is declared, and what is in doubt.
local declarations = require "lastpass.plan.declared"

describe("lastpass.plan.declared", function()
  local declared

  before_each(function()
    declared = declarations.new()
  end)

  it("adds people, in one form of their address", function()
    assert.equal(1, declared:add("ann@acme.com", "Ann", { "A" }, true, 0, 0))
    assert.equal(2, declared:add(" mu\204\136ller@acme.com ", nil, nil, nil, 0, 0))
    assert.equal("m\195\188ller@acme.com", (declared.desired:row(2)))
    assert.is_nil(declared.extras[1])
    assert.is_true(declared.extras[2].needs_folding)
  end)

  it("puts both of two declarations in doubt, and names the first", function()
    declared:extra(declared:add("ann@acme.com", nil, nil, nil, 0, 0)).origin = "roles.lua:3"
    assert.is_nil(declared:add("ANN@acme.com", nil, nil, nil, 0, 0))
    local problem = declared.problems[1]
    assert.same({ "repeated", "ANN@acme.com" }, { problem.code, problem.subject })
    assert.equal(
      "ANN@acme.com is declared twice, first at roles.lua:3; neither is used",
      problem.reason
    )
    assert.is_true(declared.untouchable["ann@acme.com"])
  end)

  it("refuses what is no address; nobody is known by it", function()
    assert.is_nil(declared:add("ann", nil, nil, nil, 2, 7))
    local problem = declared.problems[1]
    assert.same({ "bad_email", 2, 7 }, { problem.code, problem.source, problem.line })
    assert.is_nil(problem.subject)
    assert.same({}, declared.untouchable)
  end)

  it("knows where a row comes from", function()
    declared.sources[1] = { name = "hr.csv" }
    assert.equal("hr.csv:17", declared:origin(declared:add("a@acme.com", nil, nil, nil, 1, 17)))
    assert.is_nil(declared:origin(declared:add("b@acme.com", nil, nil, nil, 0, 0)))
  end)

  it("doubts and protects by the widest key", function()
    declared:doubt "M\195\156LLER@Acme.com"
    assert.is_true(declared.untouchable["m\195\188ller@acme.com"])
    declared:protect("Ann@acme.com", "why")
    assert.same({ address = "Ann@acme.com", why = "why" }, declared.protected["ann@acme.com"])
  end)

  it("gives rows a reason in one go", function()
    for position = 1, 5 do
      declared:add(("p%d@acme.com"):format(position), nil, nil, nil, 0, 0)
      if position == 3 then
        declared:note_reason(2, "audit 7")
      end
    end
    declared:note_reason(6, "of nobody")
    declared:extra(3).reason = "own"
    assert.same({ nil, "audit 7", "own", nil, nil }, {
      declared:reason(1),
      declared:reason(2),
      declared:reason(3),
      declared:reason(4),
      declared:reason(5),
    })
  end)
end)
