--- A report as text for a terminal.
-- @module lastpass.report.render.table
local errors = require "lastpass.error"
local lay_out = require("lastpass.text").table
local text = require "lastpass.text"
local time = require "lastpass.time"
local values = require "lastpass.report.values"

local M = {}

-- So many columns stay, however narrow the terminal is.
local STAYING = 3

--- How a column is laid out: whom a row is about and times are not cut, long texts go on below, and what
-- stands far to the right is left out first where there is no room.
---@param column lastpass.report.Column
---@param place integer
---@return table column as of `text.table`, without title and field
function M.layout(column, place)
  local is_long = column.long or column.kind == "list"
  return {
    align = values.is_number(column.kind) and "right" or "left",
    whole = place == 1 or column.kind == "time",
    wrap = is_long or nil,
    rank = place > STAYING and not column.long and place or nil,
  }
end

local function columns_of(list)
  local columns = {}
  for place, column in ipairs(list) do
    local layout = M.layout(column, place)
    columns[place] = {
      title = column.title,
      align = layout.align,
      whole = layout.whole,
      wrap = layout.wrap,
      rank = layout.rank,
      field = function(row)
        return values.shown(row[column.name], column.kind)
      end,
    }
  end
  return columns
end

-- Only some columns of classes are of the report's own.
local function class_columns(report)
  local list = {
    { name = "title", title = "Class" },
    { name = "count", title = "Count", kind = "count" },
  }
  for _, column in ipairs(report.class_columns or {}) do
    list[#list + 1] = column
  end
  list[#list + 1] = { name = "meaning", title = "Meaning", long = true }
  return list
end

M.class_columns = class_columns

local function add_table(lines, title, columns, rows, width)
  lines[#lines + 1] = ""
  lines[#lines + 1] = title
  lines[#lines + 1] = ""
  lines[#lines + 1] = lay_out(rows, columns_of(columns), { width = width })
end

local function add_totals(lines, report)
  local parts = {}
  for _, total in ipairs(report.totals) do
    local value = total.value ~= nil and values.shown(total.value, total.kind) or "unknown"
    parts[#parts + 1] = ("%s: %s"):format(total.title, value)
  end
  lines[#lines + 1] = table.concat(parts, "   ")
end

--- The lines of the statement, as {title, text}.
---@param statement lastpass.report.Statement
---@return table[]
function M.statement(statement)
  local list = {
    { "Population", statement.population },
    { "Account", statement.account },
    { "Read", time.iso(statement.read_at) },
    { "Ages as of", time.iso(statement.as_of) },
    { "Completeness", statement.completeness },
  }
  for _, query in ipairs(statement.query) do
    list[#list + 1] = { "Query", query }
  end
  list[#list + 1] = { "Options", M.options(statement.options) }
  list[#list + 1] = { "Tool", statement.tool }
  return list
end

local function option_text(value)
  if type(value) ~= "table" then
    return tostring(value)
  elseif #value > 0 then
    local parts = {}
    for place, item in ipairs(value) do
      parts[place] = option_text(item)
    end
    return table.concat(parts, ", ")
  end
  return "{ " .. M.options(value) .. " }"
end

--- Options in one line, by name.
---@param options table
---@return string
function M.options(options)
  local parts = {}
  for name, value in pairs(options) do
    parts[#parts + 1] = ("%s = %s"):format(tostring(name), option_text(value))
  end
  table.sort(parts)
  return #parts > 0 and table.concat(parts, "; ") or "none"
end

--- Lays the report out.
---@param report lastpass.Report
---@param options table width: the terminal's columns
---@return string text lines without a final newline
function M.render(report, options)
  errors.check_options("report:render", options, { width = "number" })
  local lines = { text.clean(report.title), ("="):rep(text.width(report.title)), "" }
  add_totals(lines, report)
  if report.classes then
    add_table(lines, "Classes", class_columns(report), report.classes, options.width)
    lines[#lines + 1] = ""
    for _, sum in ipairs(report.sums) do
      lines[#lines + 1] = text.clean(sum)
    end
  end
  local title = ("%s (%s)"):format(report.row_title, text.count(#report.rows))
  add_table(lines, title, report.columns, report.rows, options.width)
  for _, one in ipairs(report.tables) do
    add_table(lines, one.title, one.columns, one.rows, options.width)
  end
  lines[#lines + 1] = ""
  for _, note in ipairs(report.notes) do
    lines[#lines + 1] = "Note: " .. text.clean(note)
  end
  lines[#lines + 1] = ""
  for _, entry in ipairs(M.statement(report.statement)) do
    lines[#lines + 1] = ("%-13s %s"):format(entry[1], text.clean(entry[2]))
  end
  return table.concat(lines, "\n")
end

return M
