--- Chance that is the same everywhere, and what specs make with it: JSON texts and damaged texts.
local M = {}

local Random = {}
Random.__index = Random

--- A source of chance (Park and Miller's), the same under every Lua.
---@param seed integer
function M.random(seed)
  return setmetatable({ state = seed % 2147483646 + 1 }, Random)
end

--- From 1 to n.
function Random:upto(n)
  self.state = self.state * 16807 % 2147483647
  return self.state % n + 1
end

--- One of a list.
function Random:of(list)
  return list[self:upto(#list)]
end

--- True once in n times.
function Random:once_in(n)
  return self:upto(n) == 1
end

local string_parts = {
  "a",
  "b",
  "key",
  "x y",
  "@",
  "Team",
  "\\n",
  '\\"',
  "\\\\",
  "\\/",
  "\\u0041",
  "\\u00e9",
  "\\u20AC",
  "\\ud83d\\ude00",
  "\195\169",
  "\226\130\172",
  "\240\159\152\128",
  "a rather long piece of text",
}
local numbers =
  { "0", "-0", "1", "42", "-7", "1.5", "0.25", "1e3", "2E-2", "-1.25e+2", "9007199254740992" }
local literals = { "true", "false", "null" }
local blanks = { "", "", "", "", "", " ", "\n", "\t \r\n" }

local function json_string(random)
  local parts = {}
  for i = 1, random:upto(4) - 1 do
    parts[i] = random:of(string_parts)
  end
  return '"' .. table.concat(parts) .. '"'
end

--- A JSON text.
---@param random table
---@param depth integer? how many levels more it may have (default 3)
---@return string
function M.json(random, depth)
  depth = depth or 3
  local kind = random:upto(depth > 0 and 7 or 3)
  if kind == 1 then
    return random:of(numbers)
  elseif kind == 2 then
    return random:of(literals)
  elseif kind == 3 then
    return json_string(random)
  end
  local items = {}
  for i = 1, random:upto(4) - 1 do
    local item = random:of(blanks) .. M.json(random, depth - 1) .. random:of(blanks)
    if kind > 5 then
      -- numbered, so that few objects have a key twice
      local name = random:once_in(20) and '"a"' or ('"%d%s'):format(i, json_string(random):sub(2))
      item = random:of(blanks) .. name .. random:of(blanks) .. ":" .. item
    end
    items[i] = item
  end
  local inside = random:of(blanks) .. table.concat(items, ",")
  return kind > 5 and "{" .. inside .. "}" or "[" .. inside .. "]"
end

local damage = {
  function(random, text, at)
    return text:sub(1, at - 1) .. string.char(random:upto(256) - 1) .. text:sub(at + 1)
  end,
  function(random, text, at)
    return text:sub(1, at - 1)
      .. random:of {
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "0",
        "-",
        ".",
        "e",
        " ",
        "\0",
        "\n",
        "\127",
        "\128",
        "\255",
      }
      .. text:sub(at)
  end,
  function(random, text, at)
    return text:sub(1, at - 1) .. text:sub(at + random:upto(4))
  end,
  function(random, text, at)
    local length = random:upto(12)
    return text:sub(1, at - 1) .. text:sub(at, at + length) .. text:sub(at)
  end,
  function(_, text, at)
    return text:sub(1, at)
  end,
  function(random, text, at)
    local from = random:upto(#text)
    return text:sub(1, at - 1) .. text:sub(from, from + random:upto(20)) .. text:sub(at)
  end,
}

--- The text with some bytes changed, left out, doubled or moved.
---@param random table
---@param text string
---@param times integer? how often (default 1 or 2)
---@return string
function M.damaged(random, text, times)
  for _ = 1, times or random:upto(2) do
    if text == "" then
      break
    end
    text = random:of(damage)(random, text, random:upto(#text))
  end
  return text
end

--- How many rounds a long test makes: few under valgrind and the sanitizers.
---@param rounds integer
---@return integer
function M.rounds(rounds)
  return os.getenv "LASTPASS_SLOW" and math.ceil(rounds / 50) or rounds
end

return M
