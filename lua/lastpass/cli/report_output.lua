--- Reports on the command line: shown in the form that is asked for, saved as a page.
-- @module lastpass.cli.report_output
local advice = require "lastpass.cli.advice"
local exit = require "lastpass.cli.exit"

local M = {}

--- Options of whatever shows a report.
---@type lastpass.cli.Option[]
M.options = {
  { "--html", "write one page for a browser, which needs nothing else", value = "FILE" },
  { "-q --quiet", "no statement on standard error" },
}

--- The option that shows one table of a report alone.
---@param names string[] of its further tables
---@return lastpass.cli.Option
function M.table_option(names)
  local choices = { "classes" }
  for _, name in ipairs(names) do
    choices[#choices + 1] = name
  end
  return { "--table", "show this table alone", value = "TABLE", choices = choices }
end

local selecting = { "fields", "where", "sort", "ndjson", "template" }

local function selects(options)
  for _, name in ipairs(selecting) do
    if options[name] then
      return true
    end
  end
  return options.table ~= nil
end

-- The rows that are asked for: the report's own, or those of one of its tables.
local function part_of(report, name)
  if name == "classes" then
    local columns = { { name = "name", title = "Name" } }
    for _, column in ipairs(require("lastpass.report.render.plain").class_columns(report)) do
      columns[#columns + 1] = column
    end
    return { title = "classes", columns = columns, rows = report.classes or {} }
  end
  for _, one in ipairs(report.tables) do
    if one.name == name then
      return one
    end
  end
  return { title = report.row_title, columns = report.columns, rows = report.rows }
end

-- A table of a report as other rows are shown.
local function view_of(part)
  local render = require "lastpass.report.render.plain"
  local values = require "lastpass.report.values"
  local view = { name = part.title:lower(), key = part.columns[1].name, fields = {}, columns = {} }
  local kinds = {}
  view.times = {}
  for place, column in ipairs(part.columns) do
    view.fields[#view.fields + 1] = column.name
    local layout = render.layout(column, place)
    layout.field, layout.title = column.name, column.title
    view.columns[place] = layout
    -- the class by its name as well, which is shorter to ask for
    if column.name == "class_title" then
      view.fields[#view.fields] = "class"
      view.fields[#view.fields + 1] = "class_title"
    end
    kinds[column.name] = column.kind or "text"
    view.times[column.name] = column.kind == "time" or nil
  end
  view.shown = function(row, field)
    return values.shown(row[field], kinds[field])
  end
  view.cell = function(row, field)
    return values.plain(row[field], kinds[field]), type(row[field]) == "number"
  end
  return view
end

local function tell_statement(session, report)
  if session.options.quiet then
    return
  end
  local clean = require("lastpass.text").clean
  for _, entry in ipairs(require("lastpass.report.render.plain").statement(report.statement)) do
    session:say("%-13s %s", entry[1], clean(entry[2]))
  end
end

local function show(session, report)
  local options = session.options
  if selects(options) then
    local part = part_of(report, options.table)
    session:show(view_of(part), part.rows)
    return tell_statement(session, report)
  elseif options.json then
    session.streams:write(report:render "json")
  elseif options.csv then
    local text = report:render("csv", { guard = not options.no_guard })
    session.streams:write(session.streams:shown(text))
    return tell_statement(session, report)
  else
    local width = session.streams.width
    session:print(advice.in_commands(report:render("table", { width = width })))
  end
end

--- Whether an option asks for rows, or for the whole report in a form for programs.
---@param options table
---@return boolean
function M.asks_for_rows(options)
  return selects(options) or options.json or options.csv or false
end

-- One line about a file that was written.
local function tell_file(session, path, report)
  if session.options.quiet then
    return
  end
  local values = require "lastpass.report.values"
  local parts = {}
  for place, total in ipairs(report.totals) do
    local value = total.value ~= nil and values.shown(total.value, total.kind) or "unknown"
    parts[place] = ("%s: %s"):format(total.title, value)
  end
  session:say("%s: %s; %s", path, report.title, table.concat(parts, ", "))
end

--- Saves a report in the files that options name.
---@param session lastpass.cli.Session
---@param report lastpass.Report
---@param formats? string[] names of options that are formats; default "html"
---@return boolean|nil saved whether there was a file
---@return string? message
---@return lastpass.Error? err
function M.save(session, report, formats)
  local saved = false
  for _, format in ipairs(formats or { "html" }) do
    local path = session.options[format]
    if path then
      local ok, message, err = report:save(path, format)
      if not ok then
        return nil, message, err
      end
      tell_file(session, path, report)
      saved = true
    end
  end
  return saved
end

--- Shows a report, and says when it is not complete.
---@param session lastpass.cli.Session
---@param report lastpass.Report
---@param formats? string[] as of `save`
---@return integer|nil code 0, or 3 when something is missing
---@return string? message
---@return lastpass.Error? err
function M.finish(session, report, formats)
  local saved, message, err = M.save(session, report, formats)
  if saved == nil then
    return nil, message, err
  elseif not saved or M.asks_for_rows(session.options) then
    show(session, report)
  end
  if report.statement.complete then
    return exit.done
  end
  session.streams:flush()
  session:say("lastpass: the report is %s", report.statement.completeness)
  return exit.partial
end

return M
