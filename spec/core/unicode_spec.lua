-- Texts that look the same and are written in other bytes.
local unicode = require "lastpass.unicode"

local composed, decomposed = "m\195\188ller", "mu\204\136ller"

describe("lastpass.unicode", function()
  it("composes", function()
    assert.equal(composed, unicode.compose(decomposed))
    assert.equal(composed, unicode.compose(composed))
    assert.equal("", unicode.compose "")
    assert.equal("a\0b", unicode.compose "a\0b")
    assert.equal("K", unicode.compose "\226\132\170") -- the sign for kelvin
  end)

  it("folds the case of letters one by one", function()
    assert.equal(composed, unicode.fold "MU\204\136LLER")
    assert.equal(composed, unicode.fold "M\195\156LLER")
    assert.equal("stra\195\159e", unicode.fold "STRA\225\186\158E")
    assert.equal("strasse", unicode.fold "STRASSE")
    assert.equal("\208\182\208\181", unicode.fold "\208\150\208\149")
    assert.equal("", unicode.fold "")
  end)

  it("compares", function()
    assert.is_true(unicode.same(composed, decomposed))
    assert.is_true(unicode.same("", ""))
    assert.is_false(unicode.same(composed, "muller"))
    assert.is_false(unicode.same(composed, "M\195\156LLER"))
  end)

  it("says what is no UTF-8", function()
    for _, text in ipairs { "\255", "a\195", "\237\160\128", "\192\128" } do
      local value, message = unicode.compose(text)
      assert.is_nil(value)
      assert.equal("Invalid UTF-8 string", message)
      assert.is_nil((unicode.fold(text)))
      assert.is_false(unicode.same(text, text))
    end
  end)

  it("raises for what is no text", function()
    assert.has_error(function()
      unicode.compose {}
    end)
    assert.has_error(function()
      unicode.same("x", nil)
    end)
  end)
end)
