-- What keeps a plan from harming the wrong people: each guard with its numbers.
local companies = require "spec.support.companies"

local plan_of, told, guards = companies.plan, companies.told, companies.guards

local function source_of(count)
  local list = {}
  for place = 1, count do
    list[place] = { email = ("person%d@acme.com"):format(place), name = "Person " .. place }
  end
  return list
end

-- A playbook that declares so many of the company's people, from a source, and what `more` says.
local function declares(count, more)
  return function(p)
    local people = p.source.table(source_of(count), { name = "hr" })
    for person in people:rows() do
      p.user(person.email) { fullname = person.name, active = true }
    end
    if more then
      more(p)
    end
  end
end

-- A source that breaks off after so many rows.
local function cut_csv(rows)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write "email,name\n"
  for place = 1, rows do
    file:write(("person%d@acme.com,Person %d\n"):format(place, place))
  end
  file:write '"person9@acme.com,Person'
  file:close()
  return path
end

describe("lastpass.plan.guards", function()
  it("refuse the company of eight whose source has two rows", function()
    local plan = assert(plan_of(
      { users = companies.people(8) },
      declares(2, function(p)
        p.missing "disable"
      end)
    ))
    assert.same({ "disable" }, guards(plan))
    local refusal = plan.body.refusals[1]
    assert.equal("people disabled: 6 of 8; the limit is 5% (1)", refusal.message)
    assert.matches("limit { disable = 6 }", refusal.allow, 1, true)
    assert.matches("REFUSED by the guard 'disable'", tostring(plan), 1, true)
  end)

  it("let through what a limit allows, in the playbook or as an option", function()
    local company = { users = companies.people(8) }
    local playbook = declares(2, function(p)
      p.missing "disable"
      p.limit { disable = 6 }
    end)
    local plan = assert(plan_of(company, playbook))
    assert.same({}, guards(plan))
    assert.equal(6, #plan.body.steps)
    -- the option is the stronger one
    assert.same(
      { "disable" },
      guards(assert(plan_of(company, playbook, { limit = { disable = 5 } })))
    )
    playbook = declares(2, function(p)
      p.missing "disable"
    end)
    assert.same({}, guards(assert(plan_of(company, playbook, { limit = { disable = "75%" } }))))
  end)

  it("let one through however small the company, and none at 0", function()
    local company = { users = companies.people(8) }
    local function with(limit)
      return guards(assert(plan_of(
        company,
        declares(7, function(p)
          p.missing "disable"
          p.limit { disable = limit }
        end)
      )))
    end
    assert.same({}, with "5%")
    assert.same({ "disable" }, with(0))
    assert.same({ "disable" }, with "0%")
  end)

  it("allow no removal and no deletion unless told", function()
    local company = { users = companies.people(40) }
    local plan = assert(plan_of(company, function(p)
      p.user "person5@acme.com" { remove = true }
      p.user "person6@acme.com" { delete = true }
    end))
    assert.same({ "delete", "remove" }, guards(plan))
    plan = assert(plan_of(company, function(p)
      p.user "person5@acme.com" { remove = true }
      p.user "person6@acme.com" { delete = true }
      p.limit { remove = 1, delete = 1 }
    end))
    assert.same({}, guards(plan))
    assert.same({ "delete person6@acme.com", "remove person5@acme.com" }, told(plan.body.steps))
    assert.equal("final", plan.body.steps[2].reversal)
  end)

  it("limit memberships taken away, and people created", function()
    local users = companies.people(100)
    local plan = assert(plan_of({ users = users }, function(p)
      for place = 1, 11 do
        p.user("person" .. place .. "@acme.com") { groups = {} }
      end
      p.group "All" {}
    end))
    assert.same({ "leave" }, guards(plan))
    assert.matches("memberships taken away: 100 of 100", plan.body.refusals[1].message, 1, true)
    plan = assert(plan_of({ users = users }, function(p)
      for place = 1, 26 do
        p.user("new" .. place .. "@acme.com") { fullname = "New" }
      end
    end))
    assert.same({ "create" }, guards(plan))
  end)

  it("count what earlier runs did within a day", function()
    local client = companies.client { users = companies.people(40) }
    local journal, tenant = companies.journal(client)
    local run =
      assert(journal:begin_run { tenant = tenant, plan = "earlier", kind = "apply", total = 4 })
    local steps, settled = {}, {}
    for number = 1, 4 do
      steps[number] = { number = number, kind = "disable", subject = "x" .. number .. "@acme.com" }
      settled[number] = { number = number, state = number == 4 and "uncertain" or "done" }
    end
    assert(journal:intend(run, steps))
    assert(journal:settle(run, settled))
    assert(journal:end_run(run, "finished", {}))
    local function playbook(p)
      p.user "person5@acme.com" { active = false }
    end
    local plan = assert(plan_of(client, playbook))
    -- 5 % of 40 is 2 a plan, 4 a day; a lost answer counts as done
    assert.same({ "disable_per_day" }, guards(plan))
    local message = plan.body.refusals[1].message
    assert.matches("4 by earlier runs and 1 by this plan; the limit is 4", message)
    plan = assert(plan_of(client, playbook, { limit = { per_day = { disable = 5 } } }))
    assert.same({}, guards(plan))
  end)

  it("hold what a protected account or the owner would lose", function()
    local users = companies.people(8)
    local plan = assert(plan_of({ users = users }, function(p)
      p.protect "PERSON3@acme.com"
      p.owner "person4@acme.com"
      p.user "person3@acme.com" { active = false }
      p.user "person4@acme.com" { fullname = "Still Renamed", groups = { "New" } }
      p.group "All" {}
      p.limit { leave = 100 }
    end))
    assert.same({}, guards(plan))
    local held = told(plan.body.held)
    assert.equal(3, #held)
    assert.equal("disable person3@acme.com", held[1])
    assert.equal("groups person3@acme.com -All", held[2])
    assert.equal("groups person4@acme.com -All", held[3])
    for _, step in ipairs(plan.body.held) do
      assert.equal("protected", step.code)
    end
    local steps = {}
    for _, step in ipairs(told(plan.body.steps)) do
      steps[step] = true
    end
    assert.is_true(steps["groups person4@acme.com +New"])
    assert.is_true(steps["name person4@acme.com Still Renamed"])
    assert.is_true(steps["groups person5@acme.com -All"])
  end)

  it("never let the last admin go, whatever is allowed", function()
    local users = companies.people(8)
    users[2].admin = true
    users[3].admin, users[3].disabled = true, true
    local function playbook(p)
      p.user "person1@acme.com" { active = false }
      p.user "person2@acme.com" { remove = true }
      p.limit { disable = "100%", remove = "100%" }
    end
    local plan = assert(plan_of({ users = users }, playbook))
    assert.same({ "last_admin" }, guards(plan))
    assert.matches("2 of 2 would go", plan.body.refusals[1].message, 1, true)
    plan = assert(plan_of({ users = users }, function(p)
      p.user "person1@acme.com" { active = false }
    end))
    assert.same({}, guards(plan))
  end)

  it("hold all removals when a source was cut in the middle, and go on adding", function()
    local path = cut_csv(3)
    local plan = assert(plan_of({ users = companies.people(8) }, function(p)
      local hr = p.source.csv(path)
      for person in hr:rows() do
        p.user(person.email) { fullname = "New " .. person.name, groups = { "New" } }
      end
      p.user "person8@acme.com" { active = false }
      p.user "new@acme.com" { fullname = "New" }
      p.missing "disable"
      p.limit { disable = "100%" }
      p.only { "All", "New" }
    end))
    os.remove(path)
    assert.same({}, guards(plan))
    assert.is_false(plan.body.sources[1].complete)
    assert.matches("NOT read to its end", tostring(plan), 1, true)
    assert.same({
      "create new@acme.com ",
      "groups person1@acme.com +New",
      "groups person2@acme.com +New",
      "groups person3@acme.com +New",
      "name person1@acme.com New Person 1",
      "name person2@acme.com New Person 2",
      "name person3@acme.com New Person 3",
    }, told(plan.body.steps))
    for _, step in ipairs(plan.body.held) do
      assert.equal("incomplete_source", step.code)
    end
    local held = told(plan.body.held)
    assert.equal(8, #held) -- five are missing or inactive, three would leave a group
    assert.equal("disable person4@acme.com", held[1])
    assert.equal("groups person1@acme.com -All", held[6])
  end)

  it("take a source that the playbook did not read for incomplete", function()
    for _, read in ipairs { 0, 3 } do
      local plan = assert(plan_of({ users = companies.people(8) }, function(p)
        local hr = p.source.table(source_of(8), { name = "hr" })
        for person in hr:rows() do
          if read == 0 then
            break
          end
          p.user(person.email) { active = true }
          read = read - 1
          if read == 0 then
            break
          end
        end
        p.missing "disable"
        p.limit { disable = "100%" }
      end))
      assert.equal(0, #plan.body.steps)
      assert.equal("incomplete_source", plan.body.held[1].code)
    end
  end)

  it("leave alone whoever may hide behind a row that could not be used", function()
    local list = source_of(6)
    list[7] = { email = "person7 at acme.com", name = "Person 7" }
    list[8] = { email = "person1@acme.com", name = "Somebody Else" }
    local function playbook(p)
      local hr = p.source.table(list, { name = "hr" })
      for person in hr:rows() do
        p.user(person.email) { fullname = person.name .. "!", active = true }
      end
      p.missing "disable"
      p.limit { disable = "100%" }
    end
    local plan = assert(plan_of({ users = companies.people(8) }, playbook))
    -- 7 and 8 seem to be missing; the address that comes twice is nobody's
    assert.same({ "disable person7@acme.com", "disable person8@acme.com" }, told(plan.body.held))
    assert.equal("refused_rows", plan.body.held[1].code)
    local steps = told(plan.body.steps)
    assert.equal(5, #steps)
    assert.equal("name person2@acme.com Person 2!", steps[1])
    assert.equal(2, #plan.body.problems)
    plan =
      assert(plan_of({ users = companies.people(8) }, playbook, { limit = { refused_rows = 2 } }))
    assert.equal(7, #plan.body.steps)
    for _, step in ipairs(plan.body.steps) do
      assert.is_true(step.subject ~= "person1@acme.com")
    end
  end)

  it("refuse an empty source, and one that has shrunk since it was last read", function()
    local client = companies.client { users = companies.people(100) }
    local function playbook(count)
      return declares(count, function(p)
        p.missing "disable"
        p.limit { disable = "100%" }
      end)
    end
    assert.same({}, guards(assert(plan_of(client, playbook(100)))))
    local plan = assert(plan_of(client, playbook(79)))
    assert.same({ "shrunk_source" }, guards(plan))
    assert.matches(
      "hr has 79 rows and had 100 on " .. os.date "!%Y-%m-%d" .. "; the limit is 20%",
      plan.body.refusals[1].message,
      1,
      true
    )
    assert.same({}, guards(assert(plan_of(client, playbook(79), { limit = { shrink = 21 } }))))
    -- that plan was no refusal, so its source is the last good one
    assert.same({ "empty_source", "last_admin" }, guards(assert(plan_of(client, playbook(0)))))
  end)

  it("hold what LastPass would not take: too many members, too many groups", function()
    local users = companies.people(2001, { groups = {} })
    local plan = assert(plan_of({ users = users }, function(p)
      for place = 1, 2001 do
        p.user("person" .. place .. "@acme.com") { groups = { "Crowd", "Half" } }
        if place > 1000 then
          break
        end
      end
      p.group "Crowd"((function()
        local all = {}
        for place = 1, 2001 do
          all[place] = "person" .. place .. "@acme.com"
        end
        return all
      end)())
    end))
    assert.equal(2001, #plan.body.held)
    assert.equal("group_too_large", plan.body.held[1].code)
    assert.matches("'Crowd' would have 2001 members; LastPass allows 2000", plan.body.held[1].held)
    for _, step in ipairs(plan.body.steps) do
      assert.same({ "Half" }, { step.after.join[1], step.after.join[2] })
    end
    local groups = {}
    for place = 1, 1000 do
      groups["G" .. place] = { "person1@acme.com" }
    end
    plan = assert(plan_of({ users = companies.people(3), groups = groups }, function(p)
      p.user "person2@acme.com" { groups = { "All", "One Too Many" } }
    end))
    assert.equal("too_many_groups", plan.body.held[1].code)
  end)

  it("hold a group that is spelled otherwise, and remark a new one", function()
    local users = companies.people(3)
    users[1].groups = { "All", "Human  Resources" }
    local plan = assert(plan_of({ users = users }, function(p)
      p.user "person2@acme.com" { groups = { "All", "human resources" } }
      p.user "person3@acme.com" { groups = { "All", "Brand New" } }
    end))
    assert.same({ ["person2@acme.com"] = "group_spelling" }, companies.codes(plan.body.held))
    assert.same({ "groups person3@acme.com +Brand New" }, told(plan.body.steps))
    assert.matches("'Brand New' is new", plan.body.warnings[1], 1, true)
  end)

  describe("of single actions", function()
    local function named(first, last)
      local list = {}
      for place = first, last do
        list[#list + 1] = ("person%d@acme.com"):format(place)
      end
      return list
    end

    it("let a few through in a small company, and no more", function()
      local eight = { users = companies.people(8) }
      assert.same({}, guards(assert(plan_of(eight, { disable = named(2, 5) }))))
      local plan = assert(plan_of(eight, { disable = named(2, 6) }))
      assert.same({ "disable" }, guards(plan))
      assert.equal("people disabled: 5 of 8; the limit is 4", plan.body.refusals[1].message)
      local allow = plan.body.refusals[1].allow
      assert.equal("{ limit = { disable = 5 } } as an option of the call", allow)
      plan = assert(plan_of(eight, { disable = named(2, 6) }, { limit = { disable = 5 } }))
      assert.same({}, guards(plan))
      -- whoever removes people by name has said so; a playbook has to be allowed to
      assert.same({}, guards(assert(plan_of(eight, { remove = named(2, 5) }))))
      assert.same({ "remove" }, guards(assert(plan_of(eight, { remove = named(2, 6) }))))
    end)

    it("keep the last admin, whatever limits are given", function()
      local all = { limit = { disable = "100%", remove = "100%", delete = "100%" } }
      for _, kind in ipairs { "disable", "remove", "delete" } do
        local plan = assert(plan_of({ users = companies.people(8) }, { [kind] = named(1, 1) }, all))
        assert.same({ "last_admin" }, guards(plan), kind)
        assert.equal(
          "make another user an admin first; no option allows this",
          plan.body.refusals[1].allow
        )
      end
    end)

    it("keep whom the client's own settings protect, from weakening too", function()
      local client = companies.client { users = companies.people(8, { groups = { "All" } }) }
      client._options.protect = { "Person2@acme.com" }
      for _, kind in ipairs {
        "disable",
        "remove",
        "delete",
        "disable_mfa",
        "reset_password",
        "require_password_change",
      } do
        local plan = assert(plan_of(client, { [kind] = named(2, 3) }))
        assert.same({ [kind .. " person3@acme.com"] = true }, {
          [told(plan.body.steps)[1]] = #plan.body.steps == 1,
        })
        assert.same({ ["person2@acme.com"] = "protected" }, companies.codes(plan.body.held))
      end
      local change = { username = "person2@acme.com", add = { "New" }, del = { "All" } }
      local plan = assert(plan_of(client, { groups = { change } }))
      assert.same({ "groups person2@acme.com +New" }, told(plan.body.steps))
      assert.same({ "groups person2@acme.com -All" }, told(plan.body.held))
      -- a playbook may take from nobody either whom the configuration protects
      plan = assert(plan_of(client, function(p)
        p.user "person2@acme.com" { active = false }
      end))
      assert.same({ ["person2@acme.com"] = "protected" }, companies.codes(plan.body.held))
    end)
  end)
end)
