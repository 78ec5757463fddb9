-- What is done about plans for one company each: applying, taking back, drift, runs.
local exit = require "lastpass.cli.exit"
local plan_kinds = require "lastpass.tenants.plan_kinds"
local support = require "spec.support.box"
local tenants = require "spec.support.tenants"

describe("kinds of work about plans", function()
  local place, set

  setup(function()
    place = tenants.start(3, { users = 12 })
    set = assert(place:load "all")
  end)

  teardown(function()
    place.stop()
  end)

  local function plan_of(name)
    local made = assert(set:plan(function(p)
      p.user(("%s@%s.example"):format(name, p.company.name)) { fullname = "New" }
    end))
    local texts = {}
    for _, entry in ipairs(made.body.companies) do
      texts[entry.company] = assert(made:plan(entry.company)):text()
    end
    return texts
  end

  it("apply a plan once, however often they are asked", function()
    local texts = plan_of "once"
    local first = assert(set:run("apply", { plans = texts }))
    assert.equal(3, first.done)
    assert.equal(0, first.code)
    for _, name in ipairs { "c1", "c2", "c3" } do
      assert.equal("done", first.outcomes[name].summary.state)
      assert.equal(1, first.outcomes[name].summary.counts.done)
    end
    support.reset_journal(place.box)
    local second = assert(set:run("apply", { plans = texts }))
    assert.equal(0, support.requests(place.box))
    assert.equal(first.outcomes.c2.summary.run, second.outcomes.c2.summary.run)
    assert.equal("done", second.outcomes.c2.summary.state)
  end)

  it("have nothing to do with an empty plan", function()
    local texts = plan_of "once"
    local result = assert(set:run("apply", { plans = texts }))
    assert.equal("unchanged", result.outcomes.c1.summary.state)
    assert.is_nil(result.outcomes.c1.summary.run)
  end)

  it("leave out a company without a plan", function()
    local texts = plan_of "without"
    texts.c2 = nil
    local result = assert(set:run("apply", { plans = texts }))
    assert.equal(2, result.done)
    assert.equal("no_plan", result.missing[1].code)
    texts.c1 = texts.c3
    result = assert(set:run("apply", { plans = texts }))
    assert.equal("other_tenant", result.missing[1].code)
  end)

  it("resume what was ended in the middle", function()
    local texts = plan_of "ended"
    local asked = 0
    local result = assert(set:run("apply", { plans = texts }, {
      in_flight = 1,
      cancel = function()
        asked = asked + 1
        return asked > 12
      end,
    }))
    assert.is_true(result.done < 3)
    assert.equal(3, result.done + #result.missing)
    for _, one in ipairs(result.missing) do
      assert.equal("interrupted", one.code)
    end
    result = assert(set:run("apply", { plans = texts }))
    assert.equal(3, result.done)
    assert.equal(0, result.code)
  end)

  it("take a run back, list runs, and find no drift afterwards", function()
    local result = assert(set:run("apply", { plans = plan_of "undone" }))
    local runs = {}
    for name, outcome in pairs(result.outcomes) do
      runs[name] = outcome.summary.run
    end
    local back = assert(set:run("undo", { runs = runs }))
    assert.equal("remove", back.outcomes.c1.plan.body.steps[1].kind)
    local drift = assert(set:run("drift", {}))
    assert.equal(3, drift.done)
    assert.equal(0, drift.code)
    local journal = assert(set:run("runs", { limit = 1 }))
    assert.equal(1, journal.outcomes.c3.count)
    assert.equal(3, journal.done)
  end)

  it("have the exit codes of the program", function()
    for name, code in pairs(plan_kinds.codes) do
      assert.equal(exit[name], code)
    end
  end)
end)
