--- The records of a CSV file: bytes in, rows of strings out, a piece of the file at a time.
-- @module lastpass.source.csv_records
local csv = require "lastpass.csv"
local digest = require "lastpass.source.digest"
local errors = require "lastpass.error"

local M = {}

local CHUNK = 65536

-- Linux's numbers, which io.open and file:read give as their third result.
local open_codes = { [2] = "no_such_file", [13] = "no_permission", [21] = "is_a_directory" }

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

-- A handle that the caller opened stays open.
local function release(self)
  if self._file and self._owned then
    self._file:close()
  end
  self._file = nil
end

-- Ends the reading: what was parsed is still handed out, then this failure.
local function break_off(self, ...)
  local _, _, err = fail(self, ...)
  self._failure = self._failure or err
  release(self)
end

-- Parses a piece, or the end; the rows before a failure can still be fetched.
local function parse(self, piece)
  local ok, message, line, code = self._parser:parse(piece)
  if not ok then
    break_off(self, "protocol", code, message, line)
  end
end

local function finish(self)
  if self._decoder then
    local whole, message = self._decoder:finish()
    if not whole then
      break_off(self, "protocol", "bad_encoding", message)
    end
  end
  parse(self, nil)
  local proof = self._proof
  proof.final_newline = self._tail:find("[\r\n]%z?$") ~= nil
  if self._size and self._size ~= proof.bytes then
    local reason = ("the file changed while it was read (%.0f bytes at first, %.0f read)"):format(
      self._size,
      proof.bytes
    )
    break_off(self, "conflict", "file_changed", reason)
  end
  if self._failure then
    return
  end
  self._ended = true
  proof.sha256 = self._digest and self._digest:hex()
  release(self)
end

local function has_utf16_mark(chunk)
  local mark = chunk:sub(1, 2)
  return mark == "\255\254" or mark == "\254\255"
end

-- Reads one piece of the file and parses it.
local function fill(self)
  local chunk, reason, number = self._file:read(CHUNK)
  if not chunk and reason then
    local code = open_codes[number] or "read_failed"
    local kind = code == "read_failed" and "transport" or "argument"
    return break_off(self, kind, code, tostring(reason))
  elseif not chunk or chunk == "" then
    return finish(self)
  end
  local proof = self._proof
  if proof.bytes == 0 and not self._decoder and has_utf16_mark(chunk) then
    return break_off(self, "protocol", "bad_encoding", "this is UTF-16, not UTF-8", nil, {
      hint = "give encoding = 'utf-16'",
    })
  end
  proof.bytes = proof.bytes + #chunk
  self._tail = (self._tail .. chunk:sub(-2)):sub(-2)
  if self._digest then
    self._digest:update(chunk)
  end
  if self._decoder then
    local text, message = self._decoder:feed(chunk)
    if not text then
      return break_off(self, "protocol", "bad_encoding", message)
    end
    chunk = text
  end
  parse(self, chunk)
end

--- From the next row on, those that are plainly good come as tables with named fields: see
-- `parser:shape` in src/csv.c.
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
    elseif not self._file then
      self._proof.complete = self._ended
      return nil
    end
    fill(self)
    row = parser:next()
  end
  return row
end

--- Ends the reading here; what was parsed ahead is not handed out. May be called again.
function records:close()
  release(self)
  self._closed = true
end

-- Bytes of a regular file; nil for a pipe, and for /proc, where it is always 0.
local function size_of(file)
  local size = file:seek("end")
  if not size or not file:seek("set") or size == 0 then
    return nil
  end
  return size
end

--- Opens a file.
---@param file string|file* path, or anything with a `read(bytes)` method as that of files
---@param settings table {name, encoding (of `encoding`), sha256, parser = options of `csv.parser`}
---@param proof table its bytes, final_newline, complete and sha256 are kept up to date
---@return table|nil records
---@return string? message
---@return lastpass.Error? err
function M.open(file, settings, proof)
  local self = { name = settings.name, _proof = proof, _tail = "" }
  self._parser = csv.parser(settings.parser)
  if settings.sha256 then
    local hash, message, err = digest.new()
    if not hash then
      return nil, message, err
    end
    self._digest = hash
  end
  if settings.encoding ~= "utf-8" then
    local decoder, message = csv.decoder(settings.encoding)
    if not decoder then
      return fail(self, "argument", "bad_encoding", message)
    end
    self._decoder = decoder
  end
  if type(file) == "string" then
    local handle, message, number = io.open(file, "rb")
    if not handle then
      local code = open_codes[number] or "cannot_open"
      return errors.fail("argument", code, message, { file = self.name })
    end
    self._owned, file = true, handle
    self._size = size_of(handle)
  end
  self._file = file
  return setmetatable(self, records_mt)
end

return M
