-- RFC 8259 case by case, through the reader of tokens and through the check of whole texts.
local cases = require "spec.conform.json_cases"
local core = require "lastpass.core"
local fuzz = require "spec.support.fuzz"
local read_tokens = require "spec.tokens"

local function show(case)
  local text = case.text:gsub("[^\32-\126]", function(byte)
    return ("\\x%02x"):format(byte:byte())
  end)
  return case.section .. ": " .. (#text > 80 and text:sub(1, 77) .. "..." or text)
end

-- code (or "good"), position
local function read(text, piece, seed)
  local tokens, _, code, position = read_tokens(text, piece, seed)
  return tokens and "good" or code, position, tokens
end

describe("JSON grammar", function()
  it("has enough cases, each once", function()
    local seen = {}
    for _, case in ipairs(cases) do
      assert.is_nil(seen[case.text], show(case))
      seen[case.text] = true
    end
    assert.is_true(#cases >= 300)
  end)

  it("is kept to the letter", function()
    for _, case in ipairs(cases) do
      assert.equal(case.verdict, (read(case.text)), show(case))
    end
  end)

  it("is the same however the bytes are cut", function()
    local sizes = fuzz.rounds(50) == 50 and { 1, 2, 3, 7, 16, 33 } or { 1, 7 }
    for _, case in ipairs(cases) do
      local verdict, position, tokens = read(case.text)
      for _, piece in ipairs(sizes) do
        for seed = 0, 2 do
          local again, place, list = read(case.text, piece, seed)
          assert.equal(verdict, again, show(case))
          assert.equal(position, place, show(case))
          assert.same(tokens, list, show(case))
        end
      end
    end
  end)

  it("is checked by core.check, and numbers are exact", function()
    for _, case in ipairs(cases) do
      local ok, message, code, position = core.check(case.text)
      local expected = case.verdict
      if expected == "good" and not case.exact then
        expected = "number_out_of_range"
      end
      assert.equal(expected, ok and "good" or code, show(case))
      if not ok then
        assert.matches("^not acceptable JSON: .+ %(at byte %d+%)$", message)
        assert.is_true(position >= 0 and position <= #case.text)
      end
    end
  end)

  it("tells where a refusal is", function()
    for _, case in ipairs {
      { "[1,x]", 3 },
      { '"\\q"', 1 },
      { '["abc\\u12x"]', 5 },
      { '"ab\255"', 3 },
      { '"ab\1"', 3 },
      { "[1.x]", 3 },
      { "[01]", 2 },
      { "[] 1", 3 },
      { '{"a":1,"a":2}', 10 },
      { "[1,2", 4 },
      { " \n", 2 },
      { ("["):rep(513), 512 },
    } do
      local _, position = read(case[1])
      assert.equal(case[2], position, case[1])
      for piece = 1, 4 do
        local _, again = read(case[1], piece)
        assert.equal(case[2], again, case[1])
      end
    end
  end)
end)
