-- Groups that are declared with all their members: nobody leaves one who is meant to be in it.
local companies = require "spec.support.companies"

local lines_of, codes = companies.lines_of, companies.codes

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
      lines_of(plan.body.steps)
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
    }, lines_of(plan.body.steps))
    assert.is_table(plan.body.objects["Ann@acme.com"])
  end)

  it("knows a member who has another address in the directory", function()
    local plan = plan_of(company(), function(p)
      p.match { "employee_id", "email", attribute = "Id" }
      p.user "ann.new@acme.com" { employee_id = "1" }
      p.group "Finance" { "ann.new@acme.com", "bob@acme.com" }
      p.group "Sales" { "ann.new@acme.com", "bob@acme.com" }
    end)
    assert.same({ "groups Ann@acme.com +Sales" }, lines_of(plan.body.steps))
    assert.same({ "rename Ann@acme.com ann.new@acme.com" }, lines_of(plan.body.held))
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
      lines_of(plan.body.steps)
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
    }, lines_of(plan.body.steps))
    assert.same({
      "group 'Finance' is declared for 2 people, but 'only' does not list it: it is left alone",
    }, plan.body.warnings)
  end)

  it("counts the people of each declared group that `only` does not list", function()
    local plan = plan_of(company(), function(p)
      p.only "Sales"
      p.user "ann@acme.com" { groups = { "Sales", "Legal" } }
      p.user "bob@acme.com" { groups = { "Legal" } }
      p.group "Finance" { "cyd@acme.com" }
      p.group "Legal" { "ann@acme.com", "cyd@acme.com" }
    end)
    assert.same({
      "group 'Finance' is declared for 1 person, but 'only' does not list it: it is left alone",
      "group 'Legal' is declared for 3 people, but 'only' does not list it: it is left alone",
    }, plan.body.warnings)
  end)

  it("names twenty of the groups that `only` does not list, and counts the others", function()
    local plan = plan_of(company(), function(p)
      p.only "Sales"
      local groups = { "Sales" }
      for number = 1, 25 do
        groups[number + 1] = ("Team %02d"):format(number)
      end
      p.user "ann@acme.com" { groups = groups }
    end)
    assert.equal(21, #plan.body.warnings)
    assert.matches("Team 20", plan.body.warnings[20])
    assert.equal(
      "5 more groups are declared, and 'only' does not list them: they are left alone",
      plan.body.warnings[21]
    )
  end)

  describe("`only`", function()
    local function refused(...)
      local names = { ... }
      local made, message, err = companies.plan(company(), function(p)
        p.user "ann@acme.com" { groups = { "Legal" } }
        p.only((table.unpack or unpack)(names))
      end)
      assert.is_nil(made)
      assert.equal("playbook_mistake", err.code)
      return message
    end

    it("takes names and lists of names, and may be said again", function()
      local plan = plan_of(company(), function(p)
        p.user "ann@acme.com" { groups = { "Sales", "Legal", "IT" } }
        p.only("Sales", { "Finance" })
        p.only { "Legal" }
      end)
      assert.same({ "groups Ann@acme.com +Legal +Sales -Finance" }, lines_of(plan.body.steps))
    end)

    it("refuses a group that nobody has, with its line and the nearest name", function()
      assert.matches(
        "groups_spec.lua:%d+: only: neither the company nor the playbook has a group 'Finnance' "
          .. "%(did you mean 'Finance'%?%)",
        refused("Sales", "Finnance")
      )
      assert.matches("did you mean 'Sales'", refused "sales")
    end)

    it("knows the groups of the playbook alone", function()
      local plan = plan_of(company(), function(p)
        p.user "ann@acme.com" { groups = { "Brand new", p.until_date("2001-01-01", "Guests") } }
        p.group "Legal" { "bob@acme.com" }
        p.only { "Brand new", "Guests", "Legal" }
      end)
      assert.same(
        { "groups Ann@acme.com +Brand new", "groups bob@acme.com +Legal" },
        lines_of(plan.body.steps)
      )
    end)

    it("has patterns, with * for any characters", function()
      local function steps(pattern)
        local plan = plan_of({
          users = {
            { email = "ann@acme.com", groups = { "Team A", "Team (B)", "Teams", "x*y", "xzy" } },
          },
        }, function(p)
          p.user "ann@acme.com" { groups = { "New Team" } }
          p.only { pattern }
        end)
        return lines_of(plan.body.steps), plan.body.warnings
      end
      assert.same({ "groups ann@acme.com -Team (B) -Team A" }, (steps "Team *"))
      assert.same({ "groups ann@acme.com +New Team -Team (B) -Team A -Teams" }, (steps "*Team*"))
      assert.same({ "groups ann@acme.com -Team (B)" }, (steps "T*(*)"))
      assert.same({ "groups ann@acme.com -x*y" }, (steps "x*y")) -- a group of that very name
      local none, notes = steps "team *"
      assert.same({}, none)
      local unknown = "'only' lists '%s', and neither the company nor the playbook has such a group"
      assert.equal(unknown:format "team *", notes[1])
      none, notes = steps "Qxwvutz" -- near to nothing: a group may have lost its last member
      assert.same({}, none)
      assert.equal(unknown:format "Qxwvutz", notes[1])
    end)

    it("that nothing uses is noted", function()
      local plan = plan_of(company(), function(p)
        p.user "ann@acme.com" { fullname = "Ann" }
        p.only { "Sales" }
      end)
      assert.same({
        "'only' is given, but the playbook declares nobody's groups: it has no effect",
      }, plan.body.warnings)
      plan = plan_of(company(), function(p)
        p.user "bob@acme.com" { groups = {} } -- which says that they are in none
        p.only { "F*" }
      end)
      assert.same({ "groups bob@acme.com -Finance" }, lines_of(plan.body.steps))
      assert.same({}, plan.body.warnings)
      plan = plan_of(company(), function(p)
        p.user "bob@acme.com" { groups = { "Sales" } }
        p.only { "Sales", "Finance" }
      end)
      assert.same({ "groups bob@acme.com -Finance" }, lines_of(plan.body.steps))
      assert.same({
        "'only' lists 'Finance', and the playbook declares nobody in it: "
          .. "its members leave it where their groups are declared",
      }, plan.body.warnings)
    end)
  end)

  describe("while a declared member is not in the directory", function()
    local members = { "bob@acme.com", "an@acme.com", "cyd@acme.com" }

    it("nobody leaves the group, and who joins still does", function()
      local plan = plan_of(company(), function(p)
        p.group "Finance"(members)
      end)
      assert.same({ "groups cyd@acme.com +Finance" }, lines_of(plan.body.steps))
      assert.same({ "groups Ann@acme.com -Finance" }, lines_of(plan.body.held))
      assert.equal("unknown_members", plan.body.held[1].code)
      assert.matches("1 of the 3 declared members of 'Finance' are not in", plan.body.held[1].held)
      assert.matches("limit { refused_rows = 1 }", plan.body.held[1].held, 1, true)
      assert.same({ ["an@acme.com"] = "no_such_user" }, codes(plan.body.problems))
      assert.equal("an@acme.com", plan.body.problems[1].subject)
      assert.matches("groups_spec.lua:%d+$", plan.body.problems[1].origin)
    end)

    it("says whom an address looks like", function()
      local plan = plan_of(company(), function(p)
        p.group "Finance" { "\208\176nn@acme.com", "bob@acme.com" }
      end)
      assert.equal(
        "is declared a member of Finance and is not in the directory; it looks like Ann@acme.com",
        plan.body.problems[1].reason
      )
      assert.same({ ["Ann@acme.com"] = "unknown_members" }, codes(plan.body.held))
    end)

    it("names the row that a member came from", function()
      local plan = plan_of(company(), function(p)
        local list = p.source.table({ { email = "an@acme.com" } }, { name = "team.csv" })
        p.group "Finance"((list:read()))
      end)
      assert.matches("team.csv", plan.body.problems[1].origin, 1, true)
    end)

    it("other groups are left as declared, in the same step too", function()
      local plan = plan_of(company(), function(p)
        p.group "Finance"(members)
        p.group "Sales" { "ann@acme.com" }
        p.user "ann@acme.com" { groups = {} } -- leaves by her own row: not while it is in doubt
      end)
      assert.same({
        "groups Ann@acme.com +Sales",
        "groups bob@acme.com -Sales",
        "groups cyd@acme.com +Finance",
      }, lines_of(plan.body.steps))
      assert.same({ "groups Ann@acme.com -Finance" }, lines_of(plan.body.held))
    end)

    it("as many as the limit of refused rows are let be", function()
      local plan = plan_of(company(), function(p)
        p.group "Finance"(members)
      end, { leave = 100, refused_rows = 1 })
      assert.same(
        { "groups Ann@acme.com -Finance", "groups cyd@acme.com +Finance" },
        lines_of(plan.body.steps)
      )
    end)

    it("a member who is declared as a new person is none of those", function()
      local plan = plan_of(company(), function(p)
        p.user "an@acme.com" { fullname = "An" }
        p.group "Finance"(members)
      end)
      assert.same({}, lines_of(plan.body.held))
    end)
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
      return lines_of(plan.body.steps)
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
    assert.same({ "groups Ann@acme.com -Finance" }, lines_of(plan.body.steps))
    plan = plan_of(company(), function(p)
      p.user "x@acme.com" {}
      p.user "x@acme.com" { aliases = { "BOB@acme.com", "cyd@acme.com" } }
      p.group "Finance" { "cyd@acme.com" }
    end)
    assert.same({ "groups Ann@acme.com -Finance" }, lines_of(plan.body.steps))
  end)

  it(
    "gives nothing to whoever is declared inactive, and takes nothing from who goes anyway",
    function()
      local plan = plan_of(company(), function(p)
        p.user "bob@acme.com" { remove = true }
        p.user "cyd@acme.com" { active = false }
        p.group "Finance" { "cyd@acme.com", "ann@acme.com" }
      end)
      assert.same({ "remove bob@acme.com" }, lines_of(plan.body.steps))
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
        for position = 1, 2000 - members do
          p.user(users[position].email) { groups = {} }
        end
        local list = {}
        for position = 2000 - members + 1, 2001 do
          list[#list + 1] = users[position].email
        end
        p.group "Crowd"(list)
      end, { leave = "100%" })
    end
    assert.same({ ["late@acme.com"] = "group_too_large" }, codes(plan(2000).body.held))
    assert.same({}, codes(plan(1999).body.held))
  end)

  it("lets one more into a group that is larger than LastPass is said to allow", function()
    local users = companies.people(2001, { groups = { "Crowd" } })
    users[2002] = { email = "late@acme.com" }
    local plan = plan_of({ users = users }, function(p)
      p.user "late@acme.com" { groups = { "Crowd" } }
    end)
    assert.same({}, codes(plan.body.held))
    assert.equal("late@acme.com", plan.body.steps[1].subject)
  end)
end)
