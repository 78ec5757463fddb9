-- Plans over companies: put together, limited together, saved and read.
local company_plans = require "spec.support.company_plans"
local limits = require "lastpass.plan.limits"
local plan_limits = require "lastpass.tenants.plan_limits"
local plans = require "lastpass.tenants.plans"

describe("a plan over companies", function()
  local function settings_with(more)
    local settings = { limits = limits.defaults() }
    for name, value in pairs(more) do
      settings[name] = value
    end
    return settings
  end

  local function guards_of(made)
    local names = {}
    for index, refusal in ipairs(made.body.refusals) do
      names[index] = refusal.guard
    end
    return names
  end

  it("says what it does in all of them together, and who has none", function()
    local missing = { { company = "gone", cid = 9, code = "unreachable", message = "no answer" } }
    local made = assert(company_plans.combined({ 2, 0, 1 }, { missing = missing, select = "all" }))
    assert.equal(3, made:count())
    assert.equal(0, made:final_count())
    assert.is_true(plans.is(made))
    assert.equal(4, made.body.companies_in_set)
    assert.same({ disable = 3 }, made.body.counts)
    assert.equal(300, made.body.people)
    local text = tostring(made)
    for _, expected in ipairs {
      "over 4 companies (leavers.lua, all)",
      "300 people",
      "company1",
      "1 company with nothing to change",
      "3 of 4 companies have a plan",
      "no plan for gone: no answer",
      "together: 3 to disable",
    } do
      assert.is_truthy(text:find(expected, 1, true), expected .. " in\n" .. text)
    end
  end)

  it("holds one more percentage over all that each company holds", function()
    -- one of ten is let through in each company, for 5 % of ten is less than one
    local made = assert(company_plans.combined({ 1, 1, 1, 1 }, { each = { people = 10 } }))
    assert.same({ "disable_over_all" }, guards_of(made))
    assert.matches("over all companies: people disabled: 4 of 40; the limit is 5%%", tostring(made))
    assert.matches("limits_over_all { disable = 4 }", made.body.refusals[1].allow)
    made = assert(company_plans.combined({ 1, 1 }, { each = { people = 40 } }))
    assert.same({}, guards_of(made))
  end)

  it("is limited by what the playbook or the command line says", function()
    local each = { settings = settings_with { limits_over_all = { disable = 3 } } }
    local made = assert(company_plans.combined({ 2, 2 }, { each = each }))
    assert.same({ "disable_over_all" }, guards_of(made))
    made =
      assert(company_plans.combined({ 2, 2 }, { each = each, limit_over_all = { disable = 4 } }))
    assert.same({}, guards_of(made))
    assert.has_error(function()
      company_plans.combined({ 2 }, { limit_over_all = { disabel = 4 } })
    end)
  end)

  it("takes a count for each company for no limit over all", function()
    local each = { people = 10, settings = settings_with { limits = limits.defaults() } }
    each.settings.limits.disable = 2
    assert.same({}, guards_of(assert(company_plans.combined({ 2, 2, 2 }, { each = each }))))
  end)

  it("is no plan when the playbook says two limits over all", function()
    local entries = {
      company_plans.entry(
        "a",
        1,
        1,
        { settings = settings_with { limits_over_all = { disable = 3 } } }
      ),
      company_plans.entry(
        "b",
        2,
        1,
        { settings = settings_with { limits_over_all = { disable = 4 } } }
      ),
    }
    local made, message, err = plans.combine(entries, {}, { kind = "apply", now = 1 })
    assert.is_nil(made)
    assert.equal("playbook_mistake", err.code)
    assert.matches("'disable' is 3 for one company and 4 for another", message)
  end)

  it("leaves companies out that a guard refuses, and says so", function()
    local refusals = { { guard = "disable", message = "too many", allow = "limit" } }
    local entries = {
      company_plans.entry("a", 1, 1),
      company_plans.entry("b", 2, 90, { refusals = refusals }),
    }
    local made = assert(plans.combine(entries, {}, { kind = "apply", now = 1 }))
    assert.equal(1, made:count())
    assert.same({}, guards_of(made))
    assert.equal("a", made:applicable()[1].company)
    assert.is_nil(made:applicable()[2])
    assert.matches("REFUSED by the guard 'disable': too many", tostring(made))
  end)

  it("is saved and read", function()
    local path = os.tmpname()
    local made = assert(company_plans.combined { 1, 2 })
    assert(made:save(path))
    local read = assert(plans.load(path))
    assert.equal(made.name, read.name)
    assert.equal(made:text(), read:text())
    assert.equal(2, assert(read:plan "company2"):count())
    local none, message, err = read:plan "compani2"
    assert.is_nil(none)
    assert.equal("no_such_company", err.code)
    assert.matches("did you mean 'company2'", message)
    os.remove(path)
    none, message, err = plans.load(path)
    assert.is_nil(none)
    assert.matches(path, message, 1, true)
    assert.equal("argument", err.kind)
    assert.has_error(function()
      made:save ""
    end)
  end)

  it("shows two hundred steps, and says how many more there are", function()
    local made = assert(company_plans.combined({ 150, 150 }, { each = { people = 10000 } }))
    assert.matches("and 100 more; the plan's file has all of them", tostring(made))
  end)

  it("counts what is limited of all plans", function()
    local one = company_plans.body("x 1", 2)
    local counts, size = plan_limits.totals { one, one }
    assert.equal(4, counts.disable)
    assert.equal(200, size.people)
  end)
end)
