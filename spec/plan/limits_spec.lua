local check = require "spec.support.check"
local changes = require "lastpass.directory.changes"
local limits = require "lastpass.plan.limits"

describe("lastpass.plan.limits", function()
  it("reads counts and percentages", function()
    for value, expected in pairs {
      [0] = { count = 0 },
      [12] = { count = 12 },
      ["12"] = { count = 12 },
      ["5%"] = { percent = 5 },
      [" 2.5 % "] = { percent = 2.5 },
      ["100%"] = { percent = 100 },
    } do
      local limit = limits.read(value)
      assert.same({ expected.count, expected.percent }, { limit.count, limit.percent })
    end
    for _, value in ipairs { -1, 1.5, "x", "", "-5%", "101%", "5%%", true, {} } do
      assert.is_nil(limits.read(value))
    end
  end)

  it("lets at least one through unless it is 0", function()
    assert.equal(0, limits.allowed({ percent = 0 }, 1000, 1))
    assert.equal(1, limits.allowed({ percent = 5 }, 8, 1))
    assert.equal(5, limits.allowed({ percent = 5 }, 100, 1))
    assert.equal(5, limits.allowed({ percent = 5 }, 119, 1))
    assert.equal(25, limits.allowed({ percent = 25 }, 8, 25))
    assert.equal(29, limits.allowed({ percent = 29 }, 100, 1)) -- 29 / 100 * 100 is 28.999… in binary
    assert.equal(3, limits.allowed({ count = 3 }, 1000000, 25))
  end)

  it("merges what is given over the defaults", function()
    local settings = limits.defaults()
    limits.merge("limit", settings, {
      disable = 7,
      per_day = { disable = "9%" },
      per_week = { join = 3 },
      per_month = { leave = "50%" },
    }, 1)
    assert.equal(7, settings.disable)
    assert.equal("0", settings.remove)
    assert.same({ disable = "9%" }, settings.per_day)
    assert.same({ join = 3 }, settings.per_week)
    assert.same({ leave = "50%" }, settings.per_month)
    assert.equal("5%", limits.defaults().disable)
    assert.matches(
      "did you mean 'delete'?",
      check.blamed(function()
        limits.merge("limit", settings, { delet = 1 }, 1)
      end),
      1,
      true
    )
  end)

  local size = { people = 100, memberships = 300 }

  -- What earlier runs did within a day, a week and a month.
  local function lately(day, week, month)
    local counts = { per_day = day, per_week = week or day, per_month = month or week or day }
    return function(_, span)
      return counts[span.name]
    end
  end

  local function guards(settings, counts, done_lately, spans_only)
    local all = limits.count {}
    for name, count in pairs(counts) do
      all[name] = count
    end
    local found = limits.refusals(settings, all, size, done_lately or lately(0), spans_only)
    local names = {}
    for position, refusal in ipairs(found) do
      names[position] = refusal.guard
    end
    return names, found
  end

  it("has one for every kind of step, and lets an ordinary day through", function()
    local defaults = limits.defaults()
    for _, kind in ipairs(changes.list) do
      assert.is_true(kind.name == "groups" or limits.by_name[kind.name] ~= nil, kind.name)
    end
    -- the most that a plan may do in a company of 100, and of 8; of 300 and of 10 memberships
    local most = {
      create = { 25, 25 },
      stage = { 25, 25 },
      admin_level = { 2, 1 },
      enable = { 3, 3 },
      name = { 25, 25 },
      join = { 10, 10 },
      leave = { 30, 10 },
      rename = { 5, 1 },
      reinvite = { 25, 25 },
      reset_password = { 5, 3 },
      require_password_change = { 5, 3 },
      disable_mfa = { 3, 3 },
      disable = { 5, 1 },
      uninvite = { 5, 1 },
      remove = { 0, 0 },
      delete = { 0, 0 },
    }
    for position, company in ipairs { size, { people = 8, memberships = 10 } } do
      for name in pairs(limits.by_name) do
        local allowed = most[name][position]
        for count = math.max(allowed - 1, 0), allowed + 1 do
          local all = limits.count {}
          all[name] = count
          local found = limits.refusals(defaults, all, company, lately(0))
          assert.equal(count > allowed and name or nil, found[1] and found[1].guard)
        end
      end
    end
  end)

  it("counts memberships one by one, and not those of people who are created", function()
    local counts = limits.count {
      { kind = "create", after = { groups = { "A", "B" } } },
      { kind = "groups", after = { join = { "A", "B" }, leave = {} } },
      { kind = "groups", after = { join = { "A" }, leave = { "C" } } },
      { kind = "disable" },
    }
    assert.same(
      { 1, 3, 1, 1, 0 },
      { counts.create, counts.join, counts.leave, counts.disable, counts.enable }
    )
  end)

  it("names no more than is needed: what allows a plan moves the spans along", function()
    local settings = limits.defaults()
    assert.same({ "disable" }, (guards(settings, { disable = 60 }, lately(1))))
    -- where the day has a limit of its own it stays
    settings.per_day.disable = 10
    assert.same({ "disable", "disable_per_day" }, (guards(settings, { disable = 60 }, lately(1))))
  end)

  it("says the numbers and the way out", function()
    local settings = limits.defaults()
    local _, found = guards(settings, { enable = 4, join = 11 })
    assert.same({
      {
        guard = "enable",
        message = "people let in again: 4 of 100; the limit is 2% (3)",
        allow = "limit { enable = 4 } in the playbook, "
          .. "or { limit = { enable = 4 } } as an option of plan",
      },
      {
        guard = "join",
        message = "memberships given to people in the directory: 11 of 100; the limit is 10% (10)",
        allow = "limit { join = 11 } in the playbook, "
          .. "or { limit = { join = 11 } } as an option of plan",
      },
    }, found)
    settings.enable = 0
    assert.same({ "enable" }, (guards(settings, { enable = 1 })))
  end)

  it("counts spans over runs; alone a plan only by the playbook's word", function()
    local settings = limits.defaults()
    settings.disable = 2
    assert.same({}, (guards(settings, { disable = 2 }, lately(2))))
    assert.same({}, (guards(settings, { disable = 9 }, lately(0), true)))
    assert.same({}, (guards(settings, {}, lately(99))))
    local names, found = guards(settings, { disable = 2 }, lately(3))
    assert.same({ "disable_per_day" }, names)
    assert.same({
      "people disabled within 24 hours: 3 by earlier runs and 2 by this plan; the limit is 4",
      "limit { per_day = { disable = 5 } } in the playbook, "
        .. "or { limit = { per_day = { disable = 5 } } } as an option of plan",
    }, { found[1].message, found[1].allow })
    settings.per_day.disable = 1
    assert.same({ "disable_per_day" }, (guards(settings, { disable = 2 }, lately(0), true)))
    -- what is not known is not limited
    assert.same({}, (guards(settings, { disable = 2 }, function() end)))
  end)

  it(
    "stops what is spread over days: three times a plan in a week, five times in a month",
    function()
      local settings = limits.defaults() -- 5 % of 100
      assert.same({}, (guards(settings, { disable = 5 }, lately(0, 10))))
      assert.same({ "disable_per_week" }, (guards(settings, { disable = 5 }, lately(0, 11))))
      assert.same({}, (guards(settings, { disable = 5 }, lately(0, 5, 20))))
      local names, found = guards(settings, { disable = 5 }, lately(0, 5, 21))
      assert.same({ "disable_per_month" }, names)
      assert.matches(
        "within 30 days: 21 by earlier runs and 5 by this plan; the limit is 25",
        found[1].message
      )
      settings.per_month.disable = "26%"
      assert.same({}, (guards(settings, { disable = 5 }, lately(0, 5, 21))))
      settings.per_week.disable = 4
      assert.same({ "disable_per_week" }, (guards(settings, { disable = 5 }, lately(0))))
    end
  )

  it("lets a longer span never allow less than a shorter one, unless told", function()
    local settings = limits.defaults()
    settings.per_day.disable = 40
    assert.same({}, (guards(settings, { disable = 5 }, lately(35))))
    -- what allows the day allows the week and the month as well
    assert.same({ "disable_per_day" }, (guards(settings, { disable = 5 }, lately(36))))
    assert.same(
      { "disable_per_day", "disable_per_week" },
      (guards(settings, { disable = 5 }, lately(36, 37)))
    )
    settings.per_month.disable = 10
    assert.same({ "disable_per_month" }, (guards(settings, { disable = 5 }, lately(6))))
  end)
end)
