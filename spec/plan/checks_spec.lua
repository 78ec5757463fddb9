-- Texts beyond ASCII.
local checks = require "lastpass.plan.checks"

describe("lastpass.plan.checks: strings", function()
  it("are UTF-8 in a plan", function()
    assert.is_nil(checks.printable(nil))
    assert.equal("\195\188", checks.printable "\195\188")
    assert.equal("a\\xff\195\188", checks.printable "a\255\195\188")
  end)
end)
