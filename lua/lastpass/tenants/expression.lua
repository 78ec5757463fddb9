--- Expressions that choose companies: `all`, `NAME`, `name:GLOB`, `cid:N`, `group:NAME`, `and`, `or`, `not`,
-- brackets; a comma is an `or`. What other words contain stands in double quotes.
-- @module lastpass.tenants.expression
local errors = require "lastpass.error"
local lpeg = require "lpeg"

local C, Carg, Cc, Cmt, Ct, P, R, S, V =
  lpeg.C, lpeg.Carg, lpeg.Cc, lpeg.Cmt, lpeg.Ct, lpeg.P, lpeg.R, lpeg.S, lpeg.V

local M = {}

--- What an expression may have at most: bytes, brackets and `not` in each other, patterns with wildcards.
-- LPeg takes 200 captures in each other, of which a pair of brackets needs four.
M.MOST_BYTES, M.MOST_DEPTH, M.MOST_PATTERNS = 65536, 40, 100

-- One stack for all grammars of this process: never less than the SCIM filters need.
lpeg.setmaxstack(4000)

---@class lastpass.tenants.Node
---@field op "all"|"name"|"glob"|"cid"|"group"|"and"|"or"|"not"
---@field value? string
---@field [integer] lastpass.tenants.Node

-- ------------------------------------------------------------------ reading

local problem_mt = {}

local function complain(position, message)
  error(setmetatable({ position = position, message = message }, problem_mt), 0)
end

local function needed(pattern, what)
  return pattern + P(function(_, position)
    complain(position, "expected " .. what)
  end)
end

local gap = S " \t\r\n" ^ 0
local plain = 1 - S ' \t\r\n(),"'
local word_end = -plain

local function word(text)
  return P(text) * word_end * gap
end

local quoted = P '"'
  * (C((1 - P '"') ^ 1) + P(function(_, position)
    complain(position, "a name in quotes has at least one character")
  end))
  * needed(P '"', "the closing quote")
local text = quoted + C(plain ^ 1)

local function deeper(step)
  return Cmt(Carg(1), function(_, position, state)
    state.depth = state.depth + step
    if state.depth > M.MOST_DEPTH then
      complain(position, ("more than %d brackets or 'not' in each other"):format(M.MOST_DEPTH))
    end
    return true
  end)
end

local function leaf(op)
  return function(value)
    return { op = op, value = value }
  end
end

local prefixed = P "name:" * needed(text, "a name or a pattern after 'name:'") / leaf "glob"
  + P "group:" * needed(text, "the name of a group after 'group:'") / leaf "group"
  + P "cid:" * needed(C(R "09" ^ 1) * word_end, "an account number after 'cid:'") / leaf "cid"

local reserved = (P "and" + "or" + "not") * word_end
local name = quoted / leaf "name"
  + (P "all" * word_end * Cc(nil) / leaf "all")
  + (C(plain ^ 1) - reserved) / leaf "name"

local function chain(op, part, between)
  return Ct(part * (between * needed(part, "a company after '" .. op .. "'")) ^ 0)
    / function(nodes)
      if not nodes[2] then
        return nodes[1]
      end
      nodes.op = op
      return nodes
    end
end

local negated = word "not"
  * deeper(1)
  * needed(V "one", "a company after 'not'")
  * deeper(-1)
  / function(node)
    return { op = "not", node }
  end
local bracketed = P "("
  * deeper(1)
  * gap
  * needed(V "either", "a company")
  * needed(P ")", "')'")
  * deeper(-1)
  * gap

local grammar = P {
  "whole",
  whole = gap
    * needed(V "either", "a company: all, a name, name:…, group:… or cid:…")
    * needed(P(-1), "'and', 'or', a comma or the end"),
  either = chain("or", V "both", (word "or" + P "," * gap)),
  both = chain("and", V "one", word "and"),
  one = negated + bracketed + (prefixed + name) * gap,
}

local function bad_expression(given, position, message)
  local shown = #given > 200 and given:sub(1, 200) .. "…" or given
  return errors.fail(
    "argument",
    "bad_expression",
    ("companies '%s': at character %d: %s"):format(shown, position, message),
    { position = position, hint = "such as: all, acme, group:eu and not name:test*" }
  )
end

-- Names are taken as they are: an expression has no way to say a quotation mark, and an end.
local function node_of_names(names)
  local node = { op = "or" }
  for index, one in ipairs(names) do
    node[index] = { op = "name", value = one }
  end
  return node
