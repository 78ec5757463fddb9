-- Runs that broke off: what was under way is found out, what is left is done, under the same number.
local check = require "spec.support.check"
local journals = require "lastpass.store"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.apply: resume", function()
  local box, client, files, active

  setup(function()
    box = support.start { users = 60, invited = 3, seed = 11 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    files = {}
    client = box:client { journal = plans.path(files) }
    active = plans.active(client, 20)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function journal()
    return assert(journals.of(client))
  end

  -- A run whose process died: begun, with steps intended, and those of `recorded` ended as done. The
  -- server's time is over unless `doubt_until` says otherwise.
  local function broken_run(plan, intended, ended, doubt_until)
    local id = assert(journal():begin_run {
      tenant = journals.tenant(client),
      plan = plan.name,
      kind = "apply",
      document = plan:text(),
      total = #plan.body.steps,
    })
    local list = {}
    for _, number in ipairs(intended) do
      local step = plan.body.steps[number]
      list[#list + 1] = {
        number = number,
        kind = step.kind,
        subject = step.subject,
        before = step.before,
        after = step.after,
        doubt_until = doubt_until or os.time(),
      }
    end
    assert(journal():intend(id, list))
    local outcomes = {}
    for position, number in ipairs(ended or {}) do
      outcomes[position] = { number = number, state = "done" }
    end
    assert(journal():record(id, outcomes))
    return id
  end

  local function disabling(count)
    local list = {}
    for position = 1, count do
      list[position] = { "disable", active[position] }
    end
    return plans.plan(client, list)
  end

  it("reconciles what was under way by the directory, and does the rest", function()
    local plan = disabling(4)
    local first, second = plan.body.steps[1].subject, plan.body.steps[2].subject
    local id = broken_run(plan, { 1, 2, 3 }, { 3 })
    -- step 1 was carried out, step 2 was not, step 3 was and is known to be
    assert(client:disableuser { first, plan.body.steps[3].subject })
    local run = assert(client:resume(id, { settle_after = 0.2 }))
    assert.equal(id, run.id)
    assert.equal("finished", run.state)
    assert.is_true(run.ok)
    assert.equal(4, run.counts.done)
    assert.equal("read_back", plans.row(run, first).code)
    assert.equal(1, run.requests)
    assert.equal("disabled", client:user(second).status)
    local rows = 0
    for _, entry in ipairs(box:journal { command = "disableuser" }) do
      rows = rows + entry.rows
    end
    assert.equal(2 + 2, rows)
  end)

  it("does not take its own work for a change by others", function()
    local plan = plans.plan(client, {
      { "name", active[1], { fullname = "Other Name" } },
      { "groups", active[1], { join = { "Go" }, leave = {} } },
      { "disable", active[1] },
    })
    local id = broken_run(plan, { 1 }, { 1 })
    assert(client:user(active[1]):update { fullname = "Other Name" })
    local run = assert(client:resume(id))
    assert.is_true(run.ok)
    assert.equal("disabled", client:user(active[1]).status)
    assert.is_true(client:user(active[1]):is_in "Go")
  end)

  it("leaves alone who has been changed by others since", function()
    local plan = disabling(3)
    local id = broken_run(plan, {}, {})
    assert(client:user(active[2]):update { fullname = "Somebody Else" })
    local run = assert(client:resume(id))
    assert.equal("stale", plans.states(run)[active[2]])
    assert.equal(2, run.counts.done)
    assert.equal("active", client:user(active[2]).status)
  end)

  it("lists what left no trace as unknown, and does not repeat it", function()
    local invited
    for user in client:users { status = "invited" } do
      invited = user.email
    end
    local plan = plans.plan(client, {
      { "reinvite", invited },
      { "reset_password", active[1] },
      { "disable", active[2] },
    })
    local id = broken_run(plan, { 1 }, {})
    local run = assert(client:resume(id))
    assert.equal("unknown", plans.states(run)[invited])
    assert.equal("done", plans.states(run)[active[1]])
    assert.equal(0, support.requests(box, "reinviteuser"))
    assert.is_false(run.ok)
    assert.equal("finished", run.state)
  end)

  it("goes on with a run that was stopped, and adds up its requests", function()
    local done = 0
    local run = assert(client:apply(disabling(10), {
      chunk = 2,
      in_flight = 1,
      progress = function(state)
        done = state.done
      end,
      cancel = function()
        return done >= 4
      end,
    }))
    assert.equal("stopped", run.state)
    local seen = {}
    run = assert(client:resume(run.id, {
      chunk = 2,
      progress = function(state)
        seen[#seen + 1] = state.done
        assert.equal(10, state.total)
      end,
    }))
    assert.is_true(run.ok)
    assert.equal(5, run.requests)
    assert.is_nil(run.stopped)
    assert.equal(10, seen[#seen])
    assert.is_nil(client:run(run.id).stopped)
  end)

  it("does nothing more after the plan has expired, but finds out what was under way", function()
    local plan = disabling(3)
    local first = plan.body.steps[1].subject
    local id = broken_run(plan, { 1 }, {})
    assert(client:disableuser { first })
    assert(box:clock { advance = "3d" })
    local run = assert(client:resume(id, { settle_after = 0.1 }))
    assert.equal("stopped", run.state)
    assert.equal("plan_expired", run.stopped.code)
    assert.truthy(run.stopped.hint:find("make the plan again", 1, true))
    assert.equal("done", plans.states(run)[first])
    assert.equal(2, run.counts.not_tried)
    assert.equal(1, support.requests(box, "disableuser"))
    -- and is in nobody's way
    assert.is_true(assert(client:apply(disabling(3))).ok)
  end)

  it("ends a run of an expired plan of which nothing is left to do", function()
    local plan = disabling(1)
    local id = broken_run(plan, { 1 }, {})
    assert(client:disableuser { plan.body.steps[1].subject })
    assert(box:clock { advance = "3d" })
    assert.is_true(assert(client:resume(id, { settle_after = 0.1 })).ok)
  end)

  it("asks the limits of the day again, which what it did itself counts for", function()
    local function limited(first, last, limit)
      local list = {}
      for position = first, last do
        list[#list + 1] = { "disable", active[position] }
      end
      local limits = { per_day = { disable = limit } }
      return plans.plan(client, list, { settings = { limits = limits } })
    end
    local plan = limited(1, 4, 5)
    local id = broken_run(plan, { 1, 2 }, { 1, 2 })
    assert(client:disableuser { plan.body.steps[1].subject, plan.body.steps[2].subject })
    assert(client:apply(limited(5, 6, 6)))
    local run = assert(client:resume(id))
    assert.equal("per_day", run.stopped.code)
    assert.equal("guard", run.stopped.kind)
    assert.truthy(run.stopped.message:find("2 by earlier runs and 4 by this plan", 1, true))
    assert.equal(2, run.counts.not_tried)
    -- one fewer is not beyond it
    plan = limited(7, 8, 6)
    id = broken_run(plan, { 1 }, { 1 })
    assert(client:disableuser { plan.body.steps[1].subject })
    assert.is_true(assert(client:resume(id)).ok)
  end)

  it("waits for what the server may still do, as the run had it", function()
    local plan = disabling(2)
    local id = broken_run(plan, { 1 }, {}, os.time() + 100)
    local waited
    local run = assert(client:resume(id, {
      settle_after = 0.1,
      progress = function(state)
        waited = waited or state.waiting
      end,
      cancel = function()
        return waited
      end,
    }))
    assert.equal("interrupted", run.stopped.code)
    assert.equal(1, run.counts.uncertain)
    assert.equal(1, run.counts.not_tried)
    assert.equal(0, support.requests(box, "disableuser"))
    local cancel, restore = plans.fast_clock(50)
    run = assert(client:resume(id, { settle_after = 0.1, cancel = cancel }))
    restore()
    assert.is_true(run.ok)
    assert.equal(2, run.counts.done)
  end)

  it("stops again when the directory cannot be read", function()
    local id = broken_run(disabling(2), { 1 }, {})
    assert(box:faults { command = "getuserdata", status = 403 })
    local run = assert(client:resume(id))
    assert.equal("stopped", run.state)
    assert.equal(1, run.counts.uncertain)
    assert.equal(0, support.requests(box, "disableuser"))
    box:clear_faults()
    assert.is_true(assert(client:resume(id, { settle_after = 0.1 })).ok)
  end)

  it("does not take the last admin away", function()
    local admins = {}
    for user in client:users { admin = true } do
      if user.status == "active" then
        admins[#admins + 1] = user.email
      end
    end
    local id = broken_run(plans.plan(client, { { "disable", admins[1] } }), {}, {})
    for position = 2, #admins do
      assert(client:disableuser { admins[position] })
    end
    local run = assert(client:resume(id))
    assert.equal("last_admin", run.stopped.code)
    assert.equal("active", client:user(admins[1]).status)
  end)

  it("writes the rows that did not go through", function()
    local plan = disabling(2)
    local id = broken_run(plan, {}, {})
    assert(client:user(active[2]):update { fullname = "Somebody Else" })
    local path = plans.path(files)
    assert(client:resume(id, { refused_rows = path }))
    assert.truthy(plans.read(path):find(active[2], 1, true))
    assert.is_nil(plans.read(path):find(active[1], 1, true))
  end)

  describe("refuses", function()
    it("a run that is finished", function()
      local run = assert(client:apply(disabling(1)))
      check.failure("conflict", "run_finished", client:resume(run.id))
    end)

    it("a run that does not exist, and what is no number", function()
      check.failure("argument", "no_such_run", client:resume(99))
      check.blamed(function()
        client:resume "1"
      end)
    end)

    it("another company's run", function()
      local id = broken_run(disabling(1), {}, {})
      local other = box:client { journal = client:option "journal", cid = 1 }
      check.failure("conflict", "other_tenant", other:resume(id))
    end)

    it("a run that another program is busy with", function()
      local id = broken_run(disabling(1), {}, {})
      local store = require "lastpass.store"
      local second = assert(store.open { path = client:option "journal" })
      local lock = assert(second:lock(journals.tenant(client), { run = id }))
      local err = check.failure("conflict", "locked", client:resume(id))
      assert.equal(id, err.owner.run)
      lock:release()
      second:close()
      assert.is_true(assert(client:resume(id)).ok)
    end)

    it("a run whose plan is not the one that was begun", function()
      local one, other = disabling(1), disabling(2)
      local id = assert(journal():begin_run {
        tenant = journals.tenant(client),
        plan = one.name,
        kind = "apply",
        document = other:text(),
        total = 1,
      })
      check.failure("conflict", "plan_changed", client:resume(id))
    end)

    it("a file for refused rows that cannot be written", function()
      local id = broken_run(disabling(1), {}, {})
      check.failure(
        "argument",
        "cannot_write",
        client:resume(id, { refused_rows = "/nonexistent/rows.csv" })
      )
      assert.is_true(assert(client:resume(id)).ok)
    end)

    it("a run that has been taken back", function()
      local plan = disabling(2)
      local id = broken_run(plan, { 1 }, { 1 })
      assert(client:disableuser { plan.body.steps[1].subject })
      local undo = assert(client:undo(id))
      assert.is_true(assert(client:apply(undo)).ok)
      check.failure("conflict", "run_abandoned", client:resume(id))
      assert.equal("abandoned", client:run(id).state)
    end)
  end)
end)
