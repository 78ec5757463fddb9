-- Runs as objects: from memory, and from the journal.
-- The people whose steps did not go through, as a file that can be fed back.
local check = require "spec.support.check"
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local runs = require "lastpass.plan.run"
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
    for position = 1, held or 0 do
      body.held[position] = { kind = "disable", subject = "h@x.example", held = "why" }
    end
    return body
  end

  local function run_of(body, outcomes, state)
    return runs.new {
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
    local stopped = runs.remembered_error {
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
    assert.is_nil(runs.remembered_error {})
    assert.is_nil(runs.remembered_error(nil))
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

describe("lastpass.plan.run: refused rows", function()
  -- A plan's body and a run of it from {kind, subject, state, after, reason, origin}.
  local function made_of(list, objects)
    local body, rows = { steps = {}, objects = objects }, {}
    for number, given in ipairs(list) do
      body.steps[number] = {
        number = number,
        kind = given[1],
        subject = given[2],
        after = given.after,
        origin = given.origin,
      }
      rows[number] = {
        number = number,
        subject = given[2],
        state = given[3],
        reason = given.reason,
      }
    end
    local run = {
      steps = function()
        local position = 0
        return function()
          position = position + 1
          return rows[position]
        end
      end,
    }
    return body, run
  end

  local function state(status, fullname, groups)
    return { status = status, fullname = fullname, groups = json.list(groups or {}) }
  end

  local HEADER = "email,fullname,groups,active,state,reason,origin\r\n"

  it("has a line for who did not go through, with what was wanted", function()
    local body, run = made_of({
      {
        "create",
        "new@x",
        "refused",
        after = { fullname = "New One", groups = { "B", "A" } },
        reason = "no licence",
        origin = "hr.csv:3",
      },
      { "name", "a@x", "done", after = { fullname = "Not here" } },
      { "disable", "b@x", "stale", reason = "has changed", origin = "hr.csv:9" },
      { "disable", "c@x", "unchanged" },
    }, {
      ["new@x"] = { status = "absent" },
      ["a@x"] = state("active", "A"),
      ["b@x"] = state("active", "Bea", { "Ops" }),
      ["c@x"] = state("active", "C"),
    })
    assert.equal(
      HEADER
        .. "new@x,New One,A;B,true,refused,no licence,hr.csv:3\r\n"
        .. "b@x,Bea,Ops,false,stale,has changed,hr.csv:9\r\n",
      runs.refused_rows(body, run)
    )
  end)

  it("names a person once, with all their steps", function()
    local body, run = made_of(
      {
        { "name", "A@x", "not_tried", after = { fullname = "New" }, origin = "hr.csv:2" },
        {
          "groups",
          "a@x",
          "uncertain",
          after = { join = { "C" }, leave = { "A" } },
          origin = "hr.csv:2",
          reason = "lost",
        },
      },
      { ["A@x"] = state("active", "Old", { "A", "B" }), ["a@x"] = state("active", "Old", { "A" }) }
    )
    assert.equal(
      HEADER .. "A@x,New,B;C,,not_tried; uncertain,lost,hr.csv:2\r\n",
      runs.refused_rows(body, run)
    )
  end)

  it("guards values against spreadsheets, and quotes them where RFC 4180 wants it", function()
    local body, run = made_of({
      { "name", "a@x", "refused", after = { fullname = '=1+1, "Ann"' }, reason = "two\nlines" },
      { "remove", "b@x", "unknown", reason = " edge " },
    }, { ["a@x"] = state("active", "A"), ["b@x"] = state("active", "+49") })
    assert.equal(
      HEADER
        .. 'a@x,"\'=1+1, ""Ann""",,,refused,"two\nlines",\r\n'
        .. 'b@x,\'+49,,false,unknown," edge ",\r\n',
      runs.refused_rows(body, run)
    )
  end)

  it("is a header alone when all went through", function()
    assert.equal(HEADER, runs.refused_rows(made_of({ { "disable", "a@x", "done" } }, {})))
  end)

  it("is written by apply, for its owner alone, and read back by a source", function()
    local files = {}
    local box = support.start { users = 40, seed = 6 }
    finally(function()
      box:stop()
      plans.remove(files)
    end)
    local client = box:client { journal = plans.path(files) }
    local path, active = plans.path(files), plans.active(client, 2)
    local plan = plans.plan(client, {
      { "name", active[1], { fullname = 'Ann "A", Lee' } },
      { "disable", active[2] },
    })
    assert(box:faults { command = "updateuser", body = '{"status":"FAIL","error":"no, never"}' })
    local run = assert(client:apply(plan, { refused_rows = path }))
    assert.equal(1, run.counts.refused)
    assert.is_nil(run.refused_rows_error)
    local source = assert(lastpass.source.csv(path))
    local list, problems = source:read()
    assert.same({}, problems)
    assert.equal(1, #list)
    assert.equal(active[1], list[1].email)
    assert.equal('Ann "A", Lee', list[1].fullname)
    assert.truthy(list[1].reason:find("no, never", 1, true))
    assert.equal("refused", list[1].state)
    local pipe = io.popen("stat -c %a " .. path)
    assert.equal("600", pipe:read "*l")
    pipe:close()
  end)

  it("says when it cannot be written", function()
    check.failure("argument", "cannot_write", runs.check_refused_rows "/nonexistent/rows.csv")
    local path = os.tmpname()
    local stood = assert(io.open(path, "w"))
    stood:write "what stood there"
    stood:close()
    assert.is_true(runs.check_refused_rows(path))
    assert.equal("what stood there", plans.read(path))
    assert.is_nil(io.open(path .. ".new"))
    os.remove(path)
    local body, run = made_of({}, {})
    check.failure(
      "argument",
      "cannot_write",
      runs.write_refused_rows("/nonexistent/r.csv", body, run)
    )
  end)
end)
