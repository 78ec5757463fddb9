-- Who is who: what is not certain is a problem, and nobody who is in doubt is touched.
local companies = require "spec.support.companies"

local lines_of, codes = companies.lines_of, companies.codes

local users = {
  { email = "ann@acme.com", fullname = "Ann", attributes = { Id = "1" } },
  { email = "bob@acme.com", fullname = "Bob", attributes = { Id = "2" } },
  { email = "cyd@acme.com", fullname = "Cyd", attributes = { Id = "3" } },
  { email = "cyd2@acme.com", fullname = "Cyd", attributes = { Id = "3" } },
  { email = "dee@acme.com", fullname = "Dee" },
}

local function plan_of(playbook, company)
  return assert(companies.plan(company or { users = users }, function(p)
    p.match { "employee_id", "email", "alias", attribute = "Id" }
    p.missing "disable"
    playbook(p)
  end, { limit = { disable = "100%" } }))
end

-- Everybody but those who are named has gone missing.
local function disabled_but(...)
  local kept, list = {}, {}
  for _, name in ipairs { ... } do
    kept[name .. "@acme.com"] = true
  end
  for _, user in ipairs(users) do
    if not kept[user.email] then
      list[#list + 1] = "disable " .. user.email
    end
  end
  table.sort(list)
  return list
end

describe("lastpass.matching", function()
  it("refuses an employee id that several users have, and leaves all of them alone", function()
    local plan = plan_of(function(p)
      p.user "cyd.new@acme.com" { fullname = "New", employee_id = "3" }
    end)
    assert.same({ ["cyd.new@acme.com"] = "ambiguous_employee_id" }, codes(plan.body.problems))
    assert.same(disabled_but("cyd", "cyd2"), lines_of(plan.body.steps))
  end)

  it("refuses an address that now belongs to another employee", function()
    local plan = plan_of(function(p)
      p.user "bob@acme.com" { fullname = "Robert", employee_id = "77" }
    end)
    assert.same({ ["bob@acme.com"] = "other_employee" }, codes(plan.body.problems))
    assert.same(disabled_but "bob", lines_of(plan.body.steps))
  end)

  it("refuses a new address that is somebody else's already", function()
    local plan = plan_of(function(p)
      p.user "dee@acme.com" { fullname = "Ann New", employee_id = "1" }
    end)
    assert.same({ ["dee@acme.com"] = "address_taken" }, codes(plan.body.problems))
    assert.same(disabled_but("ann", "dee"), lines_of(plan.body.steps))
  end)

  it("refuses two people who are the same user", function()
    local plan = plan_of(function(p)
      p.user "x@acme.com" { employee_id = "1" }
      p.user "y@acme.com" { employee_id = "1" }
    end)
    assert.same({
      ["x@acme.com"] = "repeated_employee_id",
      ["y@acme.com"] = "repeated_employee_id",
    }, codes(plan.body.problems))
    assert.same(disabled_but "ann", lines_of(plan.body.steps))
    plan = plan_of(function(p)
      p.user "x@acme.com" { employee_id = "1" }
      p.user "ann@acme.com" { fullname = "Somebody" }
    end)
    assert.equal("same_user", plan.body.problems[1].code)
    assert.same(disabled_but "ann", lines_of(plan.body.steps))
  end)

  it("refuses aliases of two users", function()
    local plan = plan_of(function(p)
      p.user "x@acme.com" { aliases = { "ann@acme.com", "bob@acme.com" } }
    end)
    assert.same({ ["x@acme.com"] = "ambiguous_alias" }, codes(plan.body.problems))
    assert.same(disabled_but("ann", "bob"), lines_of(plan.body.steps))
  end)

  it("goes by the rules it is told, and refuses when two of them do not agree", function()
    local function find(order, aliases)
      local plan = assert(companies.plan({ users = users }, function(p)
        order.attribute = "Id"
        p.match(order)
        p.user "x@acme.com" { employee_id = "2", aliases = aliases }
      end))
      return lines_of(plan.body.held), codes(plan.body.problems)
    end
    assert.same({ "rename bob@acme.com x@acme.com" }, find { "employee_id", "alias" })
    assert.same({}, (find { "email" }))
    local dee = { "dee@acme.com" }
    assert.same({ "rename bob@acme.com x@acme.com" }, (find({ "employee_id" }, dee)))
    assert.same({ {}, { ["x@acme.com"] = "ambiguous_alias" } }, {
      find({ "employee_id", "alias" }, dee),
    })
    assert.same({ {}, { ["x@acme.com"] = "other_employee" } }, {
      find({ "alias", "employee_id" }, dee),
    })
  end)

  it("does not guess between two users whose addresses differ by case", function()
    local twins = {
      users = {
        { email = "Eve@acme.com", fullname = "E" },
        { email = "eve@acme.com", fullname = "e" },
      },
    }
    local plan = plan_of(function(p)
      p.user "EVE@acme.com" { fullname = "Other", active = false }
    end, twins)
    assert.same({}, lines_of(plan.body.steps))
    assert.equal("twin", plan.body.problems[1].code)
    plan = plan_of(function(p)
      p.user "eve@acme.com" { fullname = "Other" }
    end, twins)
    assert.same({}, lines_of(plan.body.steps)) -- the server would not tell them apart
    assert.equal("twin", plan.body.problems[1].code)
    twins.users[2].attributes = { Id = "9" }
    plan = plan_of(function(p)
      p.user "new@acme.com" { employee_id = "9" }
    end, twins)
    assert.same({}, lines_of(plan.body.steps))
    assert.equal("twin", codes(plan.body.problems)["new@acme.com"])
  end)
end)
