-- The way through a run: failures, pauses, interruptions, and what is left of it then.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.dispatch", function()
  local box, client, files, active

  setup(function()
    box = support.start { users = 120, seed = 9 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    files = {}
    client = box:client { journal = plans.path(files), retries = 0 }
    active = plans.active(client, 60)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function disabling(count)
    local list = {}
    for position = 1, count do
      list[position] = { "disable", active[position] }
    end
    return plans.plan(client, list)
  end

  local function renaming(count)
    local list = {}
    for position = 1, count do
      list[position] = { "name", active[position], { fullname = "Name " .. position } }
    end
    return plans.plan(client, list)
  end

  local function journal()
    return assert(require("lastpass.store").of(client))
  end

  it("stops after so many refusals, and leaves the rest", function()
    assert(box:faults { command = "updateuser", body = '{"status":"FAIL","error":"no"}' })
    local run = assert(client:apply(renaming(30), { stop_after = 5, in_flight = 1 }))
    assert.equal("stopped", run.state)
    assert.equal("too_many_failures", run.stopped.code)
    assert.equal(5, run.counts.refused)
    assert.equal(25, run.counts.not_tried)
    assert.equal(5, support.requests(box, "updateuser"))
    assert.equal("stopped", client:run(run.id).state)
    assert.equal("too_many_failures", client:run(run.id).stopped.code)
  end)

  it("does not stop for lost answers of what was done", function()
    assert(box:faults { command = "updateuser", drop = "after" })
    local run = assert(client:apply(renaming(30), { stop_after = 5, settle_after = 0.2 }))
    assert.is_true(run.ok)
    assert.equal(30, support.requests(box, "updateuser"))
  end)

  it("stops for lost answers of what was not done", function()
    assert(box:faults { command = "updateuser", status = 503, commit = false })
    local cancel, restore = plans.fast_clock(100)
    local run = assert(client:apply(renaming(30), {
      stop_after = 5,
      settle_after = 0.05,
      in_flight = 1,
      cancel = cancel,
    }))
    restore()
    assert.equal("too_many_failures", run.stopped.code)
    assert.equal(5, support.requests(box, "updateuser"))
    assert.equal(30, run.counts.not_tried)
  end)

  it("waits as long as the server asks, and goes on", function()
    local loop = require "lastpass.transport.loop"
    assert(box:faults { command = "disableuser", status = 429, retry_after = 1, count = 1 })
    local begun = loop.now()
    local run = assert(client:apply(disabling(10)))
    assert.is_true(run.ok)
    assert.is_true(loop.now() - begun >= 1)
    assert.equal(2, support.requests(box, "disableuser"))
  end)

  it("stops when the server asks for too long a wait", function()
    assert(box:faults { command = "disableuser", status = 429, retry_after = 500 })
    local run = assert(client:apply(disabling(3)))
    assert.equal("throttled", run.stopped.kind)
    assert.equal(3, run.counts.not_tried)
    assert.truthy(run.stopped.hint)
  end)

  it("stops when nothing can be sent, with nothing in doubt", function()
    local plan = disabling(3)
    assert(box:faults { command = "disableuser", hash_rotated = true })
    local run = assert(client:apply(plan))
    assert.equal("stopped", run.state)
    assert.equal("auth", run.stopped.kind)
    assert.equal(3, run.counts.not_tried)
    assert.equal(0, #assert(journal():open_steps(run.id)))
  end)

  it("stops when the server is gone, and can be resumed when it is back", function()
    local other = support.start { users = 60, seed = 9 }
    local path, port = plans.path(files), other.port
    local one = other:client {
      journal = path,
      retries = 0,
      now = function()
        return 1781528400
      end,
    }
    local mine = plans.active(one, 10)
    local list = {}
    for position = 1, 10 do
      list[position] = { "name", mine[position], { fullname = "Name " .. position } }
    end
    local plan, stopped = plans.plan(one, list), false
    local run = assert(one:apply(plan, {
      in_flight = 1,
      settle_after = 0,
      progress = function(state)
        if state.done == 4 and not stopped then
          stopped = true
          other:stop()
        end
      end,
    }))
    assert.equal("stopped", run.state)
    assert.equal("transport", run.stopped.kind)
    assert.equal(4, run.counts.done)
    assert.equal(6, run.counts.not_tried + run.counts.uncertain)
    local again = support.start { users = 60, seed = 9, port = port }
    local cancel, restore = plans.fast_clock(100)
    run = assert(one:resume(run.id, { settle_after = 0.05, confirm_within = 0, cancel = cancel }))
    restore()
    again:stop()
    -- the company is as at first: what had been done is not there any more, and the run says so
    assert.equal(6, run.counts.done)
    assert.equal(4, run.counts.not_confirmed)
    assert.is_false(run.ok)
  end)

  describe("cancelled", function()
    it("finishes what is under way, saves, and says how to go on", function()
      local done = 0
      local run = assert(client:apply(renaming(20), {
        in_flight = 2,
        progress = function(state)
          done = state.done
        end,
        cancel = function()
          return done >= 6
        end,
      }))
      assert.equal("stopped", run.state)
      assert.equal("cancelled", run.stopped.kind)
      assert.equal("interrupted", run.stopped.code)
      assert.truthy(run.stopped.hint:find(("client:resume(%d)"):format(run.id), 1, true))
      assert.truthy(tostring(run):find(("client:resume(%d)"):format(run.id), 1, true))
      assert.equal(0, run.counts.uncertain)
      assert.equal(support.requests(box, "updateuser"), run.counts.done)
      assert.is_true(run.counts.done >= 6 and run.counts.done <= 9)
      run = assert(client:resume(run.id))
      assert.is_true(run.ok)
      assert.equal(20, support.requests(box, "updateuser"))
    end)

    it("does not wait for the end of a pause", function()
      local loop = require "lastpass.transport.loop"
      local asked = 0
      assert(box:faults { command = "disableuser", status = 429, retry_after = 60 })
      local begun = loop.now()
      local run = assert(client:apply(disabling(3), {
        cancel = function()
          asked = asked + 1
          return asked > 4
        end,
      }))
      assert.equal("interrupted", run.stopped.code)
      assert.is_true(loop.now() - begun < 60)
    end)

    it("by Ctrl-C in plain Lua: an error in between", function()
      local plan = renaming(20)
      local run = assert(client:apply(plan, {
        in_flight = 2,
        cancel = function()
          local runs = journal():runs { limit = 1 }
          local counts = runs[1] and journal():step_counts(runs[1].id) or {}
          if (counts.done or 0) >= 4 then
            error("interrupted!", 0)
          end
        end,
      }))
      assert.equal("stopped", run.state)
      assert.equal("interrupted", run.stopped.code)
      assert.equal("stopped", client:run(run.id).state)
      assert.equal(0, client:run(run.id).counts.uncertain)
      assert.is_true(assert(client:resume(run.id)).ok)
      assert.equal(20, support.requests(box, "updateuser"))
    end)
  end)

  it("raises what a function of the caller raises, with the run ended and the lock free", function()
    local plan = renaming(20)
    local ok, message = pcall(client.apply, client, plan, {
      progress = function()
        error("my own mistake", 0)
      end,
    })
    assert.is_false(ok)
    assert.equal("my own mistake", message)
    local last = client:runs()[1]
    assert.equal("stopped", last.state)
    local cancel, restore = plans.fast_clock(100)
    local run = assert(client:resume(last.id, { settle_after = 0.05, cancel = cancel }))
    restore()
    assert.is_true(run.ok)
    assert.equal(20, support.requests(box, "updateuser"))
  end)

  it("ends with the journal: nothing is sent whose intent cannot be written", function()
    local plan, real = disabling(3), journal()
    local intend = real.intend
    rawset(real, "intend", function()
      return require("lastpass.error").fail("argument", "store_full", "the disk is full")
    end)
    local run = assert(client:apply(plan))
    rawset(real, "intend", nil)
    assert.equal(intend, real.intend)
    assert.equal("store_full", run.stopped.code)
    assert.equal(3, run.counts.not_tried)
    assert.equal(0, support.requests(box, "disableuser"))
  end)

  it("leaves a run alone whose lock was lost", function()
    local real = journal()
    rawset(real, "intend", function()
      return require("lastpass.error").fail("conflict", "lock_lost", "somebody else has it")
    end)
    local run = assert(client:apply(disabling(3)))
    rawset(real, "intend", nil)
    assert.equal("lock_lost", run.stopped.code)
    assert.equal("running", client:run(run.id).state)
  end)

  it("has the intent on the disk before the call", function()
    local states = {}
    local watched = box:client {
      journal = client:option "journal",
      on_request = function(request)
        if request.command == "disableuser" then
          local id = journal():runs({ limit = 1 })[1].id
          for _, row in ipairs(journal():steps(id)) do
            states[#states + 1] = row.state
          end
        end
      end,
    }
    assert(watched:apply(disabling(3)))
    assert.same({ "intended", "intended", "intended" }, states)
  end)

  it("keeps to the number of calls under way", function()
    local under_way, most = 0, 0
    local watched = box:client { journal = client:option "journal" }
    local real = watched._transport
    watched._transport = {
      send = function(_, request)
        under_way = under_way + 1
        most = math.max(most, under_way)
        local response, message, err = real:send(request)
        under_way = under_way - 1
        return response, message, err
      end,
      start = function(_, ...)
        return real:start(...)
      end,
      result = function(_, ...)
        return real:result(...)
      end,
    }
    assert.is_true(assert(watched:apply(renaming(20), { in_flight = 3 })).ok)
    assert.equal(3, most)
  end)

  it("refuses one plan twice at once", function()
    local plan = renaming(10)
    local first, second, err
    lastpass.parallel(2, function(spawn)
      spawn(function()
        first = client:apply(plan)
      end)
      spawn(function()
        local _
        second, _, err = client:apply(plan)
      end)
    end)
    local refused = (not first or not second) and err
    assert.is_true((first or second).ok)
    assert.equal(10, support.requests(box, "updateuser"))
    if refused then
      assert.is_true(refused.code == "locked" or refused.code == "applied_before")
    end
    check.failure("conflict", "applied_before", client:apply(plan))
  end)
end)
