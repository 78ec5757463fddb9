-- The way through a run: failures, pauses, interruptions, and what is left of it then.
-- Steps as calls.
local dispatch = require "lastpass.plan.dispatch"
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

describe("lastpass.plan.dispatch: batches", function()
  local box, client

  setup(function()
    box = support.start { users = 40, seed = 2 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client { retries = 0 }
  end)

  local function step(number, kind, subject, after)
    return { number = number, kind = kind, subject = subject, after = after }
  end

  local function numbers(list)
    local result = {}
    for position, batch in ipairs(list) do
      result[position] = {}
      for index, one in ipairs(batch) do
        result[position][index] = one.number
      end
    end
    return result
  end

  local function states(results)
    local by_number = {}
    for _, result in ipairs(results) do
      assert.is_nil(by_number[result.step.number])
      by_number[result.step.number] = result.state
    end
    return by_number
  end

  it("puts one kind into a batch, and what has no list alone", function()
    local steps = {}
    for number, kind in ipairs {
      "create",
      "enable",
      "create",
      "create",
      "enable",
      "name",
      "name",
      "remove",
      "remove",
    } do
      steps[number] = step(number, kind, "u@x.example")
    end
    assert.same(
      { { 1, 3 }, { 2, 5 }, { 4 }, { 6 }, { 7 }, { 8 }, { 9 } },
      numbers(dispatch.cut(steps, 2))
    )
    assert.same({}, dispatch.cut({}, 2))
  end)

  it("sends no empty lists", function()
    local sent = {}
    local function note(_, list)
      sent[#sent + 1] = list[1]
      return { status = "OK" }
    end
    local spy = box:client { journal = ":memory:" }
    spy.batchadd, spy.batchchangegrp = note, note
    dispatch.send(spy, { step(1, "create", "a@x.example", { fullname = "A", groups = {} }) })
    dispatch.send(spy, { step(1, "groups", "a@x.example", { join = {}, leave = { "G" } }) })
    dispatch.send(spy, { step(1, "groups", "a@x.example", { join = { "G" }, leave = {} }) })
    assert.same({
      { username = "a@x.example", fullname = "A" },
      { username = "a@x.example", del = { "G" } },
      { username = "a@x.example", add = { "G" } },
    }, sent)
  end)

  it("sends what no plan keeps where it is given, and nothing without it", function()
    local with = step(1, "create", "a@x.example", { groups = {}, private = { "password" } })
    local without = step(2, "create", "b@x.example", { groups = {} })
    local results, _, requests = dispatch.send(client, { with, without })
    assert.same({ [1] = "refused", [2] = "done" }, states(results))
    assert.equal("its password stands in no journal: ask for it again", results[1].reason)
    assert.equal(1, requests)
    results = dispatch.send(
      client,
      { with },
      { ["a@x.example"] = { password = "Correct-Horse-1" } }
    )
    assert.same({ "done" }, states(results))
  end)

  it("says of each row what the answer says of it", function()
    local active = plans.active(client, 3)
    assert(client:disableuser { active[2] })
    local results, err, requests = dispatch.send(client, {
      step(1, "disable", active[1]),
      step(2, "disable", active[2]),
    })
    assert.same({ "done", "unchanged" }, states(results))
    assert.is_nil(err)
    assert.equal(1, requests)
    results = dispatch.send(client, {
      step(1, "enable", active[1]),
      step(2, "enable", "nobody@acme.example"),
    })
    assert.same({ "done", "refused" }, states(results))
  end)

  it("sends each name and each single command as a call", function()
    local active = plans.active(client, 2)
    local results, err, requests =
      dispatch.send(client, { step(4, "name", active[1], { fullname = "New" }) })
    assert.same({ [4] = "done" }, states(results))
    assert.is_nil(err)
    assert.equal(1, requests)
    results = dispatch.send(client, { step(5, "remove", active[2]) })
    assert.same({ [5] = "done" }, states(results))
    results = dispatch.send(client, { step(6, "remove", active[2]) })
    assert.same({ [6] = "refused" }, states(results))
  end)

  it("tells a lost answer from what was not sent", function()
    local active = plans.active(client, 2)
    local list = { step(1, "disable", active[1]), step(2, "disable", active[2]) }
    assert(box:faults { command = { "disableuser", "deluser" }, drop = "after" })
    local results, err = dispatch.send(client, list)
    assert.same({ "uncertain", "uncertain" }, states(results))
    assert.is_true(err.uncertain)
    results, err = dispatch.send(client, { step(3, "remove", active[1]) })
    assert.same({ [3] = "uncertain" }, states(results))
    assert.is_true(err.uncertain)
    box:clear_faults()
    assert(box:faults { command = { "disableuser", "deluser" }, status = 429 })
    results, err = dispatch.send(client, list)
    assert.same({ "not_tried", "not_tried" }, states(results))
    assert.equal("throttled", err.kind)
    results, err = dispatch.send(client, { step(3, "remove", active[2]) })
    assert.same({ [3] = "not_tried" }, states(results))
    assert.equal("throttled", err.kind)
  end)

  it("calls a remark on a single command unclear", function()
    assert(box:faults { command = "deluser", body = '{"status":"WARN","errors":["hm"]}' })
    local results, err = dispatch.send(client, { step(1, "remove", plans.active(client, 1)[1]) })
    assert.is_nil(err)
    assert.equal("uncertain", results[1].state)
    assert.equal("unclear_remark", results[1].code)
  end)

  it("finds steps that cannot be sent, before anything is", function()
    assert.is_true(dispatch.check(client, { step(1, "disable", "a@x.example") }))
    for _, bad in ipairs {
      step(7, "name", "a@x.example"),
      step(7, "name", "a@x.example", { fullname = {} }),
      step(7, "groups", "a@x.example", { join = {}, leave = {} }),
      step(7, "rename", "a@x.example", {}),
    } do
      local err = check.failure("conflict", "bad_step", dispatch.check(client, { bad }))
      assert.truthy(err.message:find("step 7", 1, true))
    end
    assert.equal(0, #box:journal())
  end)
end)
