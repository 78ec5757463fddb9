-- Steps held, whole or in part.
local builders = require "lastpass.plan.steps.builder"

describe("lastpass.plan.steps.builder", function()
  local function step(kind, join, leave)
    local after = join and { join = join, leave = leave }
    return { kind = kind, subject = "ann@acme.com", after = after }
  end

  local function builder_of(...)
    local snapshot = {
      rows = function() end,
    }
    local builder = builders.new({}, snapshot)
    builder.steps = { ... }
    return builder
  end

  it("holds what a step takes, and leaves what it gives", function()
    local both = step("groups", { "A" }, { "B", "C" })
    local builder = builder_of(both)
    builder:hold_leaving(both, "code", "why")
    assert.same({ join = { "A" }, leave = {} }, both.after)
    assert.is_nil(both.held)
    assert.same({ join = {}, leave = { "B", "C" } }, builder.held[1].after)
    assert.same({ "code", "why" }, { builder.held[1].code, builder.held[1].held })
    assert.same({ both }, builder:open_steps())
    builder:hold_leaving(both, "code", "why") -- nothing is left to hold
    assert.equal(1, #builder.held)
  end)

  it("holds a step whole when it gives nothing", function()
    local leaving = step("groups", {}, { "B" })
    local builder = builder_of(leaving)
    builder:hold_leaving(leaving, "code", "why")
    assert.equal(leaving, builder.held[1])
    assert.same({}, builder:open_steps())
  end)

  it("holds all removals, or those that are meant", function()
    local disable, create = step "disable", step "create"
    disable.rule = "missing"
    local builder = builder_of(disable, create, step("groups", { "A" }, { "B" }), step "remove")
    builder:hold_removals(function(one)
      if one.rule == "missing" then
        return "code", "why"
      end
    end)
    assert.same({ disable }, builder.held)
    builder:hold_removals(function()
      return "code", "why"
    end)
    assert.equal(3, #builder.held)
    assert.equal(2, #builder:open_steps())
    assert.is_true(disable.held ~= nil)
    assert.is_nil(create.held)
  end)
end)
