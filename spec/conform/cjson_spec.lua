-- Our reader and lua-cjson on 100,000 texts made by chance, half of them damaged. What we accept,
-- lua-cjson accepts, with the same value. What only lua-cjson accepts is one of five things.
local cjson = require("cjson").new()
local core = require "lastpass.core"
local fuzz = require "spec.support.fuzz"
local read_tokens = require "spec.tokens"

cjson.decode_invalid_numbers(false)
cjson.decode_max_depth(512)

-- The value that the tokens describe, as lua-cjson would make it.
local function rebuild(tokens)
  local at = 1
  local function value()
    local kind, text = tokens[at], tokens[at + 1]
    at = at + 2
    if kind == "number" then
      -- lua-cjson makes floats only; LuaJIT's tonumber knows no exponents of very many digits
      return (tonumber(text) or cjson.decode("[" .. text .. "]")[1]) + 0.0
    elseif kind == "string" then
      return text
    elseif kind == "true" or kind == "false" then
      return kind == "true"
    elseif kind == "null" then
      return cjson.null
    end
    local result = {}
    if kind == "[" then
      while tokens[at] ~= "]" do
        result[#result + 1] = value()
      end
    else
      while tokens[at] ~= "}" do
        local key = tokens[at + 1]
        assert.equal("key", tokens[at])
        at = at + 2
        result[key] = value()
      end
    end
    at = at + 2
    return result
  end
  local result = value()
  assert.equal("end", tokens[at])
  assert.equal(at + 1, #tokens)
  return result
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

-- Why we refuse what lua-cjson takes; nil when there is no good reason.
local function difference(text)
  local tokens, _, code = read_tokens(text)
  local zero = text:find("\0", 1, true)
  if zero then
    -- it takes the first NUL for the end
    local start = text:sub(1, zero - 1)
    return (read_tokens(start) or difference(start)) and "nul"
  elseif tokens then
    return nil
  elseif code == "invalid_utf8" or code == "duplicate_key" or code == "control_character" then
    return code
  elseif code == "bad_number" then
    -- nothing before or behind the point
    return ((text .. " "):find "%d%.%D" or text:find "%-%.") and code
  end
end

describe("lua-cjson and our reader", function()
  it("agree on 100,000 texts", function()
    local random = fuzz.random(20260822)
    local accepted, refused, only_theirs = 0, 0, {}
    for round = 1, fuzz.rounds(100000) do
      local text = fuzz.json(random)
      if round % 2 == 0 then
        text = fuzz.damaged(random, text)
      end
      local tokens, _, code = read_tokens(text, random:upto(40), round)
      local ok, value = pcall(cjson.decode, text)
      if tokens then
        accepted = accepted + 1
        if not ok or not same(value, rebuild(tokens)) then
          error(("not the same: %q: %s"):format(text, tostring(value)))
        end
        local exact, _, reason = core.check(text)
        assert.is_true(exact or reason == "number_out_of_range", text)
      elseif ok then
        local why = difference(text)
        if not why then
          error(("only lua-cjson accepts: %s: %q"):format(code, text))
        end
        only_theirs[why] = (only_theirs[why] or 0) + 1
      else
        refused = refused + 1
      end
    end
    assert.is_true(accepted > fuzz.rounds(40000), accepted)
    assert.is_true(refused > fuzz.rounds(20000), refused)
    if fuzz.rounds(100) == 100 then
      for _, why in ipairs {
        "invalid_utf8",
        "duplicate_key",
        "control_character",
        "bad_number",
        "nul",
      } do
        assert.is_true((only_theirs[why] or 0) > 0, why)
      end
    end
  end)

  it("differ in five things only", function()
    local function taken_by_cjson(text, code)
      assert.is_true((pcall(cjson.decode, text)), text)
      local tokens, _, given = read_tokens(text)
      assert.is_nil(tokens)
      assert.equal(code, given)
      assert.equal(code, select(3, core.check(text)))
    end
    taken_by_cjson('"\255"', "invalid_utf8")
    taken_by_cjson('"\237\160\128"', "invalid_utf8")
    taken_by_cjson('{"a":1,"a":2}', "duplicate_key")
    taken_by_cjson('"a\nb"', "control_character")
    taken_by_cjson("[1.]", "bad_number")
    taken_by_cjson("[-.5]", "bad_number")
    taken_by_cjson("[]\0]", "trailing_data")
  end)

  it("differ in what lua-cjson makes of numbers, which core.check refuses", function()
    assert.equal(math.huge, cjson.decode("[1e400]")[1])
    assert.equal(9007199254740992, cjson.decode("[9007199254740993]")[1])
    assert.equal("number_out_of_range", select(3, core.check "[1e400]"))
    assert.equal("number_out_of_range", select(3, core.check "[9007199254740993]"))
    assert.is_true(core.check "[9007199254740992]")
  end)
end)
