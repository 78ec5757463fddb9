-- Groups that LastPass would not take, or that are spelled otherwise.
-- Second accounts of one person: addresses that look alike, and names that come and go in one plan.
local companies = require "spec.support.companies"

describe("lastpass.plan.guards.names: groups", function()
  local lines_of, codes = companies.lines_of, companies.codes

  local function plan_of(groups, wanted)
    local company = { users = { { email = "ann@acme.com", groups = groups } } }
    return assert(companies.plan(company, function(p)
      p.user "ann@acme.com" { groups = wanted }
      p.only { "Finance", "finance ", "Sales", "Legal", "\195\156bung", "U\204\136BUNG" }
    end))
  end

  it("takes nobody out of the group that they are meant to be in", function()
    local plan = plan_of({ "Finance" }, { "finance ", "Sales" })
    assert.same({ "groups ann@acme.com +Sales" }, lines_of(plan.body.steps))
    assert.same({ "groups ann@acme.com +finance  -Finance" }, lines_of(plan.body.held))
    assert.equal("group_spelling", plan.body.held[1].code)
    plan = plan_of({ "\195\156bung" }, { "U\204\136BUNG" })
    assert.same({}, lines_of(plan.body.steps))
    assert.same({ ["ann@acme.com"] = "group_spelling" }, codes(plan.body.held))
  end)

  it("holds what looks like a group that exists, and shows where it differs", function()
    for spelt, shown in pairs {
      ["Finance\226\128\139"] = "Finance\\u{200b}",
      ["Fin\194\173ance"] = "Fin\\u{ad}ance",
      ["Fin\208\176nce"] = "Fin\\u{430}nce",
      ["\239\188\166inance"] = "\\u{ff26}inance",
      ["Finance."] = "Finance.",
      ["'Finance"] = "'Finance",
      ["\194\160finance"] = "\\u{a0}finance",
    } do
      local company = { users = { { email = "ann@acme.com", groups = { "Finance" } } } }
      local plan = assert(companies.plan(company, function(p)
        p.user "ann@acme.com" { groups = { spelt } }
      end))
      assert.same({}, lines_of(plan.body.steps))
      assert.same({ ["ann@acme.com"] = "group_spelling" }, codes(plan.body.held))
      assert.equal(
        ("there is no group '%s', but one named 'Finance'"):format(shown),
        plan.body.held[1].held
      )
    end
  end)

  it("makes no group with a control character in its name", function()
    local company = { users = { { email = "ann@acme.com", groups = { "Old\nName" } } } }
    for _, name in ipairs { "New\0x", "New\nx" } do
      local plan = assert(companies.plan(company, function(p)
        p.user "ann@acme.com" { groups = { name } }
      end))
      assert.same({}, lines_of(plan.body.steps))
      assert.same({ ["ann@acme.com"] = "group_spelling" }, codes(plan.body.held))
      local why = "there is no group '%s', and its name has a control character or a line end"
      assert.equal(why:format(name), plan.body.held[1].held)
    end
    local plan = assert(companies.plan(company, function(p)
      p.user "bob@acme.com" { groups = { "Old\nName" } } -- which exists
    end))
    assert.same({}, lines_of(plan.body.held))
  end)

  it("makes no two groups of one name", function()
    local company = { users = { { email = "ann@acme.com" }, { email = "bob@acme.com" } } }
    local plan = assert(companies.plan(company, function(p)
      p.user "ann@acme.com" { groups = { "New Group" } }
      p.user "bob@acme.com" { groups = { "new  group" } }
    end))
    assert.same({ "groups ann@acme.com +New Group" }, lines_of(plan.body.steps))
    assert.same({ ["bob@acme.com"] = "group_spelling" }, codes(plan.body.held))
  end)

  it("creates nobody without the groups that are meant", function()
    local company = { users = { { email = "ann@acme.com", groups = { "Finance" } } } }
    local plan = assert(companies.plan(company, function(p)
      p.user "new@acme.com" { groups = { "FINANCE" } }
    end))
    assert.same({}, lines_of(plan.body.steps))
    assert.same({ "create new@acme.com FINANCE" }, lines_of(plan.body.held))
  end)
end)

