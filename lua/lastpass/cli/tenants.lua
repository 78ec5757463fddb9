--- One command over many companies: `--tenants` and what belongs to it. A command that can do so says with the field
-- `tenants` of its row which kind of work it is, and how its options become the settings of that.
-- @module lastpass.cli.tenants
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local formats = require "lastpass.cli.output.formats"
local lua_text = require "lastpass.cli.lua_text"
local text = require "lastpass.text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

---@class lastpass.cli.Tenants
---@field kind string      of `lastpass.tenants.kinds`
---@field view? string|fun(options: table): lastpass.cli.View of `lastpass.cli.views`: how its rows are shown
---@field settings? fun(session: lastpass.cli.Session, options: table): table of the kind
---@field lua? fun(options: table): table the same, for --print-lua; default `settings`
---@field run_lua? fun(options: table, limits: table): string Lua that does the same with `set`, for --print-lua
---@field is_meant? fun(options: table): boolean many companies are meant, though no option says so
---@field run? fun(session: lastpass.cli.Session, options: table): integer does all of it itself, and loads the companies
---@field show? fun(session: lastpass.cli.Session, run: table, set: table): integer|nil shows what comes of it itself,
-- and may give an exit code

-- ------------------------------------------------------------------ options

--- Whether a command line asks for many companies.
---@param options table
---@param command? lastpass.cli.Command
---@return boolean
function M.is_asked(options, command)
  if (options.tenants or options.tenants_file or options.tenants_of) ~= nil then
    return true
  end
  local is_meant = command and command.tenants and command.tenants.is_meant
  return is_meant ~= nil and is_meant(options)
end

-- Each company has its own: with one of them for all, the hash of one could be sent to another.
local OF_ONE_COMPANY = {
  "profile",
  "cid",
  "url",
  "provhash_file",
  "provhash_command",
  "provhash_env",
  "provhash_fd",
  "provhash_prompt",
}

local function check_options(options)
  for _, name in ipairs(OF_ONE_COMPANY) do
    if options[name] then
      return values.usage(
        ("--%s does not go with --tenants: each company has its own"):format(name:gsub("_", "-"))
      )
    end
  end
  if options.tenants_file and options.tenants_of then
    return values.usage "--tenants-file and --tenants-of do not go together"
  elseif options.queue and options.processes then
    return values.usage "--queue and --processes do not go together"
  end
  return true
end

-- Commands may have options of these names themselves.
local function has_own_option(command, name)
  for _, option in ipairs(command.options or {}) do
    if option[1] == "--" .. name:gsub("_", "-") then
      return true
    end
  end
  return false
end

--- Refuses what means nothing without `--tenants`.
---@param options table
---@param command lastpass.cli.Command
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.check_single(options, command)
  for _, name in ipairs { "in_flight", "time_limit", "queue", "processes" } do
    if options[name] and not has_own_option(command, name) then
      local flag = name:gsub("_", "-")
      return values.usage(("--%s needs --tenants: it is about companies"):format(flag))
    end
  end
  return true
end

-- What `tenants.load` takes.
local function load_options(options)
  return {
    select = options.tenants,
    file = options.tenants_file,
    parent = options.tenants_of,
  }
end

--- The companies that the options name.
---@param session lastpass.cli.Session
---@param more? table further options of `tenants.load`
---@return lastpass.tenants.Set
function M.load(session, more)
  must(check_options(session.options))
  local given = load_options(session.options)
  for name, value in pairs(more or {}) do
    given[name] = value
  end
  given.configuration = must(session:configuration())
  local set = must(require("lastpass").tenants.load(given))
  require("lastpass.cli.interrupt").watch()
  return set
end

-- ------------------------------------------------------------------ the end of a run

local MOST_LINES = 50

local function age_text(age)
  return age and (" (last result %s ago)"):format(text.duration(age)) or ""
end

