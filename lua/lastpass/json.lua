--- JSON text to Lua values and back, with lua-cjson's traps repaired.
-- @module lastpass.json
local cjson = require "cjson"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

-- An instance of our own: other users of lua-cjson in the process keep their settings.
local codec = cjson.new()
codec.decode_max_depth(512)
codec.encode_max_depth(512)
codec.encode_sparse_array(true)
codec.encode_keep_buffer(false)

local M = {
  null = cjson.null, --- JSON's null inside tables
}

local list_mt = { __name = "lastpass.json.list" }

--- Marks a table as a list, so that an empty one is written as `[]`.
---@param t? table
---@return table t
function M.list(t)
  return setmetatable(t or {}, list_mt)
end

--- Whether a table was marked by `list`.
---@param t any
---@return boolean
function M.is_list(t)
  return type(t) == "table" and getmetatable(t) == list_mt
end

local to_integer = math.tointeger

-- lua-cjson 2.1.0 makes floats of all numbers; 5.3+ programs expect 3, not 3.0. A list that was
-- empty is one whose only element is `mark`.
local function repair(value, mark)
  local kind = type(value)
  if kind == "number" then
    return to_integer and to_integer(value) or value
  elseif kind ~= "table" then
    return value
  elseif mark and value[1] == mark and value[2] == nil then
    return M.list {}
  end
  for key, item in pairs(value) do
    if type(item) == "table" or to_integer then
      value[key] = repair(item, mark)
    end
  end
  return value
end

--- Reads one JSON text. Stricter than lua-cjson: RFC 8259 to the letter, no duplicate keys,
-- no lone surrogates, no number that a Lua number would not hold exactly. An empty list is marked as
-- one (see `list`), so that it is written as it was read.
---@param text string
---@return any value
---@return string? message
---@return lastpass.Error? err kind "protocol"
function M.decode(text)
  local ok, empty_lists, code, position = core.check(text)
  if not ok then
    return errors.fail("protocol", code, empty_lists, { position = position })
  end
  local mark
  if empty_lists > 0 then
    text, mark = core.mark_empty_lists(text)
  end
  local value = codec.decode(text)
  if to_integer or mark then
    value = repair(value, mark)
  end
  return value
end

local encode_value

-- lua-cjson writes every slash as "\\/"; the shorter form reads better in plans and logs.
local function encode_string(text, level)
  local encoded = codec.encode(text):gsub("\\/", "/")
  if text:find "[\128-\255]" and not core.check(encoded) then
    errors.raise(level, "json.encode: a string is not valid UTF-8")
  end
  return encoded
end

-- lua-cjson keeps 14 digits: a 16-digit number would come back changed.
local function encode_number(value, level)
  if math.type and math.type(value) == "integer" then
    return ("%d"):format(value)
  end
  if value ~= value or value == math.huge or value == -math.huge then
    errors.raise(level, "json.encode: a number must be finite")
  end
  if value == math.floor(value) and math.abs(value) < 2 ^ 63 then
    return ("%.0f"):format(value)
  end
  for digits = 15, 17 do -- the fewest that give the same number back
    local text = ("%." .. digits .. "g"):format(value)
    if tonumber(text) == value then
      return text
    end
  end
end

-- Keys beside a list's elements, and elements after a hole, would be lost.
local function check_list(list, level)
  for key in pairs(list) do
    if type(key) ~= "number" or key < 1 or key > #list or key ~= math.floor(key) then
      errors.raise(level, "json.encode: a list has the key '%s' beside its elements", tostring(key))
    end
  end
  for index = 1, #list do
    if list[index] == nil then
      errors.raise(level, "json.encode: a list has a hole at %d", index)
    end
  end
end

local function sorted_keys(object, level)
  local keys = {}
  for key in pairs(object) do
    if type(key) ~= "string" then
      errors.raise(level, "json.encode: an object's key must be a string, not a %s", type(key))
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function encode_table(value, depth, level)
  if depth > 512 then
    errors.raise(level, "json.encode: nested deeper than 512 (does a table contain itself?)")
  end
  local parts = {}
  if #value > 0 or M.is_list(value) then
    check_list(value, level + 1)
    for index = 1, #value do
      parts[index] = encode_value(value[index], depth + 1, level + 1)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for index, key in ipairs(sorted_keys(value, level + 1)) do
    parts[index] = encode_string(key, level + 1)
      .. ":"
      .. encode_value(value[key], depth + 1, level + 1)
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode_value(value, depth, level)
  local kind = type(value)
  if kind == "string" then
    return encode_string(value, level + 1)
  elseif kind == "number" then
    return encode_number(value, level + 1)
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind == "table" then
    return encode_table(value, depth, level + 1)
  elseif value == M.null or value == nil then
    return "null"
  end
  return errors.raise(level, "json.encode: a %s cannot be written as JSON", kind)
end

--- Writes one JSON text: keys sorted, so that equal values give equal bytes; integers in full;
-- a table with elements, or one marked by `list`, as a list, any other as an object.
---@param value any raises for functions, userdata, NaN, infinity and keys that are no strings
---@return string text
function M.encode(value)
  return encode_value(value, 1, 2)
end

--- Writes one JSON text for people and logs: control characters, marks of direction and the like are escapes
-- in it ("\\u009b"), so that they steer no terminal.
---@param value any
---@return string text the same value
function M.shown(value)
  return core.escape_json(encode_value(value, 1, 2))
end

signature.declare("json.", M, {
  list = "t?: table",
  is_list = "t?: any",
  decode = "text: string",
  encode = "value?: any",
  shown = "value?: any",
})

return M
