local cli = require "spec.support.cli"
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"

local function error_of(kind, code)
  local _, _, err = errors.fail(kind, code or "any", "message")
  return err
end

local function plan_of(body)
  for _, name in ipairs { "sources", "refusals", "steps", "problems", "held" } do
    body[name] = body[name] or {}
  end
  return {
    body = body,
    is_empty = function(plan)
      return #plan.body.steps == 0
    end,
  }
end

local function run_of(fields)
  local counts = {
    refused = 0,
    not_confirmed = 0,
    uncertain = 0,
    unknown = 0,
    not_tried = 0,
    stale = 0,
    done = 0,
    held = 0,
  }
  for name, value in pairs(fields.counts or {}) do
    counts[name] = value
  end
  fields.counts = counts
  fields.state = fields.state or "finished"
  fields.unused = fields.unused or 0
  return fields
end

describe("exit codes", function()
  it("are those that are documented", function()
    local expected = {
      done = 0,
      failed = 1,
      changes = 2,
      partial = 3,
      guard = 4,
      stale = 5,
      incomplete = 6,
      findings = 7,
      usage = 64,
      unreachable = 69,
      throttled = 75,
      auth = 77,
      interrupted = 130,
    }
    for name, code in pairs(expected) do
      assert.equals(code, exit[name], name)
    end
    assert.equals(13, #exit.list)
  end)

  it("follow the kind of a failure", function()
    local expected = {
      argument = 64,
      auth = 77,
      refused = 1,
      partial = 3,
      transport = 69,
      throttled = 75,
      protocol = 1,
      guard = 4,
      conflict = 4,
      cancelled = 130,
    }
    for kind, code in pairs(expected) do
      assert.equals(code, exit.of_error(error_of(kind)), kind)
    end
    assert.equals(1, exit.of_error(nil))
    assert.equals(1, exit.of_error "text")
  end)

  it("follow its code where the kind does not say enough", function()
    assert.equals(5, exit.of_error(error_of("conflict", "plan_expired")))
    assert.equals(5, exit.of_error(error_of("conflict", "applied_before")))
    assert.equals(5, exit.of_error(error_of("conflict", "plan_changed")))
    assert.equals(6, exit.of_error(error_of("protocol", "incomplete_source")))
    assert.equals(1, exit.of_error(error_of("argument", "no_such_run")))
    assert.equals(1, exit.of_error(error_of("argument", "store_full")))
    assert.equals(4, exit.of_error(error_of("conflict", "unfinished_run")))
  end)

  it("say of a plan whether it changes something, and what refuses it", function()
    assert.equals(0, exit.of_plan(plan_of {}, true))
    assert.equals(0, exit.of_plan(plan_of { steps = { {} } }))
    assert.equals(2, exit.of_plan(plan_of { steps = { {} } }, true))
    assert.equals(4, exit.of_plan(plan_of { refusals = { {} } }, true))
    assert.equals(6, exit.of_plan(plan_of { sources = { { complete = false } } }))
    assert.equals(0, exit.of_plan(plan_of { sources = { { complete = true } } }))
    assert.equals(3, exit.of_plan(plan_of { problems = { {} } }))
    assert.equals(3, exit.of_plan(plan_of { held = { {} } }))
    -- 6 before 4, 4 before 3, 3 before 2
    local all = {
      sources = { { complete = false } },
      refusals = { {} },
      problems = { {} },
      steps = { {} },
    }
    assert.equals(6, exit.of_plan(plan_of(all), true))
    all.sources = {}
    assert.equals(4, exit.of_plan(plan_of(all), true))
    all.refusals = {}
    assert.equals(3, exit.of_plan(plan_of(all), true))
    all.problems = {}
    assert.equals(2, exit.of_plan(plan_of(all), true))
  end)

  it("say of a run how far it came", function()
    assert.equals(0, exit.of_run(run_of { ok = true }))
    assert.equals(3, exit.of_run(run_of { ok = true, unused = 1 }))
    assert.equals(3, exit.of_run(run_of { ok = true, counts = { held = 1 } }))
    assert.equals(3, exit.of_run(run_of { counts = { not_confirmed = 2 } }))
    assert.equals(3, exit.of_run(run_of { counts = { done = 3, refused = 1 } }))
    assert.equals(3, exit.of_run(run_of { counts = { done = 3, stale = 1 } }))
    assert.equals(5, exit.of_run(run_of { counts = { stale = 2 } }))
    assert.equals(69, exit.of_run(run_of { state = "stopped", stopped = error_of "transport" }))
    assert.equals(75, exit.of_run(run_of { state = "stopped", stopped = error_of "throttled" }))
    assert.equals(77, exit.of_run(run_of { state = "stopped", stopped = error_of "auth" }))
    assert.equals(130, exit.of_run(run_of { state = "stopped", stopped = error_of "cancelled" }))
  end)

  it("say of a list how many rows went through", function()
    local function batch(fields)
      for _, name in ipairs { "done", "unchanged", "refused", "uncertain", "not_tried" } do
        fields[name] = fields[name] or {}
      end
      return fields
    end
    assert.equals(0, exit.of_batch(batch { ok = true }))
    assert.equals(3, exit.of_batch(batch { done = { {} }, refused = { {} } }))
    assert.equals(1, exit.of_batch(batch { refused = { {} } }))
    assert.equals(77, exit.of_batch(batch { not_tried = { {} }, stopped = error_of "auth" }))
  end)
end)

describe("the program ends with", function()
  local place

  setup(function()
    place = cli.start { users = 40 }
  end)

  teardown(function()
    place:stop()
  end)

  before_each(function()
    place:reset()
  end)

  local function email_of(row)
    return place:json("users --fields email")[row].email
  end

  it("0 when all is done", function()
    assert.equals(0, (place:run "users"))
  end)

  it("1 when LastPass refuses", function()
    assert.equals(1, (place:run "user show nobody@nowhere.example"))
  end)

  it("1 when the program itself is wrong", function()
    local commands = require("lastpass.cli.commands").load "groups"
    local before = commands.run
    commands.run = function()
      error "a mistake"
    end
    local code, _, err = place:run "groups"
    commands.run = before
    assert.equals(1, code)
    assert.truthy(err:find("a mistake", 1, true), err)
  end)

  it("2 when there are changes, if that is asked for", function()
    local playbook = place:file(('user "%s" { fullname = "Other" }'):format(email_of(3)))
    assert.equals(0, (place:run { "plan", playbook }))
    assert.equals(2, (place:run { "plan", playbook, "--detailed-exitcode" }))
  end)

  it("3 when it is done in part", function()
    local code = place:run { "user", "enable", email_of(4), "nobody@nowhere.example" }
    assert.equals(3, code)
  end)

  it("4 when a guard refuses, or nobody confirms", function()
    assert.equals(4, (place:run { "user", "disable", email_of(5) }))
    local playbook = place:file(('user "%s" { active = false }'):format(email_of(5)), ".lua")
    assert.equals(4, (place:run { "plan", playbook, "--limit", "disable=0" }))
    assert.equals(4, (place:run { "apply", playbook, "--limit", "disable=0", "--yes" }))
  end)

  it("5 when the plan is stale", function()
    local playbook = place:file(('user "%s" { fullname = "Once" }'):format(email_of(6)), ".lua")
    local plan = os.tmpname()
    assert.equals(0, (place:run { "plan", playbook, "-o", plan }))
    assert.equals(0, (place:run { "apply", plan, "--yes", "-q" }))
    assert.equals(5, (place:run { "apply", plan, "--yes", "-q" }))
    os.remove(plan)
  end)

  it("6 when a source was not read to its end", function()
    local broken = place:file 'email,fullname\nann@acme.example,"Ann\n'
    assert.equals(6, (place:run { "bulk", "add", broken, "--yes" }))
    local playbook = place:file(
      ('for person in source.csv(%q):rows() do user(person.email) {} end missing "disable"'):format(
        broken
      )
    )
    assert.equals(6, (place:run { "plan", playbook }))
  end)

  it("7 when there are findings", function()
    local playbook = place:file(('user "%s" { fullname = "Kept" }'):format(email_of(7)), ".lua")
    assert.equals(0, (place:run { "apply", playbook, "--yes", "-q" }))
    assert.equals(0, (place:run "drift"))
    assert.equals(0, (place:run { "user", "update", email_of(7), "--name", "Drifted" }))
    assert.equals(7, (place:run "drift"))
  end)

  it("64 when the command line is wrong", function()
    for _, words in ipairs { "userz", "users --jsno", "user", "user show", "users --where u.(" } do
      assert.equals(64, (place:run(words)), words)
    end
  end)

  it("69 when LastPass cannot be reached", function()
    assert.equals(69, (place:run "users --url http://127.0.0.1:1/ --retries 0"))
  end)

  it("75 when it asks to slow down", function()
    place.box:faults { command = "getuserdata", status = 429, retry_after = 600 }
    assert.equals(75, (place:run "users --retries 0"))
    place.box:clear_faults()
  end)

  it("77 when account number and hash are not accepted", function()
    assert.equals(77, (place:run "auth check --cid 99"))
  end)

  it("130 when it is interrupted", function()
    local seconds = 20
    place.box:faults { command = "getuserdata", delay = seconds }
    local output, code = cli.shell(
      [[
      lastpass users --timeout 30 & child=$!
      sleep 0.4; kill -INT $child; wait $child
    ]],
      place:environment() .. "exec env --default-signal=INT "
    )
    place.box:clear_faults()
    assert.equals(130, code, output)
  end)
end)
