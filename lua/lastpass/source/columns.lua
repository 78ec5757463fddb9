--- Columns and the other options that all sources have: which fields of a person come from which column
-- of a file, which key of an object, which attribute of an entry; and what a whole source has to hold.
-- @module lastpass.source.columns
local dates = require "lastpass.source.dates"
local errors = require "lastpass.error"

local M = {}

--- Options of every source.
---@class lastpass.source.Options
---@field required? string[]   fields that must not be empty
---@field key? string|false    the field that must be there, once only; default "email" if any
---@field dates? table<string, lastpass.source.DateFormat> fields that are dates, which come as
-- "2026-12-31": { hired = "MM/DD/YYYY" }
---@field expect? lastpass.source.Expect what the source has to hold to be whole
---@field zone? lastpass.Zone  in which the moments among the dates fall on a day; default UTC
---@field trim? boolean        cut spaces off both ends of every value; default true
---@field sha256? boolean      hash the bytes as they are read, or all values (needs luaossl); default false
---@field max_problems? number refused rows after which the reading ends; default 10000
---@field name? string         what the source is called in messages; default its path or url

local common_options = {
  required = "table",
  key = function(value)
    return value == false or type(value) == "string", "a string or false"
  end,
  trim = "boolean",
  sha256 = "boolean",
  max_problems = "number",
  name = "string",
  dates = "table",
  expect = "table",
  zone = "table",
}

--- How one field is filled: the header of its column, or a list of headers whose values are
-- joined. A required column cannot be optional.
---@class lastpass.source.Column
---@field [integer] string      headers as the file has them (spaces around them do not matter); keys
-- of objects, as "name.family"; attributes of entries
---@field email? boolean        must be an e-mail address; default true for the field `email`
---@field required? boolean     must not be empty; default false
---@field optional? boolean     the source may lack the column (the field is then nil); default false
---@field join? string          put between the values of several columns; default one space
---@field first? string[]        headers of which the first that is not empty fills the field:
-- email = { first = { "mail", "userPrincipalName" } }
---@field list? boolean         not for CSV: the field is a list of all the values; default false
---@field binary? boolean       LDAP only: values are bytes, given as hexadecimal digits

local column_options = {
  email = "boolean",
  required = "boolean",
  optional = "boolean",
  join = "string",
  first = "table",
}

--- What a whole source has to hold: a file cut exactly at the end of a row shows nothing of it. What is not as
-- expected makes the source incomplete.
---@class lastpass.source.Expect
---@field rows? integer|table  how many rows there are, refused ones included; or { min =, max = }
---@field trailer? string      CSV only: the last record, which is nobody, to the letter; or a Lua pattern for
-- it, between whose parentheses the number of rows may stand: "^TRAILER;(%d+)$"

--- A kind of source: its options, and how it speaks of its columns in messages.
---@class lastpass.source.Kind
---@field source string  "source.csv"
---@field option string  the option that maps columns: "columns"
---@field column string  what a field is: "column"
---@field header string  what it is filled from: "header"
---@field a_header string with its article
---@field options table  all its options, as `errors.check_options` knows them
---@field counts string[] those that count something, from 1
---@field column_options table the options of one column
---@field default_columns? table

