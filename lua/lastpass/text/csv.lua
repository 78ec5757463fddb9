--- Cells of CSV (RFC 4180), for everything that writes CSV: rows of the program, reports, evidence, reviews,
-- rows that were refused, events.
--
-- The rule against spreadsheets: a text that begins with `=`, `+`, `-`, `@`, a tab, a line end or `'` gets a `'`
-- before it. Whatever reads CSV here (`lastpass.source.csv`) takes it off again, so that a file that was
-- written is read back as it was. The core has the same rule for events (src/core/events_write.c) and for
-- reading (src/csv/csv_parse.c).
-- @module lastpass.text.csv
local M = {}

--- Keeps a spreadsheet from taking a text for a formula.
---@param text string
---@return string
function M.guard(text)
  return text:find "^[=+%-@\t\r\n']" and "'" .. text or text
end

--- Takes the guard off again.
---@param text string
---@return string
function M.unguard(text)
  return text:find "^'[=+%-@\t\r\n']" and text:sub(2) or text
end

--- A text as a cell, in quotes where they are needed.
---@param text string
---@return string
function M.cell(text)
  if text:find '[",\r\n]' or text:find "^%s" or text:find "%s$" then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

--- Cells as a line with its end.
---@param texts string[]
---@param guarded boolean|nil false: formulas stay as they are; those of `numbers` are never guarded
---@param numbers? table<integer, boolean> the places of numbers: "-3" is one
---@return string
function M.line(texts, guarded, numbers)
  local cells = {}
  for place, text in ipairs(texts) do
    if guarded ~= false and not (numbers and numbers[place]) then
      text = M.guard(text)
    end
    cells[place] = M.cell(text)
  end
  return table.concat(cells, ",") .. "\r\n"
end

return M
