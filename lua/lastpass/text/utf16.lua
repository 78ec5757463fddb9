--- UTF-16, little-endian and without a byte order mark.
-- @module lastpass.text.utf16
local characters = require "lastpass.text.characters"

local M = {}

local floor, char = math.floor, string.char

local function unit(number)
  return char(number % 256, floor(number / 256))
end

--- Writes UTF-8 text as UTF-16.
---@param text string
---@return string|nil bytes nil when the text is not valid UTF-8
function M.encode(text)
  if not text:find "[\128-\255]" then
    return (text:gsub(".", "%0\0"))
  end
  local parts = {}
  for _, code in characters.each(text) do
    if not code then
      return nil
    elseif code >= 0x10000 then
      local rest = code - 0x10000
      parts[#parts + 1] = unit(0xD800 + floor(rest / 1024)) .. unit(0xDC00 + rest % 1024)
    else
      parts[#parts + 1] = unit(code)
    end
  end
  return table.concat(parts)
end

local function utf8(code)
  if code < 0x80 then
    return char(code)
  elseif code < 0x800 then
    return char(0xC0 + floor(code / 64), 0x80 + code % 64)
  elseif code < 0x10000 then
    return char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64, 0x80 + code % 64)
  end
  return char(
    0xF0 + floor(code / 262144),
    0x80 + floor(code / 4096) % 64,
    0x80 + floor(code / 64) % 64,
    0x80 + code % 64
  )
end

--- Reads UTF-16 as UTF-8 text.
---@param bytes string
---@return string|nil text nil when half of a character is missing
function M.decode(bytes)
  local ascii, pairs_of_bytes = bytes:gsub("([%z\1-\127])%z", "%1")
  if pairs_of_bytes * 2 == #bytes then
    return ascii
  elseif #bytes % 2 ~= 0 then
    return nil
  end
  local parts, at = {}, 1
  while at < #bytes do
    local low, high = bytes:byte(at, at + 1)
    local code = high * 256 + low
    at = at + 2
    if code >= 0xD800 and code < 0xE000 then
      local next_low, next_high = bytes:byte(at, at + 1)
      local second = next_high and next_high * 256 + next_low or 0
      if code >= 0xDC00 or second < 0xDC00 or second > 0xDFFF then
        return nil
      end
      code = 0x10000 + (code - 0xD800) * 1024 + (second - 0xDC00)
      at = at + 2
    end
    parts[#parts + 1] = utf8(code)
  end
  return table.concat(parts)
end

return M
