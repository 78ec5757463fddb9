--- Rows of a CSV file by their columns: which column of the file fills which field, and what becomes of each
-- row: a person, or the reason why it is none.
-- @module lastpass.source.csv_rows
local columns = require "lastpass.source.columns"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local problems = require "lastpass.source.problems"
local record = require "lastpass.source.record"

local M = {}

local function columns_of_header(header)
  local made = {}
  for _, title in ipairs(header) do
    local name = columns.field_name(title)
    if name and made[name] then
      local message = "the columns '%s' and '%s' both make the field '%s'"
      message = message:format(made[name].headers[1], title, name)
      return errors.fail("argument", "duplicate_column", message, {
        hint = "say which column is which with the option 'columns'",
      })
    elseif name then
      made[name] = { name = name, headers = { title }, join = " ", email = name == "email" }
    end
  end
  return made
end

-- Which position each title has; a title that is there twice would make the mapping a guess.
local function positions_of(header)
  local positions = {}
  for position, given in ipairs(header) do
    local title = columns.folded(given)
    if positions[title] then
      local message = "the header has '%s' twice, in columns %d and %d"
      message = message:format(title, positions[title], position)
      return errors.fail("argument", "duplicate_column", message, { column = title })
    elseif title ~= "" then
      positions[title] = position
    end
  end
  return positions
end

local function shorten(title)
  return #title > 40 and title:sub(1, 40) .. "…" or title
end

