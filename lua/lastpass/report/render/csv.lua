--- The rows of a report as CSV (RFC 4180): a header, CRLF, quotes where they are needed.
-- @module lastpass.report.render.csv
local csv = require "lastpass.text.csv"
local errors = require "lastpass.error"
local values = require "lastpass.report.values"

local M = {}

--- Writes rows.
---@param columns lastpass.report.Column[] the header has their names
---@param rows table[]
---@param guarded boolean
---@return string text
function M.write(columns, rows, guarded)
  local lines, names = {}, {}
  for place, column in ipairs(columns) do
    names[place] = column.name
  end
  lines[1] = csv.line(names, false)
  for number, row in ipairs(rows) do
    local texts, numbers = {}, {}
    for place, column in ipairs(columns) do
      local value = row[column.name]
      texts[place] = values.plain(value, column.kind)
      numbers[place] = type(value) == "number"
    end
    lines[number + 1] = csv.line(texts, guarded, numbers)
  end
  return table.concat(lines)
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
