-- The word `status` in playbooks, in loops and in mappings alike.
local check = require "spec.support.check"
local companies = require "spec.support.companies"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

local codes, told = companies.codes, companies.told

local WORDS = { active = { "active", "on leave" }, inactive = { "terminated" } }

-- Ten people, of whom 6 to 10 are disabled.
local function company()
  local users = companies.people(10)
  for place = 6, 10 do
    users[place].disabled = true
  end
  return { users = users }
end

local function rows(states, more)
  local list = {}
  for place = 1, 10 do
    local row = { email = ("person%d@acme.com"):format(place), state = states[place] }
    for name, value in pairs(more or {}) do
      row[name] = value
    end
    list[place] = row
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

describe("status in a playbook", function()
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
      }, told(plan.body.steps))
      assert.same({}, told(plan.body.held))
      assert.same({
        ["person3@acme.com"] = "status_word",
        ["person4@acme.com"] = "status_word",
        ["person8@acme.com"] = "status_word",
        ["person9@acme.com"] = "status_word",
      }, codes(plan.body.problems))
      assert.equal(4, #plan.body.problems)
      for _, problem in ipairs(plan.body.problems) do
        local from = name == "list" and "^status_spec%.lua:%d+$" or "^hr:%d+$"
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
      }, told(plan.body.steps))
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
    assert.same({}, told(plan.body.steps))
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
    assert.matches("^status_spec%.lua:%d+$", plan.body.problems[1].origin)
  end)

  it("is whoever's fields are being written, whatever the playbook makes of the answer", function()
    local states = { "x", "active", "x", "terminated", nil, "x", "x", nil, "active", "terminated" }
    local plan = assert(companies.plan(company(), function(p)
      for _, person in ipairs((p.source.table(rows(states), { name = "hr" }):read())) do
        p.user(person.email) { active = p.status(person.state, WORDS) and true or false }
      end
      p.limit { disable = 5, enable = 5 }
    end))
    assert.same({ "disable person4@acme.com", "enable person9@acme.com" }, told(plan.body.steps))
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
      assert.matches("status_spec.lua:%d+: status: the status .+ is on neither list", err.message)
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
      [("\nstatus(print, { %s, %s })"):format(one, two)] = "must be a text, not a function",
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
