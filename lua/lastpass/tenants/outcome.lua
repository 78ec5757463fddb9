--- What came of one company: rows, a summary, an exit code. Rows are objects as the work made them; `lines` gives them as
-- JSON, so that they can be stored and shown elsewhere.
-- @module lastpass.tenants.outcome
local fields_of_users = require "lastpass.directory.fields"
local json = require "lastpass.json"
local signature = require "lastpass.signature"
local time = require "lastpass.time"

---@class lastpass.tenants.Outcome
---@field fields string[]          of the rows, in their order
---@field times table<string, true> fields that are seconds since 1970
---@field count integer|nil        rows, when that is known before they are read
---@field summary table            figures of the company
---@field code integer             exit code of the program; 0: all is well
---@field report lastpass.Report|nil
local methods = {}
local outcome_mt = { __name = "lastpass.tenants.Outcome", __index = methods }

local M = {}

--- Makes an outcome.
---@param given table fields, times, rows (a list, or a snapshot whose users they are), summary, code, report
---@return lastpass.tenants.Outcome
function M.new(given)
  local rows = given.rows or {}
  local is_list = type(rows.users) ~= "function"
  local outcome = {
    fields = given.fields or {},
    times = given.times or {},
    summary = given.summary or {},
    code = given.code or 0,
    report = given.report,
    count = given.count or (is_list and #rows or rows:count() + rows:invited_count()),
    _rows = rows,
    _is_list = is_list,
  }
  return setmetatable(outcome, outcome_mt)
end

--- The rows, one after the other.
---@return fun(): any iterator
function methods:each()
  if not self._is_list then
    return self._rows:users()
  end
  local position = 0
  return function()
    position = position + 1
    return self._rows[position]
  end
end

local function encode(value)
  if value == nil then
    return "null"
  elseif type(value) == "table" and next(value) == nil then
    return "[]"
  end
  return json.shown(value)
end

--- One row as a JSON object, its fields in their order; times are ISO 8601 in UTC.
---@param row any
---@return string text without a line end
function methods:object(row)
  local parts = {}
  for position, field in ipairs(self.fields) do
    local value = row[field]
    if value ~= nil and self.times[field] and type(value) == "number" then
      value = time.iso(value)
    end
    parts[position] = ('"%s":%s'):format(field, encode(value))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local MOST_AT_ONCE = 100

local function list_lines(self)
  local each = self:each()
  return function()
    local lines = {}
    for row in each do
      lines[#lines + 1] = self:object(row)
      if #lines == MOST_AT_ONCE then
        break
      end
    end
    return lines[1] and table.concat(lines, "\n") .. "\n" or nil
  end
end

-- The core writes users without a Lua value for each field.
local function snapshot_lines(self)
  local next_lines = fields_of_users.json_lines(self._rows, self.fields, "\n")
  local invited, position = self._rows:invited_addresses(), 0
  return function()
    local text = next_lines and next_lines()
    if text then
      return text .. "\n"
    end
    next_lines = nil
    position = position + 1
    local email = invited[position]
    return email and self:object(self._rows:user(email)) .. "\n" or nil
  end
end

--- The rows as JSON, an object a line, some lines at a time.
---@return fun(): string|nil iterator
function methods:lines()
  return (self._is_list and list_lines or snapshot_lines)(self)
end

--- All that is known beside the rows, for who stores it: `restore` takes it again.
---@return table
function methods:head()
  return {
    fields = json.list(self.fields),
    times = self.times,
    count = self.count,
    summary = self.summary,
    code = self.code,
  }
end

-- A row as it was written.
local function read_row(line, times)
  local row, message, err = json.decode(line)
  if type(row) ~= "table" then
    return nil, message or "a row is not an object", err
  end
  for name, value in pairs(row) do
    if value == json.null then
      row[name] = nil
    elseif times[name] and type(value) == "string" then
      row[name] = time.parse(value) or value
    end
  end
  return row
end

--- An outcome that was stored.
---@param head table as of `outcome:head`
---@param text string as `outcome:lines` gave it
---@return lastpass.tenants.Outcome|nil
---@return string? message
---@return lastpass.Error? err
function M.restore(head, text)
  local rows = {}
  for line in text:gmatch "[^\n]+" do
    local row, message, err = read_row(line, head.times)
    if not row then
      return nil, message, err
    end
    rows[#rows + 1] = row
  end
  head.rows = rows
  return M.new(head)
end

signature.declare("outcome:", methods, {
  each = "",
  lines = "",
  object = "row: any",
  head = "",
})

return M
