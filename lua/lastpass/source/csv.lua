--- People from a CSV file, read as a stream: good rows as tables, the others as problems.
-- @module lastpass.source.csv
local bytes = require "lastpass.source.bytes"
local columns = require "lastpass.source.columns"
local csv_records = require "lastpass.source.csv_records"
local errors = require "lastpass.error"
local origin = require "lastpass.source.origin"
local people = require "lastpass.source.people"
local row_reader = require "lastpass.source.row"

local M = {}

--- Options of `source.csv`. Without `columns` every column of the file is read, under a name made
-- from its header: "First name" gives first_name, "E-mail" email.
---@class lastpass.source.CsvOptions
---@field columns? table<string, string|lastpass.source.Column> field = header
---@field required? string[]   fields that must not be empty
---@field key? string|false    the field that must be there, once only; default "email" if any
---@field delimiter? string    one character; default ","
---@field quote? string        one character; default '"'
---@field encoding? string     "utf-8" (default), "utf-16", "latin1", "windows-1252", …
---@field trim? boolean        cut spaces off both ends of every value; default true
---@field strict? boolean      a quote in the wrong place ends the reading; default true
---@field sha256? boolean      hash the bytes as they are read (needs luaossl); default false
---@field max_problems? number refused rows after which the reading ends; default 10000
---@field max_field? number    bytes of one value; default 2^20
---@field max_fields? number   values of one row; default 10000
---@field max_row? number      bytes of one row; default 2^24
---@field name? string         what the file is called in messages; default its path

local known_options = people.options_with {
  columns = "table",
  delimiter = "string",
  quote = "string",
  encoding = "string",
  strict = "boolean",
  max_field = "number",
  max_fields = "number",
  max_row = "number",
}

local counts = { "max_field", "max_fields", "max_row", "max_problems" }

local function fail_with_file(file, err)
  return errors.fail(err.kind, err.code, file .. ": " .. err.message, err)
end

-- Reads the header and fits the columns to it.
local function read_header(self, plan)
  local file = self.proof.file
  local header, message, err
  repeat
    header, message, err = self._records:next()
    if err then
      return nil, message, err
    elseif not header then
      return errors.fail("argument", "empty_file", file .. ": is empty, not even a header", {
        file = file,
      })
    end
  until not row_reader.is_blank(header)
  if header.invalid then
    message = ("%s:%d: the header is not valid UTF-8"):format(file, header.line)
    return errors.fail("protocol", "bad_encoding", message, {
      file = file,
      line = header.line,
      hint = "see the option 'encoding'",
    })
  end
  local bound, key_column
  bound, key_column, err = columns.bind(plan, header)
  if not bound then
    err.file, err.line = file, header.line
    return fail_with_file(file, err)
  end
  self.header = {}
  for index, title in ipairs(header) do
    self.header[index] = title
  end
  self._width = #header
  self._columns, self._key_column = bound, key_column
  local key
  for index, column in ipairs(bound) do
    key = column == key_column and index or key
  end
  self._records:shape {
    width = self._width,
    columns = bound,
    key = key,
    file = file,
    origin = origin.file_mt,
  }
  return true
end

local function parser_options(options, level)
  local character = { "delimiter", "quote" }
  for _, name in ipairs(character) do
    local value = options[name]
    if value and not value:find("^[\1-\9\11\12\14-\126]$") then
      errors.raise(level + 1, "source.csv: option '%s' must be one ASCII character", name)
    end
  end
  if (options.delimiter or ",") == (options.quote or '"') then
    errors.raise(level + 1, "source.csv: options 'delimiter' and 'quote' must differ")
  end
  people.check_counts("source.csv", options, counts, level + 1)
  return {
    delimiter = options.delimiter,
    quote = options.quote,
    strict = options.strict,
    trim = options.trim ~= false,
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
-- The first line that is not blank is the header. `people.header` are its titles, `people.proof`
-- says how far the file was read, `people.failure` is why it broke off. Memory does not grow with
-- the file, except by the keys (to know a second one) and the problems.
--
-- Codes of failures: no_such_file, no_permission, is_a_directory, cannot_open, empty_file,
-- missing_column, duplicate_column (kind "argument"); read_failed (kind "transport");
-- file_changed (kind "conflict"); stray_quote, unterminated_quote, nul_byte, bad_encoding,
-- field_too_large, row_too_large, too_many_fields, too_many_problems, no_memory (kind "protocol").
-- The error names the `file` and, where there is one, the `line`.
---@param file string|file* path, or an open file (anything with its `read`), which stays open
---@param options? lastpass.source.CsvOptions
---@return lastpass.source.People|nil people
---@return string? message
---@return lastpass.Error? err
function M.open(file, options)
  if type(file) ~= "string" and not bytes.is_readable(file) then
    errors.raise(2, "source.csv: the file must be a path or an open file, not %s", type(file))
  end
  options = errors.check_options("source.csv", options, known_options)
  local name = options.name or (type(file) == "string" and file or "(stream)")
  local plan = columns.plan(options, 2)
  local settings = {
    name = name,
    encoding = encoding_option(options.encoding or "utf-8", 2),
    sha256 = options.sha256,
    parser = parser_options(options, 2),
  }
  local proof = { kind = "csv", file = name, bytes = 0, final_newline = false }
  local self = people.new(name, proof, {
    _admit = row_reader.admit,
    _path = type(file) == "string" and file or nil,
    _max_problems = options.max_problems or 10000,
  })
  local records, message, err = csv_records.open(file, settings, proof)
  if not records then
    return nil, message, err
  end
  self._records = records
  local ok
  ok, message, err = read_header(self, plan)
  if not ok then
    self:close()
    return nil, message, err
  end
  return self
end

return M
