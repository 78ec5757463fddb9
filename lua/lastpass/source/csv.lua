--- People from a CSV file, read as a stream: good rows as tables, the others as problems.
-- @module lastpass.source.csv
local columns = require "lastpass.source.columns"
local csv_records = require "lastpass.source.csv_records"
local digest = require "lastpass.source.digest"
local errors = require "lastpass.error"
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

--- What is known about how far a source was read.
---@class lastpass.source.Proof
---@field kind string     "csv"
---@field file string
---@field rows integer    rows after the header, good and refused; empty ones do not count
---@field refused integer the refused ones
---@field bytes integer   bytes read
---@field final_newline boolean the last line was ended
---@field complete boolean the file was read to its end without a failure
---@field sha256? string  of the bytes, with the option `sha256` and once complete

local known_options = {
  columns = "table",
  required = "table",
  key = function(value)
    return value == false or type(value) == "string", "a string or false"
  end,
  delimiter = "string",
  quote = "string",
  encoding = "string",
  trim = "boolean",
  strict = "boolean",
  sha256 = "boolean",
  max_problems = "number",
  max_field = "number",
  max_fields = "number",
  max_row = "number",
  name = "string",
}

local people = {}
local people_mt = { __index = people, __name = "lastpass.source.csv" }

function people_mt.__tostring(self)
  local proof = self.proof
  local state = proof.complete and "complete" or self.failure and "broken off" or "open"
  return ("lastpass.source.csv: %s (%d rows, %s)"):format(proof.file, proof.rows, state)
end

-- So many refused rows mean the wrong file or the wrong options.
local function too_many_problems(self)
  local problems = self.problems
  local _, _, err = errors.fail(
    "protocol",
    "too_many_problems",
    ("%s: %d of %d rows were refused; the first: %s"):format(
      self.proof.file,
      #problems,
      self.proof.rows,
      problems[1].reason
    ),
    { file = self.proof.file, hint = "see the option 'max_problems'" }
  )
  self.failure = err
  self:close()
end

--- The next good row.
---@return table|nil person its fields by name (strings), and `origin`; nil at the end of the file
---@return string? message why the reading ended before the end of the file
---@return lastpass.Error? err also kept as `people.failure`
function people:next()
  while not self.failure do
    local row, message, err = self._records:next()
    if not row then
      if not err and not self.proof.complete then
        return errors.fail("cancelled", "closed", self.proof.file .. ": was closed")
      end
      self.failure = err
      return nil, message, err
    end
    if row.origin then
      self.proof.rows = self.proof.rows + 1
      return row
    end
    local person = row_reader.admit(self, row)
    if person then
      return person
    elseif #self.problems >= self._max_problems then
      too_many_problems(self)
    end
  end
  return nil, self.failure.message, self.failure
end

-- A second pass would find nothing, and look like a file without people.
local function begin(self, level)
  if self._begun then
    local message = "%s has been read already: keep the list of people:read(), or open it again"
    errors.raise(level + 1, message, self.proof.file)
  end
  self._begun = true
end

--- Iterates over the good rows. The refused ones are in `people.problems` when the loop has ended.
-- A loop cannot return a failure, and one that is overlooked would make people look gone; so when
-- the file breaks off (a broken quote, a read error), the iterator raises the `lastpass.Error`
-- after the last good row. Use `read` or `next` to get it returned.
---@return fun(): table|nil person
function people:rows()
  begin(self, 2)
  return function()
    local person, _, err = self:next()
    if err then
      error(err, 0)
    end
    return person
  end
end

--- Reads to the end.
---@return table[]|nil list the good rows
---@return lastpass.source.Problem[]|string problems the refused ones; or the message
---@return lastpass.Error? err when the file breaks off
---@return table[]? list the good rows before that
function people:read()
  begin(self, 2)
  local list = {}
  while true do
    local person, message, err = self:next()
    if err then
      return nil, message, err, list
    elseif not person then
      return list, self.problems
    end
    list[#list + 1] = person
  end
end

--- The SHA-256 of the file. Without the option `sha256` the file is read once more, and refused
-- when its length is no longer the same.
---@return string|nil hex 64 hexadecimal digits
---@return string? message
---@return lastpass.Error? err code "no_luaossl" (see its hint), "not_read" or "file_changed"
function people:sha256()
  local proof = self.proof
  if proof.sha256 then
    return proof.sha256
  elseif not proof.complete then
    local message = proof.file .. ": not read to its end, so there is nothing to prove"
    return errors.fail("argument", "not_read", message)
  elseif not self._path then
    local message = proof.file .. ": cannot be read again; use the option 'sha256'"
    return errors.fail("argument", "not_read", message)
  end
  local hash, message, err = digest.new()
  if not hash then
    return nil, message, err
  end
  local file, reason = io.open(self._path, "rb")
  if not file then
    return errors.fail("conflict", "file_changed", reason)
  end
  local bytes = 0
  for chunk in
    function()
      return file:read(65536)
    end
  do
    hash:update(chunk)
    bytes = bytes + #chunk
  end
  file:close()
  if bytes ~= proof.bytes then
    return errors.fail("conflict", "file_changed", proof.file .. ": has changed since it was read")
  end
  proof.sha256 = hash:hex()
  return proof.sha256
end

--- Lets go of the file before its end. A handle given by the caller stays open.
function people:close()
  self._records:close()
end

people_mt.__close = people.close

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
    origin = row_reader.origin_mt,
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
  for _, name in ipairs { "max_field", "max_fields", "max_row", "max_problems" } do
    local value = options[name]
    if value and not (value >= 1 and value <= 2 ^ 30) then
      errors.raise(level + 1, "source.csv: option '%s' must be from 1 to 2^30", name)
    end
  end
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

local function is_readable(file)
  if io.type(file) then
    return true
  end
  return type(file) == "table" and type(file.read) == "function"
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
---@return table|nil people with `next`, `rows`, `read`, `sha256`, `close`
---@return string? message
---@return lastpass.Error? err
function M.open(file, options)
  if type(file) ~= "string" and not is_readable(file) then
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
  local self = setmetatable({
    problems = {},
    proof = {
      kind = "csv",
      file = name,
      rows = 0,
      refused = 0,
      bytes = 0,
      final_newline = false,
      complete = false,
    },
    _path = type(file) == "string" and file or nil,
    _max_problems = options.max_problems or 10000,
  }, people_mt)
  local records, message, err = csv_records.open(file, settings, self.proof)
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
