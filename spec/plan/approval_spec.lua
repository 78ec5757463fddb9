-- Four eyes: which plans need another admin's approval, who may give it, and what becomes of each answer.
local email = require "lastpass.email"
local journals = require "lastpass.store"
local lastpass = require "lastpass"
local plans = require "spec.support.plans"
local support = require "spec.support.box"

describe("lastpass.plan.approval", function()
  local box, files, active, admins, asked, answer

  setup(function()
    box = support.start { users = 60, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  local function ask(request)
    asked[#asked + 1] = request
    if type(answer) == "function" then
      return answer(request)
    end
    return answer
  end

  local function approved(request)
    return {
      ok = true,
      outcome = "approved",
      user = request.user,
      raw = "Success",
      log_id = "log 1",
    }
  end

  local function client_of(rule, more)
    local options = { journal = files[1] or plans.path(files) }
    if rule then
      options.approval = { operator = admins[1], ask = ask }
      for name, value in pairs(rule) do
        options.approval[name] = value ~= "none" and value or nil
      end
    end
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return box:client(options)
  end

  before_each(function()
    support.reset(box)
    files, asked, answer, admins = {}, {}, approved, {}
    local plain = box:client { journal = plans.path(files) }
    active = plans.active(plain, 20)
    for user in plain:users() do
      admins[#admins + 1] = user.admin and user.status == "active" and user.email or nil
    end
    assert.is_true(#admins >= 2)
  end)

  after_each(function()
    plans.remove(files)
  end)

  local function a_delete(client, more)
    return plans.plan(client, { { "delete", active[1] }, { "disable", active[2] } }, more)
  end

  local function apply(client, plan, more)
    local options = { confirm_final = 1 }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return client:apply(plan, options)
  end

  local function refused(code, pattern, run, message, err)
    assert.is_nil(run)
    assert.equal(code, err.code, message)
    assert.matches(pattern, message)
    assert.same({}, assert(journals.of(client_of()):runs {}))
    for _, entry in ipairs(assert(box:journal())) do
      assert.is_nil(entry.command:match "^del" or entry.command:match "^disable")
    end
    return err
  end

  local function questions()
    local list = {}
    local journal = assert(journals.of(client_of()))
    for _, row in
      ipairs(journal._database:read(function(database)
        return database:query "SELECT * FROM lastpass_approvals ORDER BY id"
      end))
    do
      list[#list + 1] = row
    end
    return list
  end

  describe("needs nobody", function()
    it("without a rule", function()
      local client = client_of()
      assert.is_true(assert(apply(client, a_delete(client))).ok)
    end)

    it("when little is done that can be undone", function()
      local client = client_of {}
      local run = assert(client:apply(plans.plan(client, { { "disable", active[1] } })))
      assert.is_true(run.ok)
      assert.same({}, run.approvals)
      assert.same({}, asked)
    end)

    it("when there is nothing to do", function()
      local client = client_of {}
      assert.is_true(assert(client:apply(plans.plan(client, {}), { approver = admins[2] })).ok)
      assert.same({}, asked)
    end)
  end)

  describe("asks", function()
    it("another admin before a final step, and says in the journal who approved", function()
      local client = client_of {}
      local plan = a_delete(client)
      local run = assert(apply(client, plan, { approver = admins[2] }))
      assert.is_true(run.ok)
      assert.equal(1, #asked)
      local request = asked[1]
      assert.equal(admins[2], request.user)
      assert.equal(admins[1], request.operator)
      assert.equal(plan.name:sub(1, 12), request.plan)
      assert.equal(2, request.steps)
      assert.equal(1, request.final)
      assert.equal(
        ("lastpass plan %s: 2 steps, 1 final, by %s"):format(plan.name:sub(1, 12), admins[1]),
        request.text
      )
      local kept = assert(client:run(run.id)).approvals
      assert.equal(1, #kept)
      assert.equal(admins[2], kept[1].approver)
      assert.equal(admins[1], kept[1].operator)
      assert.equal(plan.name, kept[1].plan)
      assert.equal("log 1", kept[1].log_id)
      assert.equal("1 of 2 steps cannot be undone", kept[1].reason)
      assert.same(kept, run.approvals)
      assert.matches("approved by " .. email.fold(admins[2]):gsub("%p", "%%%0"), tostring(run))
    end)

    it("from so many steps on that take, weaken or give back access", function()
      local client = client_of { from = 3 }
      local function steps(...)
        local list = {}
        for position, kind in ipairs { ... } do
          list[position] = { kind, active[position] }
        end
        return plans.plan(client, list)
      end
      assert(client:apply(steps("disable", "disable_mfa")))
      assert.same({}, asked)
      support.reset(box)
      assert(client:apply(steps("disable", "disable_mfa", "reset_password"), {
        approver = admins[2],
      }))
      assert.equal(1, #asked)
      assert.matches("3 of 3 steps take, weaken or give back", asked[1].reason)
      -- giving weighs as much as taking
      assert(client:apply(
        plans.plan(client, {
          { "enable", active[1] },
          { "disable", active[4] },
          { "disable", active[5] },
        }),
        { approver = admins[2] }
      ))
      assert.equal(2, #asked)
    end)

    it("whoever was named, also where no rule asks for it", function()
      local client = client_of {}
      local plan = plans.plan(client, { { "disable", active[1] } })
      assert.equal(1, #assert(client:apply(plan, { approver = admins[2] })).approvals)
      assert.equal(1, #asked)
    end)

    it("the only one who may, without being told", function()
      local client = client_of { by = { admins[1], admins[2] } }
      assert.is_true(assert(apply(client, a_delete(client))).ok)
      assert.equal(admins[2], asked[1].user)
    end)

    it("somebody who is listed and no admin", function()
      local client = client_of { by = { active[9] } }
      assert.is_true(assert(apply(client, a_delete(client))).ok)
    end)

    it("for the verbs and the functions over lists as well", function()
      local client = client_of { from = 2, by = { admins[2] } }
      local result = assert(client:disable_users { active[1], active[2] })
      assert.is_true(result.ok)
      assert.equal(1, #asked)
      answer = { ok = false, outcome = "denied" }
      local none, message, err = client:disable_users { active[3], active[4] }
      assert.is_nil(none)
      assert.equal("not_approved", err.code, message)
    end)
  end)

  describe("refuses", function()
    it("when nobody is named", function()
      local client = client_of {}
      local err =
        refused("needs_approval", "1 of 2 steps cannot be undone", apply(client, a_delete(client)))
      assert.matches("approver = ", err.hint)
      client = client_of { by = { admins[1], admins[2], active[9] } }
      err = refused("needs_approval", "another admin", apply(client, a_delete(client)))
      assert.matches(admins[2] .. ", " .. active[9], err.hint, 1, true)
    end)

    it("whoever applies it, in any spelling", function()
      local client = client_of {}
      local options = { approver = " " .. admins[1]:upper() }
      refused("own_approval", "cannot approve it", apply(client, a_delete(client), options))
    end)

    it("when it is not known who applies it", function()
      local client = client_of { operator = "none" }
      local options = { approver = admins[2] }
      refused("no_operator", "nobody may approve", apply(client, a_delete(client), options))
      client = client_of()
      refused("no_operator", "nobody may approve", apply(client, a_delete(client), options))
    end)

    it("somebody who is no admin, has left, or does not exist", function()
      local client = client_of {}
      for who, pattern in pairs {
        [active[9]] = "no admin",
        ["nobody@acme.example"] = "no such user",
      } do
        local plan = a_delete(client)
        refused("not_an_approver", pattern, apply(client, plan, { approver = who }))
      end
      assert(box:client():disableuser { admins[2] })
      local plan = a_delete(client)
      local run, _, err = apply(client, plan, { approver = admins[2] })
      assert.is_nil(run)
      assert.equal("not_an_approver", err.code)
      assert.same({}, asked)
    end)

    it("somebody whom the company does not list", function()
      local client = client_of { by = { active[9] } }
      local options = { approver = admins[2] }
      local err = refused("not_an_approver", "may not", apply(client, a_delete(client), options))
      assert.matches(active[9], err.hint, 1, true)
      -- the company and the playbook name different people
      local plan = a_delete(client, {
        settings = { limits = {}, approval = { by = { admins[2] } } },
      })
      err = refused("not_an_approver", "may not", apply(client, plan, { approver = admins[2] }))
      assert.matches("nobody is left", err.hint)
    end)

    it("what a playbook wants approved, by a client that asks nobody", function()
      local client = client_of()
      local plan = plans.plan(client, { { "disable", active[1] } }, {
        settings = { limits = {}, approval = { from = 1 } },
      })
      refused("no_operator", "nobody may approve", client:apply(plan))
      assert.matches("the playbook wants another admin to approve", tostring(plan))
    end)

    it("each answer that is none, and writes it down", function()
      local client = client_of {}
      local rows = {
        { { ok = false, outcome = "denied", raw = "Denied" }, "guard", "denied" },
        { { ok = false, outcome = "timeout" }, "guard", "timeout" },
        { { ok = false, outcome = "denied_by_policy" }, "guard", "denied_by_policy" },
        { { ok = false, outcome = "throttled", retry_after = 7 }, "throttled", "throttled" },
        { { ok = false, outcome = "unreachable" }, "transport", "unreachable" },
        -- let through because nobody could be asked
        {
          { ok = true, outcome = "unreachable", failed_open = true, user = admins[2] },
          "transport",
          "unreachable",
        },
        {
          { ok = true, outcome = "approved", failed_open = true, user = admins[2] },
          "guard",
          "error",
        },
        { { ok = true, outcome = "approved", user = admins[1] }, "guard", "error" },
        { { ok = true, outcome = "approved" }, "guard", "error" },
        { { ok = "yes", outcome = "approved", user = admins[2] }, "guard", "error" },
        { { outcome = 17 }, "guard", "error" },
        { { outcome = "no\0word" }, "guard", "error" },
        { { outcome = "denied", raw = "\255\0", log_id = "a\0b" }, "guard", "denied" },
      }
      for position, row in ipairs(rows) do
        answer = row[1]
        local err = refused(
          "not_approved",
          "has not approved",
          apply(client, a_delete(client), { approver = admins[2] })
        )
        assert.equal(row[2], err.kind, "row " .. position)
        assert.equal(row[1].retry_after, err.retry_after)
        local noted = questions()
        assert.equal(position, #noted)
        assert.equal(row[3], noted[position].outcome)
        assert.equal(row[3], err.outcome)
        assert.is_nil(noted[position].run)
      end
    end)

    it("when asking fails, with the reason", function()
      local client = client_of {}
      answer = function()
        return lastpass.json and nil, "no way", { kind = "transport", code = "unreachable" }
      end
      refused("unreachable", "no way", apply(client, a_delete(client), { approver = admins[2] }))
      assert.equal("no way", questions()[1].answer)
    end)

    it("what is neither a result nor a failure, and writes it down", function()
      local client = client_of {}
      for position, given in ipairs { false, true, "approved", 1, "raise" } do
        answer = function()
          if given == "raise" then
            error "no phone here"
          end
          return given or nil
        end
        local run, message, err = apply(client, a_delete(client), { approver = admins[2] })
        refused(
          "not_approved",
          given == "raise" and "no phone here" or "no result",
          run,
          message,
          err
        )
        assert.equal("error", err.outcome)
        assert.equal("error", questions()[position].outcome)
      end
    end)

    it("whom the company writes in another way by the company's own address", function()
      local client = client_of {}
      assert(apply(client, a_delete(client), { approver = " " .. admins[2]:upper() }))
      assert.equal(admins[2], asked[1].user)
      assert.equal(admins[2], questions()[1].approver)
    end)

    it("before a phone rings what was applied before", function()
      local client = client_of {}
      local plan = a_delete(client)
      assert(apply(client, plan, { approver = admins[2] }))
      local run, _, err = apply(client, plan, { approver = admins[2] })
      assert.is_nil(run)
      assert.equal("applied_before", err.code)
      assert.equal(1, #asked)
    end)
  end)

  it("holds no lock while somebody thinks, and looks at the directory afterwards", function()
    local client = client_of {}
    answer = function(request)
      local lock = assert(journals.of(client):lock(journals.tenant(client)))
      assert.is_truthy(lock:release())
      assert(box:client():disableuser { active[2] })
      return approved(request)
    end
    local run = assert(apply(client, a_delete(client), { approver = admins[2] }))
    assert.equal("unchanged", plans.row(run, active[2]).state)
    assert.equal("done", plans.row(run, active[1]).state)
  end)

  it("asks again when a run goes on", function()
    local client = client_of {}
    local plan = plans.plan(client, {
      { "disable", active[2] },
      { "disable", active[3] },
      { "delete", active[1] },
    })
    local calls = 0
    local run = assert(apply(client, plan, {
      approver = admins[2],
      in_flight = 1,
      chunk = 1,
      cancel = function()
        calls = calls + 1
        return calls > 3
      end,
    }))
    assert.equal("stopped", run.state)
    local none, message, err = client:resume(run.id)
    assert.is_nil(none)
    assert.equal("needs_approval", err.code, message)
    answer = { ok = false, outcome = "denied" }
    none, message, err = client:resume(run.id, { approver = admins[2] })
    assert.is_nil(none)
    assert.equal("not_approved", err.code, message)
    assert.equal("stopped", assert(client:run(run.id)).state)
    answer = approved
    run = assert(client:resume(run.id, { approver = admins[2] }))
    assert.is_true(run.ok)
    assert.equal(2, #run.approvals)
    assert.equal(3, #asked)
  end)

  it("asks again when a run that was approved goes on by a client without a rule", function()
    local client = client_of {}
    local plan = plans.plan(client, { { "disable", active[2] }, { "disable", active[3] } })
    local calls = 0
    local run = assert(client:apply(plan, {
      approver = admins[2],
      in_flight = 1,
      chunk = 1,
      cancel = function()
        calls = calls + 1
        return calls > 3
      end,
    }))
    assert.equal("stopped", run.state)
    local none, message, err = client_of():resume(run.id)
    assert.is_nil(none)
    assert.equal("no_operator", err.code, message)
    client = client_of { from = 100 }
    none, message, err = client:resume(run.id)
    assert.is_nil(none)
    assert.equal("needs_approval", err.code, message)
    assert.matches("what was done of it was approved", message)
    assert.is_true(assert(client:resume(run.id, { approver = admins[2] })).ok)
  end)

  it(
    "asks about taking back what was approved, and about what a playbook wanted approved",
    function()
      local client = client_of { from = 2 }
      local plan = plans.plan(client, { { "disable", active[1] }, { "disable", active[2] } })
      local run = assert(client:apply(plan, { approver = admins[2] }))
      -- one step alone would need nobody
      assert(box:client():enableuser { active[2] })
      local undo = assert(client:undo(run.id))
      assert.matches("what it takes back was approved", tostring(undo))
      local none, message, err = client:apply(undo)
      assert.is_nil(none)
      assert.equal("needs_approval", err.code)
      assert.matches("was approved", message)
      assert.is_true(assert(client:apply(undo, { approver = admins[2] })).state == "finished")

      client = client_of {}
      plan = plans.plan(client, { { "disable", active[5] } }, {
        settings = { limits = { per_day = {} }, approval = { from = 1, by = { admins[2] } } },
      })
      run = assert(client:apply(plan))
      undo = assert(client:undo(run.id))
      assert.same({ admins[2] }, undo.body.settings.approval.by)
      assert.is_true(assert(client:apply(undo)).ok)
      assert.equal(4, #asked)
    end
  )

  it("takes an approval once, for its own plan", function()
    local client = client_of {}
    local journal = assert(journals.of(client))
    local row = {
      tenant = journals.tenant(client),
      plan = ("a"):rep(64),
      approver = admins[2],
      operator = admins[1],
      outcome = "approved",
      reason = "spec",
      asked_at = 1,
    }
    local good = assert(journal:note_approval(row))
    row.outcome = "denied"
    local denied = assert(journal:note_approval(row))
    local run = { tenant = row.tenant, kind = "apply", total = 1 }
    for number, name in pairs { [good] = ("b"):rep(64), [denied] = row.plan } do
      run.plan, run.approval = name, number
      local none, _, err = journal:begin_run(run)
      assert.is_nil(none)
      assert.equal("not_approved", err.code)
    end
    run.plan, run.approval = row.plan, good
    assert(journal:begin_run(run))
    local none, _, err = journal:begin_run(run)
    assert.is_nil(none)
    assert.equal("not_approved", err.code)
    assert.equal(1, #assert(journal:runs {}))
  end)

  it("raises for a rule that is none", function()
    local function new(rule)
      return function()
        client_of(rule)
      end
    end
    assert.has_error(new { by = {} })
    assert.error_matches(new { by = { "x" } }, "a list of addresses")
    for _, operator in ipairs { "", "Ann Lee", "ann\0@acme.com", "a@b@acme.com" } do
      assert.error_matches(new { operator = operator }, "an e%-mail address")
    end
    assert.error_matches(new { from = 0 }, "an integer from 1 on")
    assert.error_matches(new { approvers = {} }, "approvers")
    local client = client_of {}
    assert.error_matches(function()
      client:apply(a_delete(client), { approver = "" })
    end, "approver")
  end)
end)
