--- The records of a CSV file: bytes in, rows of strings out, a piece of the file at a time.
-- @module lastpass.source.csv_records
local bytes = require "lastpass.source.bytes"
local csv = require "lastpass.csv"
local errors = require "lastpass.error"
local file_kind = require "lastpass.source.file_kind"

local M = {}

-- What is looked at before the first row: the first line that is not blank, as far as it is within.
local HEAD = 512

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

--- The name under which an encoding is known here, or nil and the names there are.
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

local function fail(self, kind, code, reason, line, fields)
  fields = fields or {}
  fields.file, fields.line = self.name, line
  local place = line and ("%s:%d"):format(self.name, line) or self.name
  return errors.fail(kind, code, place .. ": " .. reason, fields)
end

-- Ends the reading: what was parsed is still handed out, then this failure.
local function break_off(self, err)
  self._failure = self._failure or err
  self._bytes:close()
  self._ended = true
end

local function refuse(self, code, reason, line, fields)
  local _, _, err = fail(self, "protocol", code, reason, line, fields)
  break_off(self, err)
end

-- Parses a piece, or the end; the rows before a failure can still be fetched.
local function parse(self, piece)
  local ok, message, line, code = self._parser:parse(piece)
  if not ok then
    refuse(self, code, message, line)
  end
end

local function finish(self)
  if self._decoder then
    local whole, message = self._decoder:finish()
    if not whole then
      refuse(self, "bad_encoding", message)
    end
  end
  parse(self, nil)
  self._ended = true
end

-- The next text: the beginning that was looked at, and then the pieces of the file.
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
    refuse(self, "bad_encoding", problem)
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
  local parser = self._parser
  local row = parser:next()
  while not row do
    if self._failure then
      return nil, self._failure.message, self._failure
    elseif self._ended then
      local proof = self._proof
      if proof.complete then
        return nil
      end
      self._failure = self._at_end and self._at_end()
      if not self._failure then
        proof.complete, proof.sha256 = true, self._bytes:sha256()
        return nil
      end
    else
      fill(self)
    end
    row = parser:next()
  end
  return row
end

--- Ends the reading here; what was parsed ahead is not handed out. May be called again.
function records:close()
  self._bytes:close()
  self._closed = true
end

-- The beginning of a file; a failure comes after the rows before it.
local function read_head(self)
  local head = ""
  while #head < HEAD and not (#head >= 4 and head:find "[^%s][^\r\n]*[\r\n]") do
    local piece, _, err = self._bytes:read()
    if not piece then
      self._head_failure = err
      break
    end
    head = head .. piece
  end
  return head
end

local UTF16_HINT = "give encoding = '%s'"

-- The encoding that the file itself names by its byte order mark; what is said beside must agree.
local function encoding_of(self, head, given)
  local mark = head:sub(1, 2)
  local is_utf16 = mark == "\255\254" or mark == "\254\255"
  if is_utf16 and (not given or given:find "^utf%-16") then
    return given or "utf-16"
  elseif is_utf16 then
    local reason = ("this is UTF-16, not %s"):format(given:gsub("^utf", "UTF"))
    return fail(
      self,
      "protocol",
      "bad_encoding",
      reason,
      nil,
      { hint = UTF16_HINT:format "utf-16" }
    )
  elseif head:sub(1, 3) == "\239\187\191" and given and given ~= "utf-8" then
    local reason = ("the file says that it is UTF-8 (byte order mark), not %s"):format(given)
    return fail(self, "protocol", "bad_encoding", reason, nil, {
      hint = "leave out the option 'encoding'",
    })
  elseif not given and (head:find "^[^%z]%z[^%z]%z" or head:find "^%z[^%z]%z[^%z]") then
    local likely = head:find "^%z" and "utf-16be" or "utf-16le"
    return fail(
      self,
      "protocol",
      "bad_encoding",
      "this looks like UTF-16 without a byte order mark",
      nil,
      {
        hint = UTF16_HINT:format(likely),
      }
    )
  end
  return given or "utf-8"
end

local function open_decoder(self, encoding)
  if encoding == "utf-8" then
    return true
  end
  local decoder, message = csv.decoder(encoding)
  if not decoder then
    return fail(self, "argument", "bad_encoding", message)
  end
  self._decoder = decoder
  return true
end

-- The first line "sep=;" by which Excel is told the delimiter.
local function separator_of(text)
  local separator, after =
    text:gsub("^\239\187\191", ""):match '^"?[Ss][Ee][Pp]=([\9\32-\126])"?([^\r\n]?)'
  return after == "" and separator or nil
end

local function not_csv(self, what, hint)
  local message = ("this is %s, not CSV"):format(what)
  return fail(self, "argument", "not_csv", message, nil, { hint = hint })
end

-- Looks at the beginning: what the file is, its encoding, its delimiter.
local function begin(self, settings)
  local head = read_head(self)
  local what, hint = file_kind.of_bytes(head:sub(1, HEAD), "CSV")
  if what then
    return not_csv(self, what, hint)
  end
  local encoding, message, err = encoding_of(self, head, settings.encoding)
  if not encoding then
    return nil, message, err
  end
  local ok
  ok, message, err = open_decoder(self, encoding)
  if not ok then
    return nil, message, err
  end
  local text = head
  if self._decoder then
    text, message = self._decoder:feed(head)
    if not text then
      return fail(self, "protocol", "bad_encoding", message)
    end
  end
  local line = text:sub(1, HEAD):gsub("^\239\187\191", ""):match "^%s*([^\r\n]*)"
  what, hint = file_kind.of_line(line)
  if what then
    return not_csv(self, what, hint)
  end
  self._head = text
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
-- parser = options of `csv.parser`, at_end = function() -> err | nil (what is missing at the end)}
---@param proof table its bytes, final_newline, complete and sha256 are kept up to date
---@return table|nil records `delimiter`; `has_separator_line`: the first row is "sep=;"
---@return string? message
---@return lastpass.Error? err
function M.open(file, settings, proof)
  local self = setmetatable({
    name = settings.name,
    _proof = proof,
    _at_end = settings.at_end,
  }, records_mt)
  local message, err
  self._bytes, message, err = bytes.open(file, settings, proof)
  if not self._bytes then
    return nil, message, err
  end
  local ok
  ok, message, err = begin(self, settings)
  if not ok then
    self._bytes:close()
    return nil, message, err
  end
  return self
end

return M
