-- Runs as objects: from memory, and from the journal.
local check = require "spec.support.check"
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local plans = require "spec.support.plans"
local run_room = require "lastpass.plan.run"
local support = require "spec.support.box"

describe("lastpass.plan.run", function()
  local box, client, files, active

  setup(function()
    box = support.start { users = 40, seed = 4 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    files = {}
    client = box:client { journal = plans.path(files) }
    active = plans.active(client, 10)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function body_of(count, held)
    local body = document.new()
    for number = 1, count do
      local subject = ("u%d@x.example"):format(number)
      body.steps[number] = { number = number, kind = "disable", subject = subject }
    end
    for place = 1, held or 0 do
      body.held[place] = { kind = "disable", subject = "h@x.example", held = "why" }
    end
    return body
  end

  local function run_of(body, outcomes, state)
    return run_room.new {
      id = 7,
      plan = ("ab"):rep(32),
      kind = "apply",
      state = state or "finished",
      body = body,
      outcomes = outcomes,
    }
  end

  it("counts every state", function()
    local outcomes = {
      { state = "done" },
      { state = "unchanged" },
      { state = "refused" },
      { state = "stale" },
      { state = "uncertain" },
      { state = "intended" }, -- the process ended before the answer came
      { state = "unknown" },
      { state = "not_tried" },
      { state = "not_confirmed" },
    }
    local run = run_of(body_of(10, 2), outcomes, "stopped")
    assert.same({
      done = 1,
      unchanged = 1,
      refused = 1,
      stale = 1,
      not_confirmed = 1,
      uncertain = 2,
      unknown = 1,
      not_tried = 2,
      held = 2,
    }, run.counts)
    assert.is_false(run.ok)
  end)

  it("is good when all is done or was so before, and it is finished", function()
    local outcomes = { { state = "done" }, { state = "unchanged" } }
    assert.is_true(run_of(body_of(2, 1), outcomes).ok)
    assert.is_false(run_of(body_of(2), outcomes, "stopped").ok)
    assert.is_false(run_of(body_of(3), outcomes).ok)
    assert.is_true(run_of(body_of(0), {}).ok)
  end)

  it("gives its steps in their order", function()
    local run = run_of(body_of(2), { { state = "refused", reason = "no", code = "refused" } })
    local rows = {}
    for row in run:steps() do
      rows[#rows + 1] = row
    end
    assert.same({
      {
        number = 1,
        kind = "disable",
        subject = "u1@x.example",
        state = "refused",
        reason = "no",
        code = "refused",
      },
      { number = 2, kind = "disable", subject = "u2@x.example", state = "not_tried" },
    }, rows)
  end)

  it("is the same from the journal", function()
    local plan = plans.plan(client, {
      { "disable", active[1] },
      { "name", active[2], { fullname = "New" } },
      { "disable", active[3] },
    })
    assert(client:user(active[3]):update { fullname = "Somebody Else" })
    local run = assert(client:apply(plan))
    local read = assert(client:run(run.id))
    assert.equal(tostring(run), tostring(read))
    assert.same(run.counts, read.counts)
    for _, name in ipairs { "id", "plan", "kind", "state", "ok", "requests" } do
      assert.equal(run[name], read[name])
    end
    assert.same(plans.states(run), plans.states(read))
  end)

  it("remembers why it was stopped", function()
    local _, _, err =
      errors.fail("auth", "authorization_error", "no", { hint = "look", body = "x" })
    local stopped = run_room.remembered_error {
      stopped = json.decode(json.encode {
        kind = err.kind,
        code = err.code,
        message = err.message,
        hint = err.hint,
      }),
    }
    assert.equal("authorization_error", stopped.code)
    assert.equal("no", tostring(stopped))
    assert.equal("look", stopped.hint)
    assert.is_nil(run_room.remembered_error {})
    assert.is_nil(run_room.remembered_error(nil))
  end)

  it("is not there, or of another company", function()
    check.failure("argument", "no_such_run", client:run(5))
    check.blamed(function()
      client:run(0.5)
    end)
    local run = assert(client:apply(plans.plan(client, {})))
    local other = box:client { journal = client:option "journal", cid = 1 }
    check.failure("conflict", "other_tenant", other:run(run.id))
  end)
end)
