-- What every journal does for identity providers that push, whatever database is behind it.
local assert = require "luassert"
local check = require "spec.support.check"
local json = require "lastpass.json"
local store = require "lastpass.store"
local support = require "spec.support.store"

local HASH = ("ab"):rep(32)

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

  local function merge(into, more)
    for name, value in pairs(more or {}) do
      into[name] = value
    end
    return into
  end

  -- ---- connections, tokens, log ----

  it("keeps connections with their settings", function()
    assert.is_true(journal:save_scim_connection {
      name = "entra",
      tenant = 5,
      provider = "entra",
      settings = { grace_days = 30, protect = json.list { "a@b.example" } },
    })
    assert.is_true(journal:save_scim_connection {
      name = "okta",
      tenant = 6,
      provider = "okta",
      mode = "shadow",
    })
    local list = assert(journal:scim_connections())
    assert.same({ "entra", "okta" }, { list[1].name, list[2].name })
    assert.same({ "live", "open", "shadow" }, { list[1].mode, list[1].state, list[2].mode })
    assert.same({ "a@b.example" }, list[1].settings.protect)
    assert.equal(1, #journal:scim_connections { tenant = 6 })
    assert(journal:save_scim_connection {
      name = "entra",
      tenant = 5,
      provider = "entra",
      state = "closed",
    })
    assert.equal("closed", journal:scim_connections({ name = "entra" })[1].state)
    assert(journal:save_scim_connection { name = "entra", tenant = 5, provider = "entra" })
    assert.equal("closed", journal:scim_connections({ name = "entra" })[1].state)
    assert(journal:add_scim_token { connection = "entra", hash = ("0"):rep(64), label = "new" })
    assert.equal("open", journal:scim_connections({ name = "entra" })[1].state)
    assert.is_false(journal:scim_tokens()[1].is_closed)
    check.failure(
      "conflict",
      "other_tenant",
      journal:save_scim_connection { name = "entra", tenant = 6, provider = "entra" }
    )
  end)

  it("keeps two tokens in use as hashes, and refuses the third", function()
    local first = assert(journal:add_scim_token {
      connection = "entra",
      hash = HASH,
      label = "one",
      expires = os.time() + 100,
    })
    assert(journal:add_scim_token { connection = "entra", hash = ("1"):rep(64), label = "two" })
    local third = { connection = "entra", hash = ("2"):rep(64), label = "three" }
    check.failure("conflict", "too_many_tokens", journal:add_scim_token(third))
    assert(journal:add_scim_token(merge({ at = os.time() + 200 }, third))) -- the first has expired
    assert.is_true(journal:revoke_scim_token(first))
    assert.is_false(journal:revoke_scim_token(first))
    assert.is_true(journal:touch_scim_tokens { { id = first, at = 7 }, { id = first, at = 3 } })
    local list = journal:scim_tokens "entra"
    assert.equal(3, #list)
    assert.same({ HASH, "one", 7 }, { list[1].hash, list[1].label, list[1].last_used })
    assert.is_number(list[1].revoked)
    assert.same({}, journal:scim_tokens "other")
    assert.has_error(function()
      journal:add_scim_token { connection = "x", hash = "a token", label = "y" }
    end)
  end)

  it("logs requests by a list of columns that holds no personal data", function()
    assert.is_true(journal:log_scim_requests {
      { at = 10, connection = "entra", action = "get_user", status = 404, milliseconds = 1.7 },
      {
        at = 20,
        connection = "entra",
        token = "one",
        action = "patch_user",
        target = "u1",
        status = 200,
        run = 3,
        step = 4,
        job = 5,
        milliseconds = 12,
      },
      { connection = "okta", action = "get_user", status = 200, scim_type = "x", milliseconds = 1 },
    })
    local list = journal:scim_requests { connection = "entra" }
    assert.same({ 20, 10 }, { list[1].at, list[2].at })
    assert.same({ "u1", 3, 4, 5 }, { list[1].target, list[1].run, list[1].step, list[1].job })
    assert.equal(1, #journal:scim_requests { failed = true })
    assert.equal(1, #journal:scim_requests { connection = "entra", since = 15 })
    assert.equal(1, #journal:scim_requests { status = 404 })
    assert.equal(2, journal:prune_scim_requests(50))
    assert.equal(1, #journal:scim_requests())
    assert.has_error(function()
      journal:log_scim_requests { { connection = "x", action = "y", status = 1, email = "a@b.c" } }
    end)
  end)

  -- ---- objects ----

  local function object(id, more)
    return merge({
      connection = "entra",
      id = id,
      tenant = "5",
      type = "User",
      account = id .. "@acme.example",
      name = id .. "@Acme.example",
      state = "active",
      attributes = { title = "Dr" },
    }, more)
  end

  it("keeps objects, counts their changes, and finds them by all their names", function()
    assert.is_true(journal:save_scim_objects {
      object("u1", { external_id = "e1" }),
      object("u2", { state = "pending", shown = { status = "invited" }, written_at = 9 }),
      object("g1", { type = "Group", account = "Finance", name = "Finance" }),
    })
    local one = journal:scim_object("entra", "u1")
    assert.same({ "e1", 1, { title = "Dr" } }, { one.external_id, one.version, one.attributes })
    assert.same({ status = "invited" }, journal:scim_object("entra", "u2").shown)
    assert.is_false(journal:scim_object("entra", "nobody"))
    assert.is_false(journal:scim_object("okta", "u1"))
    assert(journal:save_scim_objects { object("u1", { alias = "new@acme.example" }) })
    assert.equal(2, journal:scim_object("entra", "u1").version)
    assert.is_nil(journal:scim_object("entra", "u1").external_id)
    journal:add_job { tenant = 5, connection = "entra", kind = "scim.held", object = "u1" }
    for _, wanted in ipairs {
      { type = "User", account = "u1@acme.example" },
      { type = "User", account = "new@acme.example" },
      { id = "u1" },
    } do
      local known = journal:scim_lookup(merge({ connection = "entra" }, wanted))
      assert.same({ "u1", 1 }, { known.objects[1].id, #known.jobs })
    end
    local nobody = { connection = "entra", type = "User", external_id = "e1" }
    assert.same({ objects = {}, jobs = {} }, journal:scim_lookup(nobody))
    local function count(filter)
      return #assert(journal:scim_objects(merge({ connection = "entra" }, filter)))
    end
    assert.equal(3, count())
    assert.equal(1, count { type = "Group" })
    assert(journal:add_job { tenant = 5, connection = "entra", kind = "disable", state = "held" })
    assert.same({ entra = { objects = 3, held = 1 } }, journal:scim_counts(5))
    assert.same({}, journal:scim_counts(6))
    assert.equal(1, count { state = "pending" })
    assert.equal(2, count { ids = { "u1", "g1", "x" } })
    assert.equal(1, count { accounts = { "u2@acme.example" } })
    assert.equal(0, count { external_id = "e1" })
    assert.equal(1, count { after = "u1" })
  end)

  it("lets one object of an account live, and deleted ones beside it", function()
    assert(journal:save_scim_objects { object "u1" })
    local other = object("u9", { account = "u1@acme.example" })
    local err =
      check.failure("conflict", "object_exists", journal:save_scim_objects { object "u2", other })
    assert.equal("u1", err.id)
    assert.is_false(journal:scim_object("entra", "u2"))
    assert(journal:save_scim_objects { object("u1", { state = "tombstone", deleted_at = 5 }) })
    other.generation = 1
    assert(journal:save_scim_objects { other })
    local list = journal:scim_lookup({
      connection = "entra",
      type = "User",
      account = "u1@acme.example",
    }).objects
    assert.same({ "u9", "u1" }, { list[1].id, list[2].id })
    assert.equal(1, #journal:scim_objects { connection = "entra", live = true })
    assert.is_true(journal:forget_scim_object("entra", "u9"))
    assert.is_false(journal:forget_scim_object("entra", "u9"))
  end)

  -- ---- writes ----

  local function intent(token, more)
    return merge({
      tenant = 5,
      run = "scim of a day",
      idle = 30,
      claims = { "User u1" },
      token = token,
      lease = 100,
      doubt = 100,
      steps = {
        {
          kind = "groups",
          subject = "u1@acme.example",
          before = { groups = {} },
          after = { join = { "A" }, leave = {} },
        },
      },
      limits = {
        {
          name = "join",
          amount = 1,
          spans = { { seconds = 86400, text = "24 hours", allowed = 2 } },
        },
      },
      objects = { object "u1" },
      job = { tenant = 5, connection = "entra", kind = "scim.finish", object = "u1", delay = 100 },
    }, more)
  end

  local function outcome(token, written, more)
    return merge({
      tenant = 5,
      connection = "entra",
      token = token,
      claimed = 1,
      run = written.run,
      steps = { { number = written.numbers[1], state = "done", confirmed = true } },
      job = { id = written.job, result = {} },
    }, more)
  end

  it("writes an intent and its outcome in one commit each", function()
    local written = assert(journal:scim_intend(intent "t"))
    local step = journal:steps(written.run)[1]
    assert.same({ "intended", 1, "groups" }, { step.state, step.attempt, step.kind })
    assert.same({ join = { "A" }, leave = {} }, step.after)
    assert.equal(100, step.doubt_until - step.intended_at)
    local job = journal:jobs({ open = true })[1]
    assert.same({ written.job, written.run, 1 }, { job.id, job.run, job.step })
    assert.is_table(journal:scim_record(outcome("t", written, {
      members = { { group = "g1", user = "u1", present = true } },
      objects = { object("u1", { shown = { groups = 1 } }) },
    })))
    step = journal:steps(written.run)[1]
    assert.equal("done", step.state)
    assert.is_number(step.confirmed_at)
    assert.same({}, journal:jobs())
    assert.equal(2, journal:scim_object("entra", "u1").version)
    local members = journal:scim_members { connection = "entra", group = "g1" }
    assert.same({ "u1", true }, { members[1].user, members[1].present })
    local run = journal:run(written.run)
    assert.same({ "scim", "running", 1 }, { run.kind, run.state, run.total })
    assert.is_nil(journal:last_applied(5))
    assert.equal(1, journal:prune_scim_members("entra", os.time() + 10))
  end)

  it("excludes plans while it has the company, and the other way round", function()
    assert(journal:scim_intend(intent "t"))
    local err = check.failure("conflict", "locked", journal:lock(5))
    assert.matches("the SCIM endpoint", err.message, 1, true)
    local other = assert(journal:lock(6))
    check.failure("conflict", "locked", journal:scim_intend(intent("u", { tenant = 6 })))
    assert.same({}, journal:runs { tenant = 6 })
    other:release()
    assert(journal:scim_intend(intent("u", { tenant = 6 })))
  end)

  it("is shared by all processes of an endpoint", function()
    local second = assert(store.open(options))
    local first = assert(journal:scim_intend(intent "t"))
    local written = assert(second:scim_intend(intent("u", { claims = { "User u2" } })))
    assert.equal(first.run, written.run)
    assert.same({ { 1 }, { 2 } }, { first.numbers, written.numbers })
    second:close()
  end)

  it("gives the company back when nothing was written for a while", function()
    local written = assert(journal:scim_intend(intent "t"))
    assert.is_false(journal:scim_release(5, 60))
    assert(journal:scim_record(outcome("t", written)))
    support.tamper(journal, "UPDATE lastpass_locks SET heartbeat = heartbeat - 61")
    assert.is_true(journal:scim_release(5, 60))
    assert.is_false(journal:scim_release(5, 60))
    assert.equal("finished", journal:run(written.run).state)
    assert(journal:lock(5)):release()
    local again = assert(journal:scim_intend(intent "u"))
    assert.same({ written.run, { 2 } }, { again.run, again.numbers })
    assert.equal("running", journal:run(written.run).state)
  end)

  it("loses the company to a plan after its lease, and takes nothing meanwhile", function()
    assert(journal:scim_intend(intent "t"))
    support.tamper(journal, "UPDATE lastpass_locks SET heartbeat = heartbeat - 31")
    local lock = assert(journal:lock(5))
    check.failure("conflict", "locked", journal:scim_intend(intent "u"))
    lock:release()
  end)

  it("claims a user for one write at a time", function()
    local written = assert(journal:scim_intend(intent "t"))
    local err = check.failure("conflict", "claimed", journal:scim_intend(intent "u"))
    assert.is_true(err.retry_after > 90 and err.retry_after <= 102)
    assert.equal(1, #journal:steps(written.run))
    assert(journal:scim_record(outcome("t", written)))
    assert(journal:scim_intend(intent "u"))
  end)

  it("refuses the outcome of who was stopped for longer than the lease", function()
    local written = assert(journal:scim_intend(intent "stopped"))
    support.tamper(journal, "UPDATE lastpass_scim_claims SET lease_until = lease_until - 200")
    local successor = assert(journal:scim_intend(intent "successor"))
    check.failure("conflict", "claim_lost", journal:scim_record(outcome("stopped", written)))
    assert.equal("intended", journal:steps(written.run)[1].state)
    assert.equal(2, #journal:jobs())
    assert.is_table(journal:scim_record(outcome("successor", successor)))
  end)

  it("hands a claim on with the job that it belongs to", function()
    local written = assert(journal:scim_intend(intent "t"))
    local job = journal:claim_jobs({
      kinds = { "scim.finish" },
      worker = "w",
      lease = 60,
      token = "j",
      now = os.time() + 200,
    })[1]
    local again = assert(journal:scim_intend(intent("u", {
      previous = "t",
      proof = { id = job.id, token = "j" },
      again = { run = written.run, numbers = written.numbers },
    })))
    assert.same({ written.run, written.numbers }, { again.run, again.numbers })
    assert.equal(2, journal:steps(written.run)[1].attempt)
    check.failure("conflict", "claim_lost", journal:scim_record(outcome("t", written)))
    assert.is_table(journal:scim_record(outcome("u", again, {
      job = { id = job.id, token = "j", result = {} },
    })))
    assert.equal("done", journal:jobs()[1].state)
    check.failure(
      "conflict",
      "job_lost",
      journal:scim_intend(intent("v", { proof = { id = job.id, token = "j" } }))
    )
  end)

  it("keeps a claim whose answer was lost", function()
    local written = assert(journal:scim_intend(intent "t"))
    local lost = outcome("t", written, {
      lease = 50,
      steps = { { number = 1, state = "uncertain", code = "lost" } },
    })
    lost.job = nil
    assert.is_table(journal:scim_record(lost))
    assert.equal(1, journal:steps(written.run)[1].lost)
    check.failure("conflict", "claimed", journal:scim_intend(intent "u"))
  end)

  it("counts limits over a day, in one transaction with the intent", function()
    local held = { tenant = 5, kind = "scim.held", state = "held", fingerprint = "f" }
    local function write(number)
      local written = assert(journal:scim_intend(intent("t" .. number, {
        held = held,
        objects = {},
        claims = { "User u" .. number },
      })))
      return written
    end
    assert.is_nil(write(1).held)
    local second = write(2)
    assert.is_nil(second.held)
    local third = write(3)
    assert.same({ name = "join", done = 2, amount = 1, allowed = 2, text = "24 hours" }, third.held)
    assert.equal("held", journal:jobs({ id = third.job })[1].state)
    assert.equal(third.job, write(3).job)
    assert.equal(2, #journal:steps(second.run))
    assert(journal:scim_record(outcome("t2", second, {
      steps = { { number = second.numbers[1], state = "refused" } },
      give_back = { { name = "join", amount = 1 } },
      slot = second.slot,
    })))
    assert.is_nil(write(4).held)
    support.tamper(journal, "UPDATE lastpass_scim_amounts SET slot = slot - 98 WHERE slot > 0")
    assert.is_nil(write(5).held)
  end)

  it("counts what plans did, and not what an undo took back", function()
    local lock = assert(journal:lock(5))
    local run = assert(journal:begin_run { tenant = 5, plan = "p", kind = "apply", total = 2 })
    local steps = {}
    for number = 1, 2 do
      steps[number] = { number = number, kind = "disable", subject = number .. "@acme.example" }
    end
    assert(journal:intend(run, steps))
    assert(journal:record(run, { { number = 1, state = "done" }, { number = 2, state = "done" } }))
    assert(journal:end_run(run, "finished"))
    lock:release()
    local function write(token, allowed)
      return assert(journal:scim_intend(intent(token, {
        takes_back = { enable = { "disable" } },
        limits = {
          {
            name = "disable",
            amount = 1,
            spans = { { seconds = 30 * 86400, text = "30 days", allowed = allowed } },
          },
        },
        claims = { token },
      })))
    end
    assert.same(2, write("a", 2).held.done)
    assert.is_nil(write("b", 3).held)
    assert.same(3, write("c", 3).held.done)
    assert.same({ disable = 2, groups = 1, join = 1, leave = 0 }, journal:amounts(5, 0, {}))
  end)

  it("does all of an intent or nothing", function()
    assert(journal:save_scim_objects { object("u9", { account = "u1@acme.example" }) })
    check.failure("conflict", "object_exists", journal:scim_intend(intent "t"))
    assert.same({}, journal:runs())
    assert.same({}, journal:jobs())
    assert(journal:lock(5)):release()
  end)

  it("supersedes jobs and adds others with an outcome", function()
    local written = assert(journal:scim_intend(intent "t"))
    local old = journal:add_job { tenant = 5, kind = "scim.held", state = "held" }
    assert(journal:scim_record(outcome("t", written, {
      supersede = { { id = old.id, reason = "asked otherwise since" } },
      add_jobs = { { tenant = 5, kind = "scim.delete", delay = 1000 } },
    })))
    local list = journal:jobs()
    assert.same({ "superseded", "scim.delete" }, { list[1].state, list[2].kind })
  end)

  -- ---- batches ----

  it("calls many methods with one commit, each whole or not at all", function()
    local written = assert(journal:scim_intend(intent "t"))
    local results = assert(journal:batch {
      { method = "scim_record", outcome("t", written) },
      { method = "scim_intend", intent("u", { objects = { object "u1", object "u2" } }) },
      { method = "scim_intend", intent "v" },
      {
        method = "save_scim_objects",
        { object "u3", object("u4", { account = "u3@acme.example" }) },
      },
      { method = "scim_objects", { nonsense = 1 } },
      { method = "scim_object", "entra", "u2" },
    })
    assert.same({ jobs = {} }, results[1][1])
    assert.is_table(results[2][1].numbers)
    assert.same({ nil, "claimed" }, { results[3][1], results[3][3].code })
    assert.equal("object_exists", results[4][3].code)
    assert.matches("unknown option 'nonsense'", results[5].raised, 1, true)
    assert.equal("u2", results[6][1].id)
    assert.is_false(journal:scim_object("entra", "u3"))
    assert.has_error(function()
      journal:batch { { method = "nothing" } }
    end)
    assert.is_true(journal:save_scim_objects { object "u5" }) -- alone again
  end)

  it("counts what was committed, and not what only read", function()
    local before = journal:commits()
    assert(journal:batch { { method = "scim_tokens" } })
    assert(journal:batch { { method = "scim_tokens" }, { method = "scim_tokens" } })
    assert.equal(before, journal:commits())
    local token = { connection = "entra", hash = HASH, label = "one" }
    assert(journal:batch { { method = "add_scim_token", token } })
    assert.equal(before + 1, journal:commits())
    local other = { connection = "okta", hash = HASH, label = "two" }
    local third = { connection = "third", hash = HASH, label = "three" }
    assert(journal:batch {
      { method = "add_scim_token", other },
      { method = "add_scim_token", third },
      { method = "scim_tokens" },
    })
    assert.equal(before + 2, journal:commits())
  end)

  it("waits for the disk unless what is lost is found again", function()
    local levels = {}
    local database = journal._database
    function database.run(self, sql, ...)
      if sql:find "synchronous" then
        levels[#levels + 1] = sql:match "= (%S+)$" or "off"
      end
      return getmetatable(self).__index.run(self, sql, ...)
    end
    local request = { connection = "entra", action = "patch_user", status = 200 }
    local function levels_of(...)
      levels = {}
      assert(journal:batch { ... })
      return table.concat(levels, " ")
    end
    local written = assert(journal:scim_intend(intent "t"))
    local hastily = database:is_shared() and "off" or "NORMAL"
    assert.equal(hastily, levels_of { method = "log_scim_requests", { request } })
    local ended = { method = "scim_record", outcome("t", written, { repeatable = true }) }
    levels_of(ended, { method = "log_scim_requests", { request } })
    local again = levels_of({ method = "scim_intend", intent "u" }, {
      method = "log_scim_requests",
      { request },
    })
    assert.equal(database:is_shared() and "" or "FULL", again)
    database.run = nil
    assert.equal(3, #journal:scim_requests())
    if not database:is_shared() then
      assert.equal(2, tonumber(database:first("PRAGMA synchronous ").synchronous))
    end
  end)

  it("writes no intent that rests on what has changed meanwhile", function()
    local function expected(version)
      return { expected = { connection = "entra", id = "u9", version = version } }
    end
    check.failure("conflict", "changed", journal:scim_intend(intent("t", expected(1))))
    local written = assert(journal:scim_intend(intent("t", expected(0))))
    assert(journal:scim_record(outcome("t", written, { objects = { object "u9" } })))
    local version = journal:scim_object("entra", "u9").version
    check.failure("conflict", "changed", journal:scim_intend(intent("v", expected(0))))
    assert(journal:scim_intend(intent("v", expected(version)))) -- the claim was given back
  end)

  it("reads beside an intent what its answer needs", function()
    assert(journal:save_scim_objects { object "u9" })
    local written = assert(journal:scim_intend(intent("t", {
      reading = {
        { method = "scim_objects", { connection = "entra", ids = { "u9" } } },
        { method = "scim_members", { connection = "entra", user = "u9" } },
      },
    })))
    assert.same({ "u9", 0 }, { written.read[1][1].id, #written.read[2] })
    assert.has_error(function()
      journal:scim_intend(intent("u", { reading = { { method = "save_scim_objects", {} } } }))
    end)
    local second = assert(journal:scim_intend(intent("v", { claims = { "User v" } })))
    assert.same({ written.numbers[1] + 1 }, second.numbers)
    assert.equal(2, journal:run(second.run).total)
  end)

  it("keeps nobody from writing with a batch that only reads", function()
    local queries = {}
    local database = journal._database
    function database.run(self, sql, ...)
      queries[#queries + 1] = sql
      return getmetatable(self).__index.run(self, sql, ...)
    end
    local results = assert(journal:batch {
      { method = "scim_object", "entra", "u1" },
      { method = "scim_lookup", { connection = "entra", id = "u1" } },
    })
    database.run = nil
    assert.same({ false, 0 }, { results[1][1], #results[2][1].objects })
    for _, sql in ipairs(queries) do
      assert.matches("^SELECT", sql)
    end
  end)

  it("commits one call by itself, once", function()
    local queries = {}
    local database = journal._database
    function database.run(self, sql, ...)
      queries[#queries + 1] = sql:match "^%S+"
      return getmetatable(self).__index.run(self, sql, ...)
    end
    local results = assert(journal:batch { { method = "save_scim_objects", { object "u1" } } })
    database.run = nil
    assert.is_true(results[1][1])
    assert.same({ "@begin", "SELECT", "INSERT", "COMMIT" }, queries)
    assert.equal("u1", journal:scim_object("entra", "u1").id)
  end)
end
