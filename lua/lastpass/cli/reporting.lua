--- Reports on the command line: made as the options say, shown in the form that is asked for, saved as
-- files. The options of a command `report …` follow from the definition of the report.
-- @module lastpass.cli.reporting
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local report_options = require "lastpass.cli.report_options"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

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
  local names = { "classes" }
  for position, one in ipairs(report.tables) do
    names[position + 1] = one.name
    if one.name == name then
      return one
    end
  end
  if name then
    must(
      values.usage(
        ("--table %s: this report has none"):format(name),
        "it has: " .. table.concat(names, ", ")
      )
    )
  end
  return { title = report.row_title, columns = report.columns, rows = report.rows }
end

-- A table of a report as other rows are shown.
local function view_of(part)
  local render = require "lastpass.report.render.plain"
  local report_values = require "lastpass.report.values"
  local view = { name = part.title:lower(), key = part.columns[1].name, fields = {}, columns = {} }
  local column_kinds = {}
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
    column_kinds[column.name] = column.kind or "text"
    view.times[column.name] = column.kind == "time" or nil
  end
  view.shown = function(row, field)
    return report_values.shown(row[field], column_kinds[field])
  end
  view.cell = function(row, field)
    return report_values.plain(row[field], column_kinds[field])
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
    local view, companies = view_of(part), report.companies
    view.envelope = companies
      and function()
        return require("lastpass.cli.tenants").envelope {
          companies = companies.count,
          done = companies.done,
          missing = companies.missing,
        }
      end
    session:show(view, part.rows)
    return show_statement(session, report)
  elseif options.json then
    session.streams:write(report:render "json")
  elseif options.csv then
    local text = report:render("csv", { guard = not options.no_guard })
    session.streams:write(session.streams:shown(text))
    return show_statement(session, report)
  else
    local streams = require "lastpass.cli.streams"
    local text = report:render("table", {
      width = session.streams.width,
      paint = streams.is_colored(session) and streams.paint or nil,
    })
    session:print(failure.in_commands(text))
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
  if not report.companies then
    report.statement.company = report.statement.company or session:profile_name()
  end
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

local function run_report(session, name)
  local roster, definition = require "lastpass.cli.roster", require("lastpass").report[name]
  local settings, columns = report_options.settings(definition, session.options)
  local source
  if report_options.wants_roster(definition, session.options) then
    source = must(roster.open(session.options, columns))
    settings.roster = source
  end
  local subject = subject_of(session)
  return M.finish(
    session,
    must(roster.classify(source, failure.call(definition, subject, settings)))
  )
end

--- The Lua that shows `report`, or saves it.
---@param options table
---@param formats? string[] names of options that are formats; default "html"
---@return string
function M.save_lua(options, formats)
  local lines = {}
  for _, format in ipairs(formats or { "html" }) do
    local path = options[format]
    lines[#lines + 1] = path
      and ("assert(report:save(%s, %q))"):format(lua_text.value(path), format)
  end
  return #lines > 0 and table.concat(lines, "\n") or "print(report)"
end

local function lua_of(name, options)
  local definition = require("lastpass").report[name]
  local settings = report_options.settings(definition, options)
  if report_options.wants_roster(definition, options) then
    settings.roster = require("lastpass.cli.roster").lua(options)
  end
  local subject = "client"
  if options.as_of then
    subject = ("assert(client:snapshot{ as_of = %s })"):format(lua_text.value(options.as_of))
  end
  local form = 'local report = assert(require("lastpass").report.%s(%s%s))\n'
  return form:format(name, subject, lua_text.further(settings)) .. M.save_lua(options)
end

-- ------------------------------------------------------------------ many companies

local function settings_of_companies(name, options)
  local definition, roster = require("lastpass").report[name], require "lastpass.cli.roster"
  local settings, columns = report_options.settings(definition, options)
  return {
    report = name,
    options = next(settings) and settings or nil,
    roster = report_options.wants_roster(definition, options) and must(
      roster.describe(options, columns)
    ) or nil,
    as_of = options.as_of,
  }
end

--- How a command that makes a report is run over many companies.
---@param name string of the report
---@param formats? string[] as of `finish`
---@return lastpass.cli.Tenants
function M.tenants(name, formats)
  return {
    kind = "report",
    settings = function(_, options)
      return settings_of_companies(name, options)
    end,
    show = function(session, run)
      local report = require("lastpass.tenants.report_kinds").merge(run, name)
      local code = M.finish(session, report, formats)
      if require("lastpass.cli.interrupt").has_come() then
        return exit.interrupted
      end
      return code == exit.done and run:result().code or code
    end,
    run_lua = function(options, limits)
      local settings = settings_of_companies(name, options)
      settings.report = nil
      local arguments = ("%q"):format(name)
      if next(settings) or next(limits) then
        arguments = arguments .. ", " .. lua_text.value(settings)
      end
      local form = "local report = assert(set:report(%s%s))\n"
      return form:format(arguments, lua_text.further(limits)) .. M.save_lua(options, formats)
    end,
  }
end

-- The options of a report without those that are arguments of the command.
local function without_arguments(options, arguments)
  local is_argument, list = {}, {}
  for _, argument in ipairs(arguments or {}) do
    is_argument["--" .. argument[1]] = true
  end
  for _, option in ipairs(options) do
    list[#list + 1] = not is_argument[option[1]] and option or nil
  end
  return list
end

--- Completes the row of a command that shows a report.
---@param row table options (its own) and tables (further ones of the report); or the name of the report whose
-- definition says more: `report` when the command makes it, `definition` when it does more than that
function M.complete(row)
  local name = row.report or row.definition
  row.tenants = row.tenants or row.report and M.tenants(name)
  local definition = name and require("lastpass").report[name] or { options = {} }
  row.options = values.join(
    row.options or {},
    without_arguments(report_options.options_of(definition), row.arguments),
    { report_options.table_option(definition.tables or row.tables or {}, row.tenants ~= nil) },
    report_options.options
  )
  if not row.report then
    return
  end
  row.summary, row.description = definition.summary, definition.description
  row.examples = definition.examples
  row.connects, row.rows = true, true
  row.topics = { "report-forms", "output" }
  if report_options.takes_roster(definition) then
    table.insert(row.topics, 1, "rosters")
  end
  row.lua = function(given)
    return lua_of(name, given)
  end
  row.run = function(session)
    return run_report(session, name)
  end
end

return M
