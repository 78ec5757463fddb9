-- What the commands do with it is in spec/cli/commands/plans_spec.lua.
local applying = require "lastpass.cli.applying"

describe("--limit", function()
  it("reads counts, percentages and limits per day", function()
    assert.same(
      { disable = 40, leave = "5%", per_day = { disable = 80 } },
      applying.limits { "disable=40", "leave=5%", "per_day.disable=80" }
    )
    assert.is_nil((applying.limits {}))
    for expected, given in pairs {
      ["--limit disable: write NAME=COUNT"] = "disable",
      ["--limit: unknown option 'disabl' (did you mean 'disable'?)"] = "disabl=3",
      ["--limit: limit 'disable' must be a count"] = "disable=many",
    } do
      local limits, message, err = applying.limits { given }
      assert.is_nil(limits)
      assert.equals("usage", err.code)
      assert.truthy(message:find(expected, 1, true), message)
    end
  end)
end)
