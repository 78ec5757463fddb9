-- From what is declared and what is there to the steps between them.
local companies = require "spec.support.companies"

describe("lastpass.plan.steps", function()
  local lines_of, codes = companies.lines_of, companies.codes

  local function plan_of(company, playbook)
    return assert(companies.plan(company, playbook, {
      limit = {
        disable = "100%",
        remove = "100%",
        leave = "100%",
        uninvite = "100%",
        delete = "100%",
        rename = "100%",
      },
    }))
  end

  local function steps(company, playbook)
    return lines_of(plan_of(company, playbook).body.steps)
  end

  local ann =
    { email = "Ann@acme.com", fullname = "Ann Lee", groups = { "Finance", "All" }, admin = true }
  local bob =
    { email = "bob@acme.com", fullname = "Bob Hope", groups = { "Sales" }, disabled = true }
  local cyd = { email = "cyd@acme.com", fullname = "Cyd Rice", groups = {} }

  local function company(more)
    local made = { users = { ann, bob, cyd }, invited = { "dee@acme.com" } }
    for name, value in pairs(more or {}) do
      made[name] = value
    end
    return made
  end

  it("finds nothing to do when all is as declared", function()
    local plan = plan_of(company(), function(p)
      p.user "ANN@acme.com" {
        fullname = "Ann Lee",
        groups = { "All", "Finance", "All" },
        active = true,
      }
      p.user "bob@acme.com" { fullname = "Bob Hope", groups = { "Sales" }, active = false }
      p.user "dee@acme.com" { fullname = "Dee", active = true }
      p.user "gone@acme.com" { active = false }
    end)
    assert.same({}, lines_of(plan.body.steps))
    assert.is_true(plan:is_empty())
    assert.matches("nothing to change", tostring(plan), 1, true)
  end)

  it("creates, names, moves, enables, disables, uninvites", function()
    assert.same(
      {
        "create new@acme.com All+Sales",
        "disable Ann@acme.com",
        "enable bob@acme.com",
        "groups bob@acme.com +All -Sales",
        "groups cyd@acme.com +Sales",
        "name cyd@acme.com Cyd Berg",
        "uninvite dee@acme.com",
      },
      steps(company(), function(p)
        p.user "ann@acme.com" { fullname = "Other", groups = { "Sales" }, active = false }
        p.user "bob@acme.com" { active = true, groups = { "All" } }
        p.user "cyd@acme.com" { fullname = "Cyd Berg", groups = { "Sales" } }
        p.user "dee@acme.com" { active = false }
        p.user "new@acme.com" { fullname = "New", groups = { "Sales", "All" } }
        p.protect {}
      end)
    )
  end)

  it("manages just the groups that are named, or those of 'only'", function()
    local function playbook(p)
      p.user "ann@acme.com" { groups = { "Sales" } }
    end
    assert.same({ "groups Ann@acme.com +Sales" }, steps(company(), playbook))
    local plan = plan_of(company(), function(p)
      p.user "ann@acme.com" { groups = { "Sales", "New" } }
      p.user "new@acme.com" { groups = { "Sales", "Finance" } }
      p.only { "Finance" }
    end)
    assert.same(
      { "create new@acme.com Finance", "groups Ann@acme.com -Finance" },
      lines_of(plan.body.steps)
    )
    assert.matches(
      "group 'Sales' is declared for 2 people, but 'only' does not list it",
      tostring(plan),
      1,
      true
    )
  end)

  it("leaves alone what is not declared", function()
    assert.same(
      {},
      steps(company(), function(p)
        p.user "ann@acme.com" {}
        p.user "bob@acme.com" { fullname = "Bob Hope" }
      end)
    )
  end)

  it("treats whom nothing mentions as told", function()
    local function with(choice)
      return steps(company(), function(p)
        p.user "ann@acme.com" {}
        p.missing(choice)
      end)
    end
    assert.same({}, with "keep")
    assert.same({ "disable cyd@acme.com" }, with "disable")
    assert.same(
      { "remove bob@acme.com", "remove cyd@acme.com", "uninvite dee@acme.com" },
      with "remove"
    )
    assert.same(
      { "disable cyd@acme.com", "uninvite dee@acme.com" },
      with { users = "disable", invited = "withdraw" }
    )
  end)

  it("removes and deletes those who are named so, whatever their state", function()
    local function playbook(p)
      p.user "bob@acme.com" { remove = true }
      p.user "cyd@acme.com" { delete = true, fullname = "Other" }
      p.user "dee@acme.com" { remove = true }
      p.user "nobody@acme.com" { delete = true }
    end
    local plan = plan_of(company(), playbook)
    assert.same(
      { "delete cyd@acme.com", "remove bob@acme.com", "uninvite dee@acme.com" },
      lines_of(plan.body.steps)
    )
    assert.same({ "uninvite", "remove", "delete" }, {
      plan.body.steps[1].kind,
      plan.body.steps[2].kind,
      plan.body.steps[3].kind,
    })
  end)

  it("gives what gives access first, and what cannot come back last", function()
    local plan = plan_of(company(), function(p)
      p.user "a@acme.com" { fullname = "A" }
      p.user "ann@acme.com" { delete = true }
      p.user "bob@acme.com" { active = true, fullname = "B", groups = { "All" } }
      p.user "cyd@acme.com" { active = false }
    end)
    local kinds = {}
    for number, step in ipairs(plan.body.steps) do
      assert.equal(number, step.number)
      kinds[number] = step.kind
    end
    assert.same({ "create", "enable", "name", "groups", "disable", "delete" }, kinds)
  end)

  it("declares a group's members from the group's side", function()
    local function playbook(p)
      p.group "Sales" { "ann@acme.com", "cyd@acme.com" }
      p.user "cyd@acme.com" { groups = { "Finance" } }
    end
    -- Cyd's groups are declared: Sales is one of them because the group says so
    assert.same({
      "groups Ann@acme.com +Sales",
      "groups bob@acme.com -Sales",
      "groups cyd@acme.com +Finance +Sales",
    }, steps(company(), playbook))
    local plan = plan_of(company(), function(p)
      p.group "Sales" { "nobody@acme.com", "bob@acme.com" }
    end)
    assert.same({}, lines_of(plan.body.steps))
    assert.same({ ["nobody@acme.com"] = "no_such_user" }, codes(plan.body.problems))
  end)

  it("says why, by which word, and from which row", function()
    local plan = plan_of(company(), function(p)
      local hr = p.source.table({ { email = "cyd@acme.com", name = "Cyd Berg" } }, { name = "hr" })
      for person in hr:rows() do
        p.user(person.email) { fullname = person.name, reason = "married" }
      end
      p.user "ann@acme.com" { fullname = "Ann Berg" }
      p.reason "audit 7"
      p.user "bob@acme.com" { fullname = "Rob" }
      p.missing { users = "keep", invited = "withdraw" }
    end)
    local by_subject = {}
    for _, step in ipairs(plan.body.steps) do
      by_subject[step.subject] = step
    end
    assert.equal("married", by_subject["cyd@acme.com"].reason)
    assert.equal("hr:1", by_subject["cyd@acme.com"].origin)
    assert.equal("has another name", by_subject["Ann@acme.com"].reason)
    assert.matches("init_spec.lua:%d+$", by_subject["Ann@acme.com"].origin)
    assert.equal("audit 7", by_subject["bob@acme.com"].reason)
    assert.equal("missing", by_subject["dee@acme.com"].rule)
    assert.same({ fullname = "Cyd Rice" }, by_subject["cyd@acme.com"].before)
    assert.equal(64, #by_subject["cyd@acme.com"].base)
  end)

  it("uses neither of two declarations of one person, and leaves the person alone", function()
    local plan = plan_of(company(), function(p)
      p.user "cyd@acme.com" { active = false }
      p.user "CYD@acme.com" { fullname = "Other" }
      p.user "new@acme.com" {}
      p.user "new@acme.com" {}
      p.missing "disable"
    end)
    assert.same({ "disable Ann@acme.com" }, lines_of(plan.body.steps))
    assert.same(
      { ["CYD@acme.com"] = "repeated", ["new@acme.com"] = "repeated" },
      codes(plan.body.problems)
    )
    assert.matches("declared twice, first at .*init_spec.lua:%d+", plan.body.problems[1].reason)
  end)

  it("knows a person by the employee id, and holds the new address as a rename", function()
    local users = {
      { email = "old@acme.com", fullname = "Eve", attributes = { EmployeeNumber = "17" } },
      { email = "fay@acme.com", fullname = "Fay", attributes = { EmployeeNumber = "18" } },
      { email = "gus@acme.com", fullname = "Gus", attributes = { EmployeeNumber = "18" } },
    }
    local function playbook(choice)
      return function(p)
        p.match { "employee_id", "email", attribute = "EmployeeNumber" }
        p.user "new@acme.com" { fullname = "Eve Berg", employee_id = 17, active = true }
        if choice then
          p.rename(choice)
        end
        p.missing "disable"
      end
    end
    users[2].attributes, users[3].attributes = nil, nil
    local plan = plan_of({ users = users }, playbook())
    assert.same(
      { "disable fay@acme.com", "disable gus@acme.com", "name old@acme.com Eve Berg" },
      lines_of(plan.body.steps)
    )
    assert.same({ "rename old@acme.com new@acme.com" }, lines_of(plan.body.held))
    plan = plan_of({ users = users }, playbook "updateemail")
    assert.equal("rename old@acme.com new@acme.com", lines_of(plan.body.steps)[4])
    plan = plan_of({ users = users }, playbook "keep")
    assert.same({}, lines_of(plan.body.held))
    assert.equal(3, #plan.body.steps)
  end)

  it("finds by an alias, and gives a joiner their employee id", function()
    local plan = plan_of(company(), function(p)
      p.user "c.rice@acme.com" {
        fullname = "Cyd Rice",
        aliases = { "cydr@acme.com", "CYD@acme.com" },
      }
      p.user "new@acme.com" { employee_id = "99" }
      p.match { "email", "alias", attribute = "EmployeeNumber" }
    end)
    assert.same({ "rename cyd@acme.com c.rice@acme.com" }, lines_of(plan.body.held))
    assert.same({ EmployeeNumber = "99" }, plan.body.steps[1].after.attribs)
  end)

  it("takes addresses beyond ASCII for the same however they are written", function()
    local users = {
      { email = "zoe\204\136@acme.com", fullname = "Zoe\204\136 M" }, -- e and a combining diaeresis
      { email = "\195\137va@acme.com", fullname = "\195\137va" },
    }
    local plan = plan_of({ users = users }, function(p)
      p.user "zo\195\171@acme.com" { fullname = "Zo\195\171 M" }
      p.user "\195\169va@acme.com" { fullname = "\195\137va" }
      p.missing "disable"
    end)
    assert.same({}, lines_of(plan.body.steps))
    assert.same({}, lines_of(plan.body.held))
    assert.same({}, plan.body.problems)
  end)

  it("changes memberships of somebody who is only invited", function()
    local plan = plan_of(company { groups = { Sales = { "dee@acme.com" } } }, function(p)
      p.user "dee@acme.com" { groups = { "Finance" }, active = true }
      p.user "bob@acme.com" { groups = { "Sales" } }
    end)
    assert.same({ "groups dee@acme.com +Finance -Sales" }, lines_of(plan.body.steps))
  end)

  it("makes steps of single actions, and says who is not there", function()
    local plan = plan_of(company(), {
      reinvite = { "dee@acme.com" },
      disable = { "cyd@acme.com", "bob@acme.com" },
      remove = { "nobody@acme.com" },
    })
    assert.same({ "disable cyd@acme.com", "reinvite dee@acme.com" }, lines_of(plan.body.steps))
    assert.same({ ["nobody@acme.com"] = "no_such_user" }, codes(plan.body.problems))
  end)

  it("ends memberships after their day, in the account's zone", function()
    local client = companies.client(company())
    local function at(moment, date)
      client._options.now = function()
        return moment
      end
      return lines_of(assert(companies.plan(client, function(p)
        p.user "ann@acme.com" { groups = { "All", p.until_date(date, "Finance") } }
      end)).body.steps)
    end
    -- midnight in New York after the 15th is 04:00 UTC on the 16th of June
    local midnight = 1781582400
    assert.same({}, at(midnight - 1, "2026-06-15"))
    assert.same({ "groups Ann@acme.com -Finance" }, at(midnight, "2026-06-15"))
    local plan = assert(companies.plan(client, function(p)
      p.user "cyd@acme.com" {
        groups = { p.until_date("2027-01-31", "Project X") },
        active = p.until_date "2027-01-31",
      }
    end))
    assert.equal("has other groups; Project X until 2027-01-31", plan.body.steps[1].reason)
    assert.equal("until_date", plan.body.steps[1].rule)
  end)
end)
