--- Lines of CSV (RFC 4180), for everything that writes CSV: rows of the program, reports, evidence, reviews,
-- rows that were refused.
--
-- The rule against spreadsheets: a string that begins with `=`, `+`, `-`, `@`, a tab, a line end or `'` gets a
-- `'` before it; numbers do not. Whatever reads CSV here (`lastpass.source.csv`) takes it off again, so that a
-- file that was written is read back as it was. Control characters stay as they are, in quotes where they are
-- line ends; only NUL, which no reader takes, becomes a blank. The core has the same rule for events
-- (`put_csv` and `needs_guard` of its writer) and for reading (`lp_csv_field` of its parser).
-- @module lastpass.text.csv
local columns = require "lastpass.text.columns"

local M = {}

--- Keeps a spreadsheet from taking a string for a formula.
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

-- A string as a cell, in quotes where they are needed.
local function quoted(text)
  text = text:gsub("%z", " ")
  if text:find '[",\r\n]' or text:find "^%s" or text:find "%s$" then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

---@type lastpass.text.ValueForm
M.FORM = { separator = ";", yes = "true", no = "false" }

--- Values as a line with its end.
---@param values any[] "" for nothing
---@param options? table guard: false leaves formulas as they are; form: default `csv.FORM`
---@return string
function M.line(values, options)
  local form = options and options.form or M.FORM
  local is_guarded = not options or options.guard ~= false
  local cells = {}
  for index, value in ipairs(values) do
    local text = columns.value(value, form)
    if is_guarded and type(value) ~= "number" then
      text = M.guard(text)
    end
    cells[index] = quoted(text)
  end
  return table.concat(cells, ",") .. "\r\n"
end

return M
