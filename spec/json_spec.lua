-- lua-cjson with its traps repaired.
local check = require "spec.support.check"
local cjson = require "cjson"
local json = require "lastpass.json"

describe("lastpass.json", function()
  describe("decode", function()
    it("gives Lua values", function()
      assert.same(
        { a = { 1, "x", true, false, { b = 1.5 } } },
        (json.decode '{"a":[1,"x",true,false,{"b":1.5}]}')
      )
      assert.equal(json.null, (json.decode "null"))
      assert.equal("x", (json.decode '"x"'))
      assert.equal(true, (json.decode " true "))
      assert.equal(false, (json.decode "false"))
      assert.same({ a = json.null }, (json.decode '{"a":null}'))
      assert.equal(
        '\0\1\127\195\169\240\159\152\128/\\"',
        (json.decode '"\\u0000\\u0001\127\\u00e9\\ud83d\\ude00\\/\\\\\\""')
      )
    end)

    it("gives integers as integers where Lua has them", function()
      for text, value in pairs {
        ["0"] = 0,
        ["-0"] = 0,
        ["5"] = 5,
        ["-17"] = -17,
        ["1781528400123456"] = 1781528400123456,
        ["9007199254740992"] = 9007199254740992,
        ["-9007199254740992"] = -9007199254740992,
      } do
        local got = json.decode(text)
        assert.equal(value, got)
        local inside = json.decode("[[" .. text .. '],{"x":' .. text .. "}]")
        assert.equal(value, inside[1][1])
        if math.type then
          assert.equal("integer", math.type(got), text)
          assert.equal("integer", math.type(inside[2].x), text)
        end
      end
      assert.equal(1.5, (json.decode "1.5"))
      assert.equal(1e300, (json.decode "1e300"))
    end)

    it("refuses what a Lua number would change in silence", function()
      for _, text in ipairs {
        "9007199254740993",
        "-9007199254740993",
        "9007199254740994",
        "12345678901234567890",
        "1e309",
        "1e400",
        "-1e400",
      } do
        for _, frame in ipairs { "%s", "[%s]", '{"a":%s}' } do
          check.failure("protocol", nil, json.decode((frame:format(text))))
        end
      end
    end)

    it("refuses what RFC 8259 refuses, and duplicate keys, and says where", function()
      for _, text in ipairs {
        "",
        " ",
        "{",
        "}",
        "[1,]",
        '{"a":1,}',
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "01",
        "+1",
        "1.",
        ".5",
        "1e",
        "0x10",
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "True",
        "nul",
        "1 2",
        "[] []",
        '"\1"',
        '"\n"',
        '"\\x41"',
        '"\\u12"',
        '"\\ud800"',
        '"\\udc00"',
        '"\\ud800\\u0041"',
        '"\255"',
        '"\192\128"',
        '"\237\160\128"',
        '"a',
        "\239\187\191{}",
        "[1]\0",
        "/* x */ 1",
        "// x",
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        '{"x":{"a":1,"b":2,"a":3}}',
      } do
        local value, message, err = json.decode(text)
        check.failure("protocol", nil, value, message, err)
        assert.equal("number", type(err.position), text)
        assert.matches("not acceptable JSON", message)
      end
      local err = check.failure("protocol", "duplicate_key", json.decode '{"a":1,"a":2}')
      assert.is_true(err.position > 5)
      assert.equal("cut_short", select(3, json.decode '{"a":').code)
    end)

    it("takes equal keys in different objects", function()
      assert.same(
        { { a = 1 }, { a = 2 }, { b = { a = 3 }, a = 4 } },
        (json.decode '[{"a":1},{"a":2},{"b":{"a":3},"a":4}]')
      )
    end)

    it("goes 512 deep and no further", function()
      local function nested(depth)
        return ("["):rep(depth) .. ("]"):rep(depth)
      end
      assert.is_table((json.decode(nested(512))))
      for _, depth in ipairs { 513, 1000, 100000 } do
        check.failure("protocol", nil, json.decode(nested(depth)))
        check.failure("protocol", nil, json.decode(('{"a":'):rep(depth) .. "1" .. ("}"):rep(depth)))
      end
    end)
  end)

  describe("encode", function()
    it("writes equal values as equal bytes", function()
      assert.equal(
        '{"a":1,"b":[true,false,null],"c":"x"}',
        json.encode {
          c = "x",
          b = { true, false, json.null },
          a = 1,
        }
      )
    end)

    it("writes lists as lists, empty ones when they are marked", function()
      assert.equal("{}", json.encode {})
      assert.equal("[]", json.encode(json.list {}))
      assert.equal("[]", json.encode(json.list()))
      assert.equal('{"groups":[]}', json.encode { groups = json.list() })
      assert.equal("[1,[2,[]]]", json.encode { 1, { 2, json.list() } })
      local list = { 1 }
      assert.equal(list, json.list(list))
      assert.is_true(json.is_list(list))
      assert.is_false(json.is_list { 1 })
      assert.is_false(json.is_list(5))
      assert.is_false(json.is_list())
    end)

    it("writes numbers in full", function()
      for text, value in pairs {
        ["0"] = 0,
        ["-5"] = -5,
        ["1781528400123456"] = 1781528400123456,
        ["9007199254740992"] = 2 ^ 53,
        ["3"] = 3.0,
        ["0.5"] = 0.5,
        ["1e+300"] = 1e300,
        ["0.1"] = 0.1,
        ["83.2"] = 83.2,
      } do
        local written = json.encode(value)
        assert.equal(text, written)
        assert.equal(value, tonumber(written))
      end
      for _, value in ipairs { 0.1, 1 / 3, 1e-300, 123456.789, -2.5e-10 } do
        assert.equal(value, tonumber(json.encode(value)))
      end
      assert.equal(1, tonumber(json.encode(-0.0)) + 1)
    end)

    it("writes strings so that they come back", function()
      for _, text in ipairs {
        "",
        "x/y",
        '"\\',
        "\0\1\31\127",
        "\195\169",
        "\240\159\152\128",
        "</script>",
        "a\nb\tc",
      } do
        assert.equal(text, (json.decode(json.encode(text))))
      end
      assert.equal('"x/y"', json.encode "x/y")
    end)

    it("raises for what is no JSON, at the caller's line", function()
      local endless = {}
      endless[1] = endless
      local cases = {
        print,
        io.stdout,
        coroutine.create(function() end),
        0 / 0,
        math.huge,
        -math.huge,
        { a = print },
        { { { 0 / 0 } } },
        { [5.5] = 1 },
        { [true] = 1 },
        { [{}] = 1 },
        endless,
        "\255",
        { "\237\160\128" },
        { ["\255"] = 1 },
      }
      for _, value in ipairs(cases) do
        local message = check.blamed(function()
          json.encode(value)
        end)
        assert.matches("^json%.encode: ", message)
      end
    end)

    it("refuses tables that are lists and objects at once, or have holes", function()
      local marked = json.list { 1 }
      marked.x = 2
      local holes = { "a", "b", "c", "d" }
      holes[2] = nil
      for _, value in ipairs { { 1, 2, x = 3 }, holes, { [2] = "b" }, marked, { 1, [1.5] = 2 } } do
        check.blamed(function()
          json.encode(value)
        end)
      end
    end)

    it("goes 512 deep and no further", function()
      local value = 1
      for _ = 1, 512 do
        value = { value }
      end
      assert.equal(1025, #json.encode(value))
      check.blamed(function()
        json.encode { value }
      end)
    end)
  end)

  it("reads back what it wrote, for a thousand values", function()
    local seed = 7
    local function random(limit)
      seed = (seed * 16807) % 2147483647
      return seed % limit + 1
    end
    local function make(depth)
      local kind = random(depth > 4 and 4 or 6)
      if kind == 1 then
        return random(1000000) - 500000
      elseif kind == 2 then
        return random(1000000) / 1024
      elseif kind == 3 then
        local bytes = {}
        for i = 1, random(8) do
          bytes[i] = string.char(random(127))
        end
        return table.concat(bytes)
      elseif kind == 4 then
        return ({ true, false, json.null })[random(3)]
      elseif kind == 5 then
        local list = json.list()
        for i = 1, random(4) - 1 do
          list[i] = make(depth + 1)
        end
        return list
      end
      local object = { x = 1 }
      for _ = 1, random(4) do
        object["k" .. random(100)] = make(depth + 1)
      end
      return object
    end
    for _ = 1, 1000 do
      local value = make(1)
      local text = json.encode(value)
      assert.same(value, (json.decode(text)))
      assert.same(cjson.decode("[" .. text .. "]"), { (cjson.decode("[" .. text .. "]"))[1] })
    end
  end)

  it("leaves lua-cjson's own settings alone", function()
    json.encode { 1 }
    assert.equal("[0.33333333333333]", cjson.encode { 1 / 3 })
    assert.has_no_error(function()
      cjson.decode '{"a":1,"a":2}'
    end)
  end)
end)
