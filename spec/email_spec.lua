local email = require "lastpass.email"

describe("email.check", function()
  local good = {
    "ann@acme.com",
    "Ann.Lee@Acme.Com",
    "a@b",
    "o'brien+lastpass@mail.acme.co.uk",
    "first_last-x@sub-domain.acme.com",
    "a/b=c{d}!#$%&*?^`|~@acme.com",
    "j\195\188rgen@m\195\188ller.de",
    "\231\148\168\230\136\183@\228\190\139\229\173\144.\228\184\173\229\155\189",
    "1@2",
    ("a"):rep(64) .. "@" .. ("b"):rep(189),
  }
  for _, address in ipairs(good) do
    it("accepts " .. address:sub(1, 50), function()
      assert.equal(address, email.check(address))
    end)
  end

  it("cuts off spaces around, no-break ones too, and keeps the letters", function()
    assert.equal("Ann@Acme.com", email.check "  Ann@Acme.com\t\r\n")
    assert.equal("ann@acme.com", email.check "\194\160 ann@acme.com \226\128\175")
    assert.equal("ann@acme.com", email.check "\239\187\191ann@acme.com")
    assert.equal("ann@acme.com", email.check "\227\128\128ann@acme.com\226\128\137\194\133")
  end)

  local bad = {
    { "", "it is empty" },
    { " \194\160 ", "it is empty" },
    { "ann", "it has no @" },
    { "ann.acme.com", "it has no @" },
    { "ann@b@acme.com", "it has more than one @" },
    { "ann@@acme.com", "it has more than one @" },
    { "@acme.com", "nothing before the @" },
    { "ann@", "nothing after the @" },
    { ".ann@acme.com", "a dot at the edge of the part before the @" },
    { "ann.@acme.com", "a dot at the edge of the part before the @" },
    { "ann@.acme.com", "a dot at the edge of the part after the @" },
    { "ann@acme.com.", "a dot at the edge of the part after the @" },
    { "ann..lee@acme.com", "two dots in a row" },
    { "ann@acme..com", "two dots in a row" },
    { "ann lee@acme.com", "it has a space" },
    { "ann@acme. com", "it has a space" },
    { "ann\tlee@acme.com", "it has a space" },
    { "ann\194\160lee@acme.com", "it has a character that cannot be seen" },
    { "ann\226\128\139@acme.com", "it has a character that cannot be seen" },
    { "ann\226\128\174@acme.com", "it has a character that cannot be seen" },
    { "ann\194\173@acme.com", "it has a character that cannot be seen" },
    { "ann\227\128\128@acme.com", "it has a character that cannot be seen" },
    { "ann\0@acme.com", "it has a control character" },
    { "ann@acme.com\0", "it has a control character" },
    { "\0ann@acme.com", "it has a control character" },
    { "ann\r@acme.com", "it has a space" },
    { "ann@acme.com\226\128\139", "it has a character that cannot be seen" },
    { "\226\129\160ann@acme.com", "it has a character that cannot be seen" },
    { "ann\239\190\160@acme.com", "it has a character that cannot be seen" },
    { "ann\243\160\128\129@acme.com", "it has a character that cannot be seen" },
    { "ann\27[0m@acme.com", "it has a control character" },
    { "ann\127@acme.com", "it has a control character" },
    { "ann\194\133@acme.com", "it has a character that cannot be seen" },
    { "ann\255@acme.com", "it is not valid UTF-8" },
    { "ann\237\160\128@acme.com", "it is not valid UTF-8" },
    { "ann\192\174@acme.com", "it is not valid UTF-8" },
    { "ann\226\130@acme.com", "it is not valid UTF-8" },
    { "jan.kowalski@acme,example", "',' cannot be in an address" },
    { "ann@acme.com;bob@acme.com", "it has more than one @" },
    { "ann;@acme.com", "';' cannot be in an address" },
    { "<ann@acme.com>", "'<' cannot be in an address" },
    { "Ann<ann@acme.com", "'<' cannot be in an address" },
    { "mailto:ann@acme.com", "':' cannot be in an address" },
    { '"ann"@acme.com', "'\"' cannot be in an address" },
    { "ann@[10.0.0.1]", "'[' cannot be in an address" },
    { "ann@acme/com", "'/' cannot be in an address" },
    { "ann@acme!com", "'!' cannot be in an address" },
    { ("a"):rep(64) .. "@" .. ("b"):rep(190), "it is longer than 254 bytes" },
  }
  for _, case in ipairs(bad) do
    it(("refuses %q"):format(case[1]:sub(1, 40)), function()
      local address, reason = email.check(case[1])
      assert.is_nil(address)
      assert.equal(case[2], reason)
    end)
  end

  it("has one opinion about every ASCII character, at every place", function()
    for byte = 0, 127 do
      local char = string.char(byte)
      local inside = char:find "[A-Za-z0-9!#$%%&'*+/=?^_`{|}~.-]" ~= nil
      assert.equal(inside, email.check("a" .. char .. "b@acme.com") ~= nil, byte)
      local in_domain = char:find "[A-Za-z0-9_.-]" ~= nil
      assert.equal(in_domain, email.check("ann@a" .. char .. "b") ~= nil, byte)
    end
  end)
end)

