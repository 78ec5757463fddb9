-- Answers that are lost: what the directory shows is believed, what it cannot show is never repeated.
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.settle", function()
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
    local journal = assert(require("lastpass.store.client_journal").of(client))
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
    local journal = assert(require("lastpass.store.client_journal").of(client))
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
