--- Walks through UTF-8 text that may be broken (RFC 3629: no overlong forms, no surrogates).
-- @module lastpass.text.characters
local M = {}

-- By first byte: how many follow, and the bounds of the second (RFC 3629 §4).
local function shape(first)
  if first < 0xC2 or first > 0xF4 then
    return nil
  elseif first < 0xE0 then
    return 1, 0x80, 0xBF
  elseif first < 0xF0 then
    return 2, first == 0xE0 and 0xA0 or 0x80, first == 0xED and 0x9F or 0xBF
  end
  return 3, first == 0xF0 and 0x90 or 0x80, first == 0xF4 and 0x8F or 0xBF
end

local LEAD_BASE = { 0xC0, 0xE0, 0xF0 }

-- The code point at a position and its bytes; nil, 1 for a byte that belongs to none.
local function decode(text, position)
  local first = text:byte(position)
  if first < 0x80 then
    return first, 1
  end
  local more, low, high = shape(first)
  if not more then
    return nil, 1
  end
  local code = first - LEAD_BASE[more]
  for step = 1, more do
    local byte = text:byte(position + step)
    if not byte or byte < low or byte > high then
      return nil, 1
    end
    code = code * 64 + byte - 0x80
    low, high = 0x80, 0xBF
  end
  return code, more + 1
end

--- Iterates over a text's characters.
---@param text string
---@return fun(): integer?, integer|false, integer position, code point, number of bytes; the code
-- point is false for a byte that belongs to no character
function M.each(text)
  local position = 1
  return function()
    if position > #text then
      return nil
    end
    local start = position
    local code, bytes = decode(text, start)
    position = start + bytes
    return start, code or false, bytes
  end
end

--- Whether a string is valid UTF-8.
---@param text string
---@return boolean
function M.is_utf8(text)
  if text:find "[\128-\255]" then
    for _, code in M.each(text) do
      if not code then
        return false
      end
    end
  end
  return true
end

-- Other controls, ends of lines, and what turns the direction of the text around it.
local function breaks_line(code)
  return code < 0x20
    or code >= 0x7F and code <= 0x9F
    or code >= 0x2028 and code <= 0x202E
    or code >= 0x2066 and code <= 0x2069
end

--- Whether a string is one line that reads as it is written: UTF-8 without controls, and not empty.
---@param text string
---@param most integer bytes
---@return boolean
function M.is_line(text, most)
  if text == "" or #text > most then
    return false
  end
  for _, code in M.each(text) do
    if not code or breaks_line(code) then
      return false
    end
  end
  return true
end

--- The beginning of a text, which ends with a whole character.
---@param text string UTF-8
---@param most integer bytes
---@return string
function M.beginning(text, most)
  if #text <= most then
    return text
  end
  local after = most + 1
  while after > 1 and text:find("^[\128-\191]", after) do
    after = after - 1
  end
  return text:sub(1, after - 1)
end

return M
