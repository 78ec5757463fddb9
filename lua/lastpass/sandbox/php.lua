--- JSON text as LastPass's PHP writes it: "\/" for a slash, \uXXXX for everything beyond ASCII
-- (a surrogate pair beyond U+FFFF), keys in the order they are given. Readers must cope with it
-- (enterprise-api §1), so the sandbox writes it.
-- @module lastpass.sandbox.php
local json = require "lastpass.json"

local M = {}

local escapes = {
  ['"'] = '\\"',
  ["\\"] = "\\\\",
  ["/"] = "\\/",
  ["\b"] = "\\b",
  ["\f"] = "\\f",
  ["\n"] = "\\n",
  ["\r"] = "\\r",
  ["\t"] = "\\t",
}

local function escape_control(byte)
  return escapes[byte] or ("\\u%04x"):format(byte:byte())
end

local function unit(code)
  return ("\\u%04x"):format(code)
end

-- The code point of one UTF-8 sequence; nil when its bytes are not one.
local function code_point(sequence)
  local a, b, c, d = sequence:byte(1, 4)
  local length = #sequence
  if length == 2 and a >= 0xC2 and a <= 0xDF then
    return (a - 0xC0) * 64 + b - 0x80
  elseif length == 3 and a >= 0xE0 and a <= 0xEF then
    local code = (a - 0xE0) * 4096 + (b - 0x80) * 64 + c - 0x80
    if code >= 0x800 and (code < 0xD800 or code > 0xDFFF) then
      return code
    end
  elseif length == 4 and a >= 0xF0 and a <= 0xF4 then
    local code = (a - 0xF0) * 262144 + (b - 0x80) * 4096 + (c - 0x80) * 64 + d - 0x80
    if code >= 0x10000 and code <= 0x10FFFF then
      return code
    end
  end
  return nil
end

local function escape_sequence(sequence)
  local code = code_point(sequence)
  if not code then
    return ("\\ufffd"):rep(#sequence)
  elseif code < 0x10000 then
    return unit(code)
  end
  code = code - 0x10000
  return unit(0xD800 + math.floor(code / 1024)) .. unit(0xDC00 + code % 1024)
end

--- The inside of a JSON string, without its quotes.
---@param text string UTF-8; bytes that are none become U+FFFD
function M.escape(text)
  if not text:find('[%c"\\/\127-\255]') then
    return text
  end
  text = text:gsub('[%c"\\/]', escape_control)
  return (text:gsub("[\128-\255][\128-\191]*", escape_sequence))
end

--- One JSON string.
function M.string(text)
  return '"' .. M.escape(text) .. '"'
end

local encode

local function encode_number(value)
  if value == math.floor(value) then
    return ("%.0f"):format(value)
  end
  return ("%.14g"):format(value)
end

local object_mt = { __name = "lastpass.sandbox.php.object" }

--- An object whose keys keep their order: alternately a key and a value; a nil value is left out.
function M.object(...)
  local object = setmetatable({ count = 0 }, object_mt)
  for at = 1, select("#", ...), 2 do
    local key, value = select(at, ...)
    M.put(object, key, value)
  end
  return object
end

--- Adds a key to an ordered object.
---@param object table of `M.object`
---@param key string
---@param value any nil adds nothing
function M.put(object, key, value)
  if value ~= nil then
    object.count = object.count + 1
    object[object.count] = { key, value }
  end
end

local function encode_object(object)
  -- PHP does not know an empty map from an empty list (enterprise-api §2, form 10).
  if object.count == 0 then
    return "[]"
  end
  local parts = {}
  for at = 1, object.count do
    parts[at] = M.string(object[at][1]) .. ":" .. encode(object[at][2])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function encode_table(value)
  local parts = {}
  if #value > 0 or next(value) == nil then
    for at, item in ipairs(value) do
      parts[at] = encode(item)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for at, key in ipairs(keys) do
    parts[at] = M.string(key) .. ":" .. encode(value[key])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value)
  local kind = type(value)
  if kind == "string" then
    return M.string(value)
  elseif kind == "number" then
    return encode_number(value)
  elseif kind == "boolean" then
    return tostring(value)
  elseif value == json.null then
    return "null"
  elseif getmetatable(value) == object_mt then
    return encode_object(value)
  end
  return encode_table(value)
end

--- Any value: plain tables with sorted keys, ordered objects in their order, any empty one "[]".
M.encode = function(value)
  return encode(value)
end

return M
