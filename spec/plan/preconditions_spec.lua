-- What has to be so before a plan is carried out; the ways through `client:apply` are in apply_spec.
-- Options of apply and resume.
local apply = require "lastpass.plan.apply"
local check = require "spec.support.check"
local document = require "lastpass.plan.document"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local plan_module = require "lastpass.plan"
local preconditions = require "lastpass.plan.preconditions"

describe("lastpass.plan.preconditions", function()
  local client = lastpass.new {
    url = "https://x.example/api",
    cid = 5,
    provhash = lastpass.secret.value "nothing-is-sent",
    now = function()
      return 1000
    end,
  }

  local function plan_of(more)
    local body = document.new()
    body.tenant, body.expires = "x.example/api 5", 1000
    for name, value in pairs(more or {}) do
      body[name] = value
    end
    return plan_module.of_body(body)
  end

  local function asked(plan, options)
    local text = plan:text()
    return preconditions.check_plan(
      client,
      plan,
      text,
      assert(document.parse(text, "it")),
      options or {}
    )
  end

  local function final(count)
    local list, objects = json.list {}, {}
    for number = 1, count do
      local subject = ("u%d@x"):format(number)
      list[number] = { number = number, kind = "delete", subject = subject, reversal = "final" }
      objects[subject] = { status = "active" }
    end
    return { steps = list, objects = objects }
  end

  describe("of the plan", function()
    it("are met to the last second", function()
      assert.is_true(asked(plan_of()))
      check.failure("conflict", "plan_expired", asked(plan_of { expires = 999 }))
      check.failure("conflict", "plan_expired", asked(plan_of { expires = "tomorrow" }))
    end)

    it("are its own name and company", function()
      local plan = plan_of()
      plan.body.created = 5
      check.failure("conflict", "plan_changed", asked(plan))
      local err = check.failure("conflict", "other_tenant", asked(plan_of { tenant = "y 5" }))
      assert.truthy(err.message:find("y 5", 1, true) and err.message:find("x.example", 1, true))
    end)

    it("are guards that do not mind, each named with its way out", function()
      local err = check.failure(
        "guard",
        "refused_by_guards",
        asked(plan_of {
          refusals = json.list {
            { guard = "a", message = "3 of 8", allow = "one" },
            { guard = "b", message = "none left", allow = "two" },
          },
        })
      )
      assert.truthy(err.message:find("3 of 8; none left", 1, true))
      assert.truthy(err.hint:find("one; two", 1, true))
    end)

    it("are the right number of final steps", function()
      assert.is_true(asked(plan_of(final(2)), { confirm_final = 2 }))
      assert.is_true(asked(plan_of(final(0)), { confirm_final = 0 }))
      for _, given in ipairs { 0, 1, 3 } do
        local options = { confirm_final = given }
        check.failure("guard", "needs_confirmation", asked(plan_of(final(2)), options))
      end
      -- what a plan calls it does not matter
      local forged = final(1)
      forged.steps[1].reversal = "reversible"
      check.failure("guard", "needs_confirmation", asked(plan_of(forged)))
      local err = check.failure("guard", "needs_confirmation", asked(plan_of(final(1))))
      assert.truthy(err.message:find("1 step of", 1, true))
      check.failure("guard", "needs_confirmation", asked(plan_of(), { confirm_final = 1 }))
    end)
  end)

  describe("of the journal", function()
    local function work_of(runs, open, of_run)
      local ended = {}
      return {
        ended = ended,
        tenant = "t",
        body = { of_run = of_run, steps = { {} } },
        journal = {
          runs = function(_, options)
            assert.equal("t", options.tenant)
            return runs
          end,
          run = function(_, id)
            for _, run in ipairs(runs) do
              if run.id == id then
                return run
              end
            end
          end,
          open_steps = function()
            return open or {}
          end,
          end_run = function(_, id, state)
            ended[id] = state
            return true
          end,
        },
      }
    end

    local mine = { name = "mine" }

    local function run(id, plan, state, more)
      local one = { id = id, plan = plan, state = state, kind = "apply", started = 0 }
      for name, value in pairs(more or {}) do
        one[name] = value
      end
      return one
    end

    it("are met when nothing is known of the plan", function()
      local work = work_of { run(2, "other", "finished"), run(1, "other", "stopped") }
      assert.is_true(preconditions.check_journal(work, mine))
      assert.same({}, work.ended)
    end)

    it("are that it was not applied, nor begun", function()
      local err = check.failure(
        "conflict",
        "applied_before",
        preconditions.check_journal(work_of { run(4, "mine", "finished") }, mine)
      )
      assert.equal(4, err.run)
      for _, state in ipairs { "stopped", "running" } do
        err = check.failure(
          "conflict",
          "unfinished_run",
          preconditions.check_journal(work_of { run(4, "mine", state) }, mine)
        )
        assert.truthy(err.hint:find("client:resume(4)", 1, true))
      end
      local abandoned = work_of { run(4, "mine", "abandoned") }
      assert.is_true(preconditions.check_journal(abandoned, mine))
    end)

    it("are met again when it was taken back, until it is applied anew", function()
      local undo = { kind = "undo", of_run = 4 }
      local runs = { run(5, "back", "finished", undo), run(4, "mine", "finished") }
      assert.is_true(preconditions.check_journal(work_of(runs), mine))
      runs[1].state = "stopped"
      check.failure("conflict", "applied_before", preconditions.check_journal(work_of(runs), mine))
      runs[1].state = "finished"
      table.insert(runs, 1, run(6, "mine", "finished"))
      check.failure("conflict", "applied_before", preconditions.check_journal(work_of(runs), mine))
    end)

    it("are that no other run left steps in doubt", function()
      local runs, open = { run(3, "other", "running") }, { { number = 1 }, { number = 2 } }
      local err = check.failure(
        "conflict",
        "unfinished_run",
        preconditions.check_journal(work_of(runs, open), mine)
      )
      assert.truthy(err.message:find("2 of its steps", 1, true))
      -- an undo of that very run looks into it
      assert.is_true(preconditions.check_journal(work_of(runs, open, 3), mine))
    end)

    it("end a run that broke off between two calls", function()
      local work = work_of { run(3, "other", "running") }
      assert.is_true(preconditions.check_journal(work, mine))
      assert.same({ [3] = "stopped" }, work.ended)
    end)

    it("let a run that is taken back never go on", function()
      for state, ended in pairs { running = "abandoned", stopped = "abandoned" } do
        local work = work_of({ run(3, "other", state) }, {}, 3)
        assert.is_true(preconditions.abandon_undone(work))
        assert.same({ [3] = ended }, work.ended)
      end
      local work = work_of({ run(3, "other", "finished") }, {}, 3)
      assert.is_true(preconditions.abandon_undone(work))
      assert.is_true(preconditions.abandon_undone(work_of {}))
      assert.same({}, work.ended)
    end)
  end)
end)

