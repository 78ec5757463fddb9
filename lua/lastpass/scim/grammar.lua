--- The grammar of filters and of paths in PATCH (scim §2.5), on lpeg. It never goes back over brackets, so that its
-- time is linear; depth is counted while reading.
-- @module lastpass.scim.grammar
local errors = require "lastpass.error"
local json = require "lastpass.json"
local lpeg = require "lpeg"
local schema = require "lastpass.scim.schema"

local B, C, Carg, Cc, Cmt, Cp, Ct = lpeg.B, lpeg.C, lpeg.Carg, lpeg.Cc, lpeg.Cmt, lpeg.Cp, lpeg.Ct
local P, R, S, V = lpeg.P, lpeg.R, lpeg.S, lpeg.V

local M = {}

--- The greatest depth and length that a caller may allow. lpeg keeps each comparison on Lua's stack, which in 5.1
-- has room for 8,000.
M.MAX_DEPTH, M.MAX_LENGTH = 250, 32768

-- Entries of lpeg's stack that a level of brackets takes, at most.
local ENTRIES = 12
lpeg.setmaxstack(M.MAX_DEPTH * ENTRIES + 400)

-- What is wrong is raised where it is found, as a table of this kind.
local problem_mt = {}

local function complain(position, message)
  error(setmetatable({ position = position, message = message }, problem_mt), 0)
end

local function needed(pattern, what)
  return pattern + P(function(_, position)
    complain(position, "expected " .. what)
  end)
end

-- ---- words ----

local space = S " \t"
local gap, some = space ^ 0, space ^ 1
local name_character = R("az", "AZ", "09") + S "$_-"
local word_end = -name_character

local function word(text)
  local pattern = P(true)
  for character in text:gmatch "." do
    pattern = pattern * S(character:lower() .. character:upper())
  end
  return pattern * word_end
end

