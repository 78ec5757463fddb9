--- People from records with named values: objects of JSON, Lua tables, entries of a directory.
-- @module lastpass.source.fields
local columns = require "lastpass.source.columns"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local people = require "lastpass.source.people"
local problems = require "lastpass.source.problems"
local records = require "lastpass.source.record"

local M = {}

-- Records whose keys are remembered, to name the nearest when a column is in none.
local KEYS_OF_RECORDS = 50

local function remember_keys(self, record)
  if self._remembered >= KEYS_OF_RECORDS then
    return
  end
  self._remembered = self._remembered + 1
  for key, value in pairs(record) do
    self._record_keys[tostring(key)] = true
    for inner in pairs(type(value) == "table" and value or {}) do
      if type(inner) == "string" then
        self._record_keys[key .. "." .. inner] = true
      end
    end
  end
end

local fingerprint = {}
local fingerprint_mt = { __index = fingerprint, __name = "lastpass.source.fingerprint" }

-- Lengths before the texts, so that no two lists of texts run together to the same bytes.
local function append_text(parts, text)
  parts[#parts + 1] = ("%d:%s"):format(#text, text)
end

--- Adds one person.
---@param person table field -> text or list of texts
function fingerprint:add(person)
  local parts = {}
  for _, name in ipairs(errors.names_of(person)) do
    append_text(parts, name)
    local value = person[name]
    if type(value) == "table" then
      parts[#parts + 1] = ("%d["):format(#value)
      for _, text in ipairs(value) do
        append_text(parts, text)
      end
    else
      append_text(parts, value)
    end
  end
  self._people[#self._people + 1] = digest.hex(table.concat(parts))
end

--- Ends it.
---@return string hex 64 hexadecimal digits
function fingerprint:hex()
  table.sort(self._people)
  return digest.hex(table.concat(self._people))
end

--- A SHA-256 over the values of all people of a source that has no bytes of its own. Servers give entries in
-- any order: two readings of the same people have the same fingerprint.
---@return table|nil fingerprint with `add` and `hex`
---@return string? message
---@return lastpass.Error? err code "no_luaossl"
function M.fingerprint()
  local hash, message, err = digest.new()
  if not hash then
    return nil, message, err
  end
  return setmetatable({ _people = {} }, fingerprint_mt)
end

local function add_to_fingerprint(self, person, refused_value)
  if self._fingerprint then
    local values = { [""] = refused_value }
    for name, value in pairs(person) do
      values[name] = value
    end
    self._fingerprint:add(values)
  end
end

local function find_key_column(list)
  for _, column in ipairs(list) do
    if column.is_key then
      return column
    end
  end
  return nil
end

-- Takes the key for this row; or the refusal, and the origin of the row that has it.
local function claim_key(self, column, key, person, origin)
  local mark = key and self._key_marks[key]
  if not mark then
    if key then
      self._key_marks[key] = problems.origin_mark(origin)
    end
    return nil
  end
  local first, value = problems.origin_text(origin, mark), person[column.name]
  local reason = ("%s is already at %s"):format(problems.shown(value), first)
  return { "duplicate", reason, { column = column, value = value } }, first
end

local function find_first_fault(list, person)
  for _, column in ipairs(list) do
    local refusal = records.find_fault(column, person[column.name])
    if refusal then
      return refusal
    end
  end
  return nil
end

-- The dates of a person come as "2026-12-31"; one that means never is no field.
local function read_dates(list, person)
  for _, column in ipairs(list) do
    local value = column.date and person[column.name]
    if value and value ~= "" then
      local date, refusal = records.read_date(column, value)
      if refusal then
        return refusal
      end
      person[column.name] = date ~= "" and date or nil
    end
  end
  return nil
end

local function trim_addresses(list, person)
  for _, column in ipairs(list) do
    local value = person[column.name]
    if column.email and type(value) == "string" and value ~= "" then
      person[column.name] = email.check(value)
    end
  end
end

-- Makes a person of an item: {origin, record, more = fields that are added as they are}, or {origin, fault =
-- {code, reason, value}} for what is no record. Gives nil when it is refused.
local function admit(self, item)
  self.proof.rows = self.proof.rows + 1
  local origin, fault, record = item.from, item.fault, item.record
  if fault then
    add_to_fingerprint(self, {}, fault[3])
    return problems.refuse(self, origin, fault[1], fault[2], { value = fault[3] })
  end
  remember_keys(self, record)
  local list, one, other = self._columns, nil, nil
  if not list then
    list, one, other = records.columns_of(self._plan, record)
  end
  if not list then
    local reason = ("'%s' and '%s' both make the same field"):format(one, other)
    return problems.refuse(self, origin, "duplicate_column", reason)
  end
  local person, refusal = records.read(self._plan, list, record)
  for name, value in pairs(item.more or {}) do
    person[name] = value
  end
  add_to_fingerprint(self, person, refusal and refusal[3].value)
  local key_column, first = find_key_column(list), nil
  local key = key_column and records.key_of(key_column, person[key_column.name])
  self._has_key = self._has_key or (key_column and next(key_column.present) ~= nil)
  refusal = refusal or find_first_fault(list, person) or read_dates(list, person)
  if not refusal then
    refusal, first = claim_key(self, key_column, key, person, origin)
  end
  if refusal then
    refusal[3].key = key
    local _, problem = problems.refuse(self, origin, refusal[1], refusal[2], refusal[3])
    problem.first = first
    return nil
  end
  trim_addresses(list, person)
  person.origin = origin
  return person
end

--- Makes a source of such records; its `_records`, which the caller adds, give items as {from = origin, record =
-- table, more = fields that are added as they are}, or {from, fault = {code, reason, value}} for what is no
-- record.
---@param name string what it is called in messages
---@param proof lastpass.source.Proof
---@param plan table of `columns.plan`
---@param level integer whose line is blamed
---@return lastpass.source.People
function M.new(name, proof, plan, level)
  if plan.key == nil and (not plan.columns or plan.columns.email) then
    plan.key = "email"
  end
  local key = plan.columns and plan.columns[plan.key]
  if key and key.list then
    errors.raise(level + 1, "%s: the key '%s' cannot be a list", plan.kind.source, plan.key)
  end
  return people.new(name, proof, {
    _admit = admit,
    _plan = plan,
    _columns = plan.columns and records.planned_columns(plan),
    _key_marks = {}, -- key -> what distinguishes the origin of its row
    _record_keys = {},
    _remembered = 0,
    _max_problems = plan.max_problems,
  })
end

--- As `new`, of records that come from no file: the option `sha256` hashes the values.
---@return lastpass.source.People|nil people
---@return string? message
---@return lastpass.Error? err code "no_luaossl"
function M.new_without_file(name, proof, plan, level)
  local self = M.new(name, proof, plan, level + 1)
  if plan.options.sha256 then
    local message, err
    self._fingerprint, message, err = M.fingerprint()
    if not self._fingerprint then
      return nil, message, err
    end
  end
  return self
end

local function missing_column(self, column, path, hint)
  local message = ("%s: no row has the %s '%s' (for the field '%s')"):format(
    self.name,
    self._plan.kind.header,
    path,
    column.name
  )
  local near = errors.nearest(path, errors.names_of(self._record_keys))
  return errors.fail(
    "argument",
    "missing_column",
    near and ("%s; the nearest is '%s'"):format(message, near) or message,
    { column = path, field = column.name, nearest = near, hint = hint:format(column.name, path) }
  )
end

-- A column that not one record had is a wrong name.
local function check_columns(self)
  local key = self._plan.key
  if self._remembered == 0 then
    return true
  elseif not self._columns and key and not self._has_key then
    local hint = "say which it is: columns = { %s = … }, or key = false"
    return missing_column(self, { name = key }, key, hint)
  end
  for _, column in ipairs(self._columns or {}) do
    for _, path in ipairs(column.optional and {} or column.headers) do
      -- of a list `first`, what follows one that everybody has is not needed
      if not column.present[path] and (column.asked[path] or not column.first) then
        local hint = "if it may be missing: %s = { '%s', optional = true }"
        return missing_column(self, column, path, hint)
      end
    end
  end
  return true
end

--- Ends the reading of a source whose records have all come. A column that not one of them had is a
-- wrong name, and a field that is empty for everyone would be taken for the truth: that is a
-- failure. Otherwise the proof is complete.
---@param self lastpass.source.People
---@param file? table of `file.open`, when the records come from one
---@return nil
---@return string? message
---@return lastpass.Error? err code "missing_column", or "wrong_row_count"
function M.finish(self, file)
  local proof = self.proof
  if proof.complete then
    return nil
  end
  local ok, message, err = check_columns(self)
  if not ok then
    return nil, message, err
  end
  err = columns.shortfall(self, self._plan.expect)
  if err then
    return nil, err.message, err
  end
  proof.complete = true
  if self._fingerprint then
    proof.sha256 = self._fingerprint:hex()
  elseif file then
    proof.sha256 = file:sha256()
  end
  return nil
end

return M
