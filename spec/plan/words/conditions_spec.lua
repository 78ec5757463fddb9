-- The word `status` in playbooks, in loops and in mappings alike.
-- Memberships that end.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

describe("status in a playbook", function()
  local codes, lines_of = companies.codes, companies.lines_of

  local WORDS = { active = { "active", "on leave" }, inactive = { "terminated" } }

  -- Ten people, of whom 6 to 10 are disabled.
  local function company()
    local users = companies.people(10)
    for position = 6, 10 do
      users[position].disabled = true
    end
    return { users = users }
  end

  local function rows(states, more)
    local list = {}
    for position = 1, 10 do
      local row = { email = ("person%d@acme.com"):format(position), state = states[position] }
      for name, value in pairs(more or {}) do
        row[name] = value
      end
      list[position] = row
    end
    return list
  end

  -- The ways in which a playbook may say it.
  local ways = {
    inside = function(p, people)
      for person in people:rows() do
        p.user(person.email) { active = p.status(person.state, WORDS), groups = { "All", "New" } }
      end
    end,
    before = function(p, people)
      for person in people:rows() do
        local active = p.status(person.state, WORDS)
        p.user(person) { active = active, groups = { "All", "New" } }
      end
    end,
    compared = function(p, people)
      for person in people:rows() do
        local active = p.status(person.state, WORDS) == true
        p.user(person.email) { active = active, groups = { "All", "New" } }
      end
    end,
    skipping = function(p, people)
      for person in people:rows() do
        local active = p.status(person.state, WORDS)
        if active == true or active == false then
          p.user(person.email) { active = active, groups = { "All", "New" } }
        end
      end
    end,
    truthy = function(p, people)
      for person in people:rows() do
        p.user(person.email) {
          active = p.status(person.state, WORDS) and true or false,
          groups = { "All", "New" },
        }
      end
    end,
    list = function(p, people)
      for _, person in ipairs(people:read()) do
        p.user(person.email) { active = p.status(person.state, WORDS), groups = { "All", "New" } }
      end
    end,
    mapping = function(p, people)
      p.users(people, {
        active = { field = "state", active = WORDS.active, inactive = WORDS.inactive },
        fixed_groups = { "All", "New" },
      })
    end,
  }

  local STATES = {
    "active",
    "Terminated\194\160", -- disabled
    "Inactive", -- left alone
    "",
    "on leave",
    "ACTIVE", -- enabled
    "terminated",
    "Beendet", -- left alone
    nil,
    "TERMINATED",
  }

  for name, way in pairs(ways) do
    it("leaves alone whoever has another word: " .. name, function()
      local plan = assert(companies.plan(company(), function(p)
        way(p, p.source.table(rows(STATES), { name = "hr" }))
        p.missing "disable"
        p.limit { disable = 5, enable = 5, create = 0 }
      end))
      assert.same({}, companies.guards(plan))
      assert.same({
        "disable person2@acme.com",
        "enable person6@acme.com",
        "groups person1@acme.com +New",
        "groups person5@acme.com +New",
        "groups person6@acme.com +New",
      }, lines_of(plan.body.steps))
      assert.same({}, lines_of(plan.body.held))
      assert.same({
        ["person3@acme.com"] = "status_word",
        ["person4@acme.com"] = "status_word",
        ["person8@acme.com"] = "status_word",
        ["person9@acme.com"] = "status_word",
      }, codes(plan.body.problems))
      assert.equal(4, #plan.body.problems)
      for _, problem in ipairs(plan.body.problems) do
        local from = name == "list" and "^conditions_spec%.lua:%d+$" or "^hr:%d+$"
        assert.matches(from, problem.origin)
      end
    end)
  end

  it("does not create somebody, and lets others be missing", function()
    local list = rows({ "active", "active" })
    local people = { list[1], { email = "new@acme.com", state = "Neu" }, list[2] }
    for _, name in ipairs { "inside", "mapping" } do
      local plan = assert(companies.plan(company(), function(p)
        ways[name](p, p.source.table(people, { name = "hr" }))
        p.only "All"
        p.missing "disable"
        p.limit { disable = 5 }
      end))
      assert.same({
        "disable person3@acme.com",
        "disable person4@acme.com",
        "disable person5@acme.com",
      }, lines_of(plan.body.steps))
      assert.same({ ["new@acme.com"] = "status_word" }, codes(plan.body.problems))
      assert.equal("hr:2", plan.body.problems[1].origin)
    end
  end)

  it("names the line of the file", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write "email,state\nperson1@acme.com,active\nperson7@acme.com,Beendet\n"
    file:close()
    for _, name in ipairs { "inside", "skipping", "mapping" } do
      local plan = assert(companies.plan(company(), function(p)
        ways[name](p, p.source.csv(path))
      end))
      assert.equal(path:match "[^/]*$" .. ":3", plan.body.problems[1].origin:match "[^/]*$")
      assert.equal("person7@acme.com", plan.body.problems[1].subject)
      assert.equal("the status 'Beendet' is on neither list", plan.body.problems[1].reason)
    end
    os.remove(path)
  end)

  it("leaves alone whoever is known by something else: another column, an id, an alias", function()
    local users = company().users
    users[7].attributes = { { Number = "77" } }
    local function plan_of(playbook_fn)
      return assert(companies.plan({ users = users }, playbook_fn))
    end
    local mail = { { mail = "person7@acme.com", state = "x" } }
    local plan = plan_of(function(p)
      for person in p.source.table(mail, { name = "hr", key = "mail" }):rows() do
        if p.status(person.state, WORDS) then
          p.user(person.mail) { active = true }
        end
      end
    end)
    assert.same({}, lines_of(plan.body.steps))
    assert.equal("person7@acme.com", plan.body.problems[1].subject)
    plan = plan_of(function(p)
      p.user "new@acme.com" {
        aliases = { "person8@acme.com" },
        active = p.status("x", WORDS),
        groups = { "New" },
      }
      p.user "person8@acme.com" { active = true }
      p.missing "disable"
      p.limit { disable = 10 }
    end)
    assert.is_nil(codes(plan.body.steps)["person8@acme.com"])
    for _, step in ipairs(plan.body.steps) do
      assert.is_true(step.subject ~= "person8@acme.com" and step.subject ~= "new@acme.com")
    end
    assert.matches("^conditions_spec%.lua:%d+$", plan.body.problems[1].origin)
  end)

  it("is whoever's fields are being written, whatever the playbook makes of the answer", function()
    local states = { "x", "active", "x", "terminated", nil, "x", "x", nil, "active", "terminated" }
    local plan = assert(companies.plan(company(), function(p)
      for _, person in ipairs((p.source.table(rows(states), { name = "hr" }):read())) do
        p.user(person.email) { active = p.status(person.state, WORDS) and true or false }
      end
      p.limit { disable = 5, enable = 5 }
    end))
    assert.same(
      { "disable person4@acme.com", "enable person9@acme.com" },
      lines_of(plan.body.steps)
    )
    assert.same({
      ["person1@acme.com"] = "status_word",
      ["person3@acme.com"] = "status_word",
      ["person5@acme.com"] = "status_word",
      ["person6@acme.com"] = "status_word",
      ["person7@acme.com"] = "status_word",
      ["person8@acme.com"] = "status_word",
    }, codes(plan.body.problems))
  end)

  it("raises for a word on neither list when nobody knows whose it is", function()
    for _, state in ipairs { "x", "" } do
      local err = check.failure(
        "argument",
        "playbook_mistake",
        companies.plan(company(), function(p)
          local people = p.source.table(rows { "active", state }, { name = "hr" }):read()
          for _, person in ipairs(people) do
            if p.status(person.state, WORDS) then
              p.user(person.email) { active = true }
            end
          end
        end)
      )
      assert.matches(
        "conditions_spec.lua:%d+: status: the status .+ is on neither list",
        err.message
      )
      assert.matches("loop over the rows of the source", err.message, 1, true)
    end
  end)

  it("raises for words that make no sense, at the playbook's line", function()
    local path = os.tmpname()
    local function failure(text)
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
      local err = check.failure(
        "argument",
        "playbook_mistake",
        playbook.run(path, { zone = time.zone(), now = companies.NOW })
      )
      assert.equal(2, err.line)
      return err.message
    end
    local one, two = "active = { 'a' }", "inactive = { 'x' }"
    local user = "\nuser 'a@x.com' { active = status('x', { %s, %s }), grups = {} }"
    for text, message in pairs {
      ["\nstatus('a')"] = "status: needs the words",
      [("\nstatus('a', { %s })"):format(one)] = "status: needs the list 'inactive' as well",
      ["\nstatus('a', { active = { 'a' }, inactive = { ' A' } })"] = "' A' is on both lists",
      [("\nstatus('a', { %s, %s }, 'c')"):format(one, two)] = "takes 2 arguments, and more",
      [("\nstatus(print, { %s, %s })"):format(one, two)] = "must be a string, not a function",
      [("\nusers(source.table({}), { active = { field = 's', %s } })"):format(two)] = "users: "
        .. "active: needs the list 'active' as well",
      [("\nusers(source.table({}), { active = { %s, %s } })"):format(one, two)] = "users: active: "
        .. "needs the 'field'",
      [user:format(one, two)] = "did you mean 'groups'?",
    } do
      local told_message = failure(text)
      assert.truthy(told_message:find(message, 1, true), told_message)
    end
    os.remove(path)
  end)
end)

describe("lastpass.plan.words.conditions: dates", function()
  local DAY = 24 * 60 * 60

  local function steps_at(date, shift, more)
    local client = companies.client {
      users = { { email = "ann@acme.com", groups = { "Project" } }, { email = "bob@acme.com" } },
    }
    local now = companies.NOW + shift -- noon UTC of 2026-06-15
    client._options.now = function()
      return now
    end
    return assert(companies.plan(client, function(p)
      p.user "ann@acme.com" { groups = { p.until_date(date, "Project") } }
      p.user "bob@acme.com" { groups = { p.until_date(date, "Project") } }
      if more then
        more(p)
      end
    end))
  end

  it("keep a membership to the end of the day in the account's zone, and end it then", function()
    local joins = { "groups bob@acme.com +Project" }
    local leaves = { "groups ann@acme.com -Project" }
    assert.same(joins, companies.lines_of(steps_at("2026-06-16", 0).body.steps))
    -- midnight in New York is 04:00 UTC
    assert.same(joins, companies.lines_of(steps_at("2026-06-15", 16 * 3600 - 1).body.steps))
    assert.same(leaves, companies.lines_of(steps_at("2026-06-15", 16 * 3600).body.steps))
    assert.same(leaves, companies.lines_of(steps_at("2025-12-31", 0).body.steps))
  end)

  it("say in the plan until when", function()
    local step = steps_at("2026-06-15", DAY).body.steps[1]
    assert.equal("has other groups; Project until 2026-06-15", step.reason)
    assert.equal("until_date", step.rule)
  end)

  it("are true or false without a group", function()
    steps_at("2026-06-15", 0, function(p)
      assert.is_true(p.until_date "2026-06-15")
      assert.is_false(p.until_date "2026-06-14")
    end)
  end)

  it("begin on the day that is named", function()
    local function at(shift)
      local client = companies.client { users = { { email = "bob@acme.com" } } }
      client._options.now = function()
        return companies.NOW + shift
      end
      return companies.lines_of(assert(companies.plan(client, function(p)
        p.user "bob@acme.com" { groups = { p.from_date("2026-06-16", "Project") } }
      end)).body.steps)
    end
    local midnight = 16 * 3600 -- in New York, of noon UTC on 2026-06-15
    assert.same({}, at(midnight - 1))
    assert.same({ "groups bob@acme.com +Project" }, at(midnight))
    steps_at("2026-06-15", 0, function(p)
      assert.is_true(p.from_date "2026-06-15")
      assert.is_false(p.from_date "2026-06-16")
      assert.equal("2026-06-15", p.today())
    end)
    steps_at("2026-06-15", midnight - 1, function(p)
      assert.equal("2026-06-15", p.today())
    end)
    steps_at("2026-06-15", midnight, function(p)
      assert.equal("2026-06-16", p.today())
    end)
  end)

  it("raise where the playbook itself is wrong", function()
    for _, word in ipairs { "until_date", "from_date" } do
      local _, message, err = companies.plan({ users = {} }, function(p)
        p[word] "31.12.2026"
      end)
      assert.equal("playbook_mistake", err.code)
      assert.matches("conditions_spec.lua:%d+: " .. word .. ": needs a day such as", message)
      _, message = companies.plan({ users = {} }, function(p)
        p[word]("2026-12-31", "")
      end)
      assert.matches("conditions_spec.lua:%d+: " .. word .. ": the second argument", message)
    end
  end)
end)

describe("a day in a row", function()
  local rows = {
    { email = "ann@acme.com", hired = "2020-01-31" },
    { email = "bob@acme.com", hired = "31.01.2020" },
    { email = "cyd@acme.com", hired = "" },
    { email = "dan@acme.com" },
    { email = "eve@acme.com", hired = "2026-07-01" },
  }

  local function plan_of(declare)
    local users = {}
    for position, row in ipairs(rows) do
      users[position] = { email = row.email, disabled = position < 5, groups = { "Project" } }
    end
    return assert(companies.plan({ users = users }, function(p)
      local columns = { email = "email", hired = { "hired", optional = true } }
      for person in p.source.table(rows, { columns = columns, name = "hr" }):rows() do
        declare(p, person)
      end
      p.missing "disable"
    end, { limit = { enable = "100%", disable = "100%" } }))
  end

  local function check_problems(plan)
    local list = {}
    for position, problem in ipairs(plan.body.problems) do
      list[position] = ("%s %s %s"):format(problem.code, problem.subject, problem.origin)
    end
    assert.same({
      "bad_date bob@acme.com hr:2",
      "bad_date cyd@acme.com hr:3",
      "bad_date dan@acme.com hr:4",
    }, list)
    assert.equal(
      "from_date: '31.01.2020' is not a day such as \"2026-12-31\"; the option "
        .. 'dates = { field = "MM/DD/YYYY" } of its source says how it is written',
      plan.body.problems[1].reason
    )
    assert.equal("from_date: the row has no day", plan.body.problems[2].reason)
  end

  it("that is none makes the row one that is not used, and the others count", function()
    local plan = plan_of(function(p, person)
      p.user(person.email) { active = p.from_date(person.hired) }
    end)
    check_problems(plan)
    assert.same(
      { "disable eve@acme.com", "enable ann@acme.com" },
      companies.lines_of(plan.body.steps)
    )
    -- whatever else becomes of the answer
    plan = plan_of(function(p, person)
      local has_begun = p.from_date(person.hired)
      p.user(person.email) { active = not not has_begun, groups = {} }
    end)
    check_problems(plan)
    plan = plan_of(function(p, person)
      p.user(person.email) { groups = { p.from_date(person.hired, "Project") } }
    end)
    check_problems(plan)
    assert.same({ "groups eve@acme.com -Project" }, companies.lines_of(plan.body.steps))
  end)
end)

describe("what dates will bring", function()
  local function upcoming(declare, user)
    local client = companies.client { users = { user or { email = "ann@acme.com" } } }
    local plan = assert(companies.plan(client, declare))
    local lines = {}
    local part = tostring(plan):match "What the dates will bring:\n(.-)\n\n"
    for line in (part or ""):gmatch "[^\n]+" do
      lines[#lines + 1] = line:match "^  (.*)$"
    end
    return lines, plan
  end

  it("is listed: who is disabled, who can log in, who joins and leaves", function()
    for day, expected in pairs {
      ["2026-06-30"] = "1 Jul: ann@acme.com is disabled (conditions_spec.lua:LINE)",
      ["2026-06-15"] = "16 Jun: ann@acme.com is disabled (conditions_spec.lua:LINE)",
      ["2026-06-14"] = false, -- has ended
      ["2026-08-30"] = false, -- too far away
    } do
      local lines = upcoming(function(p)
        p.user "ann@acme.com" { active = p.until_date(day) }
      end)
      assert.equal(expected or nil, lines[1] and (lines[1]:gsub(":%d+%)", ":LINE)")))
    end
    local lines, plan = upcoming(function(p)
      local rows = { { email = "ann@acme.com", from = "2026-06-20", till = "2026-06-30" } }
      for person in p.source.table(rows, { name = "hr" }):rows() do
        p.user(person.email) {
          active = p.from_date(person.from) and p.until_date(person.till),
          groups = {
            p.until_date(person.till, "Old"),
            p.from_date(person.till, "New"),
          },
        }
      end
    end)
    assert.same({
      "20 Jun: ann@acme.com can log in (hr:1)",
      "30 Jun: ann@acme.com joins New (hr:1)",
      "1 Jul: ann@acme.com leaves Old (hr:1)",
    }, lines)
    assert.same(
      { day = "2026-06-20", subject = "ann@acme.com", what = "can log in", origin = "hr:1" },
      plan.body.upcoming[1]
    )
    local document = require "lastpass.plan.document"
    assert.equal(3, #assert(document.parse(plan:text(), "p.json")).upcoming)
  end)

  it("belongs to the person whose row or declaration the date stands in", function()
    local lines = upcoming(function(p)
      local open = p.until_date "2026-06-20" -- of nobody
      p.user "ann@acme.com" { active = open }
      local rows = { { email = "bob@acme.com", till = "2026-06-20" }, { email = "cyd@acme.com" } }
      for person in p.source.table(rows, { name = "hr" }):rows() do
        local active = person.till == nil or p.until_date(person.till)
        p.user(person.email) { active = active }
      end
    end)
    assert.same({ "21 Jun: bob@acme.com is disabled (hr:1)" }, lines)
  end)

  it("is cut for people after twenty lines", function()
    local lines = upcoming(function(p)
      for position = 1, 22 do
        p.user(("p%02d@acme.com"):format(position)) { active = p.until_date "2026-06-20" }
      end
    end)
    assert.equal(21, #lines)
    assert.equal("and 2 more within a month", lines[21])
  end)
end)