local function missing_column(column, title, header)
  local near = errors.nearest(title, header)
  local message = ("no column '%s' (for the field '%s')"):format(title, column.name)
  local hint
  if near then
    message = ("%s; the nearest is '%s'"):format(message, near)
  elseif #header == 1 then
    message = ("%s; the header is the one column '%s'"):format(message, shorten(header[1]))
    hint = "is the option 'delimiter' right?"
  else
    local titles = {}
    for index = 1, math.min(#header, 20) do
      titles[index] = "'" .. shorten(header[index]) .. "'"
    end
    message = ("%s; there are %s"):format(message, table.concat(titles, ", "))
  end
  return errors.fail("argument", "missing_column", message, {
    column = title,
    field = column.name,
    nearest = near,
    hint = hint,
  })
end

-- The fields that options name must be made by a column.
local function check_fields(plan, made)
  local named = { required = plan.required, dates = plan.dates }
  named.key = plan.key and { [plan.key] = true } or nil
  for option, fields in pairs(named) do
    for name in pairs(fields) do
      if not made[name] then
        local names = errors.names_of(made)
        local message = "no column makes the field '%s', which '%s' names; the header makes: %s"
        message = message:format(name, option, table.concat(names, ", "))
        return errors.fail("argument", "missing_column", message, {
          field = name,
          nearest = errors.nearest(name, names),
        })
      end
    end
  end
  return true
end

-- A column with the positions of its headers in this file; nil when an optional one is missing.
local function bind_column(column, required, positions, header, date)
  local bound = {
    name = column.name,
    date = date,
    label = table.concat(column.headers, column.first and " or " or " + "),
    join = column.join,
    first = column.first,
    email = column.email,
    required = required,
    positions = {},
  }
  for index, title in ipairs(column.headers) do
    local position = positions[columns.folded(title)]
    bound.positions[index] = position
    if not position and column.optional and not required then
      return nil
    elseif not position then
      return missing_column(column, title, header)
    end
  end
  bound.position = #bound.positions == 1 and bound.positions[1] or nil
  return bound
end

local function is_before(a, b)
  if a.positions[1] ~= b.positions[1] then
    return a.positions[1] < b.positions[1]
  elseif #a.positions ~= #b.positions then
    return #a.positions < #b.positions
  end
  return a.name < b.name
end

--- Fits the plan to the header of a file.
---@param plan table of `columns.plan`
---@param header string[] the titles
---@return table[]|nil columns {name, label, position, positions, join, first, email, required, date}
---@return string|table message the message; or the column that is the key, if there is one
---@return lastpass.Error? err code "missing_column" or "duplicate_column"
function M.bind(plan, header)
  local ok, made
  local positions, message, err = positions_of(header)
  if positions then
    made, message, err = plan.columns, nil, nil
    if not made then
      made, message, err = columns_of_header(header)
    end
  end
  if made then
    ok, message, err = check_fields(plan, made)
  end
  if not ok then
    return nil, message, err
  end
  local key = plan.key
  if key == nil and made.email then
    key = "email"
  end
  local bound, key_column = {}, nil
  for _, name in ipairs(errors.names_of(made)) do
    local required = made[name].required or plan.required[name] or name == key
    local column
    column, message, err = bind_column(made[name], required, positions, header, plan.dates[name])
    if err then
      return nil, message, err
    end
    bound[#bound + 1] = column
    key_column = name == key and column or key_column
  end
  if #bound == 0 and next(made) then -- a file of something else, though no column alone is needed
    local first = made.email or made[errors.names_of(made)[1]]
    return missing_column(first, first.headers[1], header)
  end
  table.sort(bound, is_before)
  return bound, key_column
end

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

local function origin_of(self, row)
  return problems.origin { file = self.proof.file, row = row.number, line = row.line }
end

local function refuse_row(self, row, code, reason, about)
  about = about or {}
  local column = self._key_column
  about.key = column and record.key_of(column, value_of(column, row))
  return problems.refuse(self, origin_of(self, row), code, reason, about)
end

local function refuse_width(self, row)
  local code = #row < self._width and "too_few_fields" or "too_many_fields"
  local reason = "the row has %d field%s, the header %d"
  reason = reason:format(#row, #row == 1 and "" or "s", self._width)
  if row.last then
    local lines = "%s; it runs from line %d to line %d (a quote left open?)"
    reason = lines:format(reason, row.line, row.last)
  end
  return refuse_row(self, row, code, reason)
end

local function refuse_encoding(self, row)
  local title = self.header[row.invalid]
  local found = { label = title } -- when no field is made of it
  for _, column in ipairs(self._columns) do
    for _, position in ipairs(column.positions) do
      if position == row.invalid and not found.name then
        found = column
      end
    end
  end
  local reason = ("column '%s' is not valid UTF-8"):format(title)
  return refuse_row(self, row, "bad_encoding", reason, {
    column = found,
    value = row[row.invalid],
  })
end

local function refuse_duplicate(self, row, value, first_line)
  local reason = ("%s is already on line %d"):format(problems.shown(value), first_line)
  local _, problem =
    refuse_row(self, row, "duplicate", reason, { column = self._key_column, value = value })
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
  local value, refusal = value_of(column, row), nil
  if value ~= "" and column.date then
    value, refusal = record.read_date(column, value)
  elseif value ~= "" or column.required then
    refusal = record.find_fault(column, value)
    value = not refusal and column.email and email.check(value) or value
  end
  if refusal then
    return refuse_row(self, row, refusal[1], refusal[2], refusal[3])
  end
  return value
end

-- Whether a row is the trailer that is expected, or comes after it.
local function is_trailer(self, row)
  local expect = self._plan.expect
  if not expect or not expect.trailer then
    return false
  elseif self._trailer then
    self._trailer.after = self._trailer.after or row.line
    return false
  end
  local text = table.concat(row, self._records.delimiter)
  local found, count = columns.is_trailer(expect.trailer, text)
  self._trailer = found and { line = row.line, count = count } or nil
  return found
end

--- Makes a person of a row that the parser did not shape (see src/csv/csv_rows.h). Both must decide
-- alike: what the parser lets pass would pass here.
---@param self table the source: header, proof, problems, _plan, _width, _columns, _key_column, _records
---@param row table a list of strings, as of `csv_records`
---@return table|nil person nil when the row is refused or holds nothing
function M.admit(self, row)
  if M.is_blank(row) or is_trailer(self, row) then
    return nil
  end
  self.proof.rows = self.proof.rows + 1
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
    local key = key_column.email and email.fold(value) or value
    local first_line = self._records:claim(key, row.line)
    if first_line then
      return refuse_duplicate(self, row, value, first_line)
    end
  end
  person.origin = origin_of(self, row)
  return person
end

--- How the parser makes people of the rows that are plainly good; dates and a trailer need Lua.
---@param self table the source, its columns bound
---@return table|nil shape of `parser:shape`
function M.shape(self)
  local key
  if self._plan.expect and self._plan.expect.trailer then
    return nil
  end
  for index, column in ipairs(self._columns) do
    key = column == self._key_column and index or key
    if column.date then
      return nil
    end
  end
  return {
    width = self._width,
    columns = self._columns,
    key = key,
    file = self.proof.file,
    origin = problems.origin_mt,
  }
end

--- Rows of a CSV file straight into the desired state, without a table made for each.
---@param self lastpass.source.People of a CSV file
---@param plan table of `mapping.plan`: {email, fullname, groups, fixed, active, words}
---@param desired userdata of `core.desired`
---@param number integer of the source
---@return fun(): integer pour adds rows that are parsed already until one must be looked at; says how many
function M.pouring(self, plan, desired, number)
  local positions = {}
  for index, column in ipairs(self._columns) do
    positions[column.name] = index
  end
  local groups = plan.groups and {}
  for index, field in ipairs(plan.groups or {}) do
    groups[index] = positions[field]
  end
  local description = {
    email = positions[plan.email],
    fullname = plan.fullname and positions[plan.fullname],
    groups = groups,
    fixed = plan.fixed,
    active = plan.active and positions[plan.active],
    active_words = plan.words and plan.words.active,
    inactive_words = plan.words and plan.words.inactive,
    source = number,
  }
  return function()
    local count = self._records:pour(desired, description)
    self.proof.rows = self.proof.rows + count
    return count
  end
end

return M
