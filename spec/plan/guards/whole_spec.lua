-- Guards that refuse a plan as a whole.
local companies = require "spec.support.companies"
local store = require "spec.support.store"

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

  it("counts memberships given by whatever word, and in every group", function()
    local users = companies.people(40)
    local function guards_of(playbook)
      local plan = assert(plan_of({ users = users }, playbook))
      return guards(plan), plan.body.refusals[1]
    end
    local function everybody(count)
      local list = {}
      for place = 1, count do
        list[place] = ("person%d@acme.com"):format(place)
      end
      return list
    end
    local names, refusal = guards_of(function(p)
      p.group "Finance"(everybody(40))
    end)
    assert.same({ "join" }, names)
    assert.equal(
      "memberships given to people in the directory: 40 of 40; the limit is 10% (10)",
      refusal.message
    )
    local function three_groups(count)
      return function(p)
        for _, name in ipairs { "A", "B", "C" } do
          p.group(name)(everybody(count))
        end
      end
    end
    assert.same({}, (guards_of(three_groups(3))))
    assert.same({ "join" }, (guards_of(three_groups(4)))) -- 12
    assert.same({ "join" }, (guards_of(function(p)
      for place = 1, 4 do
        p.user(("person%d@acme.com"):format(place)) { groups = { "All", "A", "B", "C" } }
      end
    end)))
    -- the groups of somebody new
    assert.same({}, (guards_of(function(p)
      for place = 1, 20 do
        p.user(("new%d@acme.com"):format(place)) { groups = { "All", "A", "B", "C" } }
      end
    end)))
  end)

  it("counts people let in again", function()
    local users = companies.people(200)
    for place = 101, 160 do
      users[place].disabled = true
    end
    local function guards_of(count, limit)
      local plan = assert(plan_of({ users = users }, function(p)
        for place = 101, 100 + count do
          p.user(("person%d@acme.com"):format(place)) { active = true }
        end
      end, { limit = limit }))
      return guards(plan)
    end
    assert.same({}, guards_of(4)) -- 2 %
    assert.same({ "enable" }, guards_of(5))
    assert.same({ "enable" }, guards_of(60))
    assert.same({}, guards_of(60, { enable = 60 }))
    assert.same({ "enable" }, guards_of(1, { enable = 0 }))
    assert.same({ "enable_per_week" }, guards_of(4, { per_week = { enable = 3 } }))
  end)

  it("stops what is a little less than the limit, day after day", function()
    local client = companies.client { users = companies.people(1000) }
    local journal, tenant = companies.journal(client)
    local gone, first = 0, nil
    for day = 1, 20 do
      local plan = assert(plan_of(client, function(p)
        for place = gone + 2, gone + 50 do -- 4.9 %
          p.user(("person%d@acme.com"):format(place)) { active = false }
        end
      end))
      if plan.body.refusals[1] then
        first = first or plan.body.refusals[1]
      else
        local steps, settled = {}, {}
        for number, step in ipairs(plan.body.steps) do
          steps[number] = { number = number, kind = step.kind, subject = step.subject }
          settled[number] = { number = number, state = "done" }
        end
        local run = assert(journal:begin_run {
          tenant = tenant,
          plan = "day " .. day,
          kind = "apply",
          total = #steps,
        })
        assert(journal:intend(run, steps))
        assert(journal:settle(run, settled))
        gone = gone + #steps
        for place = 2, gone + 1 do
          client.company.users[place].disabled = true
        end
      end
      local sql = "UPDATE lastpass_steps SET touched_at = touched_at - 86401 "
        .. "WHERE run IN (SELECT id FROM lastpass_runs WHERE tenant = ?)"
      store.tamper(journal, sql, tenant)
    end
    assert.equal(
      "people disabled within 7 days: 147 by earlier runs and 49 by this plan; the limit is 150",
      first.message
    )
    assert.matches("limit { per_week = { disable = 196 } }", first.allow, 1, true)
    assert.is_true(gone <= 250, gone) -- a quarter within 30 days
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

  it("counts an admin who is disabled for none, on either side", function()
    local users = companies.people(4)
    users[2].admin, users[2].disabled = true, true
    users[3].admin, users[3].disabled = true, true
    local function removed(...)
      local names = { ... }
      return guards(assert(plan_of({ users = users }, function(p)
        for _, name in ipairs(names) do
          p.user(name) { remove = true }
        end
        p.limit { remove = 4 }
      end)))
    end
    -- person1 is the one who is active
    assert.same({}, removed "person2@acme.com")
    assert.same({}, removed("person2@acme.com", "person3@acme.com"))
    assert.same({ "last_admin" }, removed "person1@acme.com")
    users[2].disabled = false
    assert.same({}, removed "person1@acme.com")
    assert.same({ "last_admin" }, removed("person1@acme.com", "person2@acme.com"))
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