describe("lastpass.plan.preconditions: options", function()
  local client = lastpass.new {
    cid = 5,
    provhash = lastpass.secret.value "nothing-is-sent",
    chunk = 70,
  }

  local function complete(given)
    return preconditions.options("client:apply", client, given, 1)
  end

  it("have defaults", function()
    assert.same({
      chunk = 70,
      in_flight = 4,
      stop_after = 20,
      settle_after = 2,
      late_margin = 60,
      confirm_within = 10,
    }, complete())
  end)

  it("are taken as given", function()
    local function cancel() end
    local given = {
      progress = true,
      chunk = 5,
      in_flight = 1,
      stop_after = 1,
      confirm_final = 3,
      refused_rows = "rows.csv",
      cancel = cancel,
      settle_after = 0,
      late_margin = 5,
      confirm_within = 0,
    }
    assert.same(given, complete(given))
    assert.equal(cancel, complete({ progress = cancel }).progress)
    assert.equal(math.huge, complete({ stop_after = math.huge }).stop_after)
  end)

  it("are refused when they make no sense", function()
    for _, bad in ipairs {
      { progress = "yes" },
      { progress = false },
      { chunk = 0 },
      { chunk = 1.5 },
      { in_flight = "4" },
      { stop_after = 0 },
      { confirm_final = true },
      { refused_rows = 1 },
      { cancel = true },
      { settle_after = -1 },
      { late_margin = math.huge },
      { confirm_within = "10" },
    } do
      local name = next(bad)
      local ok, message = pcall(complete, bad)
      assert.is_false(ok)
      assert.truthy(message:find(("client:apply: option '%s' must be"):format(name), 1, true))
    end
  end)

  it("ask, where nothing else is given, what a program has set", function()
    local function asked() end
    local function mine() end
    finally(function()
      apply.interruptible(nil)
    end)
    assert.is_nil(apply.interruptible(asked))
    assert.equal(asked, complete().cancel)
    assert.equal(mine, complete({ cancel = mine }).cancel)
    assert.equal(asked, apply.interruptible(nil))
    assert.is_nil(complete().cancel)
  end)
end)
