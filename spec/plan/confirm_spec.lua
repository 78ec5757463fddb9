-- What the steps say at the end of a run is what the directory shows, or it is said that it does not.
local json = require "lastpass.json"
local journal_room = require "lastpass.store.client_journal"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.confirm", function()
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
    return assert(journal_room.of(client))
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