-- A word between two filters; brackets beside it need no space.
local function between(text)
  return (some + B(S ")]")) * word(text) * (some + #P "(" + -1)
end

-- ---- brackets ----

local function open(bracket)
  return P(bracket)
    * Cmt(Carg(1), function(_, position, state)
      state.depth = state.depth + 1
      if state.depth > state.max_depth then
        complain(position - 1, ("more than %d nested brackets"):format(state.max_depth))
      elseif bracket == "[" then
        if state.brackets > 0 then
          complain(position - 1, "brackets [ ] inside of others")
        end
        state.brackets = state.brackets + 1
      end
      return true
    end)
end

local function close(bracket, what)
  return needed(P(bracket), what)
    * Cmt(Carg(1), function(_, _, state)
      state.depth = state.depth - 1
      state.brackets = state.brackets - (bracket == "]" and 1 or 0)
      return true
    end)
end

-- ---- paths ----

-- A name with its URN; which part is which is the schema's knowledge.
local name = Cmt(
  C((R("az", "AZ") + S "$_") * (name_character + S ".:/+~%#@") ^ 0),
  function(_, position, text)
    local path, message = schema.split(text)
    if not path then
      complain(position - #text, message)
    end
    return true, path
  end
)

local sub_name = P "."
  * needed(C((R("az", "AZ") + S "$_") * name_character ^ 0), "the name of a sub-attribute")

-- The value path's filter, and the sub-attribute behind it (scim §2.5).
local selection = open "["
  * gap
  * needed(V "filter", "a filter")
  * gap
  * close("]", "']'")
  * sub_name ^ -1

local function path_with(path, filter, sub)
  if filter then
    if path.sub or not path.name then
      return nil
    end
    path.filter, path.sub = filter, sub
  end
  return path
end

local path = Cmt(name * (#P "[" * selection) ^ -1, function(_, position, ...)
  local whole = path_with(...)
  if not whole then
    complain(position, "only a multi-valued attribute can be followed by [ ]")
  end
  return true, whole
end)

-- ---- values ----

local function json_value(text, position)
  local value, message = json.decode(text)
  if value == nil then
    complain(position, "the value is not JSON: " .. message)
  end
  return value
end

local string_text = P '"'
  * ((P "\\" * 1) + (1 - S '"\\')) ^ 0
  * needed(P '"', "the end of the string")
local number_text = P "-" ^ -1
  * R "09" ^ 1
  * (P "." * R "09" ^ 1) ^ -1
  * (S "eE" * S "+-" ^ -1 * R "09" ^ 1) ^ -1
local value_end = -(name_character + S '."')
local quoted = Cmt(C(string_text), function(_, position, text)
  return true, json_value(text, position - #text)
end)
-- Up to which every integer is a number of its own.
local EXACT = 2 ^ 53

-- What would not be written back as it is (00123) may be a name without quotes.
local number = Cmt(C(number_text * value_end) * Carg(1), function(_, position, text, state)
  local known = (not state.lenient or json.decode(text) ~= nil)
    and json_value(text, position - #text)
  if state.lenient and (not known or json.encode(known) ~= text) then
    return false
  elseif known > EXACT or known < -EXACT then
    complain(position - #text, "the number is too large")
  end
  return true, known
end)
local literal = P "true" * value_end * Cc(true)
  + P "false" * value_end * Cc(false)
  + P "null" * value_end * Cc(json.null)

-- Without quotes, as Entra's guide prints them: only when asked for.
local bare_literals = { ["true"] = true, ["false"] = false, ["null"] = json.null }
local bare = Cmt(
  C((1 - S ' \t()[]"\\' - R "\0\31") ^ 1) * Carg(1),
  function(_, position, text, state)
    if not state.lenient then
      return false
    end
    local known = bare_literals[text:lower()]
    if known == nil then
      known = json_value('"' .. text .. '"', position - #text)
    end
    return true, known
  end
)

local value = needed(
  quoted + number + literal + bare,
  "a value: a string in double quotes, a number, true, false or null"
)

-- ---- comparisons ----

local operators = errors.set_of { "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "pr" }
local operator = Cmt(C(R("az", "AZ") ^ 1) * word_end, function(_, position, text)
  local op = text:lower()
  if not operators[op] then
    local hint = errors.did_you_mean(op, errors.names_of(operators))
    complain(position - #text, ("unknown operator '%s'%s"):format(text, hint))
  end
  return true, op
end)
local presence = Cmt(operator, function(_, _, op)
  return op == "pr", op
end)
local comparison = needed(operator, "an operator: eq, ne, co, sw, ew, gt, lt, ge, le or pr")
  * needed(some, "a space")
  * value

-- A value path may stand by itself.
local is_alone = #(gap * (P(-1) + S ")]") + some * (word "and" + word "or"))

local function node_of(position, whole, op, compared)
  if not whole.name then
    complain(position, "a schema's URN is not an attribute")
  elseif op == nil then
    if not whole.filter or whole.sub then
      complain(position, "expected an operator after the attribute")
    end
    return { op = "where", path = whole }
  elseif whole.filter and not whole.sub then
    complain(position, "a sub-attribute is compared, as in emails[type pr].value")
  end
  return { op = op, path = whole, value = compared }
end

local expression = Cmt(
  Cp()
    * path
    * (B "]" * is_alone + needed(some, "a space and an operator") * (presence + comparison)),
  function(_, _, ...)
    return true, node_of(...)
  end
)

-- ---- logic ----

--- Joins filters by `and` or `or`; those that are joined so themselves are dissolved in it.
---@param op "and"|"or"
---@param nodes table[]
---@return table|nil node nil when there are none
function M.join(op, nodes)
  if not nodes[2] then
    return nodes[1]
  end
  local list = { op = op }
  for _, node in ipairs(nodes) do
    if node.op == op then
      for _, part in ipairs(node) do
        list[#list + 1] = part
      end
    else
      list[#list + 1] = node
    end
  end
  return list
end

local function chain(text, part)
  return Ct(part * (between(text) * needed(part, "a filter after '" .. text .. "'")) ^ 0)
    / function(nodes)
      return M.join(text, nodes)
    end
end

-- lpeg limits how deep captures nest: those of a group are evaluated when it ends.
local group = Cmt(
  open "(" * gap * needed(V "filter", "a filter") * gap * close(")", "')'"),
  function(_, _, node)
    return true, node
  end
)

local rules = {
  filter = chain("or", V "conjunction"),
  conjunction = chain("and", V "term"),
  term = word "not" * gap * #P "(" * V "group" / function(node)
    return { op = "not", node }
  end + V "group" + expression,
  group = group,
}

local function starting_with(pattern)
  local all = { pattern }
  for rule, definition in pairs(rules) do
    all[rule] = definition
  end
  return P(all)
end

local patterns = {
  filter = starting_with(
    gap * needed(V "filter", "a filter") * gap * needed(P(-1), "'and', 'or' or the end")
  ),
  path = starting_with(gap * needed(path, "a path") * gap * needed(P(-1), "the end")),
}

--- Reads a text.
---@param rule "filter"|"path"
---@param text string
---@param lenient boolean|nil
---@param max_depth integer
---@return table|nil result a node or a path
---@return table? problem `position`, `message`; `in_brackets`: it is in the filter of a path
function M.read(rule, text, lenient, max_depth)
  local state = { depth = 0, brackets = 0, lenient = lenient, max_depth = max_depth }
  local ok, result = pcall(lpeg.match, patterns[rule], text, 1, state)
  if ok then
    return result
  elseif getmetatable(result) == problem_mt then
    result.in_brackets = state.brackets > 0
    return nil, result
  end
  return error(result, 0)
end

return M
