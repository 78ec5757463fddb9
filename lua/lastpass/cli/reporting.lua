--- Commands that make a report: their declarations from what differs.
-- @module lastpass.cli.reporting
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local report_output = require "lastpass.cli.report_output"
local roster = require "lastpass.cli.roster"

local M = {}

--- The options of `lastpass.report` with those that the command line has not given left out.
---@param options table
---@param names table<string, string> of the report -> of the command line
---@return table
function M.pick(options, names)
  local picked = {}
  for name, flag in pairs(names) do
    local value = options[flag]
    if type(value) == "table" and next(value) == nil then
      value = nil
    end
    picked[name] = value
  end
  return picked
end

-- A kept directory, or the company as it is.
local function subject_of(session)
  local client, as_of = session:client(), session.options.as_of
  if not as_of then
    return client
  end
  return mistakes.call(client.kept_snapshot, client, as_of)
end

local function make(session, spec, options)
  local given, message, err = spec.settings(options)
  local source
  if given and spec.wanted then
    source, message, err = roster.open(options, spec.wanted(options))
    given.roster = source
  end
  if not given or err then
    return nil, message, err
  end
  local subject
  subject, message, err = subject_of(session)
  if not subject then
    return nil, message, err
  end
  local room = require("lastpass").report[spec.report]
  return roster.judge(source, mistakes.call(room, subject, given))
end

local function lua_of(spec, options)
  local given, message, err = spec.settings(options)
  if not given then
    return nil, message, err
  end
  if spec.wanted then
    given.roster = roster.lua(options)
  end
  local subject = "client"
  if options.as_of then
    subject = ("assert(client:snapshot{ as_of = %s })"):format(lua_text.value(options.as_of))
  end
  local more = next(given) and ", " .. lua_text.value(given) or ""
  local lines = {
    ('local report = assert(require("lastpass").report.%s(%s%s))'):format(
      spec.report,
      subject,
      more
    ),
  }
  if options.html then
    lines[2] = ('assert(report:save(%s, "html"))'):format(lua_text.value(options.html))
  else
    lines[2] = "print(report)"
  end
  return table.concat(lines, "\n")
end

--- The declaration of a command that makes a report.
---@param command table name, summary, and whatever differs; report (name in `lastpass.report`), own
-- (its own options), tables (its further tables), settings(options) -> options of the report, wanted
-- (options) -> fields of the roster that options name; with it the report takes a roster
---@return lastpass.cli.Command
function M.command(command)
  local spec = { report = command.report, settings = command.settings, wanted = command.wanted }
  command.options = {}
  local lists = {
    spec.wanted and roster.options or {},
    command.own or {},
    { report_output.table_option(command.tables or {}) },
    report_output.options,
  }
  for _, list in ipairs(lists) do
    for _, option in ipairs(list) do
      command.options[#command.options + 1] = option
    end
  end
  command.connects, command.rows = true, true
  command.topics = command.topics or { "report-forms", "output" }
  command.lua = function(options)
    return lua_of(spec, options)
  end
  command.run = function(session, options)
    local report, message, err = make(session, spec, options)
    if not report then
      return nil, message, err
    end
    return report_output.finish(session, report)
  end
  return command
end

--- Reads the lists of options such as `--domain a --domain b`.
---@param list string[]|nil
---@return string[]|nil nil when it is empty
function M.list(list)
  return list and #list > 0 and list or nil
end

--- Reads "status=terminated,resigned".
---@param text string|nil
---@return table|nil active as the reports take it
---@return string? message
---@return lastpass.Error? err
function M.left(text)
  if not text then
    return nil
  end
  local field, rest = text:match "^([^=]+)=(.+)$"
  if not field then
    return errors.fail("argument", "usage", ("--left %s: write FIELD=VALUE"):format(text))
  end
  local active = { field = roster.field(field), inactive = {} }
  for value in (rest .. ","):gmatch "%s*(.-)%s*," do
    active.inactive[#active.inactive + 1] = value ~= "" and value or nil
  end
  return active
end

return M
