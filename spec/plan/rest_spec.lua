-- Plans whose steps the REST API carries: people who are staged, and admin levels.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local support = require "spec.support.box"

describe("plans with the REST API", function()
  local box, acme

  setup(function()
    box = support.start {
      users = 40,
      invited = 1,
      staged = 1,
      assumptions = { rest_undocumented = true },
    }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    acme = assert(box:client())
  end)

  local function account(address)
    return assert(acme:accounts { email = address, levels = true })[1]
  end

  local function staged()
    return assert(acme:accounts { status = "staged" })[1].email
  end

  local function plain_user()
    return assert(acme:users({ status = "active", admin = false })()).email
  end

  local function admins()
    local list = {}
    for user in acme:users { admin = true } do
      list[#list + 1] = user.email
    end
    return list
  end

  local function states(run)
    local list = {}
    for step in run:steps() do
      list[#list + 1] = step.kind .. " " .. step.state
    end
    return list
  end

  it("stage new people, once, and say what carries that", function()
    local function playbook(p)
      p.create "staged"
      p.user "zoe@lumenor.example" { fullname = "Zoe Lee", groups = { "Finance" } }
    end
    local plan = assert(acme:plan(playbook))
    assert.equal(1, plan:count())
    local step = plan.body.steps[1]
    assert.same({ "stage", "rest", "hard" }, { step.kind, step.via, step.reversal })
    assert.match("^the REST API does it by POST /v1/users; neither", step.why)
    assert.match("1 people are staged without their groups", plan.body.warnings[1])
    assert.same({ 1, 0 }, { plan.body.requests, plan.body.mails })
    local run = assert(acme:apply(plan))
    assert.same({ "stage done" }, states(run))
    assert.is_true(run.ok)
    assert.same({ "staged", "Zoe Lee" }, {
      account("zoe@lumenor.example").status,
      account("zoe@lumenor.example").fullname,
    })
    assert.is_true(assert(acme:plan(playbook)):is_empty())
    -- a way back is documented nowhere
    local undo = assert(acme:undo(run.id))
    assert.is_true(undo:is_empty())
    assert.match("no documented call takes that back", undo.body.warnings[1])
  end)

  it(
    "leave alone who is staged already, and invite them where the playbook does not stage",
    function()
      local address = staged()
      local plan = assert(acme:plan(function(p)
        p.user(address) { staged = true }
      end))
      assert.is_true(plan:is_empty())
      plan = assert(acme:plan { invite = { address } })
      assert.same({ "create", "enterprise" }, { plan.body.steps[1].kind, plan.body.steps[1].via })
      assert.is_true(assert(acme:apply(plan)).ok)
      assert.are_not.equal("staged", account(address).status)
    end
  )

  it("go through the same guards as others", function()
    local user_one, list = plain_user(), admins()
    local plan = assert(acme:plan(function(p)
      p.limit { admin_level = 0 }
      p.user(user_one) { admin_level = "helpdesk admin" }
    end))
    assert.equal("admin_level", plan.body.refusals[1].guard)
    -- the former level ends
    plan = assert(acme:plan(function(p)
      p.limit { admin_level = 40 }
      for _, address in ipairs(list) do
        p.user(address) { admin_level = "Helpdesk Admin" }
      end
    end))
    assert.equal("last_admin", plan.body.refusals[1].guard)
    plan = assert(acme:plan(function(p)
      p.protect(list[1])
      p.user(list[1]) { admin_level = "Helpdesk Admin" }
    end))
    assert.same({ 0, "protected" }, { plan:count(), plan.body.held[1].code })
    local err = check.failure(
      "guard",
      "refused_by_guards",
      acme:apply(assert(acme:plan(function(p)
        p.limit { stage = 1 }
        p.create "staged"
        p.user "a1@lumenor.example" {}
        p.user "a2@lumenor.example" {}
      end)))
    )
    assert.match("people staged: 2 of", err.message)
  end)

  it("give admin levels, read them back, and take them back to the one before", function()
    local address = plain_user()
    local function playbook(level)
      return function(p)
        p.user(address) { admin_level = level }
      end
    end
    local run = assert(acme:apply(assert(acme:plan(playbook "Admin"))))
    assert.same({ true, "Admin" }, { run.ok, account(address).admin_level })
    assert.is_true(assert(acme:plan(playbook "admin")):is_empty())
    local second = assert(acme:apply(assert(acme:plan(playbook "Helpdesk Admin"))))
    assert.equal("Helpdesk Admin", account(address).admin_level)
    local undo = assert(acme:undo(second.id))
    assert.match("give the admin level: Helpdesk Admin %-> Admin", tostring(undo))
    assert.is_true(assert(acme:apply(undo)).ok)
    assert.equal("Admin", account(address).admin_level)
    undo = assert(acme:undo(run.id))
    assert.is_true(undo:is_empty())
    assert.match("no documented call takes a level away", table.concat(undo.body.warnings, "\n"))
  end)

  it("hold nothing against names that are no levels, or people who cannot have one", function()
    local first, waiting = plain_user(), staged()
    local plan = assert(acme:plan(function(p)
      p.user(first) { admin_level = "Helpdsk Admin" }
      p.user(waiting) { staged = true, admin_level = "Admin" }
    end))
    assert.is_true(plan:is_empty())
    assert.match(
      "no admin level 'Helpdsk Admin' %(did you mean 'Helpdesk Admin'%?%)",
      plan.body.problems[1].reason
    )
    assert.match("1 people get their admin level once", plan.body.warnings[1])
  end)

  it(
    "do not keep a level that nobody can read, and give one that the flag shows missing",
    function()
      assert(box:act { settings = { rest_undocumented = false } })
      local address, admin = plain_user(), admins()[1]
      local plan = assert(acme:plan(function(p)
        p.user(address) { admin_level = "Super Admin" }
        p.user(admin) { admin_level = "Super Admin" }
      end))
      assert.equal(1, plan:count())
      assert.equal("level_unknown", plan.body.problems[1].code)
      local run = assert(acme:apply(plan))
      assert.same({ "admin_level done" }, states(run))
      assert.is_true(acme:user(address).admin)
      assert(box:act { settings = { rest_undocumented = true } })
    end
  )

  it("are stale where somebody did something else meanwhile", function()
    local plan = assert(acme:plan { stage = { { username = "eve@lumenor.example" } } })
    assert(box:rest():create_user { email = "eve@lumenor.example", action = "stage" })
    local run = assert(acme:apply(plan))
    assert.same({ "stage unchanged" }, states(run))
  end)

  it("read back what became of a lost answer, and send nothing twice", function()
    local plan = assert(acme:plan { stage = { { username = "lost@lumenor.example" } } })
    assert(box:faults { command = "rest:create_user", count = 1, drop = "after" })
    local run = assert(acme:apply(plan, { late_margin = 0, settle_after = 0 }))
    assert.same({ "stage done" }, states(run))
    assert.equal("staged", account("lost@lumenor.example").status)
    assert.equal(1, support.requests(box, "rest:create_user"))
  end)

  it("are for the REST API that they were made with, and refused without a key", function()
    local plan = assert(acme:plan { stage = { { username = "far@lumenor.example" } } })
    local other = assert(box:client {
      rest = { url = "http://127.0.0.1:9/business", key = lastpass.secret.value "lpkey_x" },
    })
    check.failure("conflict", "other_surface", other:apply(plan))
    local saved = os.tmpname()
    assert(plan:save(saved))
    assert.is_true(assert(acme:apply(assert(acme:load_plan(saved)))).ok)
    os.remove(saved)
  end)

  it("say once how new people begin", function()
    local _, message = acme:plan(function(p)
      p.create "staged"
      p.create "invite"
    end)
    assert.match("create: 'choice' is invite here, and was staged at", message)
    _, message = acme:plan(function(p)
      p.create "later"
    end)
    assert.match('create: must be "invite" or "staged", not \'later\'', message)
  end)
end)
