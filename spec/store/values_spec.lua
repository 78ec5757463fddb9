local values = require "lastpass.store.values"
local check = require "spec.support.check"

describe("store.values: text", function()
  it("leaves alone what can be stored", function()
    for _, plain in ipairs { "", "a", "Žofie Bréton", "\1\n\127", "\240\159\152\128" } do
      assert.is_true(values.is_plain(plain))
      assert.equal(plain, values.repair(plain))
    end
  end)

  it("puts U+FFFD for each byte that cannot", function()
    for wrong, repaired in pairs {
      ["a\0b"] = "a\239\191\189b",
      ["\0"] = "\239\191\189",
      ["\255\254"] = "\239\191\189\239\191\189",
      ["Žo\195"] = "Žo\239\191\189",
      ["\237\160\128"] = ("\239\191\189"):rep(3), -- half of a surrogate pair
      ["\192\128x"] = ("\239\191\189"):rep(2) .. "x", -- overlong
    } do
      assert.is_false(values.is_plain(wrong))
      assert.equal(repaired, values.repair(wrong))
      assert.is_true(values.is_plain(repaired))
    end
  end)
end)

describe("store.values: arguments", function()
  local function refused(expected, name, ...)
    local ok, message = pcall(values[name], "here", ...)
    assert.is_false(ok)
    assert.matches(expected, message)
  end

  it("takes companies by number and by name", function()
    assert.equal("8771312", values.tenant("here", 8771312))
    assert.equal("9007199254740992", values.tenant("here", 2 ^ 53))
    assert.equal("acme", values.tenant("here", "acme"))
    refused("here: tenant must be a non%-empty string, not number", "tenant", 1.5)
    refused("here: tenant must be a non%-empty string, not nil", "tenant", nil)
    refused("tenant must be a non%-empty string, not an empty one", "tenant", "")
  end)

  it("takes whole numbers that stay what they are", function()
    assert.equal(2 ^ 53, values.whole("here", "n", 2 ^ 53))
    assert.equal(-5, values.whole("here", "n", -5))
    assert.is_nil(values.optional_whole("here", "n", nil))
    for _, wrong in ipairs { 0.5, 2 ^ 54, 1 / 0, 0 / 0, "1", false } do
      refused("here: n must be a whole number", "whole", "n", wrong)
      refused("here: n must be a whole number", "optional_whole", "n", wrong)
    end
  end)

  it("takes known words", function()
    local known = { done = false, held = true }
    assert.equal("done", values.word("here", "state", "done", known))
    refused("state 'dome' is not known %(did you mean 'done'%?%)", "word", "state", "dome", known)
    refused(
      "state 'qqqqqqqq' is not known %(known are: done, held%)",
      "word",
      "state",
      "qqqqqqqq",
      known
    )
    refused("state 'nil' is not known", "word", "state", nil, known)
  end)

  it("repairs what others wrote, but no name", function()
    assert.equal("a\239\191\189", values.optional_text("here", "reason", "a\255"))
    assert.is_nil(values.optional_text("here", "reason", nil))
    refused("reason must be a string", "optional_text", "reason", 5)
    refused("is not valid UTF%-8", "name", "subject", "a\255")
    assert.equal("Žofie", values.name("here", "subject", "Žofie"))
  end)

  it("takes lists and tables", function()
    assert.same({}, values.list("here", "steps", {}))
    refused("steps must be a list, not nil", "list", "steps", nil)
    assert.is_nil(values.optional_table("here", "before", nil))
    refused("before must be a table, not string", "optional_table", "before", "x")
  end)
end)

describe("store.values: pack", function()
  setup(function()
    assert(values.load_zlib())
  end)

  local all = {}
  for code = 0, 255 do
    all[#all + 1] = string.char(code)
  end
  all = table.concat(all)

  it("gives every byte back", function()
    local lines = ("\n"):rep(100000)
    for _, bytes in ipairs { "", "\0", "a", all, all:rep(1000), lines, all:reverse() } do
      local text = values.pack(bytes)
      assert.is_nil(text:find "[^0-9a-f]")
      assert.is_true(values.unpack(text) == bytes)
    end
  end)

  it("makes directories small", function()
    local text = ('{"email":"ann@acme.example","groups":["Finance","All"]}'):rep(2000)
    assert.is_true(#values.pack(text) < #text / 20)
  end)

  it("knows what it did not make, and what was cut", function()
    local text = values.pack(all:rep(50))
    for _, wrong in ipairs {
      "",
      "x",
      "0",
      "00",
      "zz",
      text:upper() .. "G",
      text:sub(1, -3),
      text:sub(3),
    } do
      assert.is_nil(values.unpack(wrong), wrong)
    end
    assert.is_nil(values.unpack(text:sub(1, 40) .. "ffff" .. text:sub(45)))
  end)

  it("says what to install when there is no zlib", function()
    local loaded, preload = package.loaded.zlib, package.preload.zlib
    package.loaded.zlib = nil
    package.preload.zlib = function()
      error "not here"
    end
    local ok, message, err = values.load_zlib()
    package.loaded.zlib, package.preload.zlib = loaded, preload
    assert.matches("lua%-zlib", check.failure("argument", "no_zlib", ok, message, err).hint)
    assert.is_true(values.load_zlib())
  end)
end)
