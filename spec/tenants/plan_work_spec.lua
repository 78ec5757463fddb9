-- Plans over companies applied in waves, with an error budget; stopped, resumed, asked twice.
local lastpass = require "lastpass"
local plan_results = require "lastpass.tenants.plan_results"
local plan_runs = require "lastpass.tenants.plan_runs"
local plan_work = require "lastpass.tenants.plan_work"
local queue = require "lastpass.tenants.queue"
local support = require "spec.support.box"
local tenants = require "spec.support.tenants"
local worker = require "lastpass.tenants.worker"

describe("a plan over companies", function()
  local place, set, journal

  setup(function()
    place = tenants.start(8, { users = 12 })
    set = assert(place:load(nil, { connect = worker.connect(lastpass.new, { timeout = 5 }) }))
    journal = assert(queue.journal(set))
  end)

  teardown(function()
    place.stop()
  end)

  local function plan(name, options, only)
    return assert(set:plan(function(p)
      if not only or only[p.company.name] then
        p.user(("%s@%s.example"):format(name, p.company.name)) { fullname = "New" }
      end
    end, options))
  end

  local function apply(plans, more)
    local options = { lease = 20, timeout = 5 }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return plan_work.apply(set, plans, options)
  end

  -- One company does not let us in any more; without a number all do again.
  local function break_company(number)
    assert(place.box:clear_faults())
    if number then
      local rule = { command = "getuserdata", cid = 9000 + number, status = 403 }
      assert(place.box:faults(rule))
    end
  end

  local function states(result)
    local by_company = {}
    for _, row in ipairs(result.list) do
      by_company[row.company] = row.state
    end
    return by_company
  end

  it("is applied in waves, once", function()
    local made = plan "waves"
    local result = assert(apply(made))
    assert.same({ "finished", 8, 8, 3 }, {
      result.state,
      result.companies,
      result.done,
      result.waves,
    })
    assert.equal(8, result.counts.done)
    assert.equal(0, result.exit_code)
    support.reset_journal(place.box)
    local again = assert(apply(made))
    assert.equal(result.id, again.id)
    assert.equal(0, support.requests(place.box, "batchadd"))
    assert.equal(8, again.done)
    local steps = 0
    for step in plan_results.steps(journal, again) do
      assert.equal("done", step.state)
      steps = steps + 1
    end
    assert.equal(8, steps)
  end)

  it("does not begin the second wave when the first company fails", function()
    local made = plan "budget"
    break_company(1)
    local result = assert(apply(made))
    assert.same({ "stopped", "over_budget", 1 }, { result.state, result.code, result.wave })
    assert.equal(8, result.done + #result.missing)
    assert.equal("not begun", states(result).c2)
    assert.matches("1 of the first 1 companies failed, and 0 may", result.why)
    break_company()
    local none, message, err = apply(made, { budget = 3 })
    assert.is_nil(none)
    assert.equal("other_options", err.code)
    assert.matches("another value of the option 'budget'", message)
    local again = assert(apply(made))
    assert.equal("finished", again.state)
    assert.equal(8, again.done)
  end)

  it("leaves companies with nothing to do alone, and says so of those without a plan", function()
    local made = plan("few", nil, { c2 = true, c5 = true })
    local result = assert(apply(made))
    assert.equal(8, result.done)
    assert.equal("unchanged", states(result).c1)
    assert.equal("done", states(result).c5)
  end)

  it("is ended by a cancel, and continues where it was", function()
    local made = plan "cancelled"
    local asked = 0
    local result = assert(apply(made, {
      cancel = function()
        asked = asked + 1
        return asked > 60
      end,
    }))
    assert.equal(8, result.done + #result.missing)
    if result.state == "stopped" then
      result = assert(plan_work.resume(set, result.id, { lease = 20, timeout = 5 }))
    end
    assert.equal("finished", result.state)
    assert.equal(8, result.counts.done)
  end)

  it("is applied by one run, also when two begin at the same moment", function()
    local made, look = plan "twice", plan_runs.run_of_plan
    local first = assert(plan_work.queue(set, made, { budget = 8 }))
    local seen = 0
    plan_runs.run_of_plan = function(...)
      seen = seen + 1
      if seen % 2 == 1 then
        return false -- the other one has not written it yet
      end
      return look(...)
    end
    local also = plan_work.queue(set, made)
    local _, _, err = plan_work.queue(set, made, { budget = 1 })
    local ok, result, message = pcall(apply, made)
    plan_runs.run_of_plan = look
    assert(ok, result)
    assert(result, message)
    assert.same({ first, first, 8, 6 }, { result.id, also, result.done, seen })
    assert.equal("other_options", err.code)
  end)

  it("comes to its end when a company is not known any more that has not begun", function()
    local made = plan "fewer"
    local id = assert(plan_work.queue(set, made))
    local fewer =
      assert(place:load("not c1", { connect = worker.connect(lastpass.new, { timeout = 5 }) }))
    local result = assert(plan_work.apply(fewer, made, { lease = 20, timeout = 5 }))
    assert.same({ id, "running", 0, 8 }, { result.id, result.state, result.done, #result.missing })
    assert.matches("does not know this company", result.missing[1].message)
    assert.equal(8, assert(apply(made)).done)
  end)

  it("is left to workers, and has no hash in it", function()
    local made = plan "queued"
    local id = assert(set:queue(made))
    assert.equal(id, assert(set:queue(made)))
    local result = assert(plan_results.result(journal, id))
    assert.same({ 8, 0, 8 }, { result.companies, result.done, #result.missing })
    assert.matches("waits in wave 2", result.missing[2].message)
    local text = made:text()
    for number = 1, 8 do
      assert.is_nil(text:find(tenants.hash(number), 1, true))
      for _, job in ipairs(assert(journal:tenant_jobs(id))) do
        assert.is_nil(job.payload.plan:find(tenants.hash(number), 1, true))
      end
    end
    assert.equal(8, assert(apply(made)).done)
  end)

  it("changes first whom somebody has chosen", function()
    local made = plan "first"
    break_company(7)
    local result = assert(apply(made, { first = "c7" }))
    break_company()
    assert.equal("over_budget", result.code)
    assert.equal("not begun", states(result).c1)
    local none, message, err = apply(plan "second", { first = "c77" })
    assert.is_nil(none)
    assert.equal("no_such_company", err.code)
    assert.matches("did you mean 'c7'", message)
  end)

  it(
    "is not begun when it is limited, has expired, or has steps that nobody has confirmed",
    function()
      local _, _, err = apply(plan("limited", { limit_over_all = { create = 3 } }))
      assert.equal("refused_by_guards", err.code)
      local made = plan "late"
      made.body.expires = 1
      _, _, err = apply(made)
      assert.equal("plan_expired", err.code)
      _, _, err = apply(plan "final", { confirm_final = 2 })
      assert.equal("needs_confirmation", err.code)
      _, _, err = plan_work.resume(set, 99999)
      assert.equal("no_such_run", err.code)
    end
  )
end)
