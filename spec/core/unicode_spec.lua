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

  it("makes one skeleton of what looks the same", function()
    for _, text in ipairs {
      "ann.lee@acme.com",
      "ANN.Lee@Acme.com",
      " 'ann.lee@acme.com",
      '"ann.lee@acme.com"',
      "ann.lee@acme.com.",
      "ann\226\128\164lee@acme.com",
      "\208\176nn.l\208\181\208\181@acme.\209\129om",
      "\206\145NN.lee@acme.com",
      "\239\188\161nn\239\188\142lee\239\188\160acme.com",
      "ann\194\173.lee@acme.com\226\128\139",
      "\240\157\144\154nn.lee@acme.com", -- mathematical bold a
      "ann.lee@acme\227\128\130com",
    } do
      assert.equal("ann.lee@acme.com", unicode.skeleton(text))
    end
    assert.equal("team a-b", unicode.skeleton " Team\194\160 A\226\128\147B\r\n")
    assert.equal("o'brien", unicode.skeleton "O\194\180Brien")
    assert.equal("m\195\188ller", unicode.skeleton "M\195\156LLER")
    assert.equal("m\195\188ller", unicode.skeleton "mu\204\136ller")
    assert.equal("", unicode.skeleton " \226\128\139")
  end)

  it("decodes the labels of a domain, and leaves what it cannot decode", function()
    for given, expected in pairs {
      ["a@xn--mller-kva.de"] = "a@m\195\188ller.de",
      ["a@mail.XN--MLLER-KVA.de"] = "a@mail.m\195\188ller.de",
      ["a@xn--80ak6aa92e.com"] = "a@apple.com",
      ["a@xn--fiqs8s"] = "a@\228\184\173\229\155\189",
      ["xn--mller-kva.de"] = "xn--mller-kva.de",
      ["a@xn--"] = "a@xn--",
      ["a@xn--\195\188"] = "a@xn--\195\188",
      ["a@xn--99999999"] = "a@xn--99999999",
      ["a@xn--a-b--"] = "a@a-b-",
    } do
      assert.equal(expected, unicode.skeleton(given), given)
    end
    for length = 1, 80 do -- no length of label reads or writes beyond its memory
      assert.is_string(unicode.skeleton("a@xn--" .. ("z"):rep(length)))
      assert.is_string(unicode.skeleton("a@xn--" .. ("a"):rep(length) .. "-kva9"))
    end
  end)

  it("tells the names of one script apart", function()
    local seen = {}
    for code = 0x3B1, 0x3C9 do -- Greek
      local letter = string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
      local skeleton = unicode.skeleton(letter)
      assert.is_nil(seen[skeleton], letter)
      seen[skeleton] = letter
    end
    seen = {}
    for code = 0x430, 0x44F do -- Cyrillic
      local letter = string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
      local skeleton = unicode.skeleton(letter)
      assert.is_nil(seen[skeleton], letter)
      seen[skeleton] = letter
    end
    assert.not_equal(unicode.skeleton "jos\195\169", unicode.skeleton "jose")
    assert.not_equal(unicode.skeleton "ann1", unicode.skeleton "annl")
  end)

  it("shows what cannot be seen, and letters of another script within a word", function()
    for given, expected in pairs {
      ["ann\226\128\164lee"] = "ann\\u{2024}lee",
      ["\208\176nn \206\145\206\146\206\147"] = "\\u{430}nn \206\145\206\146\206\147",
      ["a\194\160b\194\173"] = "a\\u{a0}b\\u{ad}",
      ["M\195\188ller O\226\128\153Brien"] = "M\195\188ller O\226\128\153Brien",
      ["5 m\194\178"] = "5 m\194\178",
      ["\226\128\139"] = "\\u{200b}",
      ["a\255"] = "a\255",
    } do
      assert.equal(expected, unicode.shown(given))
    end
    assert.equal("e\\u{301} \195\188", unicode.shown("e\204\129 \195\188", "\195\169 \195\188"))
  end)

  it("has no skeleton of what is not UTF-8", function()
    local skeleton, message = unicode.skeleton "a\255"
    assert.is_nil(skeleton)
    assert.is_string(message)
  end)
end)
