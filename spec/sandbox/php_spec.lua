local json = require("lastpass.json")
local php = require("lastpass.sandbox.php")

describe("lastpass.sandbox.php", function()
  it("escapes as PHP's json_encode does", function()
    assert.equal('"a\\/b"', php.string("a/b"))
    assert.equal('"Zo\\u00eb"', php.string("Zoë"))
    assert.equal('"\\u5f93"', php.string("従"))
    assert.equal('"\\ud83d\\ude00"', php.string("😀"))
    assert.equal('"\\"\\\\\\n\\t\\u0001"', php.string('"\\\n\t\1'))
    assert.equal('"plain & <text>"', php.string("plain & <text>"))
  end)

  it("replaces what is no UTF-8", function()
    local wrong = { "\255", "\192\128", "\237\160\128", "\244\144\128\128", "\226\130" }
    for _, bytes in ipairs(wrong) do
      local text = php.string("a" .. bytes .. "b")
      assert.matches('^"a[\\ufd]+b"$', text)
      assert.truthy(json.decode(text))
    end
  end)

  it("gives back what the reader reads", function()
    for _, text in ipairs({ "", "ß/ü", 'a"b\\c', "\0\31", "€uro", "𝄞", "Żółć" }) do
      assert.equal(text, json.decode(php.string(text)))
    end
  end)

  it("keeps the order of an object's keys and leaves nil out", function()
    local object = php.object("z", 1, "a", nil, "m", { "x" })
    php.put(object, "b", json.null)
    assert.equal('{"z":1,"m":["x"],"b":null}', php.encode(object))
  end)

  it("does not know an empty map from an empty list", function()
    assert.equal("[]", php.encode({}))
    assert.equal("[]", php.encode(php.object()))
    assert.equal('{"a":[]}', php.encode({ a = {} }))
  end)

  it("writes whole numbers without a fraction", function()
    assert.equal("[1,-2,1781528400000000,83.2]", php.encode({ 1, -2, 1781528400000000, 83.2 }))
  end)
end)
