--- Making text from outside harmless, and fitting it into columns.
-- @module lastpass.text.cells
local characters = require "lastpass.text.characters"
local widths = require "lastpass.text.width"

local M = {}

M.width = widths.width

local NAMES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function show_byte(byte)
  return NAMES[byte] or ("\\x%02x"):format(byte:byte())
end

-- Characters that draw nothing and change what is around them: C1 controls (0x9B starts terminal
-- commands), line separators, marks and overrides of direction, tags. Two different names would
-- look alike. The joiners 200C and 200D stay: languages and emoji need them.
local INVISIBLE = {
  { 0x80, 0x9F },
  { 0x61C, 0x61C },
  { 0x180E, 0x180E },
  { 0x200B, 0x200B },
  { 0x200E, 0x200F },
  { 0x2028, 0x202E },
  { 0x2060, 0x206F },
  { 0xFEFF, 0xFEFF },
  { 0xFFF9, 0xFFFB },
  { 0xE0000, 0xE007F },
}

local function is_invisible(code)
  for _, range in ipairs(INVISIBLE) do
    if code <= range[2] then
      return code >= range[1]
    end
  end
  return false
end

local function clean_character(text, position, code, bytes)
  local character = text:sub(position, position + bytes - 1)
  if not code then
    return show_byte(character)
  elseif is_invisible(code) then
    return ("\\u{%x}"):format(code)
  end
  return character
end

--- Makes text from outside safe to show: control characters, terminal escapes, invisible marks
-- and bytes that are no UTF-8 are written out ("\n", "\x1b", "\u{202e}").
---@param text string
---@return string
function M.clean(text)
  if text:find "%c" then
    text = text:gsub("%c", show_byte)
  end
  if not text:find "[\128-\255]" then
    return text
  end
  local parts = {}
  for position, code, bytes in characters.each(text) do
    parts[#parts + 1] = clean_character(text, position, code, bytes)
  end
  return table.concat(parts)
end

--- Shortens a text to a number of columns; "…" marks that something is missing.
---@param text string
---@param width integer columns
---@return string
function M.cut(text, width)
  if widths.width(text) <= width then
    return text
  elseif width < 1 then
    return ""
  end
  return widths.head(text, width - 1) .. "…"
end

-- The last blank of a text that leaves something on both sides of it.
local function last_blank(text)
  return text:match "^.*%S() +%S"
end

--- Breaks a text into lines of a number of columns, at blanks where there are some.
---@param text string without line ends
---@param width integer columns, at least 2
---@return string[] lines at least one
function M.wrap(text, width)
  local lines = {}
  while widths.width(text) > width do
    local start = widths.head(text, width)
    if start == "" then
      break -- not even one character fits
    end
    local following = text:sub(#start + 1, #start + 1)
    local blank = following == " " and #start + 1 or last_blank(start .. following)
    lines[#lines + 1] = blank and start:sub(1, blank - 1):gsub(" +$", "") or start
    text = text:sub(blank or #start + 1)
    text = blank and text:gsub("^ +", "") or text
  end
  lines[#lines + 1] = text
  return lines
end

--- Fills a text with spaces up to a number of columns. A longer one stays as it is.
---@param text string
---@param width integer columns
---@param align? "left"|"right" where the text stands; default "left"
---@return string
function M.pad(text, width, align)
  local spaces = (" "):rep(width - widths.width(text))
  if align == "right" then
    return spaces .. text
  end
  return text .. spaces
end

return M
