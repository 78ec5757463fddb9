--- The records of a CSV file: bytes in, rows of strings out, a piece of the file at a time.
-- @module lastpass.source.csv_records
local bytes = require "lastpass.source.bytes"
local csv = require "lastpass.csv"
local errors = require "lastpass.error"

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

local function has_utf16_mark(piece)
  local mark = piece:sub(1, 2)
  return mark == "\255\254" or mark == "\254\255"
end

-- Reads one piece of the file and parses it.
local function fill(self)
  local is_first = self._proof.bytes == 0
  local piece, _, err = self._bytes:read()
  if err then
    return break_off(self, err)
  elseif not piece then
    return finish(self)
  end
  if is_first and not self._decoder and has_utf16_mark(piece) then
    return refuse(self, "bad_encoding", "this is UTF-16, not UTF-8", nil, {
      hint = "give encoding = 'utf-16'",
    })
  end
  if self._decoder then
    local text, message = self._decoder:feed(piece)
    if not text then
      return refuse(self, "bad_encoding", message)
    end
    piece = text
  end
  parse(self, piece)
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
  return self._parser:claim(key, line)
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
      if not proof.complete then
        proof.complete, proof.sha256 = true, self._bytes:sha256()
      end
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

--- Opens a file.
---@param file string|file* path, or anything with a `read(bytes)` method as that of files
---@param settings table {name, encoding (of `encoding`), sha256, parser = options of `csv.parser`}
---@param proof table its bytes, final_newline, complete and sha256 are kept up to date
---@return table|nil records
---@return string? message
---@return lastpass.Error? err
function M.open(file, settings, proof)
  local self = { name = settings.name, _proof = proof }
  self._parser = csv.parser(settings.parser)
  if settings.encoding ~= "utf-8" then
    local decoder, message = csv.decoder(settings.encoding)
    if not decoder then
      return fail(self, "argument", "bad_encoding", message)
    end
    self._decoder = decoder
  end
  local reader, message, err = bytes.open(file, settings, proof)
  if not reader then
    return nil, message, err
  end
  self._bytes = reader
  return setmetatable(self, records_mt)
end

return M