--- Completes a kind of source by what all of them have.
---@param kind table as `lastpass.source.Kind`, with its own options only
---@return lastpass.source.Kind
function M.kind(kind)
  kind.column_options = kind.column_options or {}
  for name, expected in pairs(column_options) do
    kind.column_options[name] = expected
  end
  for name, expected in pairs(common_options) do
    kind.options[name] = expected
  end
  kind.counts = kind.counts or {}
  kind.counts[#kind.counts + 1] = "max_problems"
  return kind
end

local function check_counts(kind, options, level)
  for _, name in ipairs(kind.counts) do
    local value = options[name]
    if value and not (value >= 1 and value <= 2 ^ 30) then
      errors.raise(level + 1, "%s: option '%s' must be from 1 to 2^30", kind.source, name)
    end
  end
end

-- The headers of a column: those in its list, or in the list `first`.
local function headers_of(kind, where, given, level)
  if given.first and #given > 0 then
    errors.raise(level + 1, "%s: 'first' stands in the place of other %ss", where, kind.header)
  elseif given.first and given.join then
    errors.raise(level + 1, "%s: 'first' and 'join' exclude each other", where)
  end
  local headers = {}
  for index, title in ipairs(given.first or given) do
    if type(title) ~= "string" then
      errors.raise(level + 1, "%s: %s must be a string, not %s", where, kind.a_header, type(title))
    end
    headers[index] = title
  end
  if #headers == 0 then
    errors.raise(level + 1, "%s names no %s", where, kind.header)
  end
  return headers
end

-- One column as the caller wrote it, checked and completed.
local function read_column(kind, name, given, level)
  level = level + 1
  local where = ("%s: %s '%s'"):format(kind.source, kind.column, tostring(name))
  if type(name) ~= "string" then
    errors.raise(level, "%s: '%s' is a table of field = %s", kind.source, kind.option, kind.header)
  elseif name == "origin" then
    errors.raise(level, "%s: that name is reserved for where a person comes from", where)
  elseif type(given) ~= "table" and type(given) ~= "string" then
    local message = "%s must be %s or a list of %ss, not %s"
    errors.raise(level, message, where, kind.a_header, kind.header, type(given))
  end
  given = type(given) == "string" and { given } or given
  local column = { name = name, join = " ", email = name == "email" }
  for key, value in pairs(given) do
    if type(key) ~= "number" then
      errors.check_options(where, { [key] = value }, kind.column_options, level)
      column[key] = value
    elseif type(value) ~= "string" then
      errors.raise(level, "%s: %s must be a string, not %s", where, kind.a_header, type(value))
    end
  end
  column.joined = given.join ~= nil
  column.headers, column.first = headers_of(kind, where, given, level), given.first ~= nil
  return column
end

local function require_known(kind, columns, name, option, level)
  if type(name) ~= "string" then
    errors.raise(level + 1, "%s: '%s' must name fields by strings", kind.source, option)
  elseif columns and not columns[name] then
    local hint = errors.did_you_mean(name, errors.names_of(columns))
    local message = "%s: '%s' names '%s', not %s %s%s"
    local article = kind.column:find "^[aeiou]" and "an" or "a"
    errors.raise(level + 1, message, kind.source, option, name, article, kind.column, hint)
  end
end

-- The reader of one column's dates.
local function date_reader(kind, name, format, zone, level)
  local read = type(format) == "string" and dates.reader(format)
  if not read then
    local message =
      "%s: 'dates': '%s' must be a form such as \"MM/DD/YYYY\", or one of %s, not '%s'"
    local names = table.concat(dates.names(), ", ")
    errors.raise(level + 1, message, kind.source, tostring(name), names, tostring(format))
  end
  return function(text)
    return read(text, zone)
  end
end

-- Lua finds some faults of a pattern only where it matches.
local function is_pattern(text)
  return (pcall(string.find, "", text)) and (pcall(string.find, text, text))
end

-- The option `expect`: {min, max, trailer}.
local function read_expect(kind, given, level)
  local where = kind.source .. ": 'expect'"
  errors.check_options(where, given, { rows = { "number", "table" }, trailer = "string" }, level)
  if given.rows == nil and given.trailer == nil then
    errors.raise(level, "%s needs 'rows' or 'trailer'", where)
  end
  local rows, trailer = given.rows or {}, given.trailer
  rows = type(rows) == "number" and { min = rows, max = rows } or rows
  errors.check_options(where .. ": rows", rows, { min = "number", max = "number" }, level)
  if given.rows and not rows.min and not rows.max then
    errors.raise(level, "%s: 'rows' needs 'min' or 'max'", where)
  end
  for name, value in pairs(rows) do
    if value < 0 or value ~= math.floor(value) then
      errors.raise(level, "%s: rows: '%s' must be a whole number", where, name)
    end
  end
  if rows.min and rows.max and rows.min > rows.max then
    local message = "%s: rows: no number is from 'min' %d to 'max' %d"
    errors.raise(level, message, where, rows.min, rows.max)
  elseif trailer and kind.source ~= "source.csv" then
    errors.raise(level, "%s: 'trailer' is for CSV files", where)
  elseif trailer and (trailer == "" or not is_pattern(trailer)) then
    errors.raise(level, "%s: 'trailer' must be a string, or a Lua pattern", where)
  end
  return { min = rows.min, max = rows.max, trailer = trailer }
end

--- Checks the options of a source and says what its columns mean. A mistake in them is the programmer's.
---@param options table|nil as given to the source
---@param level integer whose line is blamed
---@param kind lastpass.source.Kind
---@return table plan {kind, options, columns = list | nil when they follow the file's header, required, key,
-- dates, expect, trim, max_problems}
function M.plan(options, level, kind)
  level = level + 1
  options = errors.check_options(kind.source, options, kind.options, level)
  check_counts(kind, options, level)
  local given, columns = options[kind.option] or kind.default_columns, nil
  if given then
    columns = {}
    for name, column in pairs(given) do
      columns[name] = read_column(kind, name, column, level)
    end
  end
  local plan = {
    kind = kind,
    options = options,
    columns = columns,
    required = {},
    key = options.key,
    dates = {},
    expect = options.expect and read_expect(kind, options.expect, level + 1),
    trim = options.trim ~= false,
    max_problems = options.max_problems or 10000,
  }
  for name, format in pairs(options.dates or {}) do
    require_known(kind, columns, name, "dates", level)
    plan.dates[name] = date_reader(kind, name, format, options.zone, level)
  end
  for _, name in ipairs(options.required or {}) do
    require_known(kind, columns, name, "required", level)
    plan.required[name] = true
  end
  if plan.key then
    require_known(kind, columns, plan.key, "key", level)
  end
  return plan
end

--- Whether a record is the trailer.
---@param trailer string
---@param text string the record's fields and the delimiters between them
---@return boolean
---@return string? count what the pattern's parentheses hold
function M.is_trailer(trailer, text)
  if text == trailer then
    return true
  end
  local is_good, from, _, count = pcall(string.find, text, trailer)
  return is_good and from ~= nil, count
end

-- What is not as expected: a code and the reason.
local function find_shortfall(expect, rows, trailer)
  local limit = expect.min and rows < expect.min and expect.min
    or expect.max and rows > expect.max and expect.max
  if limit then
    local bound = expect.max == expect.min and ""
      or limit == expect.min and " at least"
      or " at most"
    return "wrong_row_count", ("has %d rows, and %d were expected%s"):format(rows, limit, bound)
  elseif not expect.trailer then
    return nil
  elseif not trailer then
    local reason = "the trailer '%s' is missing: the file was cut at the end of a row"
    return "no_trailer", reason:format(expect.trailer)
  elseif trailer.after then
    local reason = "there are rows after the trailer on line %d: line %d"
    return "rows_after_trailer", reason:format(trailer.line, trailer.after)
  end
  local count = tonumber(trailer.count)
  if count and count ~= rows then
    local reason = "its trailer on line %d says %s rows, and there are %d"
    return "wrong_row_count", reason:format(trailer.line, trailer.count, rows)
  end
  return nil
end

--- What is missing of a source that has come to its end.
---@param self lastpass.source.People
---@param expect table|nil of `plan`
---@param trailer? table of a CSV file: {line, count, after = line of the first row after it}
---@return lastpass.Error|nil err code "wrong_row_count", "no_trailer" or "rows_after_trailer"
function M.shortfall(self, expect, trailer)
  local code, reason
  if expect then
    code, reason = find_shortfall(expect, self.proof.rows, trailer)
  end
  if not code then
    return nil
  end
  local message = ("%s: %s"):format(self.name, reason)
  local _, _, err = errors.fail("protocol", code, message, { file = self.proof.file })
  return err
end

-- Spaces that do not break, and characters that cannot be seen, as spreadsheets put them into titles.
local SPACES = { "\194\160", "\226\128\175", "\226\128\135", "\226\129\160", "%s+" }
local UNSEEN = { "\226\128\139", "\239\187\191", "\194\173" }

--- A title as titles are compared: every space and line end between words is one blank.
---@param title string
---@return string
function M.folded(title)
  for _, unseen in ipairs(UNSEEN) do
    title = title:gsub(unseen, "")
  end
  for _, space in ipairs(SPACES) do
    title = title:gsub(space, " ")
  end
  return (title:gsub(" +", " "):gsub("^ ", ""):gsub(" $", ""))
end

--- The field that a header makes when no columns are named: "E-mail" gives email, "First name"
-- first_name. A header without letters or digits gives nothing.
---@param header string
---@return string|nil
function M.field_name(header)
  local name = M.folded(header):gsub("[-'.]", ""):gsub("[%z\1-/:-@[-`{-\127]+", "_")
  name = name:gsub("^_+", ""):gsub("_+$", ""):gsub("[A-Z]", string.lower)
  if name == "" then
    return nil
  end
  return name == "origin" and "origin_" or name
end

return M
