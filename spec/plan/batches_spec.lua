-- Steps as calls of the Enterprise API.
local batches = require "lastpass.plan.batches"
local check = require "spec.support.check"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.batches", function()
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
      numbers(batches.cut(steps, 2))
    )
    assert.same({}, batches.cut({}, 2))
  end)

  it("sends no empty lists", function()
    local sent = {}
    local function note(_, list)
      sent[#sent + 1] = list[1]
      return { status = "OK" }
    end
    local spy = box:client { journal = ":memory:" }
    spy.batchadd, spy.batchchangegrp = note, note
    batches.send(spy, { step(1, "create", "a@x.example", { fullname = "A", groups = {} }) })
    batches.send(spy, { step(1, "groups", "a@x.example", { join = {}, leave = { "G" } }) })
    batches.send(spy, { step(1, "groups", "a@x.example", { join = { "G" }, leave = {} }) })
    assert.same({
      { username = "a@x.example", fullname = "A" },
      { username = "a@x.example", del = { "G" } },
      { username = "a@x.example", add = { "G" } },
    }, sent)
  end)

  it("sends what no plan keeps where it is given, and nothing without it", function()
    local with = step(1, "create", "a@x.example", { groups = {}, private = { "password" } })
    local without = step(2, "create", "b@x.example", { groups = {} })
    local results, _, requests = batches.send(client, { with, without })
    assert.same({ [1] = "refused", [2] = "done" }, states(results))
    assert.equal("its password stands in no journal: ask for it again", results[1].reason)
    assert.equal(1, requests)
    results = batches.send(client, { with }, { ["a@x.example"] = { password = "Correct-Horse-1" } })
    assert.same({ "done" }, states(results))
  end)

  it("says of each row what the answer says of it", function()
    local active = plans.active(client, 3)
    assert(client:disableuser { active[2] })
    local results, err, requests = batches.send(client, {
      step(1, "disable", active[1]),
      step(2, "disable", active[2]),
    })
    assert.same({ "done", "unchanged" }, states(results))
    assert.is_nil(err)
    assert.equal(1, requests)
    results = batches.send(client, {
      step(1, "enable", active[1]),
      step(2, "enable", "nobody@acme.example"),
    })
    assert.same({ "done", "refused" }, states(results))
  end)

  it("sends each name and each single command as a call", function()
    local active = plans.active(client, 2)
    local results, err, requests =
      batches.send(client, { step(4, "name", active[1], { fullname = "New" }) })
    assert.same({ [4] = "done" }, states(results))
    assert.is_nil(err)
    assert.equal(1, requests)
    results = batches.send(client, { step(5, "remove", active[2]) })
    assert.same({ [5] = "done" }, states(results))
    results = batches.send(client, { step(6, "remove", active[2]) })
    assert.same({ [6] = "refused" }, states(results))
  end)

  it("tells a lost answer from what was not sent", function()
    local active = plans.active(client, 2)
    local list = { step(1, "disable", active[1]), step(2, "disable", active[2]) }
    assert(box:faults { command = { "disableuser", "deluser" }, drop = "after" })
    local results, err = batches.send(client, list)
    assert.same({ "uncertain", "uncertain" }, states(results))
    assert.is_true(err.uncertain)
    results, err = batches.send(client, { step(3, "remove", active[1]) })
    assert.same({ [3] = "uncertain" }, states(results))
    assert.is_true(err.uncertain)
    box:clear_faults()
    assert(box:faults { command = { "disableuser", "deluser" }, status = 429 })
    results, err = batches.send(client, list)
    assert.same({ "not_tried", "not_tried" }, states(results))
    assert.equal("throttled", err.kind)
    results, err = batches.send(client, { step(3, "remove", active[2]) })
    assert.same({ [3] = "not_tried" }, states(results))
    assert.equal("throttled", err.kind)
  end)

  it("calls a remark on a single command unclear", function()
    assert(box:faults { command = "deluser", body = '{"status":"WARN","errors":["hm"]}' })
    local results, err = batches.send(client, { step(1, "remove", plans.active(client, 1)[1]) })
    assert.is_nil(err)
    assert.equal("uncertain", results[1].state)
    assert.equal("unclear_remark", results[1].code)
  end)

  it("finds steps that cannot be sent, before anything is", function()
    assert.is_true(batches.check(client, { step(1, "disable", "a@x.example") }))
    for _, bad in ipairs {
      step(7, "name", "a@x.example"),
      step(7, "name", "a@x.example", { fullname = {} }),
      step(7, "groups", "a@x.example", { join = {}, leave = {} }),
      step(7, "rename", "a@x.example", {}),
    } do
      local err = check.failure("conflict", "bad_step", batches.check(client, { bad }))
      assert.truthy(err.message:find("step 7", 1, true))
    end
    assert.equal(0, #box:journal())
  end)
end)
