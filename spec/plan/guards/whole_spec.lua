-- Guards that refuse a plan as a whole.
local companies = require "spec.support.companies"

local plan_of, guards = companies.plan, companies.guards

describe("lastpass.plan.guards.whole", function()
  it("keeps to a limit a day also on the first run of the day, and for people created", function()
    local company = { users = companies.people(100) }
    local function playbook(p)
      for place = 2, 4 do
        p.user(("person%d@acme.com"):format(place)) { active = false }
        p.user(("new%d@acme.com"):format(place)) {}
      end
      p.limit { per_day = { disable = 2, create = "2%" }, create = 10 }
    end
    local plan = assert(plan_of(company, playbook))
    -- a share of 2 lets the least of `create` through
    assert.same({ "disable_per_day" }, guards(plan))
    assert.matches(
      "0 by earlier runs and 3 by this plan; the limit is 2",
      plan.body.refusals[1].message
    )
    plan = assert(plan_of(company, playbook, { limit = { per_day = { disable = 3, create = 2 } } }))
    assert.same({ "create_per_day" }, guards(plan))
  end)

  it("counts an admin once", function()
    local users = companies.people(4)
    users[2].admin = true
    local plan = assert(plan_of({ users = users }, function(p)
      p.user "person1@acme.com" { active = false }
      p.limit { disable = 3 }
    end))
    assert.same({}, guards(plan))
    plan = assert(plan_of({ users = users }, function(p)
      p.missing "disable"
      p.limit { disable = 4 }
    end))
    assert.same({ "last_admin" }, guards(plan))
  end)

  it("remembers a source as it was before it shrank, though nothing was taken away", function()
    local client = companies.client { users = companies.people(40) }
    local function with(count, missing, limit)
      local list = {}
      for place = 1, count do
        list[place] = { email = ("person%d@acme.com"):format(place) }
      end
      return guards(assert(plan_of(client, function(p)
        for person in p.source.table(list, { name = "hr" }):rows() do
          p.user(person.email) {}
        end
        p.missing(missing)
        p.limit { disable = "100%" }
      end, { limit = limit })))
    end
    assert.same({}, with(40, "keep"))
    assert.same({}, with(10, "keep"))
    assert.same({ "shrunk_source" }, with(10, "disable"))
    assert.same({}, with(10, "disable", { shrink = 30 }))
    assert.same({}, with(10, "disable"))
  end)

  it("tells two sources of one name apart", function()
    local client = companies.client { users = companies.people(40) }
    local function playbook(p)
      for _, count in ipairs { 2, 30 } do
        local list = {}
        for place = 1, count do
          list[place] = { email = ("x%d.%d@acme.com"):format(count, place) }
        end
        for person in p.source.table(list):rows() do
          p.user(person.email) { active = false }
        end
      end
      p.missing "disable"
      p.limit { disable = "100%" }
    end
    assert(plan_of(client, playbook))
    local plan = assert(plan_of(client, playbook))
    assert.same({ "last_admin" }, guards(plan))
    assert.equal("table", plan.body.sources[1].name)
    assert.equal("table (2)", plan.body.sources[2].name)
  end)
end)
