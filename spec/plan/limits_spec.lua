local check = require "spec.support.check"
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
    limits.merge("limit", settings, { disable = 7, per_day = { disable = "9%" } }, 1)
    assert.equal(7, settings.disable)
    assert.equal("0", settings.remove)
    assert.same({ disable = "9%" }, settings.per_day)
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

  it("counts a day over runs; alone a plan only by the playbook's word", function()
    local settings = limits.defaults()
    settings.disable = 2
    local function lately(count)
      return function()
        return count
      end
    end
    assert.is_nil(limits.beyond_a_day(settings, "disable", 100, 2, lately(2)))
    assert.is_nil(limits.beyond_a_day(settings, "disable", 100, 9, lately(0)))
    assert.is_nil(limits.beyond_a_day(settings, "disable", 100, 0, lately(99)))
    assert.same({
      "people disabled within 24 hours: 3 by earlier runs and 2 by this plan; the limit is 4",
      "limit { per_day = { disable = 5 } } in the playbook, or as an option of plan",
    }, { limits.beyond_a_day(settings, "disable", 100, 2, lately(3)) })
    settings.per_day.disable = 1
    assert.is_truthy(limits.beyond_a_day(settings, "disable", 100, 2, lately(0)))
  end)
end)
