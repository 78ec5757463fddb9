--- The elements of a list in one JSON text: the text is held whole, its elements are made into Lua
-- values one at a time.
-- @module lastpass.source.json_document
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local json_text = require "lastpass.source.json_text"
local origin = require "lastpass.source.origin"

local M = {}

-- How often the quick way to an object's end may be wrong before it is no longer tried.
local WRONG_GUESSES = 16

local document = {}
local document_mt = { __index = document, __name = "lastpass.source.json_document" }

-- Lines up to a position, counted from where the last count has ended.
local function line_of(self, position)
  local line, at = self._line, self._counted
  while true do
    local newline = self._text:find("\n", at, true)
    if not newline or newline >= position then
      break
    end
    line, at = line + 1, newline + 1
  end
  self._line, self._counted = line, at
  return line
end

local function fail(self, position, code, reason, fields)
  local line = line_of(self, position)
  fields = fields or {}
  fields.file, fields.line = self._name, line
  local message = ("%s:%d: %s"):format(self._name, line, reason)
  return errors.fail("protocol", code, message, fields)
end

-- One element and where it ends. Braces in balance are nearly always the whole object; braces in its
-- strings can make that wrong, and then it is no JSON text, for no object begins with another one.
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
  last = json_text.end_of_value(text, position)
  return json.decode(text:sub(position, last)), last
end

--- The next element.
---@return table|nil item as `fields.admit` takes it; nil at the end
function document:next()
  local position = self._position
  if not position then
    return nil
  end
  self._row = self._row + 1
  local place = origin.of_file(self._name, self._row, line_of(self, position))
  local record, last = read_element(self, position)
  self._position, self._list_end = json_text.next_element(self._text, last)
  if type(record) ~= "table" or self._text:sub(position, position) == "[" then
    local fault = { "not_an_object", "the element of the list is no object" }
    fault[3] = self._text:sub(position, math.min(last, position + 999))
    return { place = place, fault = fault }
  end
  return { place = place, record = record }
end

--- Once all elements have come: what stands beside the list and beside the objects that it stands in.
---@return table|nil members nil when the file is a list itself
---@return integer rows elements of the list
function document:beside()
  if self._list == self._start or not self._list_end then
    return nil, self._row
  end
  local ends = { [self._list] = self._list_end }
  return json_text.beside(self._text, self._start, self._around, ends), self._row
end

--- Lets go of the text.
function document:close()
  self._text, self._position = "", nil
end

local function names_of(keys)
  return "'" .. table.concat(keys, "', '") .. "'"
end

local function no_list(self, path, start)
  local text = self._text
  local first = text:sub(start, start)
  if first == "[" then
    return fail(self, start, "no_list", "this is a list itself; leave out the option 'list'")
  elseif first ~= "{" then
    return fail(self, start, "no_list", "expected a list of people")
  end
  local keys = json_text.lists(text, start)
  local there = #keys > 0 and "it has the lists " .. names_of(keys) or "it has no list of objects"
  if path then
    local near = errors.nearest(path, keys)
    local reason = ("there is no list '%s'; %s"):format(path, there)
    return fail(self, start, "no_list", reason, { nearest = near })
  end
  local hint = #keys > 0 and ("say which it is: list = '%s'"):format(keys[1]) or nil
  return fail(self, start, "no_list", "this is an object; " .. there, { hint = hint })
end

--- Opens a text.
---@param text string
---@param name string the file's name
---@param path? string of the list within the text's object
---@return table|nil document
---@return string? message
---@return lastpass.Error? err code "no_list", or as of `lastpass.json`
function M.open(text, name, path)
  local self = setmetatable({
    _text = text,
    _name = name,
    _row = 0,
    _line = 1,
    _counted = 1,
    _guesses = WRONG_GUESSES,
  }, document_mt)
  local ok, message, code, position = core.check(text)
  if not ok then
    return fail(self, position + 1, code, message)
  end
  local start = json_text.start(text)
  local is_list = text:sub(start, start) == "["
  self._around = {}
  local list = is_list and not path and start
    or path and json_text.find_list(text, start, path, self._around)
  if not list then
    return no_list(self, path, start)
  end
  self._start, self._list = start, list
  self._position, self._list_end = json_text.first_element(text, list)
  return self
end

return M