--- The statement with which a run over companies ends: "497 of 500 companies; 3 not:", and a line for each of those.
---@param result lastpass.tenants.Result
---@return string
function M.statement(result)
  local lines =
    { ("%s of %s companies"):format(text.count(result.done), text.count(result.companies)) }
  for position, one in ipairs(result.missing) do
    if position > MOST_LINES then
      lines[#lines + 1] = ("  and %s more"):format(text.count(#result.missing - MOST_LINES))
      break
    end
    local message = failure.in_commands(one.message)
    lines[#lines + 1] = ("  %s: %s%s"):format(one.company, message, age_text(one.age))
  end
  if #result.missing > 0 then
    lines[1] = ("%s; %s not:"):format(lines[1], text.count(#result.missing))
  end
  return table.concat(lines, "\n")
end

-- The fields that stand beside the rows in JSON.
local function envelope(result)
  local json = require "lastpass.json"
  local missing = json.list {}
  for position, one in ipairs(result.missing) do
    missing[position] = {
      company = one.company,
      cid = one.cid,
      code = one.code,
      message = one.message,
      age = one.age or json.null,
    }
  end
  return ('"companies":%d,"done":%d,"missing":%s'):format(
    result.companies,
    result.done,
    json.shown(missing)
  )
end

M.envelope = envelope

--- Says how many companies there is a result of, and which are missing; gives the exit code.
---@param session lastpass.cli.Session
---@param result lastpass.tenants.Result
---@return integer code
function M.finish(session, result)
  session.streams:flush()
  if #result.missing > 0 or not session.options.quiet then
    session:say("%s", M.statement(result))
  end
  if #result.missing > 0 and result.note then
    session:say("note: how old their last results are is not known: %s", result.note)
  end
  if require("lastpass.cli.interrupt").has_come() then
    return exit.interrupted
  end
  return #result.missing > 0 and exit.partial or result.code
end

-- ------------------------------------------------------------------ rows

local function stream_rows(run)
  local company, rows
  local each = run:each()
  return function()
    while true do
      local row = rows and rows()
      if row ~= nil then
        return { company = company, row = row }
      end
      local one, outcome = each()
      if not one then
        return nil
      end
      company, rows = one.name, outcome and outcome:each()
    end
  end
end

-- A table is shown when all rows are there: then in the order of the companies, so that equal results look alike.
local function ordered_rows(set, run)
  local by_company, rows = {}, {}
  for row in stream_rows(run) do
    by_company[row.company] = by_company[row.company] or {}
    table.insert(by_company[row.company], row)
  end
  for _, company in ipairs(set:companies()) do
    for _, row in ipairs(by_company[company.name] or {}) do
      rows[#rows + 1] = row
    end
  end
  local position = 0
  return function()
    position = position + 1
    return rows[position]
  end
end

-- JSON without a Lua value for each field, where all fields are asked for. A line end stands between objects only.
local function write_lines(session, plan, run, result)
  local frames = { json = { '{"rows":[\n', ",\n", "\n" }, ndjson = { "", "\n", "\n" } }
  local frame = frames[plan.format]
  if not frame or plan.chosen then
    return false
  end
  local before = frame[1]
  for company, outcome in run:each() do
    local prefix = ('{"company":%s,'):format(require("lastpass.json").shown(company.name))
    prefix = prefix:gsub("%%", "%%%%")
    for lines in outcome and outcome:lines() or function() end do
      lines = lines:gsub("\n$", ""):gsub("^{", prefix):gsub("\n{", frame[2] .. prefix)
      session.streams:write(before, lines)
      before = frame[2]
    end
  end
  local last = before == frame[1] and frame[1] or frame[3]
  session.streams:write(last, formats.closing(plan.format, envelope(result)))
  return true
end

--- A view of rows of many companies: the company stands first.
---@param view lastpass.cli.View of the rows of one
---@param result lastpass.tenants.Result
---@param set? lastpass.tenants.Set in whose order a table is
---@return lastpass.cli.View
function M.view(view, result, set)
  local value_of = require("lastpass.cli.output.selection").field_of
  local shown = {}
  for name, value in pairs(view) do
    shown[name] = value
  end
  shown.fields, shown.columns = { "company" }, { { field = "company", whole = true } }
  for _, name in ipairs(view.fields) do
    shown.fields[#shown.fields + 1] = name
  end
  for _, column in ipairs(view.columns) do
    shown.columns[#shown.columns + 1] = column
  end
  shown.get = function(row, field)
    if field == "company" then
      return row.company
    end
    return value_of(view, row.row, field)
  end
  shown.tone = view.tone and function(row)
    return view.tone(row.row)
  end
  shown.each = function(run)
    return set and ordered_rows(set, run) or stream_rows(run)
  end
  shown.envelope = function()
    return envelope(result)
  end
  shown.fast = function(session, plan, run)
    return write_lines(session, plan, run, result)
  end
  return shown
end

-- ------------------------------------------------------------------ commands

local function start_run(session, declared, set)
  local options = session.options
  local settings = declared.settings and declared.settings(session, options) or {}
  return must(failure.call(set.start, set, declared.kind, settings, {
    in_flight = options.in_flight,
    time_limit = must(values.duration("time-limit", options.time_limit)),
    output = declared.kind == "export" and require("lastpass.cli.exporting").output_of_companies(
      session
    ) or nil,
    remember = true,
    on_say = function(company, said)
      session:say("%s: %s", company.name, said)
    end,
  }))
end

--- How the rows of a command are shown; a function where the options decide.
---@param declared lastpass.cli.Tenants
---@param options table
---@return lastpass.cli.View|nil
function M.view_of(declared, options)
  if type(declared.view) == "function" then
    return declared.view(options)
  end
  return declared.view and require("lastpass.cli.views")[declared.view]
end

--- Runs a command over the companies that its options name.
---@param session lastpass.cli.Session
---@param command lastpass.cli.Command
---@return integer code
function M.run(session, command)
  local declared = command.tenants
  local view = M.view_of(declared, session.options)
  if view then -- before anything is asked
    view = M.view(view, { companies = 0, done = 0, missing = {} })
    require("lastpass.cli.output").check(session, view)
  end
  if declared.run then
    return declared.run(session, session.options)
  end
  local set = M.load(session)
  local run = start_run(session, declared, set)
  local result, code = run:result(), nil
  if declared.show then
    code = declared.show(session, run, set)
  else
    view = M.view_of(declared, session.options)
    session:show(M.view(view, result, not session:for_programs() and set or nil), run)
  end
  return code or M.finish(session, result)
end

--- The line of Lua that loads the companies.
---@param options table
---@return string
function M.load_lua(options)
  local form = 'local set = assert(require("lastpass").tenants.load%s)'
  return form:format(lua_text.options(load_options(options)))
end

--- The Lua that does the same.
---@param command lastpass.cli.Command
---@param options table
---@return string
function M.lua(command, options)
  local declared = command.tenants
  local limits = {
    in_flight = options.in_flight,
    time_limit = must(values.duration("time-limit", options.time_limit)),
  }
  local load = M.load_lua(options)
  if declared.run_lua then
    return load .. "\n" .. declared.run_lua(options, limits)
  end
  limits.on_result = lua_text.raw "show"
  local settings = (declared.lua or declared.settings or function()
    return {}
  end)(nil, options)
  local lines = {
    load,
    "local function show(company, outcome, message)",
    "  if not outcome then return print(company.name, message) end",
    "  for row in outcome:each() do print(company.name, row) end",
    "end",
    ("local result = assert(set:run(%q, %s, %s))"):format(
      declared.kind,
      lua_text.value(settings),
      lua_text.value(limits)
    ),
    "print(result.done, #result.missing)",
  }
  return table.concat(lines, "\n")
end

return M
