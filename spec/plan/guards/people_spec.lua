-- Nobody loses anything who should not.
local companies = require "spec.support.companies"

local told, codes = companies.told, companies.codes

local function plan_of(company, playbook, options)
  return assert(companies.plan(company, playbook, options))
end

describe("lastpass.plan.guards.people", function()
  it(
    "protects an account however its address is written, and asks about one that is not there",
    function()
      local address = "j\195\188rgen@acme.com"
      local plan = plan_of(
        { users = { { email = address }, { email = "bob@acme.com" } } },
        function(p)
          p.protect { "J\195\156RGEN@acme.com", "bo@acme.com" }
          p.owner "BOB@acme.com"
          p.missing "remove"
          p.limit { remove = 5 }
        end
      )
      assert.same({}, told(plan.body.steps))
      assert.same(
        { [address] = "protected", ["bob@acme.com"] = "protected" },
        codes(plan.body.held)
      )
      assert.equal(1, #plan.body.warnings)
      assert.matches("nobody in the directory has the address bo@acme.com", plan.body.warnings[1])
    end
  )

  it("counts a row that the playbook itself could not use", function()
    local function plan(limit)
      return plan_of(
        { users = { { email = "ann@acme.com" }, { email = "bob@acme.com" } } },
        function(p)
          p.user "ann@acme.com" {}
          p.user "bob(at)acme.com" {}
          p.missing "disable"
          p.limit { refused_rows = limit }
        end
      )
    end
    assert.same({ ["bob@acme.com"] = "refused_rows" }, codes(plan(0).body.held))
    assert.matches("limit { refused_rows = 1 }", plan(0).body.held[1].held, 1, true)
    assert.same({ "disable bob@acme.com" }, told(plan(1).body.steps))
    assert.same({ "disable bob@acme.com" }, told(plan("1").body.steps))
  end)

  it("takes a share of the rows that could not be used as well", function()
    local list = { { email = "x" } }
    for place = 1, 19 do
      list[place + 1] = { email = ("person%d@acme.com"):format(place) }
    end
    local function plan(limit)
      return plan_of({ users = companies.people(20) }, function(p)
        for person in p.source.table(list):rows() do
          p.user(person.email) {}
        end
        p.missing "disable"
        p.limit { refused_rows = limit }
      end)
    end
    assert.equal("refused_rows", plan("4%").body.held[1].code)
    assert.same({ "disable person20@acme.com" }, told(plan("5%").body.steps))
  end)

  it("holds who would leave a declared group while rows could not be used", function()
    local plan = plan_of({ users = companies.people(3) }, function(p)
      local members = {}
      for person in p.source.table({ { email = "person1@acme.com" }, { email = "?" } }):rows() do
        members[#members + 1] = person.email
      end
      p.group "All"(members)
      p.group "New" { "person2@acme.com" }
    end)
    assert.same({ "groups person2@acme.com +New" }, told(plan.body.steps))
    assert.same(
      { "groups person2@acme.com -All", "groups person3@acme.com -All" },
      told(plan.body.held)
    )
  end)
end)
