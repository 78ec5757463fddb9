--- One record with named values as its columns want it: the values at a path as strings or lists, dates,
-- addresses; or what is wrong with them.
-- @module lastpass.source.record
local characters = require "lastpass.text.characters"
local columns = require "lastpass.source.columns"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local json = require "lastpass.json"
local problems = require "lastpass.source.problems"

local M = {}

local null = json.null

-- The shortest text that reads back as the same number; integers in full, as employee numbers are.
local function number_text(number)
  if math.type and math.type(number) == "integer" then
    return ("%d"):format(number)
  elseif number == math.floor(number) and math.abs(number) < 2 ^ 53 then
    return ("%.0f"):format(number)
  end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(number)
    if tonumber(text) == number then
      return text
    end
  end
  return tostring(number) -- inf and nan
end

--- A string, number or boolean as text.
---@param value any
---@return string|nil text nil for anything else
function M.text(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    return number_text(value)
  elseif kind == "boolean" then
    return tostring(value)
  end
  return nil
end

local function add_text(value, found)
  local text = M.text(value)
  if not text then
    return type(value) == "table" and "holds another object" or "is a " .. type(value)
  end
  found[#found + 1] = text
  return nil
end

-- What is at the end of a path: a value, or a list of values.
local function add_leaf(value, found)
  if type(value) ~= "table" then
    return add_text(value, found)
  elseif #value == 0 and next(value) ~= nil then
    return "holds another object"
  end
  found.is_list = true
  for _, item in ipairs(value) do
    local fault = item ~= null and add_text(item, found) or nil
    if fault then
      return fault
    end
  end
  return nil
end

local collect

-- A key may have dots itself ("urn:…:enterprise:2.0:User"): the longest that exists is taken.
local function collect_in_object(object, path, found)
  local value, rest = object[path], nil
  local position = #path
  while value == nil and position > 1 do
    if path:byte(position) == 46 then -- "."
      value, rest = object[path:sub(1, position - 1)], path:sub(position + 1)
    end
    position = position - 1
  end
  if value == nil then
    return nil
  elseif not rest then
    found.present = true
  end
  return collect(value, rest, found)
end

function collect(value, path, found)
  if value == nil or value == null then
    return nil
  elseif not path then
    return add_leaf(value, found)
  elseif type(value) ~= "table" then
    return nil
  elseif #value == 0 then
    return collect_in_object(value, path, found)
  end
  for _, item in ipairs(value) do
    local fault = collect(item, path, found)
    if fault then
      return fault
    end
  end
  return nil
end

--- Collects the values at a path of an object as text: "name.family" goes into the object `name`, and
-- through a list into each of its objects.
---@param object table
---@param path string
---@param found table gets the texts; `present` becomes true when the last key exists, even as null,
-- `is_list` when its value is a list
---@return string|nil fault what is wrong with the value, as "holds another object"
function M.collect(object, path, found)
  return collect_in_object(object, path, found)
end

-- Trimmed, checked and, for bytes, written as digits; or nil, code, reason and the text.
local function clean_texts(plan, column, texts)
  local cleaned = {}
  for index, text in ipairs(texts) do
    if column.binary then
      text = digest.to_hex(text)
    elseif not characters.is_utf8(text) then
      return nil, "bad_encoding", ("'%s' is not valid UTF-8"):format(column.label), text
    elseif plan.trim then
      text = email.trim(text)
    end
    cleaned[index] = text
  end
  if plan.kind.is_unordered then
    table.sort(cleaned)
  end
  return cleaned
end

-- Values without an order cannot be joined by default: the text would be another each time.
local function takes_one_value(plan, column)
  return not column.list
    and (column.email or column.is_key or (plan.kind.is_unordered and not column.joined))
end

-- The text of a column, or its list of texts; nil when nothing is there. Or nil, code, reason, text.
local function value_of(plan, column, record)
  local collect_values = plan.kind.collect or collect_in_object
  local all, exists, is_list = {}, false, plan.kind.is_unordered
  for _, path in ipairs(column.headers) do
    local found = {}
    local fault = collect_values(record, path, found)
    column.present[path] = column.present[path] or found.present
    column.asked[path] = true
    if fault then
      return nil, "not_a_value", ("'%s' %s"):format(path, fault)
    end
    local texts, code, reason, text = clean_texts(plan, column, found)
    if not texts then
      return nil, code, reason, text
    elseif #texts > 1 and takes_one_value(plan, column) then
      reason = ("'%s' has %d values where one is wanted"):format(path, #texts)
      return nil, "many_values", reason, texts[1]
    end
    exists, is_list = exists or #texts > 0, is_list or found.is_list
    for _, one in ipairs(texts) do
      all[#all + 1] = one ~= "" and one or nil
    end
    if column.first and #all > 0 then
      break
    end
  end
  if column.list then
    return (exists or is_list) and all or nil
  end
  return exists and table.concat(all, column.join) or nil
end

--- Reads all values of a record.
---@param plan table of `columns.plan`; its kind has `collect` = function(record, path, found) -> fault |
-- nil, unless records are objects, and `is_unordered` when several values have no order
---@param list table[] columns
---@param record table
---@return table person the values by field, as far as they could be read
---@return table|nil refusal {code, reason, {column =, value =}} of the first that could not
function M.read(plan, list, record)
  local person, refusal = {}, nil
  for _, column in ipairs(list) do
    local value, code, reason, text = value_of(plan, column, record)
    person[column.name] = value
    if code and not refusal then
      refusal = { code, reason, { column = column, value = text } }
    end
  end
  return person, refusal
end

--- What is wrong with a value that could be read.
---@param column table
---@param value string|string[]|nil
---@return table|nil refusal {code, reason, {column =, value =}}
function M.find_fault(column, value)
  if value == nil or value == "" or (type(value) == "table" and #value == 0) then
    local reason = ("'%s' is empty"):format(column.label)
    return column.required and { "missing_value", reason, { column = column, value = "" } } or nil
  elseif not column.email then
    return nil
  end
  for _, address in ipairs(type(value) == "table" and value or { value }) do
    local good, fault = email.check(address)
    if not good then
      local reason = ("%s is not an e-mail address: %s"):format(problems.shown(address), fault)
      return { "bad_email", reason, { column = column, value = address } }
    end
  end
  return nil
end

--- Reads a date.
---@param column table with its `date`
---@param value string|string[]
---@return string|nil date "2026-12-31", "" for one that means never
---@return table? refusal {code, reason, {column =, value =}}
function M.read_date(column, value)
  local date, fault = nil, "there are several values"
  if type(value) == "string" then
    date, fault = column.date(value)
  end
  if date then
    return date
  end
  local text = type(value) == "table" and tostring(value[1]) or value
  local reason = ("%s in '%s' is not a date: %s"):format(problems.shown(text), column.label, fault)
  return nil, { "bad_date", reason, { column = column, value = text } }
end

--- The key that a value makes, also of a row that is refused, for those who must not take its person for
-- missing.
---@param column table|nil
---@param value string|string[]|nil
---@return string|nil key nil when it cannot be read
function M.key_of(column, value)
  if not column or type(value) ~= "string" or value == "" or M.find_fault(column, value) then
    return nil
  end
  return column.email and email.fold(value) or value
end

--- One column, completed by what the plan says about its field.
---@param plan table of `columns.plan`, its key decided
---@param name string
---@param headers string[]
---@param given? table the column as `columns.plan` has read it
---@return table column
function M.column(plan, name, headers, given)
  given = given or { join = " ", email = name == "email", optional = true }
  return {
    name = name,
    headers = headers,
    label = table.concat(headers, given.first and " or " or " + "),
    join = given.join,
    first = given.first,
    joined = given.joined,
    email = given.email,
    list = given.list,
    binary = given.binary,
    optional = given.optional,
    is_key = name == plan.key,
    date = plan.dates[name],
    required = given.required or plan.required[name] or name == plan.key,
    present = {},
    asked = {},
  }
end

local function sort_by_name(list)
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return list
end

--- The columns of a plan that names them, sorted by name.
---@param plan table of `columns.plan`, its key decided
---@return table[] columns
function M.planned_columns(plan)
  local list = {}
  for name, given in pairs(plan.columns) do
    list[#list + 1] = M.column(plan, name, given.headers, given)
  end
  return sort_by_name(list)
end

local function is_object(value)
  return type(value) == "table" and #value == 0 and next(value) ~= nil
end

--- The columns of a record whose own keys name the fields; objects within it make none.
---@param plan table of `columns.plan`
---@param record table
---@return table[]|nil columns sorted by name; nil when two keys make the same field
---@return string? one
---@return string? other
function M.columns_of(plan, record)
  local list, by_name = {}, {}
  for key, value in pairs(record) do
    local name = type(key) == "string" and not is_object(value) and columns.field_name(key)
    if name and by_name[name] then
      local one, other = by_name[name].label, key
      return nil, one < other and one or other, one < other and other or one
    elseif name then
      local column = M.column(plan, name, { key })
      column.list = type(value) == "table" and not column.email and not column.is_key
      by_name[name], list[#list + 1] = column, column
    end
  end
  local needed = { [plan.key or ""] = plan.key and true or nil }
  for name in pairs(plan.required) do
    needed[name] = true
  end
  for name in pairs(needed) do
    if not by_name[name] then
      list[#list + 1] = M.column(plan, name, { name })
    end
  end
  return sort_by_name(list)
end

return M
