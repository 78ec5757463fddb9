-- The end of a run: journal, lock, kept directory, files.
local errors = require "lastpass.error"
local journal_room = require "lastpass.store.client_journal"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.finish", function()
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
    return assert(journal_room.of(client))
  end

  local function is_free()
    local lock = journal():lock(journal_room.tenant(client))
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
