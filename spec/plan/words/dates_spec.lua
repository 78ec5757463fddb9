-- Memberships that end.
local companies = require "spec.support.companies"

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

describe("lastpass.plan.words.dates", function()
  it("keep a membership to the end of the day in the account's zone, and end it then", function()
    local joins = { "groups bob@acme.com +Project" }
    local leaves = { "groups ann@acme.com -Project" }
    assert.same(joins, companies.told(steps_at("2026-06-16", 0).body.steps))
    -- midnight in New York is 04:00 UTC
    assert.same(joins, companies.told(steps_at("2026-06-15", 16 * 3600 - 1).body.steps))
    assert.same(leaves, companies.told(steps_at("2026-06-15", 16 * 3600).body.steps))
    assert.same(leaves, companies.told(steps_at("2025-12-31", 0).body.steps))
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
      return companies.told(assert(companies.plan(client, function(p)
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
      assert.matches("dates_spec.lua:%d+: " .. word .. ": needs a day such as", message)
      _, message = companies.plan({ users = {} }, function(p)
        p[word]("2026-12-31", "")
      end)
      assert.matches("dates_spec.lua:%d+: " .. word .. ": the second argument", message)
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
    for place, row in ipairs(rows) do
      users[place] = { email = row.email, disabled = place < 5, groups = { "Project" } }
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
    for place, problem in ipairs(plan.body.problems) do
      list[place] = ("%s %s %s"):format(problem.code, problem.subject, problem.origin)
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
    assert.same({ "disable eve@acme.com", "enable ann@acme.com" }, companies.told(plan.body.steps))
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
    assert.same({ "groups eve@acme.com -Project" }, companies.told(plan.body.steps))
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
      ["2026-06-30"] = "1 Jul: ann@acme.com is disabled (dates_spec.lua:LINE)",
      ["2026-06-15"] = "16 Jun: ann@acme.com is disabled (dates_spec.lua:LINE)",
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
      for place = 1, 22 do
        p.user(("p%02d@acme.com"):format(place)) { active = p.until_date "2026-06-20" }
      end
    end)
    assert.equal(21, #lines)
    assert.equal("and 2 more within a month", lines[21])
  end)
end)
