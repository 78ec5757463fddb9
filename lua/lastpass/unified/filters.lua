--- Filters of lists (unified-directory §2.3). One that a resource does not know is refused: ignoring it
-- would give out too much.
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
---@field value fun(item: any, call: table): any  one value, a list of them, or nil
---@field inner? string  `emails[0][email]=…`: the member of each element that counts

local function of_member(kind, name)
  return {
    kind = kind,
    value = function(item)
      return item[name]
    end,
  }
end

--- The filter of a member whose case is ignored.
---@param name string
---@return lastpass.unified.Filter
function M.text(name)
  return of_member("text", name)
end

--- The filter of a member that is compared as it is written.
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
  for position, element in ipairs(elements) do
    local text = element
    if type(element) == "table" then
      text = inner and element[inner]
    end
    if type(text) ~= "string" then
      return nil
    end
    list[position] = text
  end
  return list
end

local fold = { text = texts.fold, address = email.fold }

local function unchanged(text)
  return text
end

local readers = {}

-- Any of the given strings.
local function read_strings(filter, given)
  local list = list_of(given, filter.inner)
  if not list then
    return nil, "must be a string or a list of strings"
  end
  local key, accepted = fold[filter.kind] or unchanged, {}
  for _, text in ipairs(list) do
    accepted[key(text)] = true
  end
  return function(value)
    return value ~= nil and value ~= json.null and accepted[key(value)] == true
  end
end

readers.text, readers.exact, readers.address = read_strings, read_strings, read_strings

--- Yes or no.
function readers.truth(_, given)
  local expected = given == "true" or given == "1"
  if not expected and given ~= "false" and given ~= "0" then
    return nil, "must be true or false"
  end
  return function(value)
    return value == expected
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
local function parse_time(text)
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
  local comparisons = type(given) == "table" and given or { eq = given }
  local list = {}
  for name, text in pairs(comparisons) do
    local at = parse_time(text)
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
function readers.time(_, given)
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
local function any_matches(test, value)
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

local function canonical_text(names, tree)
  local parts = {}
  for position, name in ipairs(names) do
    parts[position] = name .. "=" .. json.encode(tree[name])
  end
  return table.concat(parts, "&")
end

--- The text of further parameters, after that of the filters: equal queries give equal texts.
---@param tree table of `query.read`
---@param names string[]
---@param before string
---@return string
function M.canonical(tree, names, before)
  local present = {}
  for _, name in ipairs(names) do
    present[#present + 1] = tree[name] ~= nil and name or nil
  end
  return before .. "&" .. canonical_text(present, tree)
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

local function refuse_unknown(name, known)
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
---@return table|nil filters `test(item, call)`, `canonical` (a string), `count`
---@return lastpass.unified.Problem? problem
function M.read(tree, known)
  local names, tests = {}, {}
  for name in pairs(tree) do
    if not M.others[name] then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for position, name in ipairs(names) do
    local filter = known[name]
    if not filter then
      return refuse_unknown(name, known)
    end
    local test, reason = readers[filter.kind](filter, tree[name])
    if not test then
      return query.bad(name, reason)
    end
    tests[position] = { test = test, value = filter.value }
  end
  return {
    count = #tests,
    canonical = canonical_text(names, tree),
    test = function(item, call)
      for _, one in ipairs(tests) do
        if not any_matches(one.test, one.value(item, call)) then
          return false
        end
      end
      return true
    end,
  }
end

--- Refuses every parameter that is a filter: for calls about a single item.
---@param tree table
---@return true|nil
---@return lastpass.unified.Problem? problem
function M.none(tree)
  local none, problem = M.read(tree, {})
  return none and true, problem
end

return M
