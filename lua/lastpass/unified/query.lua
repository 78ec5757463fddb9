--- Queries as Truto's clients write them (unified-directory §1.6): `limit=10`, `created_at[gt]=…`,
-- `emails[][email]=…`; lists as `a[]=x`, `a[0]=x` or `a=x,y`. And what they say about the answer.
-- @module lastpass.unified.query
local characters = require "lastpass.text.characters"
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

-- `a[]` is the next position of a list; `a[][x]` starts a new element when the last one has an x.
local function position_of(node, step, following)
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
    local position = depth == 1 and steps[1] or position_of(node, steps[depth], steps[depth + 1])
    if depth == #steps then
      if node[position] ~= nil then
        return false, "is given twice"
      end
      node[position] = value
      return true
    end
    if node[position] == nil then
      node[position] = {}
    elseif type(node[position]) ~= "table" then
      return false, "is given as a value and as an object"
    end
    node = node[position]
  end
end

-- What has names beside numbers is an object, not a list: all its keys are names.
local function to_object(node)
  local object = {}
  for name, value in pairs(node) do
    object[type(name) == "number" and ("%d"):format(name - 1) or name] = value
  end
  return object
end

-- Lists that were written with numbers may have holes; only their order counts.
local function remove_holes(node)
  for name, value in pairs(node) do
    if type(value) == "table" then
      node[name] = remove_holes(value)
    end
  end
  local numbers = {}
  for name in pairs(node) do
    if type(name) ~= "number" then
      return to_object(node)
    end
    numbers[#numbers + 1] = name
  end
  table.sort(numbers)
  local list = {}
  for position, number in ipairs(numbers) do
    list[position] = node[number]
  end
  return list
end

--- The failure of a parameter.
---@param name string
---@param reason string
---@return nil
---@return lastpass.unified.Problem
local function bad(name, reason)
  return problems.fail(400, ("the parameter '%s' %s"):format(texts.clean(name:sub(1, 100)), reason))
end

M.bad = bad

--- Reads a query.
---@param pairs_of table[] {name, value}, decoded, in order
---@return table|nil tree name -> string, list or object
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
    elseif not characters.is_utf8(value) or not characters.is_utf8(name) then
      return bad(name, "is not valid UTF-8")
    end
    local ok, reason = put(tree, steps, value)
    if not ok then
      return bad(name, reason)
    end
  end
  for name, value in pairs(tree) do
    if type(value) == "table" then
      tree[name] = remove_holes(value)
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

--- A parameter that is true or false.
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

--- A parameter that is a list of strings, in any of its spellings.
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
        return bad(name, "must be a list of strings")
      end
      list[key] = item
    end
  end
  return list
end

--- How many items a page has when the request does not say, and at most.
M.DEFAULT_LIMIT = 100
M.MAX_LIMIT = 500

local formats = { unified = true, raw = true, normalized = true, stream = true, debug = true }

local function read_limit(tree)
  local text = tree.limit
  if text == nil or text == "" then
    return M.DEFAULT_LIMIT
  end
  local number = type(text) == "string" and text:find "^%d%d?%d?%d?$" and tonumber(text)
  if not number or number < 1 or number > M.MAX_LIMIT then
    return bad("limit", ("must be a number from 1 to %d"):format(M.MAX_LIMIT))
  end
  return number
end

local function read_string(tree, name)
  local value = tree[name]
  if value ~= nil and type(value) ~= "string" then
    return bad(name, "must be a string")
  end
  return value ~= "" and value or nil
end

local function read_set(tree, name)
  local list, problem = M.list(tree, name)
  local set = {}
  for _, word in ipairs(list or {}) do
    set[word] = true
  end
  return set, problem
end

-- The options of an answer, in the order in which errors are reported.
local options = {
  { "ignore_limit", "truto_ignore_limit", M.truth },
  { "ignore_record", "truto_ignore_remote_data", M.truth },
  { "exclude", "truto_exclude_fields", read_set },
  { "limit", "limit", read_limit },
  { "cursor", "next_cursor", read_string },
  { "sort", "sort_by", read_string },
  { "key_by", "truto_key_by", read_string },
  { "format", "truto_response_format", read_string },
}

--- Reads what a request says about its answer: how much of it, from which position, in which form
-- (unified-directory §1.4, §1.5).
---@param tree table of `query.read`
---@param settings table remote_data
---@return table|nil options limit, cursor, sort, format, key_by, exclude, with_record, remote
---@return lastpass.unified.Problem? problem
function M.options(tree, settings)
  local output = {}
  for _, option in ipairs(options) do
    local value, problem = option[3](tree, option[2])
    if problem then
      return nil, problem
    end
    output[option[1]] = value
  end
  output.format = output.format or "unified"
  if not formats[output.format] then
    return bad("truto_response_format", "must be unified, raw, normalized, stream or debug")
  elseif output.ignore_limit then
    output.limit = M.DEFAULT_LIMIT
  end
  output.with_record = output.ignore_record == false
    or settings.remote_data and not output.ignore_record
    or output.format == "raw"
  output.remote = tree.remote_query or {}
  if type(output.remote) ~= "table" then
    return problems.fail(400, "remote_query must be an object: remote_query[name]=value")
  end
  return output
end

return M
