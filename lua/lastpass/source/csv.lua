--- People from a CSV file, read as a stream: good rows as tables, the others as problems.
-- @module lastpass.source.csv
local columns = require "lastpass.source.columns"
local csv_records = require "lastpass.source.csv_records"
local csv_rows = require "lastpass.source.csv_rows"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local files = require "lastpass.source.file"
local people = require "lastpass.source.people"

local M = {}

--- Options of `source.csv`. Without `columns` every column of the file is read, under a name made
-- from its header: "First name" gives first_name, "E-mail" email.
---@class lastpass.source.CsvOptions: lastpass.source.Options
---@field columns? table<string, string|lastpass.source.Column> field = header
---@field header? integer      the row that holds the titles, counted as a spreadsheet counts; default the
-- first that is not blank. What comes before it is passed over
---@field delimiter? string    one character; default that of a first line "sep=;", else ","
---@field quote? string        one character; default '"'
---@field encoding? string     "utf-8", "utf-16", "latin1", "windows-1252", …; default what the byte order
-- mark says, else "utf-8"
---@field strict? boolean      a quote in the wrong place ends the reading; default true
---@field max_field? number    bytes of one value; default 2^20
---@field max_fields? number   values of one row; default 10000
---@field max_row? number      bytes of one row; default 2^24

--- What kind of source this is.
---@type lastpass.source.Kind
M.kind = columns.kind {
  source = "source.csv",
  option = "columns",
  column = "column",
  header = "header",
  a_header = "a header",
  options = {
    columns = "table",
    header = function(value)
      local is_row = type(value) == "number" and value >= 1 and value <= 2 ^ 30
      return is_row and value == math.floor(value), "the number of a row, from 1"
    end,
    delimiter = "string",
    quote = "string",
    encoding = "string",
    strict = "boolean",
    max_field = "number",
    max_fields = "number",
    max_row = "number",
  },
  counts = { "max_field", "max_fields", "max_row" },
}

local function fail_at(self, code, line, reason, hint)
  local file = self.proof.file
  local where = line and ("%s:%d"):format(file, line) or file
  return errors.fail("argument", code, ("%s: %s"):format(where, reason), {
    file = file,
    line = line,
    hint = hint,
  })
end

-- The row with the titles; rows before the one that is asked for are passed over.
local function next_titles(self, wanted)
  local records, row, message, err = self._records, nil, nil, nil
  if records.has_separator_line then
    row, message, err = records:next()
    wanted = wanted ~= 1 and wanted or nil -- spreadsheets do not show that line
  end
  repeat
    if not err then
      row, message, err = records:next()
    end
    if err then
      return nil, message, err
    elseif not row and wanted then
      local reason = ("has no row %d, where its header is to be"):format(wanted)
      return fail_at(self, "no_header", nil, reason)
    elseif not row then
      return fail_at(self, "empty_file", nil, "is empty, not even a header")
    end
  until wanted and row.number >= wanted or not wanted and not csv_rows.is_blank(row)
  if wanted and (row.number > wanted or csv_rows.is_blank(row)) then
    local reason = ("row %d, where its header is to be, is blank"):format(wanted)
    return fail_at(self, "no_header", nil, reason)
  end
  return row
end

local DELIMITERS = { ";", "\t", "|", "," }

