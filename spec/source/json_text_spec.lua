local json_text = require "lastpass.source.json_text"

local text =
  [[ {"a": 1, "b\"}": "x\\", "c": {"d": [], "e": [ [1], {"f": "}]"} ] } , "g.h":[{"i":1},2]} ]]

describe("json_text", function()
  it("finds where values end", function()
    for value, rest in pairs {
      ["1"] = ",2",
      ["-1.5e3"] = "]",
      ["true"] = "",
      ["null"] = " ",
      ['""'] = ",",
      ['"a\\"b\\\\"'] = '"',
      ["[]"] = "]",
      ['{"a":[1,{"b":"]}"}]}'] = "}",
    } do
      assert.equal(#value, json_text.end_of_value(value .. rest, 1), value)
      assert.equal(#value + 2, json_text.end_of_value("[ " .. value .. rest, 3), value)
    end
  end)

  it("gives the members of an object", function()
    local seen = {}
    for key, position in json_text.members(text, 2) do
      seen[#seen + 1] = key .. "=" .. text:sub(position, json_text.end_of_value(text, position))
    end
    assert.same({
      "a=1",
      'b"}="x\\\\"',
      'c={"d": [], "e": [ [1], {"f": "}]"} ] }',
      'g.h=[{"i":1},2]',
    }, seen)
    assert.is_nil(json_text.members("{ }", 1)())
  end)

  it("gives the elements of a list", function()
    local list = '[ 1 , {"a":[2]},"]" ]'
    local position = json_text.first_element(list, 1)
    local seen = {}
    while position do
      local last = json_text.end_of_value(list, position)
      seen[#seen + 1] = list:sub(position, last)
      position = json_text.next_element(list, last)
    end
    assert.same({ "1", '{"a":[2]}', '"]"' }, seen)
    assert.is_nil(json_text.first_element("[ ]", 1))
  end)

  it("finds a list by its path, a dot in a key included", function()
    local function list_at(path)
      local position = json_text.find_list(text, 2, path)
      return position and text:sub(position, json_text.end_of_value(text, position))
    end
    assert.equal("[]", list_at "c.d")
    assert.equal('[ [1], {"f": "}]"} ]', list_at "c.e")
    assert.equal('[{"i":1},2]', list_at "g.h")
    for _, path in ipairs { "a", "c", "x", "c.x", "a.b", "g.h.i", "" } do
      assert.is_nil(list_at(path))
    end
    assert.is_nil(json_text.find_list("[]", 1, "a"))
  end)

  it("names the lists of objects", function()
    assert.same({ "g.h" }, json_text.lists(text, 2))
    assert.same({ "a", "z" }, json_text.lists('{"z":[{}],"a":[{}],"m":[1]}', 1))
  end)
end)
