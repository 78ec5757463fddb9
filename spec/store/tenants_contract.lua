-- What every journal does with runs over companies, whatever database is behind it.
local assert = require "luassert"
local check = require "spec.support.check"
local store = require "lastpass.store"
local support = require "spec.support.store"

return function(make, busted)
  local it = busted.it
  local options, journal

  busted.before_each(function()
    options = make()
    journal = assert(store.open(options))
  end)

  busted.after_each(function()
    journal:close()
  end)

  local function companies(list)
    local made = {}
    for index, wave in ipairs(list) do
      made[index] = { tenant = "t" .. index, name = "company" .. index, wave = wave }
    end
    return made
  end

  local function add(more)
    local run = { kind = "users", companies = companies { 1, 1, 1 } }
    for name, value in pairs(more or {}) do
      run[name] = value
    end
    return assert(journal:add_tenant_run(run))
  end

  local function claim(more)
    local wanted = { kinds = { "users" }, worker = "w", token = "a", lease = 60, limit = 10 }
    for name, value in pairs(more or {}) do
      wanted[name] = value
    end
    return assert(journal:claim_tenant_jobs(wanted))
  end

  local function names(list)
    local found = {}
    for index, job in ipairs(list) do
      found[index] = job.company
    end
    return table.concat(found, " ")
  end

  local function record(jobs, state, more)
    local list = {}
    for index, job in ipairs(jobs) do
      list[index] = { id = job.id, token = job.token, state = state or "done" }
      for name, value in pairs(more or {}) do
        list[index][name] = value
      end
    end
    return assert(journal:record_tenant_jobs(list))
  end

  local function run_of(id)
    return assert(journal:tenant_runs { id = id })[1]
  end

  -- Moves the lease of what is claimed into the past.
  local function end_leases()
    support.tamper(journal, "UPDATE lastpass_jobs SET lease_until = 1 WHERE state = 'running'")
  end

  it("apply a plan in one run, whoever begins it at the same time", function()
    local id = add { kind = "apply", plan = "p1" }
    local run = { kind = "apply", plan = "p1", companies = companies { 1 } }
    check.failure("conflict", "plan_begun", journal:add_tenant_run(run))
    assert.is_true(add { kind = "apply", plan = "p2" } > id)
    assert.is_true(add { kind = "apply" } < add { kind = "apply" })
    assert.is_true(add { plan = "p1" } < add { plan = "p1" })
    assert(journal:stop_tenant_run(id))
    assert(journal:remove_tenant_run(id))
    add { kind = "apply", plan = "p1" }
  end)

  it("stores all that a run is about", function()
    local id = add {
      settings = { status = "active", list = { 1 } },
      expression = "group:eu",
      budget = { count = 3, percent = 10 },
      missing = { { company = "x", code = "no_secret", message = "Ö" } },
      plan = "plan-1",
      document = "\0\255bytes",
      companies = {
        { tenant = "t1", name = "acme", wave = 4, payload = { plan = "p" } },
        { tenant = "t2", name = "beta", wave = 9 },
      },
    }
    local run = assert(journal:tenant_run(id))
    assert.equal("\0\255bytes", run.document)
    assert.same({ status = "active", list = { 1 } }, run.settings)
    assert.same({ count = 3, percent = 10 }, run.budget)
    assert.same({ { company = "x", code = "no_secret", message = "Ö" } }, run.missing)
    assert.same(
      { "users", "group:eu", 2, 4, 2, "running", "plan-1" },
      { run.kind, run.expression, run.companies, run.wave, run.waves, run.state, run.plan }
    )
    assert.matches(" on ", run.created_by)
    local jobs = assert(journal:tenant_jobs(id))
    assert.same({ "acme", "ready", 4, { plan = "p" }, "users" }, {
      jobs[1].company,
      jobs[1].state,
      jobs[1].wave,
      jobs[1].payload,
      jobs[1].kind,
    })
    assert.equal("held", jobs[2].state)
    assert.same({ held = 1, ready = 1, running = 0, done = 0, failed = 0 }, run_of(id).counts)
    assert.same({}, journal:jobs())
  end)

  it("has many companies, and none", function()
    local list = {}
    for index = 1, 250 do
      list[index] = 1
    end
    local id = add { companies = companies(list) }
    assert.equal(250, #journal:tenant_jobs(id))
    assert.equal("finished", run_of(add { companies = {} }).state)
  end)

  it("gives a job to one worker, until its lease is over", function()
    local id = add()
    local first = claim { token = "a", limit = 2 }
    assert.equal("company1 company2", names(first))
    assert.equal("company3", names(claim { token = "b" }))
    assert.same({}, claim { token = "c" })
    end_leases()
    local second = claim { token = "d", limit = 1, worker = "other" }
    assert.equal("company1", names(second))
    assert.equal(2, second[1].attempt)
    assert.same({ first[1].id }, record { first[1] })
    assert.same({}, record(second))
    local job = journal:tenant_jobs(id)[1]
    assert.same({ "done", "other" }, { job.state, job.worker })
  end)

  it("proves each claim anew, of one worker too", function()
    add { companies = companies { 1 } }
    local first = claim()
    end_leases()
    local second = claim()
    assert.are_not.equal(first[1].token, second[1].token)
    assert.same({ [first[1].id] = "lost" }, journal:renew_tenant_jobs(first, 60))
    assert.same({ [first[1].id] = "running" }, journal:renew_tenant_jobs(second, 60))
  end)

  it("passes over kinds, runs and companies that are not meant", function()
    local id = add()
    assert.same({}, claim { kinds = { "apply" } })
    assert.same({}, claim { kinds = {} })
    assert.same({}, claim { run = id + 1 })
    assert.same(
      {},
      journal:claim_jobs {
        kinds = { "users", "tenants.users" },
        worker = "w",
        lease = 9,
        token = "x",
      }
    )
    assert.equal("company3", names(claim { except = { "t1", "t2" }, run = id }))
  end)

  it("works at one job of a company at a time; who waited longest is first", function()
    local first, second = add(), add()
    assert.equal("company1 company2 company3", names(claim()))
    assert.same({}, claim())
    end_leases()
    record(claim { run = first, limit = 1 })
    support.tamper(journal, "UPDATE lastpass_jobs SET served = served - 5 WHERE tenant <> 't1'")
    -- of the first run what is left, then the company of the second one that is free
    local next_ones = claim { limit = 2 }
    assert.equal("company2 company3", names(next_ones))
    local rest = claim()
    assert.equal("company1", names(rest))
    assert.equal(second, rest[1].run)
    record(next_ones)
    assert.equal("company2 company3", names(claim { run = second }))
  end)

  it("begins the next wave when one has ended", function()
    local id = add { companies = companies { 1, 2, 2, 3 } }
    local one = claim()
    assert.equal("company1", names(one))
    assert.same({}, claim())
    record(one)
    assert.equal(2, run_of(id).wave)
    local two = claim()
    assert.equal("company2 company3", names(two))
    record { two[1] }
    assert.same({}, claim())
    record({ two[2] }, "failed", { code = "http", reason = "status 500" })
    record(claim())
    local run = run_of(id)
    assert.same(
      { "finished", 3, 3, 1 },
      { run.state, run.wave, run.counts.done, run.counts.failed }
    )
    assert.is_number(run.ended)
  end)

  it("stops when more companies fail than may", function()
    local id = add { companies = companies { 1, 2, 2, 2, 3 }, budget = { count = 1 } }
    record(claim(), "failed")
    assert.equal("running", run_of(id).state)
    local two = claim { limit = 2 }
    record({ two[1] }, "failed")
    local run = run_of(id)
    assert.same({ "stopped", "over_budget" }, { run.state, run.code })
    assert.equal("2 of the first 4 companies failed, and 1 may", run.why)
    assert.same({ held = 2, ready = 0, running = 1, done = 0, failed = 2 }, run.counts)
    record { two[2] }
    assert.same({}, claim())
    assert.is_true(journal:resume_tenant_run(id))
    run = run_of(id)
    assert.same({ "running", 1 }, { run.state, run.counts.ready })
    assert.is_nil(run.code)
    record(claim())
    record(claim())
    assert.equal("finished", run_of(id).state)
  end)

  it("takes a percentage of the companies of the waves so far", function()
    local id = add { companies = companies { 1, 2, 2, 2, 3 }, budget = { count = 9, percent = 90 } }
    record(claim(), "failed")
    local run = run_of(id)
    assert.same({ "stopped", "over_budget" }, { run.state, run.code })
    assert.equal("1 of the first 1 companies failed, and 0 may", run.why)
  end)

  it("is stopped by a person, and resumed", function()
    local id = add { companies = companies { 1, 1, 2 } }
    local one = claim { limit = 1 }
    assert.is_true(journal:stop_tenant_run(id, "holidays"))
    assert.is_true(journal:stop_tenant_run(id))
    assert.same({ "stopped", "holidays" }, { run_of(id).state, run_of(id).why })
    assert.same({}, claim())
    assert.same({ [one[1].id] = "stopped" }, journal:renew_tenant_jobs(one, 60))
    assert.same({ [id] = "stopped" }, journal:tenant_run_states { id })
    record(one, "ready")
    assert.same({ held = 3, ready = 0, running = 0, done = 0, failed = 0 }, run_of(id).counts)
    assert.is_true(journal:resume_tenant_run(id))
    assert.equal("company1 company2", names(claim()))
    check.failure("argument", "no_such_run", journal:stop_tenant_run(id + 1))
    check.failure("argument", "no_such_run", journal:resume_tenant_run(id + 1))
  end)

  it("tries what failed once more, when that is asked for", function()
    local id = add { companies = companies { 1, 1 } }
    local one = claim()
    record({ one[1] }, "failed")
    record { one[2] }
    check.failure("conflict", "run_finished", journal:resume_tenant_run(id))
    check.failure("conflict", "run_finished", journal:stop_tenant_run(id))
    assert.is_true(journal:resume_tenant_run(id, { retries = true }))
    record(claim())
    assert.same({ "finished", 2 }, { run_of(id).state, run_of(id).counts.done })
  end)

  it("gives a claim back, to be tried later, and says why", function()
    local id = add { companies = companies { 1 } }
    record(claim(), "ready", { delay = 100, code = "locked", reason = "held by ann" })
    assert.same({}, claim())
    local job = journal:tenant_jobs(id)[1]
    assert.same({ "ready", 0, "locked" }, { job.state, job.attempt, job.code })
    support.tamper(journal, "UPDATE lastpass_jobs SET not_before = 1")
    assert.equal("company1", names(claim()))
  end)

  it("stores results in parts, and knows companies by their last ones", function()
    local id = add { companies = companies { 1, 1 } }
    local jobs = claim()
    local big = ("x"):rep(100000)
    record({ jobs[1] }, "done", {
      outcome = { code = 3, summary = { users = 7 } },
      parts = { "a\n", big, "\0\255" },
      rows = 7,
      seconds = 1.25,
    })
    record({ jobs[2] }, "failed", { code = "time_limit", reason = "not answered", seconds = 9 })
    assert.same({ code = 3, summary = { users = 7 } }, journal:tenant_outcome(jobs[1].id))
    assert.equal(big, journal:tenant_rows(jobs[1].id, 2))
    assert.equal("\0\255", journal:tenant_rows(jobs[1].id, 3))
    assert.is_false(journal:tenant_rows(jobs[1].id, 4))
    assert.is_false(journal:tenant_outcome(jobs[2].id))
    local known = journal:tenant_records()
    assert.same({ 1250, 0 }, { known.t1.milliseconds, known.t1.failures })
    assert.is_number(known.t1.last_good)
    assert.same({ 1, "time_limit" }, { known.t2.failures, known.t2.code })
    assert.is_nil(known.t2.last_good)
    assert.same({}, journal:tenants_at_work())
    assert.is_true(journal:remove_tenant_run(id))
    assert.is_false(journal:tenant_rows(jobs[1].id, 1))
    assert.same({}, journal:tenant_jobs(id))
    check.failure("argument", "no_such_run", journal:remove_tenant_run(id))
  end)

  it("removes what has ended, when it is old", function()
    local open, old, young = add(), add { companies = {} }, add { companies = {} }
    check.failure("conflict", "run_open", journal:remove_tenant_run(open))
    support.tamper(journal, "UPDATE lastpass_tenant_runs SET ended = 5 WHERE id = ?", old)
    assert.equal(1, journal:prune_tenant_runs(86400))
    local left = {}
    for index, run in ipairs(journal:tenant_runs()) do
      left[index] = run.id
    end
    assert.same({ young, open }, left)
  end)

  it("says who is at work", function()
    local id = add()
    claim { limit = 1, worker = "host 7" }
    assert.same({ run = id, worker = "host 7" }, {
      run = journal:tenants_at_work().t1.run,
      worker = journal:tenants_at_work().t1.worker,
    })
  end)

  it("raises what is a mistake", function()
    local function raises(pattern, fn, ...)
      local ok, message = pcall(fn, journal, ...)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    local twice = { { tenant = "a", name = "a" }, { tenant = "a", name = "b" } }
    raises("in the list twice", journal.add_tenant_run, { kind = "users", companies = twice })
    raises("'count' or 'percent'", journal.add_tenant_run, {
      kind = "users",
      companies = {},
      budget = {},
    })
    raises("unknown option 'limits'", journal.claim_tenant_jobs, { limits = 1 })
    raises("state", journal.record_tenant_jobs, { { id = 1, token = "a", state = "held" } })
  end)
end
