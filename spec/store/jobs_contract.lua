-- What every journal does with jobs, whatever database is behind it.
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

  local function add(more)
    local job = { tenant = 5, kind = "scim.finish" }
    for name, value in pairs(more or {}) do
      job[name] = value
    end
    return assert(journal:add_job(job))
  end

  local function claim(token, more)
    local wanted = { kinds = { "scim.finish" }, worker = "w", lease = 60, token = token }
    for name, value in pairs(more or {}) do
      wanted[name] = value
    end
    return assert(journal:claim_jobs(wanted))
  end

  local function ids(list)
    local found = {}
    for index, job in ipairs(list) do
      found[index] = job.id
    end
    return found
  end

  it("keeps all fields of a job", function()
    local added = add {
      connection = "entra",
      subject = "ann@acme.example",
      object = "u1",
      fingerprint = "f",
      wave = 3,
      run = 7,
      step = 2,
      code = "disable",
      reason = "too many",
      payload = { list = { 1, 2 }, text = "Ö" },
    }
    assert.is_true(added.is_new)
    local job = journal:jobs({ id = added.id })[1]
    assert.same({ list = { 1, 2 }, text = "Ö" }, job.payload)
    assert.same(
      { "5", "entra", "scim.finish", "ann@acme.example", "u1", "f", 3, "ready", 0, 7, 2 },
      {
        job.tenant,
        job.connection,
        job.kind,
        job.subject,
        job.object,
        job.fingerprint,
        job.wave,
        job.state,
        job.attempt,
        job.run,
        job.step,
      }
    )
    assert.same({ "disable", "too many" }, { job.code, job.reason })
  end)

  it("adds nothing twice while it is open", function()
    local first = add { fingerprint = "x", state = "held" }
    assert.same({ id = first.id, is_new = false }, add { fingerprint = "x" })
    assert.is_true(add({ fingerprint = "x", tenant = 6 }).is_new)
    assert.is_true(journal:decide_job(first.id, "refused"))
    assert.is_true(add({ fingerprint = "x" }).is_new)
  end)

  it("gives each due job to one worker, lower waves first", function()
    local late = add { wave = 1 }
    local first, second = add(), add()
    add { delay = 1000 }
    add { kind = "something.else" }
    assert.same({ first.id, second.id }, ids(claim("a", { limit = 2 })))
    assert.same({ late.id }, ids(claim("b", { limit = 9 })))
    assert.same({}, claim "c")
  end)

  it("claims for one company or one connection alone", function()
    local other = add { tenant = 6, connection = "okta" }
    local ours = add { connection = "entra" }
    assert.same({ other.id }, ids(claim("a", { tenant = 6 })))
    assert.same({}, claim("b", { connection = "entra", id = other.id }))
    assert.same({ ours.id }, ids(claim("b", { connection = "entra", id = ours.id })))
  end)

  it("goes by a clock that is given for what is due", function()
    local job = add { not_before = os.time() + 30 * 86400 }
    assert.same({}, claim("a", { now = os.time() + 29 * 86400 }))
    assert.same({ job.id }, ids(claim("b", { now = os.time() + 31 * 86400 })))
  end)

  it("lets two workers claim every job once", function()
    local other = assert(store.open(options.path == ":memory:" and {} or options))
    for _ = 1, 40 do
      add()
    end
    local seen, count = {}, 0
    for round = 1, 20 do
      for index, one in ipairs { journal, other } do
        local token = ("%d %d"):format(round, index)
        local list = assert(one:claim_jobs {
          kinds = { "scim.finish" },
          worker = token,
          lease = 60,
          token = token,
          limit = 2,
        })
        for _, job in ipairs(list) do
          assert.is_nil(seen[job.id])
          seen[job.id], count = true, count + 1
          assert.equal(1, job.attempt)
        end
      end
    end
    other:close()
    assert.equal(40, count)
  end)

  it("lets a job be claimed whose lease is over, and refuses who had it", function()
    local job = add()
    claim "stopped"
    support.tamper(journal, "UPDATE lastpass_jobs SET lease_until = lease_until - 100")
    local again = claim "successor"
    assert.same({ job.id }, ids(again))
    assert.equal(2, again[1].attempt)
    check.failure("conflict", "job_lost", journal:renew_job(job.id, "stopped", 60))
    check.failure("conflict", "job_lost", journal:end_job(job.id, "stopped", {}))
    assert.is_true(journal:renew_job(job.id, "successor", 60))
    assert.is_true(journal:end_job(job.id, "successor", { rows = 3, missing = 1, outcome = "ok" }))
    local ended = journal:jobs({ id = job.id })[1]
    assert.same({ "done", 3, 1, "ok" }, { ended.state, ended.rows, ended.missing, ended.outcome })
    assert.is_number(ended.ended)
    check.failure("conflict", "job_lost", journal:end_job(job.id, "successor", {}))
  end)

  it("puts a job back for later", function()
    local job = add()
    claim "a"
    assert.is_true(journal:end_job(job.id, "a", {
      state = "ready",
      delay = 500,
      reason = "not yet",
      payload = { try = 2 },
    }))
    assert.same({}, claim "b")
    local again = claim("b", { now = os.time() + 600 })[1]
    assert.same({ 2, "not yet", { try = 2 } }, { again.attempt, again.reason, again.payload })
  end)

  it("waits for a decision, takes it once, and says who took it", function()
    local job = add { state = "held" }
    assert.same({}, claim "a")
    assert.is_true(journal:decide_job(job.id, "approved", { by = "sam", reason = "a real leaver" }))
    check.failure("conflict", "not_held", journal:decide_job(job.id, "refused"))
    check.failure("argument", "no_such_job", journal:decide_job(99, "refused"))
    local claimed = claim("a")[1]
    assert.same({ "sam", "a real leaver" }, { claimed.decided_by, claimed.decision })
    local refused = add { state = "held" }
    assert.is_true(journal:decide_job(refused.id, "refused"))
    assert.same({}, claim "b")
    assert.same({ refused.id }, ids(journal:jobs { states = { "refused" } }))
  end)

  it("lists what is asked for", function()
    local one = add { connection = "entra", object = "u1", state = "held" }
    local two = add { connection = "okta", subject = "b@acme.example" }
    local three = add { connection = "entra" }
    claim("a", { limit = 1, connection = "okta" })
    assert.is_true(journal:end_job(two.id, "a", {}))
    assert.same({ one.id, three.id }, ids(journal:jobs { connection = "entra" }))
    assert.same({ one.id, three.id }, ids(journal:jobs { open = true }))
    assert.same({ one.id }, ids(journal:jobs { object = "u1", kinds = { "scim.finish" } }))
    assert.same({ two.id }, ids(journal:jobs { subject = "b@acme.example" }))
    assert.same({ one.id }, ids(journal:jobs { limit = 1 }))
    assert.same({ three.id }, ids(journal:jobs { limit = 1, newest = true }))
    assert.same({ two.id, three.id }, ids(journal:jobs { after = one.id }))
    assert.same({}, journal:jobs { tenant = 77 })
  end)
end
