-- Texts beyond ASCII.
local letters = require "lastpass.plan.letters"

describe("lastpass.plan.letters", function()
  it("have one form in addresses", function()
    assert.equal("ann@acme.com", letters.composed "ann@acme.com")
    assert.equal("m\195\188@acme.com", letters.composed "mu\204\136@acme.com")
    assert.equal("\255", letters.composed "\255")
  end)

  it("are UTF-8 in a plan", function()
    for text, good in pairs { [""] = true, abc = true, ["\195\188"] = true, ["a\255"] = false } do
      assert.equal(good, letters.is_utf8(text))
    end
    assert.is_nil(letters.writable(nil))
    assert.equal("\195\188", letters.writable "\195\188")
    assert.equal("a\\xff\195\188", letters.writable "a\255\195\188")
  end)
end)
