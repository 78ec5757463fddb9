-- A few fields of the objects of a long list: the same as decoding all of it gives.
local core = require "lastpass.core"
local fuzz = require "spec.support.fuzz"
local json = require "lastpass.json"

local NAMES = { "id", "userName", "active", "emails", "size" }

-- What `core.pick` gives, with nested values decoded.
local function pick(text, names)
  local envelope, items, nested = core.pick(text, "Resources", names or NAMES)
  for index = 1, #(nested or {}), 2 do
    local item, name = nested[index], nested[index + 1]
    item[name] = json.decode(item[name])
  end
  return envelope, items
end

describe("core.pick", function()
  it(
    "gives the fields that are named, and of the rest of the text what is no list or object",
    function()
      local envelope, items = pick [[
      { "totalResults": 2, "schemas": ["a"], "nextCursor": "c\u00e9", "more": true, "no": null,
        "Resources": [
          {"id":"1","userName":"ann","x":{"y":["]","}"]},"emails":[{"value":"a\"b"}],"active":true},
          {"schemas":["a","b"],"USERNAME":"b\u00f6b","active":null,"id":2,"size":1.5}, {}
        ], "last": -7 }
    ]]
      assert.same({ totalResults = 2, nextCursor = "c\195\169", more = true, last = -7 }, envelope)
      assert.same({
        { id = "1", userName = "ann", emails = { { value = 'a"b' } }, active = true },
        { userName = "b\195\182b", id = 2, size = 1.5 },
        {},
      }, items)
    end
  )

  it("knows a list that is not there from an empty one", function()
    assert.is_nil((select(2, pick '{"a":1}')))
    assert.same({}, (select(2, pick '{"resources":[]}')))
    assert.is_nil((select(2, pick '{"Resources":{"id":1}}')))
  end)

  it("gives nothing for what has another shape, however it is cut", function()
    for _, text in ipairs { "", "[]", "1", '{"Resources":[1]}', '{"a":1,"a":2}', "{}x" } do
      assert.is_nil((pick(text)))
    end
    local text =
      '{"a":[{}],"Resources":[{"id":"1","emails":[{"v":"x\\n"}],"z":{"id":2}}],"b":12345}'
    assert.is_truthy((pick(text)))
    for length = 0, #text - 1 do
      assert.is_nil((pick(text:sub(1, length))))
    end
  end)

  it("gives nothing where a field that is taken comes twice", function()
    assert.is_nil((pick '{"Resources":[{"id":"1","Id":"2"}]}'))
    assert.is_truthy((pick '{"Resources":[{"id":"1","x":1,"x":2},{"id":"2"}]}'))
  end)

  it("wants names, and not too many", function()
    for _, names in ipairs { {}, { 5 }, setmetatable({}, {}) } do
      assert.is_false(pcall(core.pick, "{}", "Resources", names))
    end
    local many = {}
    for index = 1, 65 do
      many[index] = "n" .. index
    end
    assert.is_false(pcall(core.pick, "{}", "Resources", many))
  end)

  it("gives the same as decoding all, for texts made at random", function()
    local random = fuzz.random(7)
    local function value(depth)
      local kind = random:upto(depth > 3 and 5 or 7)
      if kind == 1 then
        return tostring(random:upto(100000) - 50000)
      elseif kind == 2 then
        return '"' .. ({ "a", "\\u00e9x", '\\"', "", "]}," })[random:upto(5)] .. '"'
      elseif kind < 6 then
        return ({ "true", "false", "null" })[kind - 2]
      end
      local parts = {}
      for index = 1, random:upto(4) - 1 do
        parts[index] = (kind == 7 and ('"k%d": '):format(index) or "") .. value(depth + 1)
      end
      return (kind == 7 and "{%s}" or "[%s]"):format(table.concat(parts, " , "))
    end
    for _ = 1, 300 do
      local objects = {}
      for index = 1, random:upto(5) - 1 do
        local fields = {}
        for _, name in ipairs { "id", "other", "userName", "active", "deep", "emails" } do
          if random:upto(3) > 1 then
            fields[#fields + 1] = ('"%s":%s'):format(name, value(0))
          end
        end
        objects[index] = "{" .. table.concat(fields, ",") .. "}"
      end
      local text = ('{"x":%s,"Resources":[%s]}'):format(value(0), table.concat(objects, ","))
      local whole, _, items = json.decode(text), pick(text)
      assert.equal(#whole.Resources, #items)
      for index, object in ipairs(whole.Resources) do
        for _, name in ipairs(NAMES) do
          local expected = object[name]
          if expected == json.null then
            expected = nil
          end
          assert.same(expected, items[index][name], text)
        end
      end
    end
  end)
end)
