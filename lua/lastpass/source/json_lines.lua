--- The objects of a text that has one on each line (NDJSON), read as a stream.
-- @module lastpass.source.json_lines
local errors = require "lastpass.error"
local json = require "lastpass.json"
local origin = require "lastpass.source.origin"

local M = {}

local lines = {}
local lines_mt = { __index = lines, __name = "lastpass.source.json_lines" }

local function fail(self, code, reason)
  local message = ("%s:%d: %s"):format(self._name, self._line, reason)
  return errors.fail("protocol", code, message, { file = self._name, line = self._line })
end

-- Reads on until the line at hand has come to its end.
local function fill(self)
  local parts = { self._buffer:sub(self._position) }
  local length = #parts[1]
  repeat
    local piece, message, err = self._bytes:read()
    if err then
      return nil, message, err
    end
    self._ended = not piece
    parts[#parts + 1] = piece
    length = length + #(piece or "")
  until self._ended or length > self._max_row or piece:find("\n", 1, true)
  self._buffer, self._position = table.concat(parts), 1
  return true
end

-- The next line; nil when there is none.
local function next_line(self)
  local newline = self._buffer:find("\n", self._position, true)
  if not newline and not self._ended then
    local ok, message, err = fill(self)
    if not ok then
      return nil, message, err
    end
    newline = self._buffer:find("\n", 1, true)
  end
  local first = self._position
  local last = (newline or #self._buffer + 1) - 1
  if last < first and not newline then
    return nil
  end
  self._line = self._line + 1
  if last - first >= self._max_row then
    local reason = ("the line is longer than %.0f bytes"):format(self._max_row)
    return fail(self, "row_too_large", reason)
  end
  self._position, self._is_cut = last + 2, not newline
  return self._buffer:sub(first, last)
end

-- A line that is no JSON text is one refused row; but the last one, without a line end, shows that
-- the file was not written to its end.
local function read_object(self, line)
  self._row = self._row + 1
  local place = origin.of_file(self._name, self._row, self._line)
  local record, message, err = json.decode(line)
  if err and self._is_cut then
    return fail(self, "cut_short", "the file ends in the middle of a row")
  elseif err then
    return { place = place, fault = { "bad_json", message, line:sub(1, 1000) } }
  elseif not line:find "^[ \t\r]*{" then
    local fault = { "not_an_object", "the line holds no object", line:sub(1, 1000) }
    return { place = place, fault = fault }
  end
  return { place = place, record = record }
end

--- The next object.
---@return table|nil item as `fields.admit` takes it; nil at the end
---@return string? message
---@return lastpass.Error? err code "cut_short", "row_too_large", or as of `bytes`
function lines:next()
  while not self._closed do
    local line, message, err = next_line(self)
    if not line then
      return nil, message, err
    elseif line:find "[^ \t\r]" then
      return read_object(self, line)
    end
  end
  return nil
end

--- Stops reading.
function lines:close()
  self._closed = true
end

--- Begins.
---@param bytes table of `bytes.open`
---@param head string what was read of it
---@param name string the file's name
---@param max_row number bytes of one line
---@return table lines
function M.open(bytes, head, name, max_row)
  return setmetatable({
    _bytes = bytes,
    _buffer = head,
    _position = 1,
    _name = name,
    _max_row = max_row,
    _line = 0,
    _row = 0,
  }, lines_mt)
end

return M
