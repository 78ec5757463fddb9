-- Plans carried out: what is refused before anything is written, what is done, what is left alone.
-- The end of a run: journal, lock, kept directory, files.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local journals = require "lastpass.store"
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.apply", function()
  local box, client, files, active

  setup(function()
    box = support.start { users = 60, invited = 4, seed = 3 }
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

  local function invited()
    return client:users({ status = "invited" })().email
  end

  local function writes()
    local count = 0
    for _, entry in ipairs(assert(box:journal())) do
      count = count + (entry.command ~= "getuserdata" and 1 or 0)
    end
    return count
  end

  local function a_step(subject)
    return { { "disable", subject or active[1] } }
  end

  describe("does", function()
    it("what every kind of step wants", function()
      local before = assert(client:snapshot())
      local run = assert(client:apply(
        plans.plan(client, {
          {
            "create",
            "New.One@acme.example",
            { fullname = "New One", groups = { "Finance" }, attribs = { EmployeeNumber = "17" } },
          },
          { "create", "bare@acme.example", { groups = {} } },
          { "name", active[1], { fullname = "Other Name" } },
          { "groups", active[2], { join = { "Chess", "Go" }, leave = {} } },
          {
            "groups",
            active[3],
            { join = {}, leave = { before:user(active[3]).groups[1] } },
          },
          { "rename", active[4], { email = "renamed@acme.example" } },
          { "reinvite", invited() },
          { "reset_password", active[5] },
          { "require_password_change", active[6] },
          { "disable_mfa", active[7] },
          { "disable", active[8] },
          { "remove", active[9] },
          { "delete", active[10] },
        }),
        { confirm_final = 1 }
      ))
      assert.is_true(run.ok)
      assert.equal("finished", run.state)
      assert.equal(13, run.counts.done)
      assert.is_nil(run.stopped)
      assert.equal(writes(), run.requests)
      assert.equal(11, run.requests)
      local after = assert(client:snapshot())
      local new = after:user "new.one@acme.example"
      assert.equal("New One", new.fullname)
      assert.same({ "Finance" }, new.groups)
      assert.same({ EmployeeNumber = "17" }, new.attributes)
      assert.equal("active", after:user("bare@acme.example").status)
      assert.equal("Other Name", after:user(active[1]).fullname)
      assert.is_true(after:user(active[2]):is_in "Go")
      assert.equal(#before:user(active[3]).groups - 1, #after:user(active[3]).groups)
      assert.equal("disabled", after:user(active[8]).status)
      assert.is_nil(after:user(active[9]))
      assert.is_nil(after:user(active[10]))
      assert(box:act { login = { active[4] } })
      assert.equal("active", client:user("renamed@acme.example").status)
      assert.is_true(after:user(active[6]).password_reset_required)
    end)

    it("what takes away access after what gives it", function()
      local run = assert(client:apply(plans.plan(client, {
        { "remove", active[1] },
        { "disable", active[2] },
        { "groups", active[3], { join = { "Go" }, leave = {} } },
        { "name", active[4], { fullname = "N" } },
        { "create", "new@acme.example", { groups = {} } },
        { "uninvite", invited() },
      })))
      assert.is_true(run.ok)
      local order = {}
      for _, entry in ipairs(box:journal()) do
        if entry.command ~= "getuserdata" then
          order[#order + 1] = entry.command
        end
      end
      assert.same({
        "batchadd",
        "updateuser",
        "batchchangegrp",
        "disableuser",
        "deluser",
        "deluser",
      }, order)
    end)

    it("lists in batches of the option chunk", function()
      local list = {}
      for position = 1, 10 do
        list[position] = { "disable", active[position] }
      end
      local run = assert(client:apply(plans.plan(client, list), { chunk = 3, in_flight = 2 }))
      assert.is_true(run.ok)
      assert.equal(4, run.requests)
      assert.equal(4, support.requests(box, "disableuser"))
    end)

    it("an empty plan as a run without steps, as often as it comes", function()
      assert(client:apply(plans.plan(client, {})))
      local run = assert(client:apply(plans.plan(client, {})))
      assert.equal("finished", run.state)
      assert.is_true(run.ok)
      assert.equal(0, run.requests)
      assert.equal(0, writes())
      assert.equal("finished", client:runs()[1].state)
    end)

    it("what is so already counts as unchanged", function()
      local plan = plans.plan(client, { { "disable", active[1] }, { "disable", active[2] } })
      assert(client:disableuser { active[1] })
      local run = assert(client:apply(plan))
      assert.is_true(run.ok)
      assert.equal(1, run.counts.unchanged)
      assert.equal(1, run.counts.done)
    end)

    it("its work inside a task of lastpass.parallel", function()
      local run
      lastpass.parallel(2, function(spawn)
        spawn(function()
          run = assert(client:apply(plans.plan(client, a_step())))
        end)
      end)
      assert.is_true(run.ok)
    end)

    it("keep the directory that it leaves, for drift", function()
      assert(client:apply(plans.plan(client, a_step())))
      assert.same({}, client:drift())
      assert(client:enableuser { active[1] })
      local drift = assert(client:drift())
      assert.equal(1, #drift)
      assert.equal(active[1], drift[1].email)
    end)
  end)

  describe("leaves alone", function()
    it("who has changed since, with what changed", function()
      local plan = plans.plan(client, {
        { "groups", active[1], { join = { "Go" }, leave = {} } },
        { "disable", active[1] },
        { "disable", active[2] },
      })
      assert(client:user(active[1]):update { fullname = "Somebody Else" })
      local run = assert(client:apply(plan))
      assert.is_false(run.ok)
      assert.equal("finished", run.state)
      assert.equal(2, run.counts.stale)
      assert.equal(1, run.counts.done)
      local row = plans.row(run, active[1])
      assert.equal("changed_since", row.code)
      assert.truthy(row.reason:find("Somebody Else", 1, true))
      assert.equal("active", client:user(active[1]).status)
      assert.equal("disabled", client:user(active[2]).status)
    end)

    it("who has gone, and who has come", function()
      local plan = plans.plan(client, {
        { "disable", active[1] },
        { "create", "new@acme.example", { fullname = "New", groups = {} } },
      })
      assert(client:user(active[1]):remove())
      assert(box:load { invited = { "new@acme.example" } })
      local run = assert(client:apply(plan))
      assert.equal("stale", plans.states(run)[active[1]])
      assert.equal("unchanged", plans.states(run)["new@acme.example"])
      assert.equal(1, writes()) -- the removal above
    end)
  end)

  describe("files", function()
    it("rows the server minds as refused, the others as done", function()
      assert(box:act { settings = { group_unknown_user = "warn" } })
      local plan = plans.plan(client, {
        { "disable", active[1] },
        { "reinvite", active[2] },
        { "groups", active[3], { join = { "Go" }, leave = {} } },
      })
      local run = assert(client:apply(plan))
      local states = plans.states(run)
      assert.equal("done", states[active[1]])
      assert.equal("done", states[active[3]])
      assert.equal("refused", states[active[2]])
      assert.truthy(plans.row(run, active[2]).reason:find("already active", 1, true))
      assert.is_false(run.ok)
    end)

    it("a remark that fits no row by what the directory shows", function()
      assert(box:act { settings = { unknown_group = "warn" } })
      local known = client:user(active[1]).groups
      local other
      for group in client:groups() do
        if group.name ~= known[1] and not client:user(active[2]):is_in(group.name) then
          other = group.name
        end
      end
      local run = assert(client:apply(plans.plan(client, {
        { "groups", active[1], { join = { "No Such Group" }, leave = { known[1] } } },
        { "groups", active[2], { join = { other }, leave = {} } },
      })))
      assert.equal("done", plans.states(run)[active[2]])
      local row = plans.row(run, active[1])
      assert.equal("refused", row.state)
      assert.equal("done_in_part", row.code)
      assert.truthy(row.reason:find("No such group", 1, true))
      assert.truthy(row.reason:find("done in part: is no longer in " .. known[1], 1, true))
      assert.equal(1, support.requests(box, "batchchangegrp"))
    end)
  end)

  describe("refuses", function()
    local function refused(kind, code, plan, options, other)
      local err = check.failure(kind, code, (other or client):apply(plan, options))
      assert.equal(0, writes())
      return err
    end

    it("what is no plan", function()
      local text = check.blamed(function()
        client:apply { steps = {} }
      end)
      assert.equal(
        "client:apply: 'plan' must be a Plan, not a table: client:apply(plan, options?)",
        text
      )
    end)

    it("unknown options", function()
      local plan = plans.plan(client, a_step())
      local text = check.blamed(function()
        client:apply(plan, { in_fligth = 2 })
      end)
      assert.truthy(text:find("did you mean 'in_flight'", 1, true))
    end)

    it("a plan that a guard refuses, with the numbers", function()
      local err = refused(
        "guard",
        "refused_by_guards",
        plans.plan(client, a_step(), {
          refusals = lastpass.json.list {
            { guard = "disable", message = "people disabled: 6 of 8", allow = "limit { … }" },
          },
        })
      )
      assert.truthy(err.message:find("6 of 8", 1, true))
      assert.truthy(err.hint:find("limit { … }", 1, true))
      assert.equal(0, #client:runs())
    end)

    it("another company's plan", function()
      local other = box:client { journal = plans.path(files), cid = 1 }
      refused("conflict", "other_tenant", plans.plan(client, a_step()), nil, other)
    end)

    it("an expired plan", function()
      refused("conflict", "plan_expired", plans.plan(client, a_step(), { expires = 1 }))
    end)

    it("a plan that was changed after it was made", function()
      local plan = plans.plan(client, a_step())
      plan.body.steps[1].subject = active[2]
      plan.body.objects[active[2]] = plan.body.objects[active[1]]
      refused("conflict", "plan_changed", plan)
    end)

    it("a step that cannot be put into a request", function()
      local err = refused(
        "conflict",
        "bad_step",
        plans.plan(client, { { "groups", active[1], { join = {}, leave = {} } } })
      )
      assert.truthy(err.message:find("step 1", 1, true))
    end)

    it("final steps without their number", function()
      local plan = plans.plan(client, { { "delete", active[1] }, { "delete", active[2] } })
      local err = refused("guard", "needs_confirmation", plan)
      assert.truthy(err.message:find("2 steps", 1, true))
      assert.truthy(err.hint:find("confirm_final = 2", 1, true))
      refused("guard", "needs_confirmation", plan, { confirm_final = 1 })
      refused("guard", "needs_confirmation", plans.plan(client, a_step()), { confirm_final = 1 })
    end)

    it("a plan that was applied before", function()
      local plan = plans.plan(client, a_step())
      local run = assert(client:apply(plan))
      local err = check.failure("conflict", "applied_before", client:apply(plan))
      assert.equal(run.id, err.run)
    end)

    it("to take the last admin away", function()
      local admins = {}
      for user in client:users { admin = true } do
        if user.status == "active" then
          admins[#admins + 1] = user.email
        end
      end
      local plan = plans.plan(client, { { "disable", admins[1] } })
      for position = 2, #admins do
        assert(client:disableuser { admins[position] })
      end
      local err = check.failure("guard", "last_admin", client:apply(plan))
      assert.truthy(err.message:find("1 of 1", 1, true))
      assert.equal("active", client:user(admins[1]).status)
      assert.equal(0, #client:runs())
    end)

    it("more within a day than the plan's limit, over all runs", function()
      local settings = { limits = { per_day = { disable = 2 } } }
      local list = { { "disable", active[1] }, { "disable", active[2] } }
      local first = plans.plan(client, list, { settings = settings })
      local second = plans.plan(client, a_step(active[3]), { settings = settings })
      assert.is_true(assert(client:apply(first)).ok)
      local err = check.failure("guard", "per_day", client:apply(second))
      assert.truthy(err.message:find("2 by earlier runs and 1 by this plan", 1, true))
      assert.truthy(err.hint:find("disable = 3", 1, true))
    end)

    it("while another program works on the company, and names it", function()
      local path = plans.path(files)
      local one = box:client { journal = path }
      local plan = plans.plan(one, a_step())
      local lock = assert(require("lastpass.store").open { path = path }):lock(
        require("lastpass.store").tenant(one)
      )
      local err = check.failure("conflict", "locked", one:apply(plan))
      assert.is_number(err.owner.pid)
      lock:release()
      assert.is_true(assert(one:apply(plan)).ok)
    end)

    it("while nobody knows what became of another run", function()
      local plan = plans.plan(client, a_step())
      local other = plans.plan(client, a_step(active[2]))
      local journal = assert(journals.of(client))
      local id = assert(journal:begin_run {
        tenant = journals.tenant(client),
        plan = other.name,
        kind = "apply",
        document = other:text(),
        total = 1,
      })
      assert(journal:intend(id, { { number = 1, kind = "disable", subject = active[2] } }))
      local err = refused("conflict", "unfinished_run", plan)
      assert.equal(id, err.run)
      assert.truthy(err.hint:find(("client:resume(%d)"):format(id), 1, true))
      refused("conflict", "unfinished_run", other)
    end)

    it("nothing because of a run that broke off between two calls", function()
      local journal = assert(journals.of(client))
      local other = plans.plan(client, a_step(active[2]))
      local id = assert(journal:begin_run {
        tenant = journals.tenant(client),
        plan = other.name,
        kind = "apply",
        document = other:text(),
        total = 1,
      })
      assert.is_true(assert(client:apply(plans.plan(client, a_step()))).ok)
      assert.equal("stopped", client:run(id).state)
      assert.is_true(assert(client:resume(id)).ok)
    end)

    it("nothing for good: the lock is free again also after an error", function()
      local plan = plans.plan(client, a_step())
      local broken = box:client {
        journal = client:option "journal",
        on_request = function()
          error("interrupted!", 0)
        end,
      }
      local ok, message = pcall(broken.apply, broken, plan)
      assert.is_false(ok)
      assert.equal("interrupted!", message)
      assert.equal(0, #client:runs())
      assert.is_true(assert(client:apply(plan)).ok)
    end)

    it("a file for refused rows that cannot be written, before anything is done", function()
      check.failure(
        "argument",
        "cannot_write",
        client:apply(plans.plan(client, a_step()), { refused_rows = "/nonexistent/rows.csv" })
      )
      assert.equal(0, writes())
      assert.equal(0, #client:runs())
    end)

    it("without a directory to compare with", function()
      local plan = plans.plan(client, a_step())
      support.inject(box, "getuserdata", nil, { status = 403, count = 10 })
      check.failure("transport", "http_status", client:apply(plan))
      box:clear_faults()
      assert.equal(0, #client:runs())
      assert.is_true(assert(client:apply(plan)).ok)
    end)
  end)
end)

describe("lastpass.plan.apply: the end of a run", function()
  local box, client, files, active

  setup(function()
    box = support.start { users = 40, seed = 8 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    files = {}
    client = box:client { journal = plans.path(files), retries = 0 }
    active = plans.active(client, 10)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function journal()
    return assert(journals.of(client))
  end

  local function is_free()
    local lock = journal():lock(journals.tenant(client))
    return lock and lock:release()
  end

  it("ends the run in the journal and gives the lock back", function()
    local run = assert(client:apply(plans.plan(client, { { "disable", active[1] } })))
    local row = assert(journal():run(run.id))
    assert.equal("finished", row.state)
    assert.equal(1, row.summary.counts.done)
    assert.equal(1, row.summary.requests)
    assert.is_nil(row.summary.stopped)
    assert.is_true(is_free())
  end)

  it("keeps the directory as the run has left it", function()
    local run = assert(client:apply(plans.plan(client, { { "disable", active[1] } })))
    local kept = assert(client:kept_snapshot(journal():run(run.id).summary.directory_kept))
    assert.equal("disabled", kept:user(active[1]).status)
  end)

  it("reads the directory once for a run that sends nothing", function()
    local plan = plans.plan(client, {})
    local before = support.requests(box, "getuserdata")
    local run = assert(client:apply(plan))
    assert.equal(before + 1, support.requests(box, "getuserdata"))
    assert.is_number(journal():run(run.id).summary.directory_kept)
  end)

  it("keeps no directory of a run that was stopped, and remembers why it was", function()
    assert(box:faults { command = "disableuser", status = 403 })
    local run = assert(client:apply(plans.plan(client, { { "disable", active[1] } })))
    local summary = assert(journal():run(run.id)).summary
    assert.is_nil(summary.directory_kept)
    assert.equal("transport", summary.stopped.kind)
    assert.equal("http_status", summary.stopped.code)
    assert.equal("disableuser", client:run(run.id).stopped.command)
    assert.is_true(is_free())
  end)

  it("is stopped when the directory cannot be read once more, and confirmed by resume", function()
    local plan = plans.plan(client, { { "disable", active[1] } })
    assert(box:faults { command = "getuserdata", status = 403, nth = 2, count = 10 })
    local run = assert(client:apply(plan))
    assert.is_false(run.ok)
    assert.equal("stopped", run.state)
    assert.equal("http_status", run.stopped.code)
    assert.equal(1, run.counts.done)
    assert.is_nil(journal():run(run.id).summary.directory_kept)
    assert.is_nil(journal():steps(run.id)[1].confirmed_at)
    box:clear_faults()
    run = assert(client:resume(run.id))
    assert.is_true(run.ok)
    assert.is_number(journal():steps(run.id)[1].confirmed_at)
    assert.equal(1, support.requests(box, "disableuser"))
  end)

  it("says when the journal could not take the end", function()
    local plan, real = plans.plan(client, { { "disable", active[1] } }), journal()
    rawset(real, "end_run", function()
      return errors.fail("argument", "store_full", "the disk is full")
    end)
    local run = assert(client:apply(plan))
    rawset(real, "end_run", nil)
    assert.is_false(run.ok)
    assert.equal("store_full", run.stopped.code)
    assert.equal(1, run.counts.done)
    assert.is_true(is_free())
  end)

  it("says when the rows could not be written, of a run that is good otherwise", function()
    local path = plans.path(files)
    local folder = path .. ".d"
    os.execute(("mkdir '%s'"):format(folder))
    local run = assert(client:apply(plans.plan(client, { { "disable", active[1] } }), {
      refused_rows = folder .. "/rows.csv",
      progress = function()
        os.execute(("rm -r '%s'"):format(folder))
      end,
    }))
    assert.is_true(run.ok)
    assert.equal("cannot_write", run.refused_rows_error.code)
  end)

  it("leaves the line of its progress on standard error", function()
    local child = ([[
      local plans = require "spec.support.plans"
      local box = require("spec.support.box").start { users = 20 }
      local files = {}
      local client = box:client { journal = plans.path(files) }
      local user = plans.active(client, 1)[1]
      assert(client:apply(plans.plan(client, { { "disable", user } }), { progress = true }))
      box:stop()
      plans.remove(files)
    ]]):gsub("\n", " ")
    local first = 0
    while arg[first - 1] do
      first = first - 1
    end
    local pipe = io.popen(("%s -e '%s' 2>&1 >/dev/null"):format(arg[first], child))
    assert.truthy(pipe:read("*a"):find "^1/1  %d+/s  0 s left\n$")
    pipe:close()
  end)
end)
