--- A report as one HTML page that needs nothing else: no network, no script.
-- @module lastpass.report.render.html
local chart = require "lastpass.report.render.chart"
local errors = require "lastpass.error"
local escape = require("lastpass.report.render.markup").escape
local plain_table = require "lastpass.report.render.table"
local text = require "lastpass.text"
local time = require "lastpass.time"
local values = require "lastpass.report.values"

local M = {}

local MAX_ROWS = 2000

local compiled

-- Penlight's template compiles to a Lua function; once is enough.
local function template()
  if compiled then
    return compiled
  end
  local found, room = pcall(require, "pl.template")
  if not found then
    return errors.fail("argument", "no_penlight", "HTML needs Penlight, which is not installed", {
      hint = "apt install lua-penlight, or luarocks install penlight",
    })
  end
  local page = require "lastpass.report.render.page"
  local message
  compiled, message = room.compile(page, { chunk_name = "page", inline_escape = "%$" })
  assert(compiled, message)
  return compiled
end

local function view_columns(columns)
  local list = {}
  for place, column in ipairs(columns) do
    local class = values.is_number(column.kind) and "number"
      or (column.kind == "time" or column.kind == "list") and column.kind
      or column.long and "long"
      or column.kind == nil and "text"
      or nil
    list[place] = { title = column.title, class = class }
  end
  return list
end

local function view_rows(rows, columns, most)
  local list = {}
  for number = 1, math.min(#rows, most) do
    local cells = {}
    for place, column in ipairs(columns) do
      cells[place] = values.shown(rows[number][column.name], column.kind)
    end
    list[number] = cells
  end
  return list
end

-- A heading and the table under it; what is cut off is said, and where it is.
local function view_table(id, title, columns, rows, most)
  local cut
  if #rows > most then
    cut = ("The first %s of %s rows; all of them are in the CSV and JSON forms."):format(
      text.count(most),
      text.count(#rows)
    )
  end
  return {
    id = id,
    title = title,
    count = #rows,
    counted = text.plural(#rows, "row"),
    cut = cut,
    columns = view_columns(columns),
    rows = view_rows(rows, columns, most),
  }
end

local function view_tables(report, most)
  local list = { view_table("results", report.row_title, report.columns, report.rows, most) }
  for place, one in ipairs(report.tables) do
    list[place + 1] = view_table("table-" .. place, one.title, one.columns, one.rows, most)
  end
  return list
end

local function view_totals(report)
  local list = {}
  for place, total in ipairs(report.totals) do
    local shown = total.value ~= nil and values.shown(total.value, total.kind) or "unknown"
    list[place] = { title = total.title, value = shown }
  end
  return list
end

local function view_classes(report)
  if not report.classes then
    return nil
  end
  local columns = plain_table.class_columns(report)
  return view_table("classes", "Classes", columns, report.classes, #report.classes)
end

--- Makes the page.
---@param report lastpass.Report
---@param options table max_rows: most rows of one table; default 2000
---@return string|nil text
---@return string? message
---@return lastpass.Error? err code "no_penlight"
function M.render(report, options)
  errors.check_options("report:render", options, { max_rows = "number" })
  local page, message, err = template()
  if not page then
    return nil, message, err
  end
  local most = options.max_rows or MAX_ROWS
  local html
  html, message = page:render {
    e = escape,
    ipairs = ipairs,
    style = require "lastpass.report.render.style",
    report = report,
    read_at = time.iso(report.statement.read_at),
    read_shown = values.shown(report.statement.read_at, "time"),
    totals = view_totals(report),
    classes = view_classes(report),
    chart = report.classes and chart.wide(report.classes) .. "\n" .. chart.narrow(report.classes),
    tables = view_tables(report, most),
    statement = plain_table.statement(report.statement),
  }
  assert(html, message)
  return html
end

return M
