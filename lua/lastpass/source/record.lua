--- One record with named values, as the columns want it: texts, lists, addresses; or what is wrong.
-- @module lastpass.source.record
local columns = require "lastpass.source.columns"
local email = require "lastpass.email"
local problem = require "lastpass.source.problem"
local values = require "lastpass.source.values"

local M = {}

local function to_hex(bytes)
  return (bytes:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end

-- Cut, checked and, for bytes, written as digits; or nil, code, reason and the text.
local function clean(self, column, texts)
  local cleaned = {}
  for index, text in ipairs(texts) do
    if column.binary then
      text = to_hex(text)
    elseif not values.is_utf8(text) then
      return nil, "bad_encoding", ("'%s' is not valid UTF-8"):format(column.label), text
    elseif self._trim then
      text = email.trim(text)
    end
    cleaned[index] = text
  end
  if self._unordered then
    table.sort(cleaned)
  end
  return cleaned
end

-- Values without an order cannot be joined by default: the text would be another each time.
local function wants_one(self, column)
  return not column.list
    and (column.email or column.is_key or (self._unordered and not column.joined))
end

-- The text of a column, or its list of texts; nil when nothing is there. Or nil, code, reason, text.
local function value_of(self, column, record)
  local all, is_there, is_list = {}, false, self._unordered
  for _, path in ipairs(column.headers) do
    local found = {}
    local fault = self._collect(record, path, found)
    column.present[path] = column.present[path] or found.present
    column.asked[path] = true
    if fault then
      return nil, "not_a_value", ("'%s' %s"):format(path, fault)
    end
    local texts, code, reason, text = clean(self, column, found)
    if not texts then
      return nil, code, reason, text
    elseif #texts > 1 and wants_one(self, column) then
      reason = ("'%s' has %d values where one is wanted"):format(path, #texts)
      return nil, "many_values", reason, texts[1]
    end
    is_there, is_list = is_there or #texts > 0, is_list or found.is_list
    for _, one in ipairs(texts) do
      all[#all + 1] = one ~= "" and one or nil
    end
    if column.first and #all > 0 then
      break
    end
  end
  if column.list then
    return (is_there or is_list) and all or nil
  end
  return is_there and table.concat(all, column.join) or nil
end

--- Reads all values of a record.
---@param self table the source
---@param list table[] columns
---@param record table
---@return table person the values by field, as far as they could be read
---@return table|nil refusal {code, reason, {column =, value =}} of the first that could not
function M.read(self, list, record)
  local person, refusal = {}, nil
  for _, column in ipairs(list) do
    local value, code, reason, text = value_of(self, column, record)
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
function M.judge(column, value)
  if value == nil or value == "" or (type(value) == "table" and #value == 0) then
    local reason = ("'%s' is empty"):format(column.label)
    return column.required and { "missing_value", reason, { column = column, value = "" } } or nil
  elseif not column.email then
    return nil
  end
  for _, address in ipairs(type(value) == "table" and value or { value }) do
    local good, fault = email.check(address)
    if not good then
      local reason = ("%s is not an e-mail address: %s"):format(problem.shown(address), fault)
      return { "bad_email", reason, { column = column, value = address } }
    end
  end
  return nil
end

--- Reads the dates of a person, whose fields get them as "2026-12-31"; one that means never is no field.
---@param list table[] columns
---@param person table
---@return table|nil refusal {code, reason, {column =, value =}}
function M.read_dates(list, person)
  for _, column in ipairs(list) do
    local value = column.date and person[column.name]
    if value and value ~= "" then
      local date, fault = nil, "there are several values"
      if type(value) == "string" then
        date, fault = column.date(value)
      end
      if not date then
        local text = type(value) == "table" and tostring(value[1]) or value
        local reason = "%s in '%s' is not a date: %s"
        reason = reason:format(problem.shown(text), column.label, fault)
        return { "bad_date", reason, { column = column, value = text } }
      end
      person[column.name] = date ~= "" and date or nil
    end
  end
  return nil
end

--- One column, completed by what the plan says about its field.
---@param plan table of `columns.plan`, its key settled
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
  local wanted = { [plan.key or ""] = plan.key and true or nil }
  for name in pairs(plan.required) do
    wanted[name] = true
  end
  for name in pairs(wanted) do
    if not by_name[name] then
      list[#list + 1] = M.column(plan, name, { name })
    end
  end
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return list
end

return M
