-- Texts beyond ASCII.
local checks = require "lastpass.plan.checks"

describe("lastpass.plan.checks: strings", function()
  it("have one form in addresses", function()
    assert.equal("ann@acme.com", checks.composed "ann@acme.com")
    assert.equal("m\195\188@acme.com", checks.composed "mu\204\136@acme.com")
    assert.equal("\255", checks.composed "\255")
  end)

  it("are UTF-8 in a plan", function()
    for text, good in pairs { [""] = true, abc = true, ["\195\188"] = true, ["a\255"] = false } do
      assert.equal(good, checks.is_utf8(text))
    end
    assert.is_nil(checks.printable(nil))
    assert.equal("\195\188", checks.printable "\195\188")
    assert.equal("a\\xff\195\188", checks.printable "a\255\195\188")
  end)
end)
