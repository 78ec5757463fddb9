-- What keeps a plan from harming the wrong people: each guard with its numbers.
-- Guards that refuse a plan as a whole.
-- Guards that are asked right before a run.
-- What a plan depends on beside the playbook: earlier runs, and how sources were.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local errors = require "lastpass.error"
local plan_limits = require "lastpass.plan.limits"
local store = require "spec.support.store"
local plan_guards = require "lastpass.plan.guards"

describe("lastpass.plan.guards", function()
  local plan_of, lines_of, guards = companies.plan, companies.lines_of, companies.guards

  local function source_of(count)
    local list = {}
    for position = 1, count do
      list[position] =
        { email = ("person%d@acme.com"):format(position), name = "Person " .. position }
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
    for position = 1, rows do
      file:write(("person%d@acme.com,Person %d\n"):format(position, position))
    end
    file:write '"person9@acme.com,Person'
    file:close()
    return path
  end

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
    assert.same({ "delete person6@acme.com", "remove person5@acme.com" }, lines_of(plan.body.steps))
    assert.equal("final", plan.body.steps[2].reversal)
  end)

  it("limit memberships taken away, and people created", function()
    local users = companies.people(100)
    local plan = assert(plan_of({ users = users }, function(p)
      for position = 1, 11 do
        p.user("person" .. position .. "@acme.com") { groups = {} }
      end
      p.group "All" {}
    end))
    assert.same({ "leave" }, guards(plan))
    assert.matches("memberships taken away: 100 of 100", plan.body.refusals[1].message, 1, true)
    plan = assert(plan_of({ users = users }, function(p)
      for position = 1, 26 do
        p.user("new" .. position .. "@acme.com") { fullname = "New" }
      end
    end))
    assert.same({ "create" }, guards(plan))
  end)

  it("count what earlier runs did within a day", function()
    local client = companies.client { users = companies.people(40) }
    local journal, tenant = companies.journal(client)
    local run =
      assert(journal:begin_run { tenant = tenant, plan = "earlier", kind = "apply", total = 4 })
    local steps, outcomes = {}, {}
    for number = 1, 4 do
      steps[number] = { number = number, kind = "disable", subject = "x" .. number .. "@acme.com" }
      outcomes[number] = { number = number, state = number == 4 and "uncertain" or "done" }
    end
    assert(journal:intend(run, steps))
    assert(journal:record(run, outcomes))
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
    local held = lines_of(plan.body.held)
    assert.equal(3, #held)
    assert.equal("disable person3@acme.com", held[1])
    assert.equal("groups person3@acme.com -All", held[2])
    assert.equal("groups person4@acme.com -All", held[3])
    for _, step in ipairs(plan.body.held) do
      assert.equal("protected", step.code)
    end
    local steps = {}
    for _, step in ipairs(lines_of(plan.body.steps)) do
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
    }, lines_of(plan.body.steps))
    for _, step in ipairs(plan.body.held) do
      assert.equal("incomplete_source", step.code)
    end
    local held = lines_of(plan.body.held)
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
    assert.same(
      { "disable person7@acme.com", "disable person8@acme.com" },
      lines_of(plan.body.held)
    )
    assert.equal("refused_rows", plan.body.held[1].code)
    local steps = lines_of(plan.body.steps)
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
      for position = 1, 2001 do
        p.user("person" .. position .. "@acme.com") { groups = { "Crowd", "Half" } }
        if position > 1000 then
          break
        end
      end
      p.group "Crowd"((function()
        local all = {}
        for position = 1, 2001 do
          all[position] = "person" .. position .. "@acme.com"
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
    for position = 1, 1000 do
      groups["G" .. position] = { "person1@acme.com" }
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
    assert.same({ "groups person3@acme.com +Brand New" }, lines_of(plan.body.steps))
    assert.matches("'Brand New' is new", plan.body.warnings[1], 1, true)
  end)

  describe("of single actions", function()
    local function named(first, last)
      local list = {}
      for position = first, last do
        list[#list + 1] = ("person%d@acme.com"):format(position)
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
          [lines_of(plan.body.steps)[1]] = #plan.body.steps == 1,
        })
        assert.same({ ["person2@acme.com"] = "protected" }, companies.codes(plan.body.held))
      end
      local change = { username = "person2@acme.com", add = { "New" }, del = { "All" } }
      local plan = assert(plan_of(client, { groups = { change } }))
      assert.same({ "groups person2@acme.com +New" }, lines_of(plan.body.steps))
      assert.same({ "groups person2@acme.com -All" }, lines_of(plan.body.held))
      -- a playbook may take from nobody either whom the configuration protects
      plan = assert(plan_of(client, function(p)
        p.user "person2@acme.com" { active = false }
      end))
      assert.same({ ["person2@acme.com"] = "protected" }, companies.codes(plan.body.held))
    end)
  end)
