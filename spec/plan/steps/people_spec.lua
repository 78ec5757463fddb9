-- People who differ, and people whom nothing mentions.
local companies = require "spec.support.companies"

local lines_of, codes = companies.lines_of, companies.codes

local function plan_of(company, playbook)
  local limit = { disable = 100, uninvite = 100, remove = 100, leave = 100 }
  return assert(companies.plan(company, playbook, { limit = limit }))
end

describe("lastpass.plan.steps.people", function()
  it("touches nobody whose address another user has, but for case", function()
    local plan = plan_of({
      users = {
        { email = "Eve@acme.com", fullname = "E", groups = { "A" } },
        { email = "eve@acme.com", fullname = "e" },
        { email = "fay@acme.com" },
      },
    }, function(p)
      p.user "eve@acme.com" { fullname = "Other", groups = { "B" } }
      p.group "A" {}
      p.missing "disable"
    end)
    assert.same({ "disable fay@acme.com" }, lines_of(plan.body.steps))
    assert.equal("twin", plan.body.problems[1].code)
  end)

  it("finds an address however its letters are written", function()
    local composed, decomposed = "m\195\188ller@acme.com", "mu\204\136ller@acme.com"
    for _, written in ipairs { composed, decomposed, "M\195\156LLER@acme.com" } do
      local company = { users = { { email = composed, fullname = "A" } } }
      local plan = plan_of(company, function(p)
        p.user(written) { fullname = "B" }
        p.missing "disable"
      end)
      assert.same({ "name " .. composed .. " B" }, lines_of(plan.body.steps))
      -- the same through the short way
      plan = plan_of(company, function(p)
        p.users(p.source.table { { email = written, name = "B" } }, { fullname = "name" })
        p.missing "disable"
      end)
      assert.same({ "name " .. composed .. " B" }, lines_of(plan.body.steps))
      company = { users = {}, invited = { composed } }
      plan = plan_of(company, function(p)
        p.user(written) { fullname = "B" }
        p.missing { invited = "withdraw" }
      end)
      assert.same({}, lines_of(plan.body.steps))
    end
  end)

  it("leaves alone two declarations that differ by the case of such letters", function()
    local plan = plan_of({ users = { { email = "m\195\188ller@acme.com" } } }, function(p)
      p.user "M\195\156LLER@acme.com" { active = false }
      p.user "m\195\188ller@acme.com" { active = true }
      p.user "\195\150ZG\195\156R@acme.com" {}
      p.user "\195\182zg\195\188r@acme.com" {}
      p.missing "disable"
    end)
    assert.same({}, lines_of(plan.body.steps))
    assert.equal(2, #plan.body.problems) -- one for each pair, as with ASCII letters
  end)

  it("takes \195\159 and ss for two names", function()
    local plan = plan_of({ users = { { email = "\195\188.strasse@acme.com" } } }, function(p)
      p.user "\195\188.stra\195\159e@acme.com" {}
      p.missing "disable"
    end)
    assert.same(
      { "create \195\188.stra\195\159e@acme.com ", "disable \195\188.strasse@acme.com" },
      lines_of(plan.body.steps)
    )
  end)

  it("leaves alone a known employee whose row was refused", function()
    local company = {
      users = {
        { email = "ann@acme.com", attributes = { Id = "1" } },
        { email = "bob@acme.com", attributes = { Id = "2" } },
        { email = "cyd@acme.com" },
      },
    }
    local plan = plan_of(company, function(p)
      p.match { "employee_id", "email", attribute = "Id" }
      local columns = { email = "email", id = "id" }
      local list = {
        { email = "ann@acme.com", id = "1" },
        { email = "ann.new@acme.com", id = "1" },
        { email = "not an address", id = "2" },
      }
      for person in p.source.table(list, { columns = columns, key = "id" }):rows() do
        p.user(person.email) { employee_id = person.id, active = false }
      end
      p.missing "disable"
      p.limit { refused_rows = 2 }
    end)
    assert.same({ "disable cyd@acme.com" }, lines_of(plan.body.steps))
    assert.equal("doubtful_employee_id", codes(plan.body.problems)["ann@acme.com"])
  end)

  it("leaves alone whom the second of two declarations may be about", function()
    local company = {
      users = {
        { email = "ann@acme.com", attributes = { Id = "1" } },
        { email = "ann.old@acme.com" },
        { email = "ann.older@acme.com", attributes = { Id = "7" } },
      },
    }
    local plan = plan_of(company, function(p)
      p.match { "employee_id", "email", "alias", attribute = "Id" }
      p.user "ann@acme.com" {}
      p.user "ann@acme.com" { aliases = { "ann.old@acme.com" }, employee_id = "7" }
      p.missing "disable"
    end)
    assert.same({}, lines_of(plan.body.steps))
  end)

  it("disables, removes or keeps the missing, and withdraws invitations", function()
    local company = {
      users = {
        { email = "ann@acme.com" },
        { email = "bob@acme.com", disabled = true },
        { email = "cyd@acme.com" },
      },
      invited = { "dee@acme.com", "eve@acme.com" },
    }
    for choice, expected in pairs {
      keep = {},
      disable = { "disable ann@acme.com" },
      remove = { "remove ann@acme.com", "remove bob@acme.com", "uninvite dee@acme.com" },
    } do
      local plan = plan_of(company, function(p)
        p.user "cyd@acme.com" {}
        p.user "eve@acme.com" {}
        p.missing(choice)
      end)
      assert.same(expected, lines_of(plan.body.steps), choice)
    end
    local plan = plan_of(company, function(p)
      p.missing { invited = "withdraw" }
      p.user "dee@acme.com" { active = false }
    end)
    assert.same({ "uninvite dee@acme.com", "uninvite eve@acme.com" }, lines_of(plan.body.steps))
    assert.equal("is declared inactive", plan.body.steps[1].reason)
    assert.equal("missing", plan.body.steps[2].rule)
  end)

  it("sends no name that is no text", function()
    local plan = plan_of({ users = { { email = "ann@acme.com" } } }, function(p)
      p.user "ann@acme.com" { fullname = "A\255" }
      p.user "new@acme.com" { fullname = "A\255" }
    end)
    assert.same({}, lines_of(plan.body.steps))
    assert.same(
      { ["ann@acme.com"] = "bad_encoding", ["new@acme.com"] = "bad_encoding" },
      codes(plan.body.problems)
    )
  end)
end)
