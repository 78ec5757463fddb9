-- Which addresses are the same account.
local key_of = require "lastpass.directory.key"

describe("lastpass.directory.key", function()
  it("knows ASCII letters in either case, and spaces around", function()
    assert.equal("ann@acme.com", key_of " ANN@Acme.com ")
    assert.are_not.equal(key_of "ann@acme.com", key_of "anne@acme.com")
  end)

  it("knows other letters, however they are written", function()
    for _, written in ipairs { "M\195\156LLER@x", "mu\204\136ller@x", "MU\204\136LLER@X" } do
      assert.equal("m\195\188ller@x", key_of(written))
    end
    assert.are_not.equal(key_of "stra\195\159e@x", key_of "strasse@x")
  end)

  it("takes bytes that are no text as they are", function()
    assert.equal("a\255@x", key_of "A\255@X")
  end)
end)
