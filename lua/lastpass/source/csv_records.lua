--- The records of a CSV file: bytes in, rows of strings out, a piece of the file at a time.
-- @module lastpass.source.csv_records
local csv = require "lastpass.csv"
local errors = require "lastpass.error"
local files = require "lastpass.source.file"

local M = {}

local aliases = {
  ["utf8"] = "utf-8",
  ["ascii"] = "utf-8",
  ["us-ascii"] = "utf-8",
  ["latin-1"] = "latin1",
  ["utf16"] = "utf-16",
  ["shift-jis"] = "shift_jis",
}

local records = {}
local records_mt = { __index = records, __name = "lastpass.source.csv_records" }

--- The name under which an encoding is known here, or nil and the names that are.
---@param name string "UTF-8", "latin1", "cp1252", …
---@return string|nil encoding
---@return string[]? known
function M.encoding(name)
  local wanted = name:lower():gsub("_", "-")
  wanted = aliases[wanted] or wanted:gsub("^cp(125%d)$", "windows-%1")
  local known = { "utf-8" }
  for _, encoding in ipairs(csv.encodings) do
    known[#known + 1] = encoding
  end
  for _, encoding in ipairs(known) do
    if encoding == wanted then
      return encoding
    end
  end
  return nil, known
end

local function fail_reading(self, kind, code, reason, hint, line)
  local where = line and ("%s:%d"):format(self.name, line) or self.name
  return errors.fail(kind, code, where .. ": " .. reason, {
    file = self.name,
    line = line,
    hint = hint,
  })
end

-- Ends the reading: what was parsed is still handed out, then this failure.
local function break_off(self, err)
  self._failure = self._failure or err
  self._bytes:close()
  self._ended = true
end

local function refuse_file(self, code, reason, line)
  local _, _, err = fail_reading(self, "protocol", code, reason, nil, line)
  break_off(self, err)
end

-- Parses a piece, or the end; the rows before a failure can still be fetched.
local function parse(self, piece)
  local ok, message, line, code = self._parser:parse(piece)
  if not ok then
    refuse_file(self, code, message, line)
  end
end

local function finish(self)
  if self._decoder then
    local whole, message = self._decoder:finish()
    if not whole then
      refuse_file(self, "bad_encoding", message)
    end
  end
  parse(self, nil)
  self._ended = true
end

-- The next text: the beginning that was looked at, and then the pieces of the file. Or nil and a failure,
-- or why it cannot be decoded.
local function next_text(self)
  local head = self._head
  if head then
    self._head = nil
    return head
  elseif self._head_failure then
    return nil, self._head_failure
  end
  local piece, _, err = self._bytes:read()
  if piece and self._decoder then
    return self._decoder:feed(piece)
  end
  return piece, err
end

-- Reads one piece of the file and parses it.
local function fill(self)
  local text, problem = next_text(self)
  if text then
    parse(self, text)
  elseif type(problem) == "string" then
    refuse_file(self, "bad_encoding", problem)
  elseif problem then
    break_off(self, problem)
  else
    finish(self)
  end
end

--- From the next row on, those that are plainly good come as tables with named fields: see
-- `parser:shape` in src/csv/csv.c.
---@param shape table
function records:shape(shape)
  self._parser:shape(shape)
end

--- Takes a key for a row.
---@param key string
---@param line integer
---@return integer|nil first the line of the row that has taken it before
function records:claim(key, line)
  return self._parser:take_key(key, line)
end

--- Gives the rows that were parsed already to what takes people, as far as they are plainly good:
-- see `parser:pour` in src/csv/csv_people.h.
---@param sink userdata
---@param description table
---@return integer count
function records:pour(sink, description)
  return self._closed and 0 or self._parser:pour(sink, description)
end

--- The next record: a shaped row, which has `origin`, or a list of strings with `line`, `number`
-- (blank lines counted), `last` (the line it ends on, when another) and `invalid` (the first field
-- that is not UTF-8).
---@return table|nil row nil at the end
---@return string? message
---@return lastpass.Error? err the same on every further call
function records:next()
  if self._closed then
    return nil
  end
  local parser, proof = self._parser, self._proof
  local row = parser:next()
  while not row do
    if self._ended and not self._failure and not proof.complete then
      self._failure = self.shortfall and self.shortfall()
      if not self._failure then
        proof.complete, proof.sha256 = true, self._bytes:sha256()
      end
    end
    if self._failure then
      return nil, self._failure.message, self._failure
    elseif self._ended then
      return nil
    end
    fill(self)
    row = parser:next()
  end
  return row
end

--- Ends the reading here; what was parsed ahead is not handed out. May be called again.
function records:close()
  self._bytes:close()
  self._closed = true
end

local UTF16_HINT = "give encoding = '%s'"

-- The encoding that the file itself names by its byte order mark; the option must agree with it.
local function encoding_of(self, head, given)
  local mark = head:sub(1, 2)
  local reason, hint
  if mark == "\255\254" or mark == "\254\255" then
    if not given or given:find "^utf%-16" then
      return given or "utf-16"
    end
    reason = ("this is UTF-16, not %s"):format(given:gsub("^utf", "UTF"))
    hint = UTF16_HINT:format "utf-16"
  elseif head:sub(1, 3) == files.UTF8_MARK and given and given ~= "utf-8" then
    reason = ("the file says that it is UTF-8 (byte order mark), not %s"):format(given)
    hint = "leave out the option 'encoding'"
  elseif not given and (head:find "^[^%z]%z[^%z]%z" or head:find "^%z[^%z]%z[^%z]") then
    reason = "this looks like UTF-16 without a byte order mark"
    hint = UTF16_HINT:format(head:find "^%z" and "utf-16be" or "utf-16le")
  else
    return given or "utf-8"
  end
  return fail_reading(self, "protocol", "bad_encoding", reason, hint)
end

-- The beginning as UTF-8.
local function decode_head(self, head, encoding)
  if encoding == "utf-8" then
    return head
  end
  local message, text
  self._decoder, message = csv.decoder(encoding)
  if not self._decoder then
    return fail_reading(self, "argument", "bad_encoding", message)
  end
  text, message = self._decoder:feed(head)
  if not text then
    return fail_reading(self, "protocol", "bad_encoding", message)
  end
  return text
end

-- The first line "sep=;" by which Excel is told the delimiter.
local function separator_of(text)
  local separator, after = text:match '^"?[Ss][Ee][Pp]=([\9\32-\126])"?([^\r\n]?)'
  return after == "" and separator or nil
end

-- Looks at the beginning: what the file is, its encoding, its delimiter.
local function read_head(self, settings)
  local head, message, err
  head, self._head_failure = self._bytes:head()
  local what, hint = files.of_bytes(head:sub(1, files.HEAD), "CSV")
  local encoding
  if not what then
    encoding, message, err = encoding_of(self, head, settings.encoding)
    if encoding then
      head, message, err = decode_head(self, head, encoding)
    end
    if not encoding or not head then
      return nil, message, err
    end
  end
  local text = head:gsub("^" .. files.UTF8_MARK, "")
  if not what then
    what, hint = files.of_line(text:sub(1, files.HEAD):match "^%s*([^\r\n]*)")
  end
  if what then
    return fail_reading(self, "argument", "not_csv", ("this is %s, not CSV"):format(what), hint)
  end
  self._head = head
  local options, separator = {}, separator_of(text)
  for name, value in pairs(settings.parser) do
    options[name] = value
  end
  if separator and separator ~= (options.quote or '"') then
    self.has_separator_line = true
    options.delimiter = options.delimiter or separator
  end
  self.delimiter = options.delimiter or ","
  self._parser = csv.parser(options)
  return true
end

--- Opens a file.
---@param file string|file* path, or anything with a `read(bytes)` method as that of files
---@param settings table {name, encoding (of `encoding`; nil: what the file says, else UTF-8), sha256,
-- parser = options of `csv.parser`}
---@param proof table its bytes, final_newline, complete and sha256 are kept up to date
---@return table|nil records `delimiter`; `has_separator_line`: the first row is "sep=;". A function
-- `shortfall`, when it is set, says at the end what is missing: an error, or nil
---@return string? message
---@return lastpass.Error? err
function M.open(file, settings, proof)
  local self = setmetatable({ name = settings.name, _proof = proof }, records_mt)
  local ok, message, err
  self._bytes, message, err = files.open(file, settings, proof)
  if not self._bytes then
    return nil, message, err
  end
  ok, message, err = read_head(self, settings)
  if not ok then
    self._bytes:close()
    return nil, message, err
  end
  return self
end

return M