describe("email.fold", function()
  it("makes one key of the ways to write an address", function()
    for _, text in ipairs {
      "ann@acme.com",
      "ANN@ACME.COM",
      " Ann@Acme.com\n",
      "\194\160ann@acme.com",
    } do
      assert.equal("ann@acme.com", email.fold(text))
    end
  end)

  it("makes one key of the ways to write letters beyond ASCII", function()
    for _, text in ipairs {
      "J\195\156RGEN@x.de",
      "ju\204\136rgen@X.de",
      " JU\204\136rgen@x.de\227\128\128",
    } do
      assert.equal("j\195\188rgen@x.de", email.fold(text))
    end
  end)

  it("tells letters apart that are two names", function()
    assert.not_equal(email.fold "stra\195\159e@x", email.fold "strasse@x")
    assert.not_equal(email.fold "\208\176@x", email.fold "a@x")
  end)

  it("takes what is not UTF-8 as it is, but for ASCII letters", function()
    assert.equal("\255a@x", email.fold " \255A@X ")
  end)

  it("does not follow the locale", function()
    local before = os.setlocale()
    finally(function()
      os.setlocale(before)
    end)
    for _, locale in ipairs { "tr_TR.UTF-8", "de_DE.ISO-8859-1", "C.UTF-8" } do
      if os.setlocale(locale) then
        assert.equal("i\195\156\220@x", email.fold "I\195\156\220@x") -- not UTF-8
      end
    end
    assert.equal("ix@x", email.fold "IX@x")
  end)

  it("gives one value", function()
    assert.equal(1, select("#", email.fold "ann@acme.com"))
  end)
end)

describe("email.trim", function()
  it("takes spaces from both ends only", function()
    assert.equal("a b", email.trim " \t a b \194\160\r\n")
    assert.equal("", email.trim " \194\160\226\128\135 ")
    assert.equal("", email.trim "")
    assert.equal("a\194\160b", email.trim "a\194\160b")
  end)

  it("does not cut into a character", function()
    assert.equal("\224\160\160", email.trim "\224\160\160")
    assert.equal("x\194", email.trim "x\194")
  end)
end)

describe("email.fold: which addresses are the same account", function()
  it("knows ASCII letters in either case, and spaces around", function()
    assert.equal("ann@acme.com", email.fold " ANN@Acme.com ")
    assert.are_not.equal(email.fold "ann@acme.com", email.fold "anne@acme.com")
  end)

  it("knows other letters, however they are written", function()
    for _, written in ipairs { "M\195\156LLER@x", "mu\204\136ller@x", "MU\204\136LLER@X" } do
      assert.equal("m\195\188ller@x", email.fold(written))
    end
    assert.are_not.equal(email.fold "stra\195\159e@x", email.fold "strasse@x")
  end)

  it("takes bytes that are no text as they are", function()
    assert.equal("a\255@x", email.fold "A\255@X")
  end)
end)

describe("email.composed: strings", function()
  it("have one form in addresses", function()
    assert.equal("ann@acme.com", email.composed "ann@acme.com")
    assert.equal("m\195\188@acme.com", email.composed "mu\204\136@acme.com")
    assert.equal("\255", email.composed "\255")
  end)
end)

describe("email.list_problem: a list of addresses", function()
  it("is good, or has an entry that is not", function()
    assert.is_nil(email.list_problem {})
    assert.is_nil(email.list_problem { "ann@acme.com", " bob@acme.com " })
    assert.same({ "ann", "it has no @" }, { email.list_problem { "bob@acme.com", "ann" } })
    assert.same({ "7", "it is no string" }, { email.list_problem { 7 } })
    assert.same({ "x", "a list has no such key" }, { email.list_problem { x = "ann@acme.com" } })
  end)
end)
