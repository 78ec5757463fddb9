--- Which items of a list are wanted (unified-directory §2.3). What a resource does not know is
-- refused: a filter that is passed over would give out too much.
-- @module lastpass.unified.filters
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local query = require "lastpass.unified.query"
local texts = require "lastpass.unified.texts"
local time = require "lastpass.time"

local M = {}

---@class lastpass.unified.Filter
---@field kind "text"|"exact"|"address"|"truth"|"time"
---@field value fun(item: any, scene: table): any  one value, a list of them, or nil
---@field inner? string  `emails[0][email]=…`: the member of each element that counts

local function of_member(kind, name)
  return {
    kind = kind,
    value = function(item)
      return item[name]
    end,
  }
end

--- The filter of a member that is a text.
---@param name string
---@return lastpass.unified.Filter
function M.text(name)
  return of_member("text", name)
end

--- The filter of a member that counts as it is written.
---@param name string
---@return lastpass.unified.Filter
function M.exact(name)
  return of_member("exact", name)
end

--- The filter of the organization: there is one.
M.organization = {
  kind = "exact",
  value = function(_, call)
    return call.cid
  end,
}

local function list_of(given, inner)
  if type(given) == "string" then
    return { given }
  end
  local list = {}
  local elements = #given > 0 and given or { given }
  for place, element in ipairs(elements) do
    local text = element
    if type(element) == "table" then
      text = inner and element[inner]
    end
    if type(text) ~= "string" then
      return nil
    end
    list[place] = text
  end
  return list
end

local fold = { text = texts.fold, address = email.fold }

local function same(text)
  return text
end

local read = {}

-- Any of the given texts.
local function read_texts(filter, given)
  local list = list_of(given, filter.inner)
  if not list then
    return nil, "must be a text or a list of texts"
  end
  local key, wanted = fold[filter.kind] or same, {}
  for _, text in ipairs(list) do
    wanted[key(text)] = true
  end
  return function(value)
    return value ~= nil and value ~= json.null and wanted[key(value)] == true
  end
end

read.text, read.exact, read.address = read_texts, read_texts, read_texts

--- Yes or no.
function read.truth(_, given)
  local wanted = given == "true" or given == "1"
  if not wanted and given ~= "false" and given ~= "0" then
    return nil, "must be true or false"
  end
  return function(value)
    return value == wanted
  end
end

local operators = {
  gt = function(a, b)
    return a > b
  end,
  gte = function(a, b)
    return a >= b
  end,
  lt = function(a, b)
    return a < b
  end,
  lte = function(a, b)
    return a <= b
  end,
  eq = function(a, b)
    return a == b
  end,
}

-- Dates and times with a zone; a date alone is its midnight in UTC.
local function epoch(text)
  if type(text) ~= "string" or not text:find "^%d%d%d%d%-%d%d%-%d%d" then
    return nil
  elseif #text == 10 then
    text = text .. "T00:00:00Z"
  elseif not text:find "[Zz]$" and not text:find "[+-]%d%d:?%d%d$" then
    text = text .. "Z"
  end
  return (time.parse(text:gsub("%.%d+", ""):gsub("z$", "Z"):gsub("^(.-) ", "%1T"), nil))
end

--- The comparisons of a time: {{operator, epoch seconds}}.
---@param given string|table
---@return table[]|nil
---@return string? reason
function M.times(given)
  local wanted = type(given) == "table" and given or { eq = given }
  local list = {}
  for name, text in pairs(wanted) do
    local at = epoch(text)
    if not operators[name] then
      return nil, "knows the operators gt, gte, lt, lte and eq"
    elseif not at then
      return nil, "must be a time such as 2026-03-01T10:00:00Z"
    end
    list[#list + 1] = { name, at }
  end
  return list
end

--- Times, by operators.
function read.time(_, given)
  local list, reason = M.times(given)
  if not list then
    return nil, reason
  end
  return function(value)
    if not value then
      return false
    end
    for _, comparison in ipairs(list) do
      if not operators[comparison[1]](value, comparison[2]) then
        return false
      end
    end
    return true
  end
end

-- Of a list one value is enough.
local function any(test, value)
  if type(value) ~= "table" then
    return test(value)
  end
  for _, item in ipairs(value) do
    if test(item) then
      return true
    end
  end
  return false
end

local function canonical(names, tree)
  local parts = {}
  for place, name in ipairs(names) do
    parts[place] = name .. "=" .. json.encode(tree[name])
  end
  return table.concat(parts, "&")
end

--- The text of further parameters, behind that of the filters: equal queries give equal texts.
---@param tree table of `query.read`
---@param names string[]
---@param before string
---@return string
function M.canonical(tree, names, before)
  local present = {}
  for _, name in ipairs(names) do
    present[#present + 1] = tree[name] ~= nil and name or nil
  end
  return before .. "&" .. canonical(present, tree)
end

--- Parameters that are no filters.
M.others = {
  integrated_account_id = true,
  limit = true,
  next_cursor = true,
  prev_cursor = true,
  sort_by = true,
  truto_response_format = true,
  truto_key_by = true,
  truto_ignore_limit = true,
  truto_ignore_remote_data = true,
  truto_exclude_fields = true,
  truto_super_query = true,
  remote_query = true,
}

local function unknown(name, known)
  local names = errors.names_of(known)
  local nearest = errors.did_you_mean(name, names)
  local hint = nearest ~= "" and nearest
    or #names > 0 and "; known are " .. table.concat(names, ", ")
    or ""
  return query.bad(name, "is not known here" .. hint)
end

--- Reads the filters of a query.
---@param tree table of `query.read`
---@param known table<string, lastpass.unified.Filter>
---@return table|nil filters `test(item, scene)`, `canonical` (text), `count`
---@return lastpass.unified.Problem? problem
function M.read(tree, known)
  local names, tests = {}, {}
  for name in pairs(tree) do
    if not M.others[name] then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for place, name in ipairs(names) do
    local filter = known[name]
    if not filter then
      return unknown(name, known)
    end
    local test, reason = read[filter.kind](filter, tree[name])
    if not test then
      return query.bad(name, reason)
    end
    tests[place] = { test = test, value = filter.value }
  end
  return {
    count = #tests,
    canonical = canonical(names, tree),
    test = function(item, scene)
      for _, one in ipairs(tests) do
        if not any(one.test, one.value(item, scene)) then
          return false
        end
      end
      return true
    end,
  }
end

--- Refuses every parameter that is a filter: for calls that are about one thing.
---@param tree table
---@return true|nil
---@return lastpass.unified.Problem? problem
function M.none(tree)
  local filters, problem = M.read(tree, {})
  if not filters then
    return nil, problem
  end
  return true
end

return M
