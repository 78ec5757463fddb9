-- Answers that are lost: what the directory shows is believed, what it cannot show is never repeated.
-- What the steps say at the end of a run is what the directory shows, or it is said that it does not.
-- Who has changed since the plan was made.
local reconcile = require "lastpass.plan.reconcile"
local journals = require "lastpass.store"
local json = require "lastpass.json"
local plans = require "spec.support.plans"
local support = require "spec.support.box"
local works = require "lastpass.plan.work"

describe("lastpass.plan.reconcile: lost answers", function()
  local box, client, files, active
  local quick = { settle_after = 0.2 }

  setup(function()
    box = support.start { users = 60, invited = 3, seed = 5 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    files = {}
    client = box:client { journal = plans.path(files), retries = 0 }
    active = plans.active(client, 20)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function journal_row(run, number)
    local journal = assert(require("lastpass.store").of(client))
    return assert(journal:steps(run.id, { from = number, limit = 1 }))[1]
  end

  it("finds what was done, and does not do it again", function()
    local list = {
      { "create", "new@acme.example", { fullname = "New", groups = {} } },
      { "name", active[1], { fullname = "Other Name" } },
      { "disable", active[2] },
      { "remove", active[3] },
    }
    assert(box:faults {
      command = { "batchadd", "updateuser", "disableuser", "deluser" },
      drop = "after",
    })
    local run = assert(client:apply(plans.plan(client, list), quick))
    assert.is_true(run.ok)
    assert.equal(4, run.counts.done)
    assert.equal("read back", plans.row(run, active[2]).reason)
    assert.equal(4, run.requests)
    assert.equal(1, box:state({ mails = true }).mails["new@acme.example"].invitation)
  end)

  it("takes somebody who is invited now for created", function()
    assert(box:act { settings = { batchadd_makes = "invited" } })
    assert(box:faults { command = "batchadd", drop = "after" })
    local run = assert(client:apply(
      plans.plan(client, {
        { "create", "new@acme.example", { fullname = "New", groups = {} } },
      }),
      quick
    ))
    assert.is_true(run.ok)
    assert.equal("invited", client:user("new@acme.example").status)
    assert.equal(1, support.requests(box, "batchadd"))
  end)

  -- What a run does while the clock runs so fast that its waits are short.
  local function apply_fast(plan, more)
    local cancel, restore = plans.fast_clock(100)
    local options = { settle_after = 0.2, cancel = cancel }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    local ok, run, message = pcall(client.apply, client, plan, options)
    restore()
    assert(ok, run)
    return assert(run, message)
  end

  it("tries again, once, what no read shows after the server's time is over", function()
    assert(box:faults { command = "disableuser", drop = "before", count = 1 })
    local run = apply_fast(plans.plan(client, { { "disable", active[1] } }))
    assert.is_true(run.ok)
    assert.equal(2, support.requests(box, "disableuser"))
    assert.equal(2, journal_row(run, 1).attempt)
    assert.equal(1, journal_row(run, 1).lost)
    assert.equal("disabled", client:user(active[1]).status)
  end)

  it("creates and removes again only what late reads prove not to have been done", function()
    for _, command in ipairs { "batchadd", "deluser" } do
      assert(box:faults { command = command, drop = "before", count = 1 })
    end
    local run = apply_fast(plans.plan(client, {
      { "create", "new@acme.example", { fullname = "New", groups = {} } },
      { "remove", active[1] },
    }))
    assert.is_true(run.ok)
    assert.equal(2, support.requests(box, "batchadd"))
    assert.equal(2, support.requests(box, "deluser"))
  end)

  it("waits, and repeats nothing, while the server may still be at work", function()
    local seen, waited
    assert(box:faults { command = "disableuser", drop = "before" })
    local run = assert(client:apply(plans.plan(client, { { "disable", active[1] } }), {
      settle_after = 0.1,
      cancel = function()
        return waited
      end,
      progress = function(state)
        if state.waiting then
          seen = seen or state.waiting
          waited = true
        end
      end,
    }))
    -- the time limit of a call is 120 s, the margin 60
    assert.equal(1, seen.steps)
    local row = journal_row(run, 1)
    assert.equal(row.doubt_until, seen.until_utc)
    assert.equal(182, row.doubt_until - row.intended_at)
    assert.equal(1, support.requests(box, "disableuser"))
    assert.equal("interrupted", run.stopped.code)
    assert.equal("uncertain", plans.states(run)[active[1]])
    -- and so does whoever goes on with it, with another time limit of their own
    local other = box:client { journal = client:option "journal", retries = 0, timeout = 1 }
    local looks = 0
    run = assert(other:resume(run.id, {
      settle_after = 0.1,
      late_margin = 0,
      cancel = function()
        looks = looks + 1
        return looks > 30
      end,
    }))
    assert.equal("uncertain", plans.states(run)[active[1]])
    assert.equal(1, support.requests(box, "disableuser"))
  end)

  it("lets the margin and the call's time limit be set", function()
    local short = box:client { journal = client:option "journal", retries = 0, timeout = 2.5 }
    assert(box:faults { command = "disableuser", drop = "before", count = 1 })
    local plan = plans.plan(short, { { "disable", active[1] } })
    local run = assert(short:apply(plan, { settle_after = 0.1, late_margin = 0 }))
    assert.is_true(run.ok)
    local row = journal_row(run, 1)
    assert.equal(5, row.doubt_until - row.intended_at)
  end)

  it(
    "finds what the server carries out after the client gave up, and does not do it again",
    function()
      local short = box:client { journal = client:option "journal", retries = 0, timeout = 1 }
      local plan = plans.plan(short, { { "remove", active[1] } })
      assert(box:faults { command = "deluser", delay = 2, count = 1 })
      local run = assert(short:apply(plan, { settle_after = 0.1 }))
      assert.is_true(run.ok)
      assert.equal("read_back", plans.row(run, active[1]).code)
      assert.equal(1, support.requests(box, "deluser"))
    end
  )

  it("gives up after the second lost answer, without calling it done or refused", function()
    assert(box:faults { command = "disableuser", drop = "before" })
    local run = apply_fast(plans.plan(client, { { "disable", active[1] } }))
    assert.equal("finished", run.state)
    assert.is_false(run.ok)
    local row = plans.row(run, active[1])
    assert.equal("not_confirmed", row.state)
    assert.equal("no_effect", row.code)
    assert.equal(2, support.requests(box, "disableuser"))
    assert.equal("tried 2 times without an answer, and the directory does not show it", row.reason)
  end)

  it("counts the tries of all parts of a run", function()
    assert(box:faults { command = "disableuser", drop = "before" })
    local plan = plans.plan(client, { { "disable", active[1] } })
    local cancel, restore = plans.fast_clock(100)
    local sent = 0
    local run = assert(client:apply(plan, {
      settle_after = 0.1,
      cancel = function()
        cancel()
        sent = support.requests(box, "disableuser")
        return sent == 2
      end,
    }))
    assert.equal("stopped", run.state)
    run = assert(client:resume(run.id, { settle_after = 0.1, cancel = cancel }))
    restore()
    assert.equal("not_confirmed", plans.states(run)[active[1]])
    assert.equal(2, support.requests(box, "disableuser"))
  end)

  it("calls unknown what leaves no trace, once, and never repeats it", function()
    local invited
    for user in client:users { status = "invited" } do
      invited = user.email
    end
    assert(box:faults {
      command = { "reinviteuser", "resetpassword", "updateemail" },
      drop = "after",
    })
    local run = assert(client:apply(
      plans.plan(client, {
        { "reinvite", invited },
        { "reset_password", active[1] },
        { "rename", active[2], { email = "renamed@acme.example" } },
        { "disable", active[3] },
      }),
      quick
    ))
    assert.equal("finished", run.state)
    assert.is_false(run.ok)
    assert.equal(3, run.counts.unknown)
    assert.equal(1, run.counts.done)
    assert.equal(1, support.requests(box, "reinviteuser"))
    assert.equal(1, support.requests(box, "updateemail"))
    assert.equal("traceless", plans.row(run, invited).code)
  end)

  it("looks which rows a remark that names none is about", function()
    assert(box:act { settings = { unknown_group = "warn" } })
    local group = client:user(active[1]).groups[1]
    local run = assert(client:apply(
      plans.plan(client, {
        { "create", "all@acme.example", { fullname = "All", groups = { group } } },
        { "create", "part@acme.example", { fullname = "Part", groups = { group, "No Group" } } },
        { "create", "none@acme.example", { fullname = "None", groups = {} } },
      }),
      quick
    ))
    assert.same({
      ["all@acme.example"] = "done",
      ["none@acme.example"] = "done",
      ["part@acme.example"] = "refused",
    }, plans.states(run))
    local row = plans.row(run, "part@acme.example")
    assert.equal("done_in_part", row.code)
    assert.truthy(row.reason:find("No such group: No Group", 1, true))
    assert.truthy(row.reason:find("not in all groups", 1, true))
    assert.truthy(plans.row(run, "all@acme.example").reason:find("No such group", 1, true))
    assert.equal(1, support.requests(box, "batchadd"))
    local undo = assert(client:undo(run.id))
    assert.equal(2, undo:count())
    assert.truthy(undo.body.warnings[1]:find("part@acme.example was changed in part", 1, true))
  end)

  it("stops when the directory cannot be read back, with the steps in doubt", function()
    local plan = plans.plan(client, { { "disable", active[1] }, { "remove", active[2] } })
    assert(box:faults { command = "disableuser", drop = "after" })
    -- the first read is the one before the run
    assert(box:faults { command = "getuserdata", status = 403, nth = 2, count = 100 })
    local run = assert(client:apply(plan, quick))
    assert.equal("stopped", run.state)
    assert.equal("http_status", run.stopped.code)
    assert.same({ [active[1]] = "uncertain", [active[2]] = "not_tried" }, plans.states(run))
    assert.equal("uncertain", journal_row(run, 1).state)
    box:clear_faults()
    run = assert(client:resume(run.id, quick))
    assert.is_true(run.ok)
    assert.equal(1, support.requests(box, "disableuser"))
  end)

  it("writes the doubt down before it reads", function()
    local seen
    assert(box:faults { command = "disableuser", drop = "after" })
    local plan = plans.plan(client, { { "disable", active[1] } })
    local journal = assert(require("lastpass.store").of(client))
    assert(client:apply(plan, {
      settle_after = 0.2,
      cancel = function()
        local runs = journal:runs { limit = 1 }
        local row = runs[1] and journal:steps(runs[1].id)[1]
        seen = seen or (row and row.state == "uncertain" and "uncertain")
        return false
      end,
    }))
    assert.equal("uncertain", seen)
  end)
end)

describe("lastpass.plan.reconcile: confirmation", function()
  local box, client, files, active
  local quick = { confirm_within = 0.3 }

  setup(function()
    box = support.start { users = 60, invited = 3, seed = 15 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    files = {}
    client = box:client { journal = plans.path(files), retries = 0 }
    active = plans.active(client, 20)
  end)

  after_each(function()
    plans.remove(files)
  end)

  -- OK is answered, and nothing is done; disableuser has to name whom it disabled (enterprise-api §5).
  local function believe_nothing(commands, disabled)
    local body = disabled
        and json.encode {
          status = "success",
          disabled_users = disabled,
          unchanged_users = json.list {},
        }
      or '{"status":"OK"}'
    assert(box:faults { command = commands, status = 200, body = body })
  end

  local function journal()
    return assert(journals.of(client))
  end

  it("does not believe a server that answers OK and does nothing", function()
    local group = client:user(active[4]).groups[1]
    local plan = plans.plan(client, {
      { "create", "ghost@acme.example", { fullname = "A Ghost", groups = {} } },
      { "name", active[1], { fullname = "Another Name" } },
      { "groups", active[2], { join = { "Chess" }, leave = {} } },
      { "disable", active[3] },
      { "groups", active[4], { join = {}, leave = { group } } },
      { "remove", active[5] },
    })
    believe_nothing { "batchadd", "updateuser", "batchchangegrp", "deluser" }
    believe_nothing("disableuser", { active[3] })
    local run = assert(client:apply(plan, quick))
    assert.equal("finished", run.state)
    assert.is_false(run.ok)
    assert.equal(6, run.counts.not_confirmed)
    local row = plans.row(run, active[2])
    assert.equal("not_shown", row.code)
    assert.truthy(row.reason:find("is not in Chess", 1, true))
    assert.truthy(plans.row(run, active[3]).reason:find("the state is active", 1, true))
    assert.truthy(plans.row(run, active[4]).reason:find("is still in " .. group, 1, true))
    assert.truthy(tostring(run):find("6 not confirmed", 1, true))
    assert.equal("not_confirmed", plans.states(assert(client:run(run.id)))[active[5]])
    -- the next plan finds them again, and undo has nothing to take back
    box:clear_faults()
    assert.equal(0, assert(client:undo(run.id)):count())
    assert.is_true(assert(client:apply(plans.plan(client, { { "disable", active[3] } }))).ok)
  end)

  it("tells apart what was done and what was not, within one call", function()
    local plan = plans.plan(client, { { "disable", active[1] }, { "disable", active[2] } })
    believe_nothing("disableuser", { active[1], active[2] })
    local half
    local run = assert(client:apply(plan, {
      confirm_within = 0.3,
      progress = function()
        if not half then
          half = true
          box:clear_faults()
          assert(client:disableuser { active[1] })
        end
      end,
    }))
    assert.same({ [active[1]] = "done", [active[2]] = "not_confirmed" }, plans.states(run))
    assert.equal(1, run.counts.done)
  end)

  it("asks for all groups of somebody created, where the directory shows them", function()
    local plan = plans.plan(client, {
      { "create", "new@acme.example", { fullname = "New", groups = { "Chess", "Go" } } },
    })
    local cut
    local run = assert(client:apply(plan, {
      confirm_within = 0.3,
      progress = function()
        if not cut then
          cut = true
          assert(client:user("new@acme.example"):leave "Go")
        end
      end,
    }))
    local row = plans.row(run, "new@acme.example")
    assert.equal("not_confirmed", row.state)
    assert.truthy(row.reason:find("is not in Go", 1, true))
    assert.is_nil(row.reason:find("Chess", 1, true))
  end)

  it("takes an invitation for the creation of somebody whose groups are not shown yet", function()
    assert(box:act { settings = { batchadd_makes = "invited" } })
    local run = assert(client:apply(plans.plan(client, {
      { "create", "new@acme.example", { fullname = "New", groups = { "Chess" } } },
    })))
    assert.is_true(run.ok)
  end)

  it("waits for a directory that shows it a little later", function()
    local plan = plans.plan(client, { { "disable", active[1] } })
    believe_nothing("disableuser", { active[1] })
    local reads = 0
    local slow = box:client {
      journal = client:option "journal",
      on_reply = function(reply)
        if reply.command == "getuserdata" then
          reads = reads + 1
          if reads == 2 then -- the first one is that before the run
            box:clear_faults()
            assert(client:disableuser { active[1] })
          end
        end
      end,
    }
    local run = assert(slow:apply(plan, { confirm_within = 60 }))
    assert.is_true(run.ok)
    assert.equal(3, reads)
  end)

  it("reads once, for this and for drift", function()
    local plan = plans.plan(client, { { "disable", active[1] } })
    local before = support.requests(box, "getuserdata")
    local run = assert(client:apply(plan))
    assert.equal(before + 2, support.requests(box, "getuserdata")) -- one before the run
    assert.is_number(journal():run(run.id).summary.directory_kept)
    assert.is_number(journal():steps(run.id)[1].confirmed_at)
  end)

  it("reads also at the end of a run that was stopped", function()
    local plan = plans.plan(client, {
      { "name", active[1], { fullname = "Another Name" } },
      { "disable", active[2] },
    })
    believe_nothing "updateuser"
    local done = 0
    local run = assert(client:apply(plan, {
      confirm_within = 0.3,
      progress = function(state)
        done = state.done
      end,
      cancel = function()
        return done > 0
      end,
    }))
    assert.equal("interrupted", run.stopped.code)
    assert.same({ [active[1]] = "not_confirmed", [active[2]] = "not_tried" }, plans.states(run))
  end)

  it("does not ask again for what was confirmed, when a run goes on later", function()
    local plan = plans.plan(client, {
      { "name", active[1], { fullname = "Another Name" } },
      { "disable", active[2] },
    })
    local done = 0
    local run = assert(client:apply(plan, {
      progress = function(state)
        done = state.done
      end,
      cancel = function()
        return done > 0
      end,
    }))
    assert.is_number(journal():steps(run.id)[1].confirmed_at)
    -- somebody else changes what the run had done, and was there
    assert(client:user(active[1]):update { fullname = "Changed Since" })
    run = assert(client:resume(run.id, quick))
    assert.is_true(run.ok)
  end)

  it("says of what leaves no trace that nothing confirms it", function()
    local plan = plans.plan(client, { { "reset_password", active[1] } })
    local run = assert(client:apply(plan))
    assert.is_true(run.ok)
    local row = plans.row(run, active[1])
    assert.equal("done", row.state)
    assert.equal("traceless", row.code)
    assert.truthy(row.reason:find("does not show it", 1, true))
    assert.truthy(tostring(run):find("1 of them cannot be confirmed", 1, true))
  end)

  it("takes back what shows later after all", function()
    local plan = plans.plan(client, { { "disable", active[1] } })
    believe_nothing("disableuser", { active[1] })
    local run = assert(client:apply(plan, quick))
    assert.equal(1, run.counts.not_confirmed)
    box:clear_faults()
    assert(client:disableuser { active[1] })
    local undo = assert(client:undo(run.id))
    assert.equal(1, undo:count())
    assert.equal("enable", undo.body.steps[1].kind)
  end)
end)

describe("lastpass.plan.reconcile: changes since the plan", function()
  local function state(status, fullname, groups)
    return { status = status, fullname = fullname, groups = json.list(groups or {}), admin = false }
  end

  -- A directory of these images.
  local function directory(people)
    return {
      user = function(_, address)
        return people[address:lower()]
      end,
    }
  end

  local function work_of(objects, steps, outcomes)
    for number, step in ipairs(steps) do
      step.number = number
    end
    return works.new {
      body = { objects = objects, steps = steps },
      options = {},
      outcomes = outcomes,
    }
  end

  local function states(entries)
    local list = {}
    for position, entry in ipairs(entries) do
      list[position] = { entry.step.number, entry.state }
    end
    return list
  end

  it("finds nobody when nobody has changed", function()
    local work = work_of(
      { ["a@x"] = state("active", "A", { "G" }), ["b@x"] = { status = "absent" } },
      { { kind = "create", subject = "b@x", after = {} }, { kind = "disable", subject = "a@x" } }
    )
    local now = directory { ["a@x"] = state("active", "A", { "G" }) }
    assert.same({}, reconcile.changed(work, now))
  end)

  it("makes every step of who has changed stale, in their order, and says why", function()
    local work = work_of({ ["a@x"] = state("active", "A"), ["b@x"] = state("active", "B") }, {
      { kind = "name", subject = "a@x", after = { fullname = "New" } },
      { kind = "disable", subject = "a@x" },
      { kind = "disable", subject = "b@x" },
    })
    local now =
      directory { ["a@x"] = state("active", "A", { "G" }), ["b@x"] = state("active", "B") }
    local entries = reconcile.changed(work, now)
    assert.same({ { 1, "stale" }, { 2, "stale" } }, states(entries))
    assert.equal("changed_since", entries[1].code)
    assert.truthy(entries[1].reason:find("is in G now", 1, true))
  end)

  it("calls unchanged what is so already", function()
    local work = work_of({ ["a@x"] = state("active", "A"), ["b@x"] = { status = "absent" } }, {
      { kind = "create", subject = "b@x", after = {} },
      { kind = "name", subject = "a@x", after = { fullname = "New" } },
      { kind = "disable", subject = "a@x" },
      { kind = "reinvite", subject = "a@x" },
    })
    local now = directory { ["a@x"] = state("disabled", "A"), ["b@x"] = state("invited") }
    local entries = reconcile.changed(work, now)
    assert.same(
      { { 1, "unchanged" }, { 2, "stale" }, { 3, "unchanged" }, { 4, "stale" } },
      states(entries)
    )
    assert.equal("is_so", entries[1].code)
  end)

  it("expects what the run has done itself", function()
    local steps = {
      { kind = "name", subject = "a@x", after = { fullname = "New" } },
      { kind = "groups", subject = "A@X", after = { join = { "G" }, leave = {} } },
      { kind = "disable", subject = "a@x" },
    }
    local objects = { ["a@x"] = state("active", "A"), ["A@X"] = state("active", "A") }
    local work = work_of(objects, steps, { { state = "done" }, { state = "unchanged" } })
    assert.same(
      {},
      reconcile.changed(work, directory { ["a@x"] = state("active", "New", { "G" }) })
    )
    -- done, and then taken back by somebody
    local entries = reconcile.changed(work, directory { ["a@x"] = state("active", "New") })
    assert.same({ { 3, "stale" } }, states(entries))
  end)

  it("does not expect what was refused", function()
    local work = work_of({ ["a@x"] = state("active", "A") }, {
      { kind = "name", subject = "a@x", after = { fullname = "New" } },
      { kind = "disable", subject = "a@x" },
    }, { { state = "refused" } })
    assert.same({}, reconcile.changed(work, directory { ["a@x"] = state("active", "A") }))
  end)
end)
