--- Reports on the command line: made as the options say, shown in the form that is asked for, saved as
-- files. A command `report …` is a row of data: the options of the report, and what each is to it.
-- @module lastpass.cli.reporting
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

-- ------------------------------------------------------------------ options

--- Options of every command that shows a report.
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

-- "status=terminated,resigned": the field, and the words of people who have left.
local function read_left(text)
  local field, rest = text:match "^([^=]+)=(.+)$"
  if not field then
    return values.usage(("--left %s: write FIELD=VALUE"):format(text))
  end
  local active = { field = require("lastpass.cli.roster").field(field), inactive = {} }
  for value in (rest .. ","):gmatch "%s*(.-)%s*," do
    active.inactive[#active.inactive + 1] = value ~= "" and value or nil
  end
  return active
end

-- What the value of an option is to the report, by the option's type.
local readers = {
  left = read_left,
  duration = function(text, name)
    return values.duration(name, text)
  end,
  field = function(text)
    return require("lastpass.cli.roster").field(text)
  end,
  exclusions = function(list)
    return require("lastpass.cli.roster").exclusions(list)
  end,
  no = function()
    return false
  end,
}

--- The options of a report, and of whatever else has options that say what they are `as` there.
---@param declared lastpass.cli.Option[] with `as`, the name there; `type`, how the value is read; `required`,
-- what is missing without it
---@param options table of the command line
---@return table settings
---@return table[] columns the fields of a roster that options name: {option, field}
function M.settings(declared, options)
  local settings, columns = {}, {}
  for _, option in ipairs(declared) do
    local name = values.key(option[1])
    local value = options[name]
    local is_given = value ~= nil and (type(value) ~= "table" or #value > 0)
    if not is_given and option.required then
      must(values.usage(("%s is needed: %s"):format(option[1], option.required), option.hint))
    elseif is_given and option.as then
      if option.type then
        value = must(readers[option.type](value, name))
      end
      settings[option.as] = value
      if option.type == "field" or option.type == "left" then
        local field = option.type == "left" and value.field or value
        columns[#columns + 1] = { option = option[1]:sub(3), field = field }
      end
    end
  end
  return settings, columns
end

-- ------------------------------------------------------------------ shown

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
  local report_values = require "lastpass.report.values"
  local view = { name = part.title:lower(), key = part.columns[1].name, fields = {}, columns = {} }
  local kinds = {}
  view.times = {}
  for position, column in ipairs(part.columns) do
    view.fields[#view.fields + 1] = column.name
    local layout = render.layout(column, position)
    layout.field, layout.title = column.name, column.title
    view.columns[position] = layout
    -- the class by its name as well, which is shorter to ask for
    if column.name == "class_title" then
      view.fields[#view.fields] = "class"
      view.fields[#view.fields + 1] = "class_title"
    end
    kinds[column.name] = column.kind or "text"
    view.times[column.name] = column.kind == "time" or nil
  end
  view.shown = function(row, field)
    return report_values.shown(row[field], kinds[field])
  end
  view.cell = function(row, field)
    return report_values.plain(row[field], kinds[field]), type(row[field]) == "number"
  end
  return view
end

local function show_statement(session, report)
  if session.options.quiet then
    return
  end
  local clean = require("lastpass.text").clean
  for _, entry in ipairs(require("lastpass.report.render.plain").statement(report.statement)) do
    session:say("%-13s %s", entry[1], clean(entry[2]))
  end
end

local function show_report(session, report)
  local options = session.options
  if selects(options) then
    local part = part_of(report, options.table)
    session:show(view_of(part), part.rows)
    return show_statement(session, report)
  elseif options.json then
    session.streams:write(report:render "json")
  elseif options.csv then
    local text = report:render("csv", { guard = not options.no_guard })
    session.streams:write(session.streams:shown(text))
    return show_statement(session, report)
  else
    local width = session.streams.width
    session:print(failure.in_commands(report:render("table", { width = width })))
  end
end

--- Whether an option asks for rows, or for the whole report in a form for programs.
---@param options table
---@return boolean
function M.asks_for_rows(options)
  return selects(options) or options.json or options.csv or false
end

-- One line about a file that was written.
local function summarize_file(session, path, report)
  if session.options.quiet then
    return
  end
  local report_values = require "lastpass.report.values"
  local parts = {}
  for position, total in ipairs(report.totals) do
    local value = total.value ~= nil and report_values.shown(total.value, total.kind) or "unknown"
    parts[position] = ("%s: %s"):format(total.title, value)
  end
  session:say("%s: %s; %s", path, report.title, table.concat(parts, ", "))
end

-- Saves a report in the files that options name; gives whether there was one.
local function save_report(session, report, formats)
  local saved = false
  for _, format in ipairs(formats) do
    local path = session.options[format]
    if path then
      must(report:save(path, format))
      summarize_file(session, path, report)
      saved = true
    end
  end
  return saved
end

--- Shows a report, and says when it is not complete.
---@param session lastpass.cli.Session
---@param report lastpass.Report
---@param formats? string[] names of options that are formats; default "html"
---@return integer code 0, or 3 when something is missing
function M.finish(session, report, formats)
  local saved = save_report(session, report, formats or { "html" })
  if not saved or M.asks_for_rows(session.options) then
    show_report(session, report)
  end
  if report.statement.complete then
    return exit.done
  end
  session.streams:flush()
  session:say("lastpass: the report is %s", report.statement.completeness)
  return exit.partial
end

-- ------------------------------------------------------------------ commands

-- The directory as it was stored, or the company as it is.
local function subject_of(session)
  local client, as_of = session:client(), session.options.as_of
  if not as_of then
    return client
  end
  return must(failure.call(client.kept_snapshot, client, as_of))
end

local function run_report(session, row)
  local roster = require "lastpass.cli.roster"
  local settings, columns = M.settings(row.declared, session.options)
  local source
  if row.roster then
    source = must(roster.open(session.options, columns))
    settings.roster = source
  end
  local subject = subject_of(session)
  local make = require("lastpass").report[row.report]
  local report = must(roster.classify(source, failure.call(make, subject, settings)))
  return M.finish(session, report)
end

--- The Lua that shows `report`, or saves it.
---@param options table
---@return string
function M.save_lua(options)
  if options.html then
    return ('assert(report:save(%s, "html"))'):format(lua_text.value(options.html))
  end
  return "print(report)"
end

local function lua_of(row, options)
  local settings = M.settings(row.declared, options)
  if row.roster then
    settings.roster = require("lastpass.cli.roster").lua(options)
  end
  local subject = "client"
  if options.as_of then
    subject = ("assert(client:snapshot{ as_of = %s })"):format(lua_text.value(options.as_of))
  end
  local form = 'local report = assert(require("lastpass").report.%s(%s%s))\n'
  return form:format(row.report, subject, lua_text.further(settings)) .. M.save_lua(options)
end

--- Completes the row of a command that shows a report.
---@param row table options (its own), tables (further ones of the report), roster (true: it takes one); with
-- `report`, a name in `lastpass.report`, it makes that report
function M.complete(row)
  local roster_options = row.roster and require("lastpass.cli.roster").options or {}
  row.declared = row.options or {}
  row.options =
    values.join(roster_options, row.declared, { M.table_option(row.tables or {}) }, M.options)
  if not row.report then
    return
  end
  row.connects, row.rows = true, true
  row.topics = row.roster and { "rosters", "report-forms", "output" }
    or { "report-forms", "output" }
  row.lua = function(options)
    return lua_of(row, options)
  end
  row.run = function(session)
    return run_report(session, row)
  end
end

return M
