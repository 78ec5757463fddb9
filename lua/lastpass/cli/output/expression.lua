--- Reads the expression of `--where` as far as it is to be known what it compares, and which names it uses.
-- @module lastpass.cli.output.expression
local M = {}

-- ------------------------------------------------------------------ tokens

local KEYWORDS = require("lastpass.cli.lua_text").reserved

-- Words that are values, or belong to one; every other keyword ends an operand.
local IN_OPERANDS = { ["false"] = true, ["nil"] = true, ["not"] = true, ["true"] = true }

local COMPARISONS =
  { ["=="] = true, ["~="] = true, ["<"] = true, [">"] = true, ["<="] = true, [">="] = true }

-- Where the string in long brackets that begins at `from` ends; nil when there is none.
local function long_end(text, from)
  local level = text:match("^%[(=*)%[", from)
  return level and select(2, text:find("]" .. level .. "]", from, true))
end

local function quoted_end(text, from)
  local quote, at = text:sub(from, from), from + 1
  while text:sub(at, at) ~= quote do
    at = at + (text:sub(at, at) == "\\" and 2 or 1)
  end
  return at
end

-- The end of the token at `from`, and what it is. The text is known to be valid Lua.
local function token_end(text, from)
  if text:find("^%-%-", from) then
    return long_end(text, from + 2) or (text:find("\n", from, true) or #text + 1) - 1, "comment"
  elseif text:find("^[\"']", from) then
    return quoted_end(text, from), "string"
  elseif text:find("^%[=*%[", from) then
    return long_end(text, from), "string"
  elseif text:find("^[%a_]", from) then
    return select(2, text:find("^[%w_]+", from)), "name"
  elseif text:find("^%.?%d", from) then
    local exponent = text:find("^0[xX]", from) and "^[%w.]*[pP][+-]%d+" or "^[%d.]*[eE][+-]%d+"
    local _, finish = text:find(exponent, from)
    return finish or select(2, text:find("^[%w.]+", from)), "number"
  end
  local two = text:sub(from, from + 1)
  local is_double = COMPARISONS[two] or two == ".." or two == "//" or two == "<<" or two == ">>"
  return is_double and from + 1 or from, "sign"
end

local function read_tokens(text)
  local tokens, at = {}, text:find "%S"
  while at do
    local finish, kind = token_end(text, at)
    if kind ~= "comment" then
      local word = text:sub(at, finish)
      if kind == "name" and KEYWORDS[word] then
        kind = "keyword"
      end
      tokens[#tokens + 1] = { word = word, kind = kind, from = at, to = finish }
    end
    at = text:find("%S", finish + 1)
  end
  return tokens
end

local function is_member(tokens, position)
  local before = tokens[position - 1]
  return before ~= nil and (before.word == "." or before.word == ":")
end

local ROWS = { u = true, row = true }

-- ------------------------------------------------------------------ operands

local function operand(text, tokens, first, last)
  if first > last then
    return nil
  end
  local result = { text = text:sub(tokens[first].from, tokens[last].to), is_constant = true }
  for position = first, last do
    if ROWS[tokens[position].word] and not is_member(tokens, position) then
      result.is_constant = false
    end
  end
  local bare = result.text:gsub("^[%s(]+", ""):gsub("[%s)]+$", "")
  result.field = bare:match "^u%.([%w_]+)$"
    or bare:match "^row%.([%w_]+)$"
    or bare:match "^u%[%s*[\"']([%w_]+)[\"']%s*%]$"
  return result
end

local function add(list, operator, left, right)
  if left and right then
    list[#list + 1] = { operator = operator, left = left, right = right }
  end
end

-- What one operand of `and`, `or`, a bracket … compares; a chain is read from the left, as Lua does.
local function close_part(found, text, tokens, part, last)
  for index, position in ipairs(part.operators) do
    local ends = (part.operators[index + 1] or last + 1) - 1
    add(
      found,
      tokens[position].word,
      operand(text, tokens, part.first, position - 1),
      operand(text, tokens, position + 1, ends)
    )
  end
end

local function close_has(found, text, tokens, call, last)
  local comma = call.commas[1]
  if comma and not call.commas[2] then
    add(
      found,
      "has",
      operand(text, tokens, call.first, comma - 1),
      operand(text, tokens, comma + 1, last)
    )
  end
end

local OPENING = { ["("] = true, ["["] = true, ["{"] = true }
local CLOSING = { [")"] = true, ["]"] = true, ["}"] = true }
local SEPARATORS = { [","] = true, [";"] = true, ["="] = true }

local function new_part(first)
  return { first = first, operators = {} }
end

local function find_comparisons(text, tokens)
  local found, stack = {}, {}
  local bracket, part = { commas = {} }, new_part(1)
  for position, token in ipairs(tokens) do
    local word = token.word
    if token.kind == "sign" and OPENING[word] then
      local before = tokens[position - 1]
      local is_has = word == "(" and before and before.word == "has"
      stack[#stack + 1] = { bracket, part }
      bracket = { first = position + 1, commas = {} }
      bracket.is_has = is_has and not is_member(tokens, position - 1)
      part = new_part(position + 1)
    elseif token.kind == "sign" and CLOSING[word] then
      close_part(found, text, tokens, part, position - 1)
      if bracket.is_has then
        close_has(found, text, tokens, bracket, position - 1)
      end
      local outer = table.remove(stack)
      bracket, part = outer[1], outer[2]
    elseif
      token.kind == "sign" and SEPARATORS[word]
      or token.kind == "keyword" and not IN_OPERANDS[word]
    then
      close_part(found, text, tokens, part, position - 1)
      part = new_part(position + 1)
      bracket.commas[#bracket.commas + 1] = word == "," and position or nil
    elseif token.kind == "sign" and COMPARISONS[word] then
      table.insert(part.operators, position)
    end
  end
  close_part(found, text, tokens, part, #tokens)
  return found
end

--- What an expression compares, and which names it uses. A function in it has names of its own: there nothing
-- is found.
---@param text string valid Lua
---@return table[] comparisons {operator, left, right}; "has" is an operator too
---@return string[] names that are no members of something
---@return string[] fields of the row
function M.find(text)
  local tokens, names, fields = read_tokens(text), {}, {}
  for position, token in ipairs(tokens) do
    local after, member = tokens[position + 1], tokens[position + 2]
    if token.word == "function" and token.kind == "keyword" then
      return {}, {}, {}
    elseif token.kind == "name" and not is_member(tokens, position) then
      if not (after and after.word == "=") then
        names[#names + 1] = token.word
      end
      if ROWS[token.word] and after and after.word == "." then
        fields[#fields + 1] = member.word
      end
    end
  end
  return find_comparisons(text, tokens), names, fields
end

return M
