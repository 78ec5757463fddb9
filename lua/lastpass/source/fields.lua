--- People from records with named values: objects of JSON, Lua tables, entries of a directory.
-- @module lastpass.source.fields
local email = require "lastpass.email"
local errors = require "lastpass.error"
local expected = require "lastpass.source.expected"
local origin = require "lastpass.source.origin"
local problem = require "lastpass.source.problem"
local record_reader = require "lastpass.source.record"

local M = {}

-- Records whose keys are remembered, to name the nearest when a column is in none.
local KEYS_OF_RECORDS = 50

local function remember_keys(self, record)
  if self._remembered >= KEYS_OF_RECORDS then
    return
  end
  self._remembered = self._remembered + 1
  for key, value in pairs(record) do
    self._keys[tostring(key)] = true
    for inner in pairs(type(value) == "table" and value or {}) do
      if type(inner) == "string" then
        self._keys[key .. "." .. inner] = true
      end
    end
  end
end

local function first_fault(list, person)
  for _, column in ipairs(list) do
    local refusal = record_reader.judge(column, person[column.name])
    if refusal then
      return refusal
    end
  end
  return nil
end

local function key_column_of(list)
  for _, column in ipairs(list) do
    if column.is_key then
      return column
    end
  end
  return nil
end

-- The key of a row, if it has one that can be read: also of a refused row, for those who must not
-- take its person for missing.
local function key_of(column, person)
  local value = column and person[column.name]
  if type(value) ~= "string" or value == "" or record_reader.judge(column, value) then
    return nil
  end
  return column.email and email.fold(value) or value
end

-- Takes the key for this row, or tells which row has taken it.
local function claim(self, column, key, person, place)
  local mark = key and self._claimed[key]
  if not mark then
    if key then
      self._claimed[key] = origin.mark(place)
    end
    return nil
  end
  local first, value = origin.text(place, mark), person[column.name]
  local reason = ("%s is already at %s"):format(problem.shown(value), first)
  return { "duplicate", reason, { column = column, value = value } }, first
end

local function note(self, person, refused_value)
  if not self._fingerprint then
    return
  end
  local fields = { [""] = refused_value }
  for name, value in pairs(person) do
    fields[name] = value
  end
  self._fingerprint:add(fields)
end

local function columns_for(self, record)
  if self._columns then
    return self._columns
  end
  local list, one, other = record_reader.columns_of(self._plan, record)
  if list then
    return list
  end
  return nil, ("'%s' and '%s' both make the same field"):format(one, other)
end

local function trim_addresses(list, person)
  for _, column in ipairs(list) do
    local value = person[column.name]
    if column.email and type(value) == "string" and value ~= "" then
      person[column.name] = email.check(value)
    end
  end
end

--- Makes a person of a record.
---@param self table the source
---@param item table {place = origin, record = table, more = fields that are added as they are}, or
-- {place, fault = {code, reason, value}} for what is no record
---@return table|nil person nil when it is refused
function M.admit(self, item)
  self.proof.rows = self.proof.rows + 1
  local place, fault = item.place, item.fault
  if fault then
    note(self, {}, fault[3])
    return problem.refuse(self, place, fault[1], fault[2], { value = fault[3] })
  end
  remember_keys(self, item.record)
  local list, reason = columns_for(self, item.record)
  if not list then
    return problem.refuse(self, place, "duplicate_column", reason)
  end
  local person, refusal = record_reader.read(self, list, item.record)
  for name, value in pairs(item.more or {}) do
    person[name] = value
  end
  note(self, person, refusal and refusal[3].value)
  local first
  local key_column = key_column_of(list)
  local key = key_of(key_column, person)
  self._has_key = self._has_key or (key_column and next(key_column.present) ~= nil)
  refusal = refusal or first_fault(list, person) or record_reader.read_dates(list, person)
  if not refusal then
    refusal, first = claim(self, key_column, key, person, place)
  end
  if refusal then
    refusal[3].key = key
    local _, refused = problem.refuse(self, place, refusal[1], refusal[2], refusal[3])
    refused.first = first
    return nil
  end
  trim_addresses(list, person)
  person.origin = place
  return person
end

local function sorted_columns(plan, words)
  local list = {}
  for name, given in pairs(plan.columns) do
    local column = record_reader.column(plan, name, given.headers, given)
    if column.is_key and column.list then
      local message = "%s: the key '%s' cannot be a list"
      errors.raise(3, message, words.source, name)
    end
    list[#list + 1] = column
  end
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return list
end

--- What a source needs for `admit`: puts it into the fields of `people.new`.
---@param fields table `_collect` = function(record, path, found) -> fault | nil, as `values.collect`;
-- `_unordered` when several values have no order; `_fingerprint`; `_hash` = function() -> hex
---@param plan table of `columns.plan`
---@param options table {trim, max_problems}
---@param words lastpass.source.Words
---@return table fields
function M.bind(fields, plan, options, words)
  if plan.key == nil and (not plan.columns or plan.columns.email) then
    plan.key = "email"
  end
  fields._plan, fields._words = plan, words
  fields._columns = plan.columns and sorted_columns(plan, words)
  fields._claimed, fields._keys, fields._remembered = {}, {}, 0
  fields._trim = options.trim ~= false
  fields._expect = expected.check(words.source, options.expect, 3)
  fields._max_problems = options.max_problems or 10000
  fields._admit = M.admit
  return fields
end

local function nearest_key(self, path)
  local names = {}
  for name in pairs(self._keys) do
    names[#names + 1] = name
  end
  table.sort(names)
  return errors.nearest(path, names)
end

local function missing_column(self, column, path, hint)
  local message = ("%s: no row has the %s '%s' (for the field '%s')"):format(
    self.name,
    self._words.header,
    path,
    column.name
  )
  local near = nearest_key(self, path)
  local _, _, err = errors.fail(
    "argument",
    "missing_column",
    near and ("%s; the nearest is '%s'"):format(message, near) or message,
    {
      column = path,
      field = column.name,
      nearest = near,
      hint = hint:format(column.name, path),
    }
  )
  return err
end

local function find_missing_column(self)
  if self._remembered > 0 and not self._columns and self._plan.key and not self._has_key then
    local hint = "say which it is: columns = { %s = … }, or key = false"
    return missing_column(self, { name = self._plan.key }, self._plan.key, hint)
  end
  for _, column in ipairs(self._remembered > 0 and self._columns or {}) do
    for _, path in ipairs(column.optional and {} or column.headers) do
      -- of a list `first`, what stands behind one that everybody has is not needed
      if not column.present[path] and (column.asked[path] or not column.first) then
        local hint = "if it may be missing: %s = { '%s', optional = true }"
        return missing_column(self, column, path, hint)
      end
    end
  end
  return nil
end

--- Ends the reading of a source whose records have all come. A column that not one of them had is a
-- wrong name, and a field that is empty for everyone would be taken for the truth: that is a
-- failure. Otherwise the proof is complete.
---@param self table the source
---@return nil
---@return string? message
---@return lastpass.Error? err code "missing_column", or "wrong_row_count"
function M.finish(self)
  local proof = self.proof
  if proof.complete then
    return nil
  end
  local err = find_missing_column(self) or expected.shortfall(self)
  if err then
    return nil, err.message, err
  end
  proof.complete = true
  if self._hash then
    proof.sha256 = self._hash()
  end
  return nil
end

return M
