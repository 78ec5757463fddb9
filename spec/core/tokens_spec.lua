-- The tokens of a text, and core.check: how the reader of JSON shows itself to Lua. What it accepts is in
-- spec/conform.
local core = require "lastpass.core"
local fuzz = require "spec.support.fuzz"
local read_tokens = require "spec.tokens"

describe("the tokens of a text", function()
  it("is a flat list of kinds and texts", function()
    assert.same({
      "{",
      "",
      "key",
      "a",
      "[",
      "",
      "number",
      "1",
      "number",
      "-2.50e+3",
      "string",
      "x\n\195\169",
      "true",
      "",
      "false",
      "",
      "null",
      "",
      "]",
      "",
      "key",
      "",
      "{",
      "",
      "}",
      "",
      "}",
      "",
      "end",
      "",
    }, read_tokens ' { "\\u0061" : [1, -2.50e+3 ,"x\\n\\u00e9",true,false,null],"":{}}\n')
    assert.same({ "number", "7", "end", "" }, read_tokens "7")
    assert.same({ "string", "a\0b", "end", "" }, read_tokens '"a\\u0000b"')
  end)

  it("says why and where not", function()
    local tokens, message, code, position = read_tokens '{"a":x}'
    assert.is_nil(tokens)
    assert.equal("unexpected character", message)
    assert.equal("unexpected_character", code)
    assert.equal(5, position)
  end)

  it("takes pieces of at least one byte", function()
    for _, piece in ipairs { 0, -1 } do
      assert.has_error(function()
        read_tokens("[]", piece)
      end)
    end
    assert.same(read_tokens "[1,2]", read_tokens("[1,2]", 1))
    assert.same(read_tokens "[1,2]", read_tokens("[1,2]", 1000000))
    assert.same(read_tokens "[1,2]", read_tokens("[1,2]", 3, 12345))
    assert.has_error(function()
      read_tokens(nil)
    end)
  end)

  it("keeps a token that is longer than any piece", function()
    local text = ('"%s\\ud83d\\ude00%s"'):format(("x"):rep(300000), ("\195\169"):rep(1000))
    local whole = read_tokens(text)
    assert.equal(300000 + 4 + 2000, #whole[2])
    for _, piece in ipairs { 100, 4096, 65536 } do
      assert.same(whole, read_tokens(text, piece))
    end
    -- byte by byte it takes no longer than it should: each byte is looked at once
    assert.same(whole, read_tokens(text, 1))
  end)

  it("forgets the keys of a text that was refused", function()
    assert.is_nil((read_tokens '{"a":{"b":1,'))
    assert.is_truthy(read_tokens '{"a":1,"b":2}')
    assert.is_nil((read_tokens '{"a":{"b":1,"b":2}}'))
    assert.is_truthy(read_tokens '{"b":1,"a":2}')
    assert.is_false((core.check '{"a":{"b":1,'))
    assert.is_true(core.check '{"a":1,"b":2}')
  end)

  it("may be called inside coroutines, from many of them", function()
    local list = {}
    for i = 1, 50 do
      list[i] = coroutine.wrap(function()
        while true do
          coroutine.yield(#read_tokens(('{"a":%d,"b":[%d]}'):format(i, i), i))
        end
      end)
    end
    for _ = 1, 3 do
      for i = 1, 50 do
        assert.equal(18, list[i]())
      end
    end
  end)

  it("bears a collector that never rests", function()
    local pause, step = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
    local random = fuzz.random(11)
    for _ = 1, fuzz.rounds(3000) do
      local text = fuzz.json(random, 4)
      assert.same(read_tokens(text), read_tokens(text, random:upto(9)))
      assert.equal("boolean", type(core.check(text)))
    end
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", step)
  end)
end)
