--- The rows of a report as CSV (RFC 4180): a header, CRLF, quotes where they are needed.
-- @module lastpass.report.render.csv
local errors = require "lastpass.error"
local values = require "lastpass.report.values"

local M = {}

--- Keeps a spreadsheet from taking a text for a formula: a quote goes before it. One more before a
-- text that begins with a quote, so that `unguard` gives every text back.
---@param text string
---@return string
function M.guard(text)
  return text:find "^[=+%-@\t\r']" and "'" .. text or text
end

--- Takes the quote off again.
---@param text string
---@return string
function M.unguard(text)
  return text:sub(1, 1) == "'" and text:sub(2) or text
end

local function quote(text)
  if text:find '[",\r\n]' or text:find "^%s" or text:find "%s$" then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

local function cell(row, column, guarded)
  local value = row[column.name]
  local text = values.plain(value, column.kind)
  if guarded and type(value) ~= "number" then
    text = M.guard(text)
  end
  return quote(text)
end

--- Writes rows.
---@param columns lastpass.report.Column[] the header has their names
---@param rows table[]
---@param guarded boolean
---@return string text
function M.write(columns, rows, guarded)
  local lines, cells = {}, {}
  for place, column in ipairs(columns) do
    cells[place] = quote(column.name)
  end
  lines[1] = table.concat(cells, ",")
  for number, row in ipairs(rows) do
    for place, column in ipairs(columns) do
      cells[place] = cell(row, column, guarded)
    end
    lines[number + 1] = table.concat(cells, ",")
  end
  lines[#lines + 1] = ""
  return table.concat(lines, "\r\n")
end

local function named_table(report, name)
  if name == nil then
    return report
  end
  local names = {}
  for _, one in ipairs(report.tables) do
    names[#names + 1] = one.name
    if one.name == name then
      return one
    end
  end
  return errors.raise(
    3,
    "report:render: there is no table '%s' (known are: %s)",
    name,
    table.concat(names, ", ")
  )
end

--- Writes the rows of the report, or of one of its tables. The statement is not part of it.
---@param report lastpass.Report
---@param options table of: name of a further table; guard: false leaves formulas as they are
---@return string text
function M.render(report, options)
  errors.check_options("report:render", options, { of = "string", guard = "boolean" })
  local one = named_table(report, options.of)
  return M.write(one.columns, one.rows, options.guard ~= false)
end

return M
