--- Queries as Truto's clients write them (unified-directory §1.6): `limit=10`, `created_at[gt]=…`,
-- `emails[][email]=…`; lists as `a[]=x`, `a[0]=x` or `a=x,y` where one is wanted.
-- @module lastpass.unified.query
local problems = require "lastpass.unified.problems"
local texts = require "lastpass.unified.texts"

local M = {}

--- How much of a query is read.
M.MAX_DEPTH = 5
M.MAX_NAMES = 200
M.MAX_VALUE = 4096

-- "a[b][0]" as { "a", "b", "0" }; nil when the brackets do not match.
local function steps_of(name)
  local first, rest = name:match "^([^%[%]]+)(.*)$"
  if not first then
    return nil
  end
  local steps = { first }
  while rest ~= "" do
    local step, more = rest:match "^%[([^%[%]]*)%](.*)$"
    if not step then
      return nil
    end
    steps[#steps + 1], rest = step, more
  end
  return steps
end

-- `a[]` is the next place of a list; `a[][x]` starts a new element when the last one has an x.
local function place_of(node, step, following)
  if step ~= "" then
    return step:find "^%d%d?%d?$" and tonumber(step) + 1 or step
  end
  local last = node[#node]
  if following and following ~= "" and type(last) == "table" and last[following] == nil then
    return #node
  end
  return #node + 1
end

local function put(tree, steps, value)
  local node = tree
  for depth = 1, #steps do
    local place = depth == 1 and steps[1] or place_of(node, steps[depth], steps[depth + 1])
    if depth == #steps then
      if node[place] ~= nil then
        return false, "is given twice"
      end
      node[place] = value
      return true
    end
    if node[place] == nil then
      node[place] = {}
    elseif type(node[place]) ~= "table" then
      return false, "is given as a value and as an object"
    end
    node = node[place]
  end
end

-- What has names beside numbers is no list: all its keys are names.
local function as_object(node)
  local object = {}
  for name, value in pairs(node) do
    object[type(name) == "number" and ("%d"):format(name - 1) or name] = value
  end
  return object
end

-- Lists that were written with numbers may have holes; order is all that counts.
local function without_holes(node)
  for name, value in pairs(node) do
    if type(value) == "table" then
      node[name] = without_holes(value)
    end
  end
  local numbers = {}
  for name in pairs(node) do
    if type(name) ~= "number" then
      return as_object(node)
    end
    numbers[#numbers + 1] = name
  end
  table.sort(numbers)
  local list = {}
  for place, number in ipairs(numbers) do
    list[place] = node[number]
  end
  return list
end

local function bad(name, reason)
  return problems.fail(400, ("the parameter '%s' %s"):format(texts.clean(name:sub(1, 100)), reason))
end

--- Reads a query.
---@param pairs_of table[] {name, value}, decoded, in order
---@return table|nil tree name -> text, list or object
---@return lastpass.unified.Problem? problem
function M.read(pairs_of)
  if #pairs_of > M.MAX_NAMES then
    local text = "the query has %d parameters; %d are allowed"
    return problems.fail(400, text:format(#pairs_of, M.MAX_NAMES))
  end
  local tree = {}
  for _, pair in ipairs(pairs_of) do
    local name, value = pair[1], pair[2]
    local steps = steps_of(name)
    if not steps then
      return bad(name, "has brackets that do not match")
    elseif #steps > M.MAX_DEPTH then
      return bad(name, ("is nested deeper than %d"):format(M.MAX_DEPTH))
    elseif type(value) ~= "string" then
      return bad(name, "has no value")
    elseif #value > M.MAX_VALUE then
      return bad(name, ("is longer than %d bytes"):format(M.MAX_VALUE))
    elseif not texts.is_utf8(value) or not texts.is_utf8(name) then
      return bad(name, "is not valid UTF-8")
    end
    local ok, reason = put(tree, steps, value)
    if not ok then
      return bad(name, reason)
    end
  end
  for name, value in pairs(tree) do
    if type(value) == "table" then
      tree[name] = without_holes(value)
    end
  end
  return tree
end

--- The pairs of a query string.
---@param text string without the question mark
---@return table[] {name, value}
function M.split(text)
  local list = {}
  for part in text:gmatch "[^&]+" do
    local name, value = part:match "^([^=]*)=?(.*)$"
    if name ~= "" then
      list[#list + 1] = { texts.unescape(name, true), texts.unescape(value, true) }
    end
  end
  return list
end

local truths = { ["true"] = true, ["1"] = true, ["false"] = false, ["0"] = false }

--- A parameter that says yes or no.
---@param tree table
---@param name string
---@return boolean|nil value nil when it is not given, or problem
---@return lastpass.unified.Problem? problem
function M.truth(tree, name)
  local value = tree[name]
  if value == nil or value == "" then
    return nil
  elseif truths[value] == nil then
    return bad(name, "must be true or false")
  end
  return truths[value]
end

--- A parameter that is a list of texts, in any of its spellings.
---@param tree table
---@param name string
---@return string[]|nil list empty when it is not given
---@return lastpass.unified.Problem? problem
function M.list(tree, name)
  local value, list = tree[name], {}
  if type(value) == "string" then
    for part in value:gmatch "[^,]+" do
      list[#list + 1] = part:match "^%s*(.-)%s*$"
    end
  elseif type(value) == "table" then
    for key, item in pairs(value) do
      if type(key) ~= "number" or type(item) ~= "string" then
        return bad(name, "must be a list of texts")
      end
      list[key] = item
    end
  end
  return list
end

M.bad = bad

return M
