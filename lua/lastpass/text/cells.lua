--- Making text from outside harmless, and fitting it into columns.
-- @module lastpass.text.cells
local core = require "lastpass.core"
local widths = require "lastpass.text.width"

local M = {}

M.width = widths.width

--- Makes text from outside safe to show: control characters, terminal escapes, invisible marks
-- and bytes that are no UTF-8 are written out ("\n", "\x1b", "\u{202e}").
---@param text string
---@param keep_lines? boolean line feeds and tabs stay
---@return string
function M.clean(text, keep_lines)
  return core.clean(text, keep_lines)
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
