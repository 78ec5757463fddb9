--- One row of a source: a person, or the reason why it is none.
-- @module lastpass.source.row
local email = require "lastpass.email"

local M = {}

--- Where a person comes from; `tostring` gives "hr.csv:17".
---@class lastpass.source.Origin
---@field file string
---@field row integer  the number a spreadsheet shows: the header is row 1, blank lines count
---@field line integer the physical line of the file the row starts on

--- A row that was refused; `tostring` gives "hr.csv:17: " and the reason.
---@class lastpass.source.Problem
---@field file string
---@field row integer     as in `lastpass.source.Origin`
---@field line integer
---@field origin lastpass.source.Origin the same three, as good rows have them
---@field code string    "missing_value", "bad_email", "duplicate", "too_few_fields", …
---@field reason string   a sentence for a person
---@field field? string   the field it is about
---@field column? string  its header
---@field value? string   what stands there, its first 1000 bytes
---@field key? string     the key of the row, when it could be read (addresses folded)
---@field first_line? integer with "duplicate": the line of the row that was taken

M.origin_mt = { __name = "lastpass.source.origin" }

function M.origin_mt.__tostring(origin)
  return ("%s:%d"):format(origin.file, origin.line)
end

--- Where a row comes from.
---@param file string
---@param row table with `number` and `line`, as of `csv_records`
---@return lastpass.source.Origin
function M.origin(file, row)
  return setmetatable({ file = file, row = row.number, line = row.line }, M.origin_mt)
end

local problem_mt = { __name = "lastpass.source.problem" }

function problem_mt.__tostring(problem)
  return ("%s:%d: %s"):format(problem.file, problem.line, problem.reason)
end

-- A value as a message may show it: short, on one line, nothing a terminal would act on.
local function shown(value)
  if #value > 60 then
    value = value:sub(1, 60):gsub("[\192-\255][\128-\191]*$", "") .. "…"
  end
  return "'" .. value:gsub("[%z\1-\31\127]", "?") .. "'"
end

local function value_of(column, row)
  if column.position then
    return row[column.position]
  end
  local parts = {}
  for _, position in ipairs(column.positions) do
    if row[position] and row[position] ~= "" then
      parts[#parts + 1] = row[position]
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
  local proof = self.proof
  proof.refused = proof.refused + 1
  local problem = {
    file = proof.file,
    row = row.number,
    line = row.line,
    origin = M.origin(proof.file, row),
    code = code,
    reason = reason,
    field = column and column.name,
    column = column and column.label,
    value = value and value:sub(1, 1000),
    key = readable_key(self, row),
  }
  self.problems[#self.problems + 1] = setmetatable(problem, problem_mt)
  return nil, problem
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
  local reason = ("%s is already on line %d"):format(shown(value), first_line)
  local _, problem = refuse(self, row, "duplicate", reason, self._key_column, value)
  problem.first_line = first_line
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
  elseif value == "" or not column.email then
    return value
  end
  local address, fault = email.check(value)
  if not address then
    local reason = ("%s is not an e-mail address: %s"):format(shown(value), fault)
    return refuse(self, row, "bad_email", reason, column, value)
  end
  return address
end

--- Makes a person of a row that the parser did not shape (see src/csv_rows.h). Both must judge
-- alike: what the parser lets pass would pass here.
---@param self table the source: header, proof, problems, _width, _columns, _key_column, _records
---@param row table a list of strings, as of `csv_records`
---@return table|nil person nil when the row is refused or holds nothing
function M.admit(self, row)
  if M.is_blank(row) then
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
  person.origin = M.origin(proof.file, row)
  return person
end

return M
