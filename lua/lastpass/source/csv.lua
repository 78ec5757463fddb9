--- People from a CSV file, read as a stream: good rows as tables, the others as problems.
-- @module lastpass.source.csv
local columns = require "lastpass.source.columns"
local csv_records = require "lastpass.source.csv_records"
local digest = require "lastpass.source.digest"
local email = require "lastpass.email"
local errors = require "lastpass.error"

local M = {}

--- Options of `source.csv`.
---@class lastpass.source.CsvOptions
---@field columns? table<string, string|lastpass.source.Column> field = header, or field = {header, header, …}, whose values are joined; default: every column of the file under a name made from its header ("First name" → first_name, "E-mail" → email)
---@field required? string[]   fields that must not be empty
---@field key? string|false    the field that tells people apart: required, and refused a second time; default "email" when there is such a field
---@field delimiter? string    one character; default ","
---@field quote? string        one character; default '"'
---@field encoding? string     "utf-8" (default), "utf-16", "latin1", "windows-1252", …: see `csv.encodings`
---@field trim? boolean        cut spaces off both ends of every value; default true
---@field strict? boolean      a quote in the wrong place ends the reading; default true
---@field sha256? boolean      hash the bytes as they are read (needs luaossl); default false
---@field max_problems? number refused rows after which the reading ends; default 10000
---@field max_field? number    bytes of one value; default 2^20
---@field max_fields? number   values of one row; default 10000
---@field max_row? number      bytes of one row; default 2^24
---@field name? string         what the file is called in messages; default its path

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
---@field code "missing_value"|"bad_email"|"duplicate"|"too_few_fields"|"too_many_fields"|"bad_encoding"
---@field reason string   a sentence for a person
---@field field? string   the field it is about
---@field column? string  its header
---@field value? string   what stands there, its first 1000 bytes
---@field key? string     the key of the row, when it could be read (addresses folded)
---@field first_line? integer with "duplicate": the line of the row that was taken

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

local origin_mt = { __name = "lastpass.source.origin" }

function origin_mt.__tostring(origin)
  return ("%s:%d"):format(origin.file, origin.line)
end

local problem_mt = { __name = "lastpass.source.problem" }

function problem_mt.__tostring(problem)
  return ("%s:%d: %s"):format(problem.file, problem.line, problem.reason)
end

local people = {}
local people_mt = { __index = people, __name = "lastpass.source.csv" }

function people_mt.__tostring(self)
  local proof = self.proof
  local state = proof.complete and "complete" or self.failure and "broken off" or "open"
  return ("lastpass.source.csv: %s (%d rows, %s)"):format(proof.file, proof.rows, state)
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

local function is_blank(row)
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

-- A row that the parser did not shape, as a person; nil when it is refused or holds nothing.
local function admit(self, row)
  if is_blank(row) then
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
  local origin = { file = proof.file, row = row.number, line = row.line }
  person.origin = setmetatable(origin, origin_mt)
  return person
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
      if err then
        self.failure = err
      elseif not self.proof.complete then
        _, message, err = errors.fail("cancelled", "closed", self.proof.file .. ": was closed")
      end
      return nil, message, err
    end
    if row.origin then
      self.proof.rows = self.proof.rows + 1
      return row
    end
    local person = admit(self, row)
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
-- A loop cannot return a failure, and one that is overlooked would make people look gone; so when the
-- file breaks off (a broken quote, a read error), the iterator raises the `lastpass.Error` after
-- the last good row. Use `read` or `next` to get it returned.
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
---@return lastpass.Error? err code "no_luaossl" (the hint says what to install), "not_read", "file_changed", …
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
  until not is_blank(header)
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
  self.header, self._width = header, #header
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
    origin = origin_mt,
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
-- The first line that is not blank is the header. `people.header` are its titles, `people.proof` says
-- how far the file was read, `people.failure` is why it broke off. Memory does not grow with
-- the file, except by the keys (to know a second one) and the problems.
---@param file string|file* path, or an open file (or a table with a `read(bytes)` method as files have); that stays open
---@param options? lastpass.source.CsvOptions
---@return table|nil people with `next`, `rows`, `read`, `sha256`, `close`
---@return string? message
---@return lastpass.Error? err codes: no_such_file, no_permission, is_a_directory, cannot_open, read_failed, empty_file, missing_column, duplicate_column, bad_encoding, no_luaossl, file_changed, and those of a broken file: stray_quote, unterminated_quote, nul_byte, field_too_large, row_too_large, too_many_fields, no_memory; with `line` where there is one
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