end)

describe("lastpass.plan.guards: the whole plan", function()
  local plan_of, guards = companies.plan, companies.guards

  it("keeps to a limit a day also on the first run of the day, and for people created", function()
    local company = { users = companies.people(100) }
    local function playbook(p)
      for position = 2, 4 do
        p.user(("person%d@acme.com"):format(position)) { active = false }
        p.user(("new%d@acme.com"):format(position)) {}
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
      for position = 1, count do
        list[position] = ("person%d@acme.com"):format(position)
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
      for position = 1, 4 do
        p.user(("person%d@acme.com"):format(position)) { groups = { "All", "A", "B", "C" } }
      end
    end)))
    -- the groups of somebody new
    assert.same({}, (guards_of(function(p)
      for position = 1, 20 do
        p.user(("new%d@acme.com"):format(position)) { groups = { "All", "A", "B", "C" } }
      end
    end)))
  end)

  it("counts people let in again", function()
    local users = companies.people(200)
    for position = 101, 160 do
      users[position].disabled = true
    end
    local function guards_of(count, limit)
      local plan = assert(plan_of({ users = users }, function(p)
        for position = 101, 100 + count do
          p.user(("person%d@acme.com"):format(position)) { active = true }
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
        for position = gone + 2, gone + 50 do -- 4.9 %
          p.user(("person%d@acme.com"):format(position)) { active = false }
        end
      end))
      if plan.body.refusals[1] then
        first = first or plan.body.refusals[1]
      else
        local steps, outcomes = {}, {}
        for number, step in ipairs(plan.body.steps) do
          steps[number] = { number = number, kind = step.kind, subject = step.subject }
          outcomes[number] = { number = number, state = "done" }
        end
        local run = assert(journal:begin_run {
          tenant = tenant,
          plan = "day " .. day,
          kind = "apply",
          total = #steps,
        })
        assert(journal:intend(run, steps))
        assert(journal:record(run, outcomes))
        gone = gone + #steps
        for position = 2, gone + 1 do
          client.company.users[position].disabled = true
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
      for position = 1, count do
        list[position] = { email = ("person%d@acme.com"):format(position) }
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
        for position = 1, count do
          list[position] = { email = ("x%d.%d@acme.com"):format(count, position) }
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

describe("lastpass.plan.guards: right before a run", function()
  local people

  -- A directory of people {admin, status}.
  local directory = {
    user = function(_, address)
      return people[address]
    end,
    users = function(_, filter)
      assert.same({ admin = true }, filter)
      local list = {}
      for _, person in pairs(people) do
        if person.admin then
          list[#list + 1] = person
        end
      end
      local position = 0
      return function()
        position = position + 1
        return list[position]
      end
    end,
  }

  before_each(function()
    people = {
      ["a@x"] = { admin = true, status = "active" },
      ["b@x"] = { admin = true, status = "active" },
      ["c@x"] = { admin = true, status = "disabled" },
      ["d@x"] = { admin = false, status = "active" },
    }
  end)

  local function steps(...)
    local list = {}
    for position = 1, select("#", ...), 2 do
      local kind, subject = select(position, ...)
      list[#list + 1] = { kind = kind, subject = subject, number = #list + 1 }
    end
    return list
  end

  local function body(limits, count)
    return {
      settings = { limits = limits },
      steps = {},
      directory = { people = count or 100, memberships = 100 },
    }
  end

  describe("last_admin", function()
    it("lets some go while one is left", function()
      assert.is_nil(plan_guards.last_admin(steps("disable", "a@x", "remove", "d@x"), directory))
    end)

    it("minds when all would go, and says the numbers", function()
      local message = plan_guards.last_admin(steps("disable", "a@x", "remove", "b@x"), directory)
      assert.equal("no active admin would be left: 2 of 2 would go", message)
    end)

    it("lets admins go who are disabled, however many", function()
      people["b@x"] = nil
      people["e@x"] = { admin = true, status = "disabled" }
      people["f@x"] = { admin = true, status = "invited" }
      local gone = steps("remove", "c@x", "remove", "e@x", "remove", "f@x")
      assert.is_nil(plan_guards.last_admin(gone, directory))
      local message = plan_guards.last_admin(steps("remove", "c@x", "disable", "a@x"), directory)
      assert.equal("no active admin would be left: 1 of 1 would go", message)
    end)

    it("does not count who is disabled or gone, or what takes nothing away", function()
      people["b@x"] = nil
      assert.is_truthy(plan_guards.last_admin(steps("delete", "a@x"), directory))
      assert.is_nil(plan_guards.last_admin(steps("remove", "c@x", "remove", "z@x"), directory))
      assert.is_nil(plan_guards.last_admin(steps("groups", "a@x", "name", "a@x"), directory))
    end)
  end)

  describe("spans", function()
    local function lately(day, month)
      return function(_, span)
        return span.name == "per_month" and month or day
      end
    end

    it("allow multiples of the limit of a plan, unless the playbook says otherwise", function()
      local two = steps("disable", "a@x", "disable", "b@x")
      assert.is_nil(plan_guards.spans(body { disable = "2%" }, two, lately(2)))
      local refusal = plan_guards.spans(body { disable = "2%" }, two, lately(3))
      assert.equal("disable_per_day", refusal.guard)
      assert.truthy(
        refusal.message:find("3 by earlier runs and 2 by this plan; the limit is 4", 1, true)
      )
      assert.truthy(refusal.allow:find("per_day = { disable = 5 }", 1, true))
      local one_a_day = body { disable = "50%", per_day = { disable = 1 } }
      assert.is_truthy(plan_guards.spans(one_a_day, steps("disable", "a@x"), lately(1)))
      refusal = plan_guards.spans(body { disable = "2%" }, two, lately(0, 9))
      assert.equal("disable_per_month", refusal.guard)
    end)

    it("are about what other runs did; a plan alone was judged when it was made", function()
      local two = steps("disable", "a@x", "disable", "b@x")
      assert.is_nil(plan_guards.spans(body { disable = 1 }, two, lately(0)))
    end)

    it("know limits for creations, and none for an undo", function()
      local refusal = plan_guards.spans(body { create = 0 }, steps("create", "z@x"), lately(9))
      assert.equal("create_per_day", refusal.guard)
      assert.is_nil(plan_guards.spans({ settings = {} }, steps("disable", "a@x"), lately(1000)))
    end)
  end)

  it("asks the journal, and passes its failures on", function()
    local work = {
      tenant = "t",
      outcomes = {},
      body = body { disable = 1 },
      journal = {
        amounts = function(_, tenant, since)
          assert.equal("t", tenant)
          local days = (os.time() - since) / 86400
          for _, expected in ipairs { 1, 7, 30 } do
            if math.abs(days - expected) < 0.01 then
              return { disable = expected == 1 and 2 or 0 }
            end
          end
          error "another span"
        end,
      },
    }
    local one = steps("disable", "d@x")
    check.failure("guard", "per_day", plan_guards.check_again(work, one, directory))
    work.journal.amounts = function(_, _, since)
      return { disable = os.time() - since > 864000 and 5 or 1 }
    end
    check.failure("guard", "per_month", plan_guards.check_again(work, one, directory))
    work.journal.amounts = function()
      return { disable = 1 }
    end
    assert.is_true(plan_guards.check_again(work, one, directory))
    work.journal.amounts = function()
      return errors.fail("conflict", "store_busy", "busy")
    end
    check.failure("conflict", "store_busy", plan_guards.check_again(work, one, directory))
    local all = steps("disable", "a@x", "disable", "b@x")
    check.failure("guard", "last_admin", plan_guards.check_again(work, all, directory))
  end)
end)

describe("lastpass.plan.guards: context", function()
  local client, journal, tenant

  before_each(function()
    local users = companies.people(3)
    users[2].disabled = true
    client = companies.client { users = users, invited = { "dee@acme.com" } }
    journal, tenant = companies.journal(client)
  end)

  it("are the size of the company, and what the journal knows", function()
    local run = assert(journal:begin_run {
      tenant = tenant,
      plan = "x",
      kind = "apply",
      total = 2,
    })
    local after = { email = "new@acme.com" }
    assert(journal:intend(run, {
      { number = 1, kind = "rename", subject = "Old@acme.com", after = after },
      { number = 2, kind = "disable", subject = "x@acme.com" },
    }))
    assert(
      journal:record(run, { { number = 1, state = "done" }, { number = 2, state = "unknown" } })
    )
    assert(journal:note_source(tenant, "hr", { rows = 7 }))
    local context = assert(plan_guards.context(client, client:snapshot(), { { name = "hr" } }))
    local size = context.size
    assert.same({ 4, 3, 1 }, { size.people, size.memberships, size.admins })
    assert.same({ ["old@acme.com"] = "new@acme.com" }, context.pending_renames)
    for _, span in ipairs(plan_limits.spans) do
      assert.equal(1, context.done_lately("disable", span))
      assert.equal(0, context.done_lately("remove", span))
    end
    assert.equal(7, context.last_source("hr").rows)
    assert.is_nil(context.last_source "other")
  end)

  it("are no reason to plan without them: a journal that fails is told", function()
    for _, method in ipairs { "amounts", "last_source", "done_steps", "note_source" } do
      rawset(journal, method, function()
        return errors.fail("conflict", "store_busy", "busy")
      end)
      local plan, message, err = companies.plan(client, function(p)
        p.users(p.source.table({ { email = "person1@acme.com" } }, { name = "hr" }))
      end)
      rawset(journal, method, nil)
      check.failure("conflict", "store_busy", plan, message, err)
    end
  end)

  it("remember sources that were read to their end and have not shrunk", function()
    assert(journal:note_source(tenant, "shrunk", { rows = 100 }))
    local sources = {
      { name = "good", complete = true, rows = 5 },
      { name = "cut", complete = false, rows = 5 },
      { name = "empty", complete = true, rows = 0 },
      { name = "shrunk", complete = true, rows = 79 },
    }
    local context = assert(plan_guards.context(client, client:snapshot(), sources))
    assert.is_true(plan_guards.note_sources(context, { shrink = "20%" }))
    assert.equal(5, journal:last_source(tenant, "good").rows)
    assert.is_nil((journal:last_source(tenant, "cut")))
    assert.is_nil((journal:last_source(tenant, "empty")))
    assert.equal(100, journal:last_source(tenant, "shrunk").rows)
    assert.is_true(plan_guards.note_sources(context, { shrink = "21%" }))
    assert.equal(79, journal:last_source(tenant, "shrunk").rows)
  end)
end)
