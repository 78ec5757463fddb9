-- Groups that are declared with all their members: nobody leaves one who is meant to be in it.
local companies = require "spec.support.companies"

local told, codes = companies.told, companies.codes

local function plan_of(company, playbook, limit)
  return assert(companies.plan(company, function(p)
    p.limit(limit or { leave = 100, disable = 100, remove = 100 })
    playbook(p)
  end))
end

local function company(more)
  local made = {
    users = {
      { email = "Ann@acme.com", groups = { "Finance" }, attributes = { Id = "1" } },
      { email = "bob@acme.com", groups = { "Finance", "Sales" } },
      { email = "cyd@acme.com", groups = {}, disabled = true },
    },
  }
  for name, value in pairs(more or {}) do
    made[name] = value
  end
  return made
end

describe("lastpass.plan.steps.groups", function()
  it("lets in who is named, whatever the case, and out who is not", function()
    local plan = plan_of(company(), function(p)
      p.group "Finance" { "ANN@acme.com", "cyd@acme.com" }
    end)
    assert.same(
      { "groups bob@acme.com -Finance", "groups cyd@acme.com +Finance" },
      told(plan.body.steps)
    )
    assert.equal("group", plan.body.steps[1].rule)
    assert.equal("the members of Finance are declared", plan.body.steps[1].reason)
    assert.matches("groups_spec.lua:%d+$", plan.body.steps[1].origin)
  end)

  it("spells a person as the directory does, and one step holds all groups", function()
    local plan = plan_of(company(), function(p)
      p.group "Sales" { "ANN@ACME.COM" }
      p.group "Legal" { "ann@acme.com" }
      p.group "Finance" { "bob@acme.com" }
    end)
    assert.same({
      "groups Ann@acme.com +Legal +Sales -Finance",
      "groups bob@acme.com -Sales",
    }, told(plan.body.steps))
    assert.is_table(plan.body.objects["Ann@acme.com"])
  end)

  it("knows a member who has another address in the directory", function()
    local plan = plan_of(company(), function(p)
      p.match { "employee_id", "email", attribute = "Id" }
      p.user "ann.new@acme.com" { employee_id = "1" }
      p.group "Finance" { "ann.new@acme.com", "bob@acme.com" }
      p.group "Sales" { "ann.new@acme.com", "bob@acme.com" }
    end)
    assert.same({ "groups Ann@acme.com +Sales" }, told(plan.body.steps))
    assert.same({ "rename Ann@acme.com ann.new@acme.com" }, told(plan.body.held))
  end)

  it("gives a new person the groups that name them, so that nothing is left to plan", function()
    local plan = plan_of(company(), function(p)
      p.user "new@acme.com" { fullname = "New" }
      p.user "other@acme.com" { fullname = "Other", groups = { "Sales" } }
      p.group "Finance" { "other@acme.com", "NEW@acme.com", "ann@acme.com", "bob@acme.com" }
      p.group "Legal" { "new@acme.com" }
    end)
    assert.same(
      { "create new@acme.com Finance+Legal", "create other@acme.com Finance+Sales" },
      told(plan.body.steps)
    )
  end)

  it("changes no group that `only` does not list, and says so", function()
    local plan = plan_of(company(), function(p)
      p.only { "Sales" }
      p.group "Finance" {}
      p.group "Sales" { "ann@acme.com" }
      p.user "new@acme.com" { groups = { "Finance", "Sales" } }
      p.user "cyd@acme.com" { groups = { "Finance" } }
    end)
    assert.same({
      "create new@acme.com Sales",
      "groups Ann@acme.com +Sales",
      "groups bob@acme.com -Sales",
    }, told(plan.body.steps))
    assert.matches("'only' does not list it", plan.body.warnings[1], 1, true)
    assert.equal(1, #plan.body.warnings)
  end)

  it("takes whoever is a member for mentioned", function()
    local function missing(only)
      local plan = plan_of(company { invited = { "dee@acme.com", "eve@acme.com" } }, function(p)
        p.group "Finance" { "ann@acme.com", "dee@acme.com" }
        p.missing { users = "disable", invited = "withdraw" }
        if only then
          p.only(only)
        end
      end, { leave = 100, disable = 100, uninvite = 100 })
      return told(plan.body.steps)
    end
    assert.same({
      "disable bob@acme.com",
      "groups bob@acme.com -Finance",
      "uninvite eve@acme.com",
    }, missing())
    assert.same({ "disable bob@acme.com", "uninvite eve@acme.com" }, missing {})
  end)

  it("leaves alone whoever is in doubt, in both directions", function()
    local plan = plan_of(company(), function(p)
      p.user "bob@acme.com" {}
      p.user "BOB@acme.com" {}
      p.user "cyd@acme.com" {}
      p.user "cyd@acme.com" {}
      p.group "Finance" { "cyd@acme.com" }
    end)
    assert.same({ "groups Ann@acme.com -Finance" }, told(plan.body.steps))
    plan = plan_of(company(), function(p)
      p.user "x@acme.com" {}
      p.user "x@acme.com" { aliases = { "BOB@acme.com", "cyd@acme.com" } }
      p.group "Finance" { "cyd@acme.com" }
    end)
    assert.same({ "groups Ann@acme.com -Finance" }, told(plan.body.steps))
  end)

  it(
    "gives nothing to whoever is declared inactive, and takes nothing from who goes anyway",
    function()
      local plan = plan_of(company(), function(p)
        p.user "bob@acme.com" { remove = true }
        p.user "cyd@acme.com" { active = false }
        p.group "Finance" { "cyd@acme.com", "ann@acme.com" }
      end)
      assert.same({ "remove bob@acme.com" }, told(plan.body.steps))
    end
  )

  it("says who is to be a member and is not there", function()
    local plan = plan_of(company(), function(p)
      p.group "Finance" { "ann@acme.com", "bob@acme.com", "nobody@acme.com" }
    end)
    assert.same({ ["nobody@acme.com"] = "no_such_user" }, codes(plan.body.problems))
    assert.is_true(plan:is_empty())
  end)

  it("counts members that the core's comparison does not know of", function()
    local users = companies.people(2000, { groups = { "Crowd" } })
    users[2001] = { email = "late@acme.com" }
    local function plan(members)
      return plan_of({ users = users }, function(p)
        for place = 1, 2000 - members do
          p.user(users[place].email) { groups = {} }
        end
        local list = {}
        for place = 2000 - members + 1, 2001 do
          list[#list + 1] = users[place].email
        end
        p.group "Crowd"(list)
      end, { leave = "100%" })
    end
    assert.same({ ["late@acme.com"] = "group_too_large" }, codes(plan(2000).body.held))
    assert.same({}, codes(plan(1999).body.held))
  end)
end)
