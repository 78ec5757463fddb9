local json = require "lastpass.json"
local values = require "lastpass.source.values"

local function collected(object, path)
  local found = {}
  local fault = values.collect(object, path, found)
  return fault or table.concat(found, "|"), found
end

describe("values", function()
  it("become texts, numbers in full", function()
    assert.equal("x", values.text "x")
    assert.equal("true", values.text(true))
    assert.equal("false", values.text(false))
    for number, text in pairs {
      [0] = "0",
      [-7] = "-7",
      [100000] = "100000",
      [1e15] = "1000000000000000",
      [2 ^ 53 - 1] = "9007199254740991",
      [1.5] = "1.5",
      [0.1] = "0.1",
      [1 / 3] = "0.3333333333333333",
      [1e300] = "1e+300",
    } do
      assert.equal(text, values.text(number))
    end
    assert.is_nil(values.text(nil))
    assert.is_nil(values.text {})
    assert.is_nil(values.text(json.null))
  end)

  it("are UTF-8 or not", function()
    for text, expected in pairs {
      ["plain"] = true,
      ["J\195\188rgen \226\130\172 \240\159\152\128"] = true,
      ["J\252rgen"] = false,
      ["\195"] = false,
      ["\237\160\128"] = false,
      ["\192\128"] = false,
    } do
      assert.equal(expected, values.is_utf8(text))
    end
  end)

  it("stand at a path", function()
    local object = assert(json.decode [=[{
      "mail": "a@b", "none": null, "name": {"family": "Lee", "given": null},
      "emails": [{"value": "c@d"}, {"value": "e@f"}, {"x": 1}, 7], "tags": ["x", null, 2, false],
      "empty": [], "object": {}, "deep": [[1]], "urn:x:2.0:User": {"number": 7, "a.b": {"c": 8}}
    }]=])
    for path, expected in pairs {
      ["mail"] = "a@b",
      ["none"] = "",
      ["missing"] = "",
      ["mail.x"] = "",
      ["name.family"] = "Lee",
      ["name.given"] = "",
      ["name.x"] = "",
      ["emails.value"] = "c@d|e@f",
      ["tags"] = "x|2|false",
      ["empty"] = "",
      ["object"] = "",
      ["urn:x:2.0:User.number"] = "7",
      ["urn:x:2.0:User.a.b.c"] = "8",
      ["name"] = "holds another object",
      ["emails"] = "holds another object",
      ["deep"] = "holds another object",
    } do
      assert.equal(expected, (collected(object, path)), path)
    end
  end)

  it("are told apart: absent, null, an empty list", function()
    local object = assert(json.decode '{"none": null, "empty": [], "name": {"given": null}}')
    local function flags(path)
      local _, found = collected(object, path)
      return { found.present == true, found.is_list == true }
    end
    assert.same({ true, false }, flags "none")
    assert.same({ true, true }, flags "empty")
    assert.same({ true, false }, flags "name.given")
    assert.same({ false, false }, flags "name.family")
    assert.same({ false, false }, flags "x")
  end)

  it("may be anything in Lua", function()
    assert.equal("is a function", (collected({ x = print }, "x")))
    assert.equal("7", (collected({ "first", x = 7 }, "x")))
  end)
end)
