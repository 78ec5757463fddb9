-- Steps held back, whole or in part.
local holding = require "lastpass.plan.guards.holding"

local function step(kind, join, leave)
  return { kind = kind, subject = "ann@acme.com", after = join and { join = join, leave = leave } }
end

local function work_of(...)
  return { steps = { ... }, held = {} }
end

describe("lastpass.plan.guards.holding", function()
  it("holds what a step takes, and leaves what it gives", function()
    local both = step("groups", { "A" }, { "B", "C" })
    local work = work_of(both)
    holding.leaves(work, both, "code", "why")
    assert.same({ join = { "A" }, leave = {} }, both.after)
    assert.is_nil(both.held)
    assert.same({ join = {}, leave = { "B", "C" } }, work.held[1].after)
    assert.same({ "code", "why" }, { work.held[1].code, work.held[1].held })
    assert.same({ both }, holding.open_steps(work))
    holding.leaves(work, both, "code", "why") -- nothing is left to hold
    assert.equal(1, #work.held)
  end)

  it("holds a step whole when it gives nothing", function()
    local leaving = step("groups", {}, { "B" })
    local work = work_of(leaving)
    holding.leaves(work, leaving, "code", "why")
    assert.equal(leaving, work.held[1])
    assert.same({}, holding.open_steps(work))
  end)

  it("holds all removals, or those that are meant", function()
    local disable, create = step "disable", step "create"
    disable.rule = "missing"
    local work = work_of(disable, create, step("groups", { "A" }, { "B" }), step "remove")
    holding.removals(work, "code", "why", function(one)
      return one.rule == "missing"
    end)
    assert.same({ disable }, work.held)
    holding.removals(work, "code", "why")
    assert.equal(3, #work.held)
    assert.equal(2, #holding.open_steps(work))
    assert.is_true(holding.removes(disable))
    assert.is_falsy(holding.removes(create))
  end)
end)
