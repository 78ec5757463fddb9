--- The objects of a JSON file one by one: the elements of a list in one text, which is held whole, or one
-- object on each line (NDJSON), read as a stream.
-- @module lastpass.source.json_records
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local problems = require "lastpass.source.problems"

local M = {}

local QUOTE, OPENING = 34, { [91] = true, [123] = true } -- '"'; "[" and "{"

-- What finds values in text that is known to be valid, without making Lua values of them.

-- The first position from there on that is no space; JSON's spaces only.
local function skip_space(text, position)
  return (text:find("[^ \t\r\n]", position))
end

local function end_of_string(text, position)
  while true do
    position = text:find('["\\]', position + 1)
    if text:byte(position) == QUOTE then
      return position
    end
    position = position + 1 -- what is escaped
  end
end

local function end_of_nested(text, position)
  local depth = 0
  while true do
    position = text:find('["%[%]{}]', position)
    local byte = text:byte(position)
    if byte == QUOTE then
      position = end_of_string(text, position)
    else
      depth = depth + (OPENING[byte] and 1 or -1)
    end
    if depth == 0 then
      return position
    end
    position = position + 1
  end
end

--- The last position of the value that begins at a position.
---@return integer
function M.end_of_value(text, position)
  local byte = text:byte(position)
  if byte == QUOTE then
    return end_of_string(text, position)
  elseif OPENING[byte] then
    return end_of_nested(text, position)
  end
  return (text:find("[,%]} \t\r\n]", position) or #text + 1) - 1
end

--- Iterates over the members of the object that begins at a position.
---@param ends? table<integer, integer> last positions of values that are known; gets that of the object
---@return fun(): string?, integer? key, position of its value
function M.members(text, position, ends)
  local start, value = position, nil
  position = skip_space(text, position + 1)
  return function()
    if value then
      local last = ends and ends[value] or M.end_of_value(text, value)
      position = skip_space(text, last + 1)
      if text:sub(position, position) == "," then
        position = skip_space(text, position + 1)
      end
    end
    if text:sub(position, position) ~= '"' then
      if ends then
        ends[start] = position
      end
      value = nil
      return nil
    end
    local key_end = end_of_string(text, position)
    local key = json.decode(text:sub(position, key_end))
    value = skip_space(text, skip_space(text, key_end + 1) + 1)
    return key, value
  end
end

--- The position of the first element after the list's "[", or after the last position of another element.
---@return integer|nil next nil at the end of the list
---@return integer? last then the position of its "]"
function M.next_element(text, position)
  position = skip_space(text, position + 1)
  local byte = text:sub(position, position)
  if byte == "]" then
    return nil, position
  end
  return byte == "," and skip_space(text, position + 1) or position
end

--- Finds the list at a path: "users", or "data.users" in an object within the object. A key may have
-- dots itself.
---@param around? table<integer, true> gets the positions of the objects that the list is in
---@return integer|nil position of its "["; nil when there is no list
function M.find_list(text, position, path, around)
  if text:sub(position, position) ~= "{" then
    return nil
  end
  for key, value in M.members(text, position) do
    local found
    if key == path then
      found = text:sub(value, value) == "[" and value
    elseif path:sub(1, #key + 1) == key .. "." then
      found = M.find_list(text, value, path:sub(#key + 2), around)
    end
    if found then
      if around then
        around[position] = true
      end
      return found
    end
  end
  return nil
end

-- Longer objects and lists beside a list say nothing about it.
local MOST = 65536

--- The members beside a list, and beside the objects that it is in, as one object.
---@param around table<integer, true> as of `find_list`
---@param ends table<integer, integer> the last position of the list, by its first
---@return table
function M.beside(text, position, around, ends)
  local object = {}
  for key, value in M.members(text, position, ends) do
    if around[value] then
      object[key] = M.beside(text, value, around, ends)
    elseif not ends[value] then
      ends[value] = M.end_of_value(text, value)
      if ends[value] - value < MOST then
        object[key] = json.decode(text:sub(value, ends[value]))
      end
    end
  end
  return object
end

--- The keys of the object at a position whose values are lists of objects, sorted.
---@return string[] keys
function M.lists(text, position)
  local keys = {}
  for key, value in M.members(text, position) do
    local first = text:sub(value, value) == "[" and M.next_element(text, value)
    if first and text:sub(first, first) == "{" then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  return keys
end

--- Where a text begins, after its spaces.
---@return integer|nil
function M.start(text)
  return skip_space(text, 1)
end

-- How often the fast path to an object's end may be wrong before it is no longer tried.
local WRONG_GUESSES = 16

local document = {}
local document_mt = { __index = document, __name = "lastpass.source.json_document" }

local function fail_at_line(self, line, code, reason, fields)
  fields = fields or {}
  fields.file, fields.line = self._name, line
  local message = ("%s:%d: %s"):format(self._name, line, reason)
  return errors.fail("protocol", code, message, fields)
end

-- An item as `fields.new` wants it; `fault` is the code and the reason why `record` is none.
local function item_of(self, line, record, code, reason)
  local from = problems.origin { file = self._name, row = self._row, line = line }
  if code then
    return { from = from, fault = { code, reason, record } }
  end
  return { from = from, record = record }
end

-- The line of a position, which is not before the last one that was asked for.
local function line_of(self, position)
  while self._newline < position do
    self._line = self._line + 1
    self._newline = self._text:find("\n", self._newline + 1, true) or math.huge
  end
  return self._line
end

local function fail_at(self, position, code, reason, fields)
  return fail_at_line(self, line_of(self, position), code, reason, fields)
end

-- One element and where it ends. Balanced braces are nearly always the whole object; braces in its
-- strings can make that wrong, and then it is not valid JSON, for no object begins with another one.
local function read_element(self, position)
  local text = self._text
  local last = self._guesses > 0 and text:match("^%b{}()", position)
  if last then
    local value = json.decode(text:sub(position, last - 1))
    if value then
      return value, last - 1
    end
    self._guesses = self._guesses - 1
  end
  last = M.end_of_value(text, position)
  return json.decode(text:sub(position, last)), last
end

--- The next element.
---@return table|nil item as `fields.new` wants it; nil at the end
function document:next()
  local position = self._position
  if not position then
    return nil
  end
  self._row = self._row + 1
  local line = line_of(self, position)
  local record, last = read_element(self, position)
  self._position, self._list_end = M.next_element(self._text, last)
  if type(record) ~= "table" or self._text:sub(position, position) == "[" then
    local text = self._text:sub(position, math.min(last, position + 999))
    return item_of(self, line, text, "not_an_object", "the element of the list is not an object")
  end
  return item_of(self, line, record)
end

--- Once all elements have come: the members beside the list and beside the objects that it is in.
---@return table|nil members nil when the file is a list itself
---@return integer rows elements of the list
function document:beside()
  if self._list == self._start or not self._list_end then
    return nil, self._row
  end
  local ends = { [self._list] = self._list_end }
  return M.beside(self._text, self._start, self._around, ends), self._row
end

--- Frees the text.
function document:close()
  self._text, self._position = "", nil
end

local function no_list(self, path, start)
  local first = self._text:sub(start, start)
  if first ~= "{" then
    local reason = first == "[" and "this is a list itself; leave out the option 'list'"
      or "expected a list of people"
    return fail_at(self, start, "no_list", reason)
  end
  local keys = M.lists(self._text, start)
  local lists = #keys > 0 and ("it has the lists '%s'"):format(table.concat(keys, "', '"))
    or "it has no list of objects"
  if path then
    local reason = ("there is no list '%s'; %s"):format(path, lists)
    return fail_at(self, start, "no_list", reason, { nearest = errors.nearest(path, keys) })
  end
  local hint = #keys > 0 and ("say which it is: list = '%s'"):format(keys[1]) or nil
  return fail_at(self, start, "no_list", "this is an object; " .. lists, { hint = hint })
end

--- Opens one JSON text.
---@param text string
---@param name string the file's name
---@param path? string of the list within the text's object
---@return table|nil document
---@return string? message
---@return lastpass.Error? err code "no_list", or as of `lastpass.json`
function M.open_document(text, name, path)
  local self = setmetatable({
    _text = text,
    _name = name,
    _row = 0,
    _line = 1,
    _newline = text:find("\n", 1, true) or math.huge, -- the end of that line
    _guesses = WRONG_GUESSES,
  }, document_mt)
  local ok, message, code, position = core.check(text)
  if not ok then
    return fail_at(self, position + 1, code, message)
  end
  local start = M.start(text)
  local is_list = text:sub(start, start) == "["
  self._around = {}
  local list = is_list and not path and start
    or path and M.find_list(text, start, path, self._around)
  if not list then
    return no_list(self, path, start)
  end
  self._start, self._list = start, list
  self._position, self._list_end = M.next_element(text, list)
  return self
end

local lines = {}
local lines_mt = { __index = lines, __name = "lastpass.source.json_lines" }

-- Reads on until the line at hand has come to its end.
local function fill_buffer(self)
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
    local ok, message, err = fill_buffer(self)
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
    return fail_at_line(self, self._line, "row_too_large", reason)
  end
  self._position, self._is_cut = last + 2, not newline
  return self._buffer:sub(first, last)
end

-- A line that is not valid JSON is one refused row; but the last one, without a line end, shows that
-- the file was not written to its end.
local function read_object(self, line)
  self._row = self._row + 1
  local record, message, err = json.decode(line)
  if err and self._is_cut then
    return fail_at_line(self, self._line, "cut_short", "the file ends in the middle of a row")
  elseif err then
    return item_of(self, self._line, line:sub(1, 1000), "bad_json", message)
  elseif not line:find "^[ \t\r]*{" then
    local reason = "the line holds no object"
    return item_of(self, self._line, line:sub(1, 1000), "not_an_object", reason)
  end
  return item_of(self, self._line, record)
end

--- The next object.
---@return table|nil item as `fields.new` wants it; nil at the end
---@return string? message
---@return lastpass.Error? err code "cut_short", "row_too_large", or as of `file`
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

--- Opens one object a line.
---@param reader table of `file.open`
---@param head string what was read of it
---@param name string the file's name
---@param max_row number bytes of one line
---@return table lines
function M.open_lines(reader, head, name, max_row)
  return setmetatable({
    _bytes = reader,
    _buffer = head,
    _position = 1,
    _name = name,
    _max_row = max_row,
    _line = 0,
    _row = 0,
  }, lines_mt)
end

return M