describe("lastpass.plan.guards.names: look-alikes", function()
  local lines_of, codes = companies.lines_of, companies.codes

  local function plan_of(company, playbook, limit)
    return assert(companies.plan(company, function(p)
      p.limit { disable = 100, leave = 100, create = 100 }
      if limit then
        p.limit(limit)
      end
      playbook(p)
    end))
  end

  local function company(address)
    return {
      users = {
        { email = address or "ann.lee@acme.com", fullname = "Ann Lee", groups = { "Sales" } },
        { email = "bob@acme.com", fullname = "Bob Ray", groups = { "Sales" } },
      },
      invited = { "new.one@acme.com" },
    }
  end

  -- the spelling, what is there, and how both are shown
  local spellings = {
    { "'ann.lee@acme.com", "ann.lee@acme.com", "'ann.lee@acme.com" },
    { "ann\226\128\164lee@acme.com", "ann.lee@acme.com", "ann\\u{2024}lee@acme.com" },
    { "\208\176nn.lee@acme.com", "ann.lee@acme.com", "\\u{430}nn.lee@acme.com" },
    { "\206\145nn.lee@acme.com", "ann.lee@acme.com", "\\u{391}nn.lee@acme.com" },
    { "\239\189\129nn.lee@acme.com", "ann.lee@acme.com", "\\u{ff41}nn.lee@acme.com" },
    { "ann.lee@a\209\129me.com", "ann.lee@acme.com", "ann.lee@a\\u{441}me.com" },
    {
      "ann.lee@xn--mller-kva.de",
      "ann.lee@m\195\188ller.de",
      "ann.lee@xn--mller-kva.de",
      "ann.lee@m\\u{fc}ller.de",
    },
    { "ann.lee@M\195\156LLER.de", "ann.lee@xn--mller-kva.de", "ann.lee@M\\u{dc}LLER.de" },
    {
      "ann.lee@acme.com",
      "\208\176nn.lee@acme.com",
      "ann.lee@acme.com",
      "\\u{430}nn.lee@acme.com",
    },
    { "ann.lee@acme.com", "'ann.lee@acme.com", "ann.lee@acme.com" },
  }

  it("notes a leaver whose address only looks like somebody's", function()
    for _, spelt in ipairs { "'ann.lee@acme.com", "\208\176nn.lee@acme.com" } do
      for _, way in ipairs { "user", "users" } do
        local plan = plan_of(company "ann.lee@acme.com", function(p)
          local list =
            { { email = spelt, left = "yes" }, { email = "gone@acme.com", left = "yes" } }
          local people = p.source.table(list, { name = "hr" })
          local words = { active = { "no" }, inactive = { "yes" } }
          if way == "users" then
            words.field = "left"
            p.users(people, { active = words })
          else
            for person in people:rows() do
              p.user(person.email) { active = p.status(person.left, words) }
            end
          end
        end)
        assert.same({}, lines_of(plan.body.steps))
        assert.equal(1, #plan.body.warnings, way .. spelt)
        assert.matches("^hr:1: '.+nn%.lee@acme%.com' is to lose", plan.body.warnings[1])
        assert.matches("looks like 'ann.lee@acme.com': correct", plan.body.warnings[1], 1, true)
      end
    end
  end)

  for number, case in ipairs(spellings) do
    it("holds an address that looks like one of the directory: " .. case[3], function()
      local plan = plan_of(company(case[2]), function(p)
        p.user(case[1]) { fullname = "Ann L.", groups = { "Sales" } }
        p.user "bob@acme.com" { groups = { "Sales" } }
        p.missing "disable"
      end)
      assert.same({}, lines_of(plan.body.steps), number)
      assert.same({ [case[1]] = "look_alike", [case[2]] = "look_alike" }, codes(plan.body.held))
      for _, step in ipairs(plan.body.held) do
        local expected = "'%s' looks like '%s', who is in the directory: correct the address; "
          .. "if they are two people, allow so many with limit { look_alikes = 1 }"
        assert.equal(expected:format(case[3], case[4] or case[2]), step.held)
      end
    end)
  end

  it("holds what looks like somebody who is only invited", function()
    local plan = plan_of(company(), function(p)
      p.user "new.\208\190ne@acme.com" {}
    end)
    assert.same({}, lines_of(plan.body.steps))
    assert.matches("looks like 'new.one@acme.com'", plan.body.held[1].held, 1, true)
  end)

  it("holds two new people who look alike", function()
    local plan = plan_of(company(), function(p)
      p.user "dee@acme.com" {}
      p.user "d\208\181e@acme.com" {}
      p.user "eve@acme.com" {}
    end)
    assert.same({ "create eve@acme.com " }, lines_of(plan.body.steps))
    assert.same(
      { ["dee@acme.com"] = "look_alike", ["d\208\181e@acme.com"] = "look_alike" },
      codes(plan.body.held)
    )
    assert.matches("whom this plan adds as well", plan.body.held[1].held, 1, true)
  end)

  it("holds a change of address that would look like another's", function()
    local plan = plan_of({
      users = {
        { email = "ann@acme.com", attributes = { Id = "1" } },
        { email = "bob@acme.com", attributes = { Id = "2" } },
      },
    }, function(p)
      p.match { "employee_id", "email", attribute = "Id" }
      p.rename "updateemail"
      p.user "b\208\190b@acme.com" { employee_id = "1" }
    end)
    assert.same({}, lines_of(plan.body.steps))
    assert.same({ ["ann@acme.com"] = "look_alike" }, codes(plan.body.held))
  end)

  it("lets so many through as the limit says", function()
    local function steps(count)
      local plan = plan_of(company(), function(p)
        p.user "\208\176nn.lee@acme.com" {}
        p.user "b\208\190b@acme.com" {}
      end, { look_alikes = count })
      return #plan.body.steps, #plan.body.held
    end
    assert.same({ 0, 2 }, { steps(1) })
    assert.same({ 2, 0 }, { steps(2) })
  end)

  it("leaves alone a company of another script", function()
    local plan = plan_of({
      users = {
        {
          email = "\206\189\206\175\206\186\206\191\207\130@acme.gr",
          groups = { "\206\145\206\146\206\147" },
        },
        {
          email = "\208\184\208\178\208\176\208\189@acme.bg",
          groups = { "\206\145\206\146\206\147" },
        },
      },
    }, function(p)
      p.user "\206\189\206\175\206\186\206\177@acme.gr" {
        groups = { "\206\145\206\146\206\147", "\206\145\206\146\206\148" },
      }
      p.user "\208\184\208\178\208\176@acme.bg" { groups = { "\206\145\206\146\206\147" } }
      p.user "o'brien@acme.gr" {}
      p.user "obrien@acme.gr" {}
    end)
    assert.equal(4, #plan.body.steps)
    assert.same({}, lines_of(plan.body.held))
  end)

  describe("of one name", function()
    local function playbook(p)
      p.user "ann.smith@acme.com" { fullname = "ann  LEE" }
      p.user "bob@acme.com" {}
      p.missing "disable"
    end

    it("holds who comes and who goes, naming both", function()
      local plan = plan_of(company(), playbook)
      assert.same({}, lines_of(plan.body.steps))
      assert.same(
        { ["ann.smith@acme.com"] = "same_name", ["ann.lee@acme.com"] = "same_name" },
        codes(plan.body.held)
      )
      assert.equal(
        "ann.smith@acme.com, to be created, and ann.lee@acme.com, who would lose the account "
          .. "(disable), are both named 'ann  LEE': if they are one person, give them an employee "
          .. "id or aliases; if they are two, allow so many with limit { same_name = 1 }",
        plan.body.held[1].held
      )
    end)

    it("lets so many through as the limit says", function()
      local plan = plan_of(company(), playbook, { same_name = 1 })
      assert.same(
        { "create ann.smith@acme.com ", "disable ann.lee@acme.com" },
        lines_of(plan.body.steps)
      )
    end)

    it("does not mind the name of somebody who stays, nor no name", function()
      local plan = plan_of(company(), function(p)
        p.user "bob2@acme.com" { fullname = "Bob Ray" }
        p.user "bob@acme.com" {}
        p.user "noname@acme.com" { fullname = "" }
        p.missing "disable"
      end)
      assert.equal(3, #plan.body.steps)
    end)
  end)

  it("shows what cannot be seen and what would be mistaken, in all of a plan's text", function()
    local plan = plan_of(company(), function(p)
      p.user "bob@acme.com" {
        fullname = "B\208\190b\194\160R\194\173ay",
        groups = { "Sal\208\181s 2" },
      }
      p.user "\208\176nn.lee@acme.com" {}
    end)
    local text = tostring(plan)
    assert.matches("B\\u{43e}b\\u{a0}R\\u{ad}ay", text, 1, true)
    assert.matches("Sal\\u{435}s 2", text, 1, true)
    assert.matches("\\u{430}nn.lee@acme.com", text, 1, true)
    assert.is_nil(text:find("\208", 1, true))
    assert.is_nil(text:find("\194", 1, true))
  end)
end)
