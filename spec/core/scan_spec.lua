-- The incremental reader under a cut at every byte: tokens, refusals and their places are the same.
local core = require "lastpass.core"
local fuzz = require "spec.support.fuzz"
local read_tokens = require "spec.tokens"

local function outcome(text, piece, seed)
  local tokens, _, code, position = read_tokens(text, piece, seed)
  return tokens and table.concat(tokens, "\1") or code .. " " .. position
end

describe("the reader of JSON", function()
  it("does not mind where bytes are cut, in 20,000 texts good and bad", function()
    local random = fuzz.random(99)
    for round = 1, fuzz.rounds(20000) do
      local text = fuzz.json(random)
      if round % 3 > 0 then
        text = fuzz.damaged(random, text)
      end
      local whole = outcome(text)
      for _, piece in ipairs { 1, 2, 5, 16 } do
        assert.equal(whole, outcome(text, piece), text)
      end
      assert.equal(whole, outcome(text, 30, round), text)
    end
  end)

  it("gives the same refusal wherever a text ends", function()
    local text = '[{"a\\u00e9":[1.5e3,-0,"\195\169\\ud83d\\ude00"],"b":{"c":null}},true,false]'
    for length = 0, #text do
      local start = text:sub(1, length)
      local whole = outcome(start)
      assert.equal(length == #text, whole:find "end" ~= nil)
      for piece = 1, 9 do
        assert.equal(whole, outcome(start, piece))
      end
    end
  end)

  it("sees each byte of a long string, in every column", function()
    for column = 0, 40 do
      for _, bad in ipairs { "\n", "\255", "\\q", "\\ud800x", "\195(" } do
        local text = '"' .. ("x"):rep(column) .. bad .. ("y"):rep(40) .. '"'
        local whole = outcome(text)
        assert.matches(" " .. column + 1 .. "$", whole)
        assert.equal(whole, outcome(text, 7))
      end
      for _, good in ipairs { "\195\169", "\\u00e9", "\240\159\152\128", "\\ud83d\\ude00" } do
        local text = '"' .. ("x"):rep(column) .. good .. ("y"):rep(40) .. '"'
        assert.matches("^string", outcome(text))
        assert.equal(outcome(text), outcome(text, 7))
      end
    end
  end)

  it("knows depth and keys of every level", function()
    local deep = ('{"a":[{"b":'):rep(170) .. "{}" .. ("}]}"):rep(170)
    assert.matches("end", outcome(deep))
    assert.equal(outcome(deep), outcome(deep, 3))
    local twice = ('{"a":[{"b":'):rep(100) .. '{"x":1,"x":2}' .. ("}]}"):rep(100)
    assert.matches("^duplicate_key", outcome(twice))
    assert.equal(outcome(twice), outcome(twice, 3))
    local late = ('{"a":'):rep(100) .. "1" .. (',"a":1}'):rep(100)
    assert.matches("^duplicate_key", outcome(late))
  end)

  it(
    "reads a hundred thousand keys of one object, and finds the one that is there twice",
    function()
      local keys = {}
      for i = 1, 100000 do
        keys[i] = ('"k%d":0'):format(i)
      end
      local text = "{" .. table.concat(keys, ",")
      assert.is_true(core.check(text .. "}"))
      assert.equal("duplicate_key", select(3, core.check(text .. ',"k77777":0}')))
    end
  )
end)