local function split_titles(text, delimiter)
  local parts = {}
  for part in (text .. delimiter):gmatch("([^" .. delimiter .. "]*)" .. delimiter) do
    parts[#parts + 1] = email.trim((part:gsub('^%s*"(.*)"%s*$', "%1")))
  end
  return parts
end

-- A row that has an address in the place of a title is a person already.
local function find_person(titles)
  for _, title in ipairs(titles) do
    if email.check(title) then
      return title
    end
    for _, delimiter in ipairs(#titles == 1 and DELIMITERS or {}) do
      for _, part in ipairs(split_titles(title, delimiter)) do
        if part ~= title and email.check(part) then
          return part
        end
      end
    end
  end
  return nil
end

-- How many rows after the supposed header are looked at for the real one.
local ROWS_AHEAD = 20

-- What would help when the titles are not there: another delimiter, or another row.
local function find_hint(self, titles)
  local plan = self._plan
  if not plan.columns then
    return nil
  end
  for _, delimiter in ipairs(#titles == 1 and DELIMITERS or {}) do
    if csv_rows.bind(plan, split_titles(titles[1], delimiter)) then
      local shown = delimiter == "\t" and "\\t" or delimiter
      return ("its columns are separated otherwise: delimiter = '%s'"):format(shown)
    end
  end
  for _ = 1, ROWS_AHEAD do
    local row = self._records:next()
    if not row then
      return nil
    elseif csv_rows.bind(plan, row) then
      return ("row %d has these titles: header = %d"):format(row.number, row.number)
    end
  end
  return nil
end

local NO_HEADER_HINT = "give the file a first row with the titles of its columns, or say in which "
  .. "row they are: header = 4"
local ENCODING_HINT =
  "see the option 'encoding': spreadsheets often write encoding = 'windows-1252'"

-- Reads the header and fits the columns to it.
local function read_header(self)
  local file = self.proof.file
  local header, message, err = next_titles(self, self._plan.options.header)
  if not header then
    return nil, message, err
  elseif header.invalid then
    message = ("%s:%d: the header is not valid UTF-8"):format(file, header.line)
    local about = { file = file, line = header.line, hint = ENCODING_HINT }
    return errors.fail("protocol", "bad_encoding", message, about)
  end
  local person = find_person(header)
  if person then
    local reason = ("the row is a person ('%s'), not a header"):format(person)
    return fail_at(self, "no_header", header.line, reason, NO_HEADER_HINT)
  end
  local bound, key_column
  bound, key_column, err = csv_rows.bind(self._plan, header)
  if not bound then
    err.file, err.line = file, header.line
    err.hint = err.code == "missing_column" and find_hint(self, header) or err.hint
    return errors.fail(err.kind, err.code, file .. ": " .. err.message, err)
  end
  self.header = {}
  for index, title in ipairs(header) do
    self.header[index] = title
  end
  self._width, self._columns, self._key_column = #header, bound, key_column
  local shape = csv_rows.shape(self)
  if shape then
    self._records:shape(shape)
  end
  return true
end

local function parser_options(plan, level)
  local options = plan.options
  for _, name in ipairs { "delimiter", "quote" } do
    local value = options[name]
    if value and not value:find "^[\1-\9\11\12\14-\126]$" then
      errors.raise(level + 1, "source.csv: option '%s' must be one ASCII character", name)
    end
  end
  if (options.delimiter or ",") == (options.quote or '"') then
    errors.raise(level + 1, "source.csv: options 'delimiter' and 'quote' must differ")
  end
  return {
    delimiter = options.delimiter,
    quote = options.quote,
    strict = options.strict,
    strict_from = options.header, -- titles above the header are anybody's
    trim = plan.trim,
    max_field = options.max_field,
    max_fields = options.max_fields,
    max_row = options.max_row,
  }
end

local function encoding_option(name, level)
  local encoding, known = csv_records.encoding(name)
  if not encoding then
    local near = errors.nearest(name, known)
    local hint = near and ("did you mean '%s'?"):format(near)
      or "known are: " .. table.concat(known, ", ")
    errors.raise(level + 1, "source.csv: unknown encoding '%s' (%s)", name, hint)
  end
  return encoding
end

--- Opens a CSV file as a source of people (`source.csv`).
--
--     local people = assert(source.csv("hr.csv", {
--       columns = { email = "E-mail", fullname = { "First name", "Last name" } },
--     }))
--     for person in people:rows() do print(person.origin, person.email, person.fullname) end
--     for _, problem in ipairs(people.problems) do print(problem) end
--
-- The first line that is not blank is the header, or the row that `header` names; no-break spaces count as
-- spaces in titles. `people.header` are its titles, `people.proof`
-- says how far the file was read, `people.failure` is why it broke off. Memory does not grow with
-- the file, except by the keys (to know a second one) and the problems.
--
-- Codes of failures: no_such_file, no_permission, is_a_directory, cannot_open, empty_file, not_csv,
-- no_header, missing_column, duplicate_column (kind "argument"); read_failed (kind "transport");
-- file_changed (kind "conflict"); stray_quote, unterminated_quote, nul_byte, bad_encoding,
-- field_too_large, row_too_large, too_many_fields, too_many_problems, no_memory, and of what is
-- expected wrong_row_count, no_trailer, rows_after_trailer (kind "protocol").
-- The error names the `file` and, where there is one, the `line`.
---@param file string|file* path, or an open file (anything with its `read`), which stays open
---@param options? lastpass.source.CsvOptions
---@return lastpass.source.People|nil people
---@return string? message
---@return lastpass.Error? err
function M.open(file, options)
  local plan = columns.plan(options, 2, M.kind)
  local name, path = files.name_of("source.csv", file, plan.options, 2)
  local settings = {
    name = name,
    encoding = plan.options.encoding and encoding_option(plan.options.encoding, 2),
    sha256 = plan.options.sha256,
    parser = parser_options(plan, 2),
  }
  local proof = { kind = "csv", file = name, bytes = 0, final_newline = false }
  local self = people.new(name, proof, {
    _admit = csv_rows.admit,
    _pouring = csv_rows.pouring,
    _plan = plan,
    _path = path,
    _max_problems = plan.max_problems,
  })
  local ok, message, err
  self._records, message, err = csv_records.open(file, settings, proof)
  if not self._records then
    return nil, message, err
  end
  function self._records.shortfall()
    return columns.shortfall(self, plan.expect, self._trailer)
  end
  ok, message, err = read_header(self)
  if not ok then
    self:close()
    return nil, message, err
  end
  return self
end

return M