end

--- Reads an expression.
---@param given string|string[] a list is of names
---@return lastpass.tenants.Node|nil
---@return string? message
---@return lastpass.Error? err code "bad_expression", with `position`
function M.read(given)
  if type(given) == "table" then
    return node_of_names(given)
  elseif #given > M.MOST_BYTES then
    return bad_expression(given, 1, ("it is longer than %d bytes"):format(M.MOST_BYTES))
  end
  local ok, result = pcall(lpeg.match, grammar, given, 1, { depth = 0 })
  if ok and result then
    return result
  elseif getmetatable(result) == problem_mt then
    return bad_expression(given, result.position, result.message)
  end
  return error(result, 0)
end

-- ------------------------------------------------------------------ matching

--- Whether a name is what a pattern says: `*` stands for any number of characters, `?` for one.
---@param pattern string
---@param given string
---@return boolean
function M.matches(pattern, given)
  local at, position = 1, 1
  local star, resume
  while position <= #given do
    local character = pattern:sub(at, at)
    if character == "*" then
      star, resume = at, position
      at = at + 1
    elseif character == "?" or character ~= "" and character == given:sub(position, position) then
      at, position = at + 1, position + 1
    elseif star then
      resume = resume + 1
      at, position = star + 1, resume
    else
      return false
    end
  end
  return pattern:sub(at):match "^%**$" ~= nil
end

local function unknown(what, value, names)
  local known = errors.did_you_mean(value, names)
  if known == "" and #names > 0 and #names <= 12 then
    known = (" (known are: %s)"):format(table.concat(names, ", "))
  end
  return errors.fail(
    "argument",
    "unknown_company",
    ("there is no %s '%s'%s"):format(what, value, known)
  )
end

-- Each kind of node as a set of companies, or nil, message, err.
local evaluate = {}

local function evaluate_node(node, world)
  return evaluate[node.op](node, world)
end

--- Every company.
function evaluate.all(_, world)
  return errors.set_of(world.companies)
end

--- The company of that name.
function evaluate.name(node, world)
  local company = world.by_name[node.value]
  if not company then
    return unknown("company", node.value, errors.names_of(world.by_name))
  end
  return { [company] = true }
end

--- Those with that account number; at different addresses there may be several.
function evaluate.cid(node, world)
  local found
  for _, company in ipairs(world.companies) do
    if company.cid and ("%.0f"):format(company.cid) == node.value then
      found = found or {}
      found[company] = true
    end
  end
  if not found then
    return unknown("company with the account number", node.value, {})
  end
  return found
end

--- Those whose names are as the pattern says.
function evaluate.glob(node, world)
  world.patterns = (world.patterns or 0) + 1
  if world.patterns > M.MOST_PATTERNS then
    return errors.fail(
      "argument",
      "bad_expression",
      ("more than %d patterns with 'name:'"):format(M.MOST_PATTERNS)
    )
  end
  local found = {}
  for _, company in ipairs(world.companies) do
    found[company] = M.matches(node.value, company.name) or nil
  end
  return found
end

--- Those of a group.
function evaluate.group(node, world)
  return world.group(node.value)
end

evaluate["or"] = function(node, world)
  local joined = {}
  for _, part in ipairs(node) do
    local found, message, err = evaluate_node(part, world)
    if not found then
      return nil, message, err
    end
    for company in pairs(found) do
      joined[company] = true
    end
  end
  return joined
end

evaluate["and"] = function(node, world)
  local common
  for _, part in ipairs(node) do
    local found, message, err = evaluate_node(part, world)
    if not found then
      return nil, message, err
    end
    for company in pairs(common or {}) do
      common[company] = found[company]
    end
    common = common or found
  end
  return common
end

evaluate["not"] = function(node, world)
  local found, message, err = evaluate_node(node[1], world)
  if not found then
    return nil, message, err
  end
  local others = {}
  for _, company in ipairs(world.companies) do
    others[company] = not found[company] or nil
  end
  return others
end

--- The companies that an expression means.
---@param node lastpass.tenants.Node
---@param world table companies (list), by_name, and group(name), which gives the set of a group
---@return table<table, true>|nil set
---@return string? message
---@return lastpass.Error? err codes "unknown_company", "unknown_group", "bad_expression"
function M.evaluate(node, world)
  return evaluate_node(node, world)
end

return M
