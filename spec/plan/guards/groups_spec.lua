-- Groups that LastPass would not take, or that are spelled otherwise.
local companies = require "spec.support.companies"

local told, codes = companies.told, companies.codes

local function plan_of(groups, wanted)
  local company = { users = { { email = "ann@acme.com", groups = groups } } }
  return assert(companies.plan(company, function(p)
    p.user "ann@acme.com" { groups = wanted }
    p.only { "Finance", "finance ", "Sales", "Legal", "\195\156bung", "U\204\136BUNG" }
  end))
end

describe("lastpass.plan.guards.groups", function()
  it("takes nobody out of the group that they are meant to be in", function()
    local plan = plan_of({ "Finance" }, { "finance ", "Sales" })
    assert.same({ "groups ann@acme.com +Sales" }, told(plan.body.steps))
    assert.same({ "groups ann@acme.com +finance  -Finance" }, told(plan.body.held))
    assert.equal("group_spelling", plan.body.held[1].code)
    plan = plan_of({ "\195\156bung" }, { "U\204\136BUNG" })
    assert.same({}, told(plan.body.steps))
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
      assert.same({}, told(plan.body.steps))
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
      assert.same({}, told(plan.body.steps))
      assert.same({ ["ann@acme.com"] = "group_spelling" }, codes(plan.body.held))
      local why = "there is no group '%s', and its name has a control character or a line end"
      assert.equal(why:format(name), plan.body.held[1].held)
    end
    local plan = assert(companies.plan(company, function(p)
      p.user "bob@acme.com" { groups = { "Old\nName" } } -- which exists
    end))
    assert.same({}, told(plan.body.held))
  end)

  it("makes no two groups of one name", function()
    local company = { users = { { email = "ann@acme.com" }, { email = "bob@acme.com" } } }
    local plan = assert(companies.plan(company, function(p)
      p.user "ann@acme.com" { groups = { "New Group" } }
      p.user "bob@acme.com" { groups = { "new  group" } }
    end))
    assert.same({ "groups ann@acme.com +New Group" }, told(plan.body.steps))
    assert.same({ ["bob@acme.com"] = "group_spelling" }, codes(plan.body.held))
  end)

  it("creates nobody without the groups that are meant", function()
    local company = { users = { { email = "ann@acme.com", groups = { "Finance" } } } }
    local plan = assert(companies.plan(company, function(p)
      p.user "new@acme.com" { groups = { "FINANCE" } }
    end))
    assert.same({}, told(plan.body.steps))
    assert.same({ "create new@acme.com FINANCE" }, told(plan.body.held))
  end)
end)
