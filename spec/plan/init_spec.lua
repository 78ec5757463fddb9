-- How long a plan may be applied.
local plans = require "lastpass.plan"

describe("lastpass.plan: expiry", function()
  it("is a day when nobody says otherwise, in whole seconds", function()
    local body = {}
    plans.stamp(body, 1000)
    assert.same({ created = 1000, expires = 1000 + 86400 }, body)
    plans.stamp(body, 1000, 60.9)
    assert.equal(1060, body.expires)
  end)

  it("takes a second to a year", function()
    for value, expected in pairs { [1] = true, [0] = false, [366 * 86400] = true, [1e9] = false } do
      assert.equal(expected, (plans.check_expiry(value)))
    end
    assert.is_false((plans.check_expiry "3600"))
  end)
end)
