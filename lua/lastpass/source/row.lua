--- One row of a CSV file: a person, or the reason why it is none.
-- @module lastpass.source.row
local email = require "lastpass.email"
local expected = require "lastpass.source.expected"
local origin = require "lastpass.source.origin"
local problem = require "lastpass.source.problem"

local M = {}

local function value_of(column, row)
  if column.position then
    return row[column.position]
  end
  local parts = {}
  for _, position in ipairs(column.positions) do
    if row[position] and row[position] ~= "" then
      parts[#parts + 1] = row[position]
      if column.first then
        break
      end
    end
  end
  return table.concat(parts, column.join)
end

local function key_of(column, value)
  return column.email and email.fold(value) or value
end

-- The key of a row that is refused for something else, for those who must not take the person
-- for missing.
local function readable_key(self, row)
  local column = self._key_column
  local value = column and value_of(column, row)
  if not value or value == "" or (column.email and not email.check(value)) then
    return nil
  end
  return key_of(column, value)
end

local function refuse(self, row, code, reason, column, value)
  local place = origin.of_file(self.proof.file, row.number, row.line)
  local about = { column = column, value = value, key = readable_key(self, row) }
  return problem.refuse(self, place, code, reason, about)
end

local function refuse_width(self, row)
  local code = #row < self._width and "too_few_fields" or "too_many_fields"
  local reason = ("the row has %d field%s, the header %d"):format(
    #row,
    #row == 1 and "" or "s",
    self._width
  )
  if row.last then
    reason = ("%s; it runs from line %d to line %d (a quote left open?)"):format(
      reason,
      row.line,
      row.last
    )
  end
  return refuse(self, row, code, reason)
end

local function refuse_encoding(self, row)
  local title = self.header[row.invalid]
  local reason = ("column '%s' is not valid UTF-8"):format(title)
  for _, column in ipairs(self._columns) do
    for _, position in ipairs(column.positions) do
      if position == row.invalid then
        return refuse(self, row, "bad_encoding", reason, column, row[row.invalid])
      end
    end
  end
  local unused = { label = title }
  return refuse(self, row, "bad_encoding", reason, unused, row[row.invalid])
end

local function refuse_duplicate(self, row, value, first_line)
  local reason = ("%s is already on line %d"):format(problem.shown(value), first_line)
  local _, refusal = refuse(self, row, "duplicate", reason, self._key_column, value)
  refusal.first_line = first_line
end

--- Whether a row holds nothing, as spreadsheets write them after the last.
---@param row string[]
---@return boolean
function M.is_blank(row)
  for index = 1, #row do
    if row[index] ~= "" then
      return false
    end
  end
  return true
end

-- The value of a column; nil when the row is refused for it.
local function read_value(self, row, column)
  local value = value_of(column, row)
  if value == "" and column.required then
    return refuse(self, row, "missing_value", ("'%s' is empty"):format(column.label), column, value)
  elseif value ~= "" and column.date then
    local date, fault = column.date(value)
    if not date then
      local reason = ("%s in '%s' is not a date: %s"):format(
        problem.shown(value),
        column.label,
        fault
      )
      return refuse(self, row, "bad_date", reason, column, value)
    end
    return date
  elseif value == "" or not column.email then
    return value
  end
  local address, fault = email.check(value)
  if not address then
    local reason = ("%s is not an e-mail address: %s"):format(problem.shown(value), fault)
    return refuse(self, row, "bad_email", reason, column, value)
  end
  return address
end

-- Whether a row is the trailer that is expected, or comes after it.
local function is_trailer(self, row)
  local trailer = self._expect and self._expect.trailer
  if not trailer then
    return false
  elseif self._trailer then
    self._trailer.after = self._trailer.after or row.line
    return false
  end
  local found, count = expected.is_trailer(trailer, table.concat(row, self._records.delimiter))
  self._trailer = found and { line = row.line, count = count } or nil
  return found
end

--- Makes a person of a row that the parser did not shape (see src/csv/csv_rows.h). Both must judge
-- alike: what the parser lets pass would pass here.
---@param self table the source: header, proof, problems, _width, _columns, _key_column, _records
---@param row table a list of strings, as of `csv_records`
---@return table|nil person nil when the row is refused or holds nothing
function M.admit(self, row)
  if M.is_blank(row) or is_trailer(self, row) then
    return nil
  end
  local proof = self.proof
  proof.rows = proof.rows + 1
  if #row ~= self._width then
    return refuse_width(self, row)
  elseif row.invalid then
    return refuse_encoding(self, row)
  end
  local person = {}
  for _, column in ipairs(self._columns) do
    local value = read_value(self, row, column)
    if not value then
      return nil
    end
    person[column.name] = value
  end
  local key_column = self._key_column
  if key_column then
    local value = person[key_column.name]
    local first_line = self._records:claim(key_of(key_column, value), row.line)
    if first_line then
      return refuse_duplicate(self, row, value, first_line)
    end
  end
  person.origin = origin.of_file(proof.file, row.number, row.line)
  return person
end

return M
