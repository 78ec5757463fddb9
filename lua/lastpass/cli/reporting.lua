--- Reports on the command line: made as the options say, shown in the form that is asked for, saved as
-- files. The options of a command `report …` follow from the definition of the report.
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
local function read_status(text, flag)
  local field, rest = text:match "^([^=]+)=(.+)$"
  if not field then
    return values.usage(("%s %s: write FIELD=VALUE"):format(flag, text))
  end
  local active = { field = require("lastpass.cli.roster").field(field), inactive = {} }
  for value in (rest .. ","):gmatch "%s*(.-)%s*," do
    active.inactive[#active.inactive + 1] = value ~= "" and value or nil
  end
  return active
end

local function read_words(text)
  local words = {}
  for word in text:gmatch "[^%s,]+" do
    words[#words + 1] = word
  end
  return words
end

-- The kinds of options of reports: what they are on the command line, and how their values are read.
-- A roster has options of its own.
local kinds = {
  number = { number = true },
  boolean = {
    read = function(_, flag)
      return not flag:find "^%-%-no%-"
    end,
  },
  time = {},
  list = { many = true },
  file_or_list = { value = "FILE.lua" },
  status = { example = "status=terminated,resigned", read = read_status },
  duration = {
    example = "4h, 2d",
    read = function(text, flag)
      return values.duration(flag:sub(3), text)
    end,
  },
  field = {
    read = function(text)
      return require("lastpass.cli.roster").field(text)
    end,
  },
  exclusions = {
    example = "'svc-*@acme.com=service account'",
    many = true,
    read = function(list)
      return require("lastpass.cli.roster").exclusions(list)
    end,
  },
}

local function flag_of(option)
  return option.flag or "--" .. option[1]:gsub("_", "-")
end

local function describe(option, kind)
  local text, default = option[3]:gsub("^false: ", ""), option.default
  local example = option.one_of and table.concat(option.one_of, ",") or kind.example
  if example then
    text = ("%s: %s"):format(text, example)
  end
  if not default then
    return text
  elseif option[2] == "duration" then
    default = ("%.0fh"):format(default / 3600)
  end
  return ("%s; default %s"):format(text, tostring(default))
end

--- Whether a report compares the directory with a roster.
---@param definition lastpass.report.Definition
---@return boolean
function M.takes_roster(definition)
  for _, option in ipairs(definition.options) do
    if option[2] == "roster" then
      return true
    end
  end
  return false
end

--- The options of a report on the command line.
---@param definition lastpass.report.Definition
---@return lastpass.cli.Option[]
function M.options_of(definition)
  local options = {}
  for _, option in ipairs(definition.options) do
    local kind = kinds[option[2]]
    if kind then
      options[#options + 1] = {
        flag_of(option),
        describe(option, kind),
        value = option[2] ~= "boolean" and (option.value or kind.value or "VALUE") or nil,
        number = kind.number,
        many = kind.many and not option.one_of or nil,
      }
    end
  end
  if definition.takes_record then
    options[#options + 1] =
      { "--as-of", "as the directory was stored at that time", value = "TIME" }
  end
  return values.join(
    M.takes_roster(definition) and require("lastpass.cli.roster").options or {},
    options
  )
end

-- A flag with a value, as the examples of the report give it.
local function example_of(definition, flag)
  for _, example in ipairs(definition.examples or {}) do
    local value = example[1]:match(flag:gsub("%-", "%%-") .. " (%S+)")
    if value then
      return flag .. " " .. value
    end
  end
  return nil
end

--- The options of a report as the command line gives them.
---@param definition lastpass.report.Definition
---@param options table of the command line
---@return table settings
---@return table[] columns of a roster that options name: {option, field}
function M.settings(definition, options)
  local settings, columns = {}, {}
  for _, option in ipairs(definition.options) do
    local kind, flag = kinds[option[2]], flag_of(option)
    local value = options[values.key(flag)]
    if type(value) == "table" and #value == 0 then
      value = nil
    elseif value == nil and option[2] == "field" then
      value = option.default
    end
    if value == nil and option.is_required and kind then
      must(values.usage(("%s is needed: %s"):format(flag, option[3]), example_of(definition, flag)))
    elseif value ~= nil and kind then
      local read = option.one_of and read_words or kind.read
      if read then
        value = must(read(value, flag))
      end
      settings[option[1]] = value
    end
    local field = option[2] == "field" and value or option[2] == "status" and value and value.field
    if field then
      columns[#columns + 1] = { option = flag:sub(3), field = field }
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

local function run_report(session, name)
  local roster, definition = require "lastpass.cli.roster", require("lastpass").report[name]
  local settings, columns = M.settings(definition, session.options)
  local source
  if M.takes_roster(definition) then
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
---@return string
function M.save_lua(options)
  if options.html then
    return ('assert(report:save(%s, "html"))'):format(lua_text.value(options.html))
  end
  return "print(report)"
end

local function lua_of(name, options)
  local definition = require("lastpass").report[name]
  local settings = M.settings(definition, options)
  if M.takes_roster(definition) then
    settings.roster = require("lastpass.cli.roster").lua(options)
  end
  local subject = "client"
  if options.as_of then
    subject = ("assert(client:snapshot{ as_of = %s })"):format(lua_text.value(options.as_of))
  end
  local form = 'local report = assert(require("lastpass").report.%s(%s%s))\n'
  return form:format(name, subject, lua_text.further(settings)) .. M.save_lua(options)
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
  local definition = name and require("lastpass").report[name] or { options = {} }
  row.options = values.join(
    row.options or {},
    without_arguments(M.options_of(definition), row.arguments),
    { M.table_option(definition.tables or row.tables or {}) },
    M.options
  )
  if not row.report then
    return
  end
  row.summary, row.description = definition.summary, definition.description
  row.examples = definition.examples
  row.connects, row.rows = true, true
  row.topics = { "report-forms", "output" }
  if M.takes_roster(definition) then
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
