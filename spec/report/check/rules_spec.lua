local rules = require "lastpass.report.check.rules"

describe("lastpass.report.check.rules", function()
  it("makes every rule whole", function()
    local severities = { error = true, warning = true, note = true }
    for _, name in ipairs(rules.names()) do
      local rule = rules.makers[name](rules.settings[name] or {})
      assert.is_string(rule.title, name)
      assert.truthy(severities[rule.severity], name)
      assert.truthy(({ user = 1, folder = 1, company = 1 })[rule.each], name)
      assert.is_function(rule.holds, name)
      assert.truthy(rule.message, name)
    end
    assert.equal(11, #rules.names())
    for name in pairs(rules.settings) do
      assert.truthy(rules.makers[name], name)
    end
  end)

  it("holds at the limit and not beyond it", function()
    local company = {
      days_since = function(days)
        return days
      end,
    }
    local inactive = rules.makers.inactive_account { days = 90 }
    assert.is_true(inactive.holds({ last_login = 90 }, company))
    assert.is_false(inactive.holds({ last_login = 91 }, company))
    local weak = rules.makers.weak_master_password { strength = 50 }
    assert.is_true(weak.holds { password_strength = 50 })
    assert.is_false(weak.holds { password_strength = 49 })
    local few = rules.makers.too_few_admins { least = 2 }
    assert.is_true(few.holds { active_admins = 2 })
    assert.is_false(few.holds { active_admins = 1 })
  end)
end)
