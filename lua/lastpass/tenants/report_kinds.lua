--- Kinds of work about reports, for one company each. Settings are what a report's options are; a roster is described, and
-- its path has the company's name or number in it.
-- @module lastpass.tenants.report_kinds
local companies = require "lastpass.report.companies"
local errors = require "lastpass.error"
local evidence = require "lastpass.report.evidence"
local json = require "lastpass.json"
local outcomes = require "lastpass.tenants.outcome"
local path_words = require "lastpass.plan.words.companies"
local reports = require "lastpass.report"
local result = require "lastpass.report.result"
local roster_file = require "lastpass.report.roster_file"

local M = {}

local PARTIAL, FINDINGS = 3, 7 -- exit codes of the program

local function definition_of(name)
  for _, known in ipairs(reports.names()) do
    if known == name then
      return require("lastpass.report." .. name)
    end
  end
  local near = errors.did_you_mean(tostring(name), reports.names())
  local message = ("there is no report '%s'%s"):format(tostring(name), near)
  return errors.fail("argument", "no_such_report", message)
end

-- What is said of one company would be counted for each.
local function check_own(definition, options)
  for _, option in ipairs(definition.options) do
    if option.is_own and options[option[1]] ~= nil then
      local form = "report.%s: what is said of one company cannot hold for several (option %s)"
      return errors.fail("argument", "usage", form:format(definition.name, option[1]))
    end
  end
  return true
end

local function path_of(file, company)
  return path_words.path({ company = company }, file.path)
end

-- One list for all would count everybody of the others as missing.
local function check_roster(file)
  errors.check_options("roster", file, roster_file.fields, 4)
  if path_of(file, { name = "a", cid = 1 }) == path_of(file, { name = "b", cid = 2 }) then
    local hint = "such as 'hr/{company}.csv'"
    local message = file.path .. ": each company needs a roster of its own, by {company} or {cid}"
    return errors.fail("argument", "usage", message, { hint = hint })
  end
  return true
end

local ANY_ROSTER = setmetatable({}, { __name = "lastpass.source" })

-- Mistakes in options are found before any company is asked, and said once.
local function prepare(settings)
  local definition, message, err = definition_of(settings.report)
  local ok = definition
  if definition and settings.roster then
    ok, message, err = check_roster(settings.roster)
  end
  if ok then
    ok, message, err = check_own(definition, settings.options or {})
  end
  if not ok then
    return nil, message, err
  end
  local options = { roster = settings.roster and ANY_ROSTER }
  for name, value in pairs(settings.options or {}) do
    options[name] = value
  end
  options = result.options("report." .. definition.name, definition, options)
  if definition.prepare then
    ok, message, err = definition.prepare(options)
  end
  return ok and settings, message, err
end

local function open_roster(company, file)
  local own = {}
  for name, value in pairs(file) do
    own[name] = value
  end
  own.path = path_of(file, company)
  return roster_file.open(own)
end

local function options_of(company, settings)
  local options = {}
  for name, value in pairs(settings.options or {}) do
    options[name] = value
  end
  if settings.report == "licences" then
    options.paid, options.billed = company:seats()
  end
  if settings.roster then
    local message, err
    options.roster, message, err = open_roster(company, settings.roster)
    if not options.roster then
      return nil, message, err
    end
  end
  return options
end

-- Fields of rows: those of columns first, then what rows have beside them, by name.
local function fields_of(data)
  local fields, times, seen = {}, {}, {}
  for position, column in ipairs(data.columns) do
    fields[position], seen[column.name] = column.name, true
    times[column.name] = column.kind == "time" or nil
  end
  local others = {}
  for _, row in ipairs(data.rows) do
    for name in pairs(row) do
      others[name] = not seen[name] or nil
    end
  end
  for _, name in ipairs(errors.names_of(others)) do
    fields[#fields + 1] = name
  end
  return fields, times
end

--- A report as what came of a company: its rows, and all else of it in the summary.
---@param report lastpass.Report
---@return lastpass.tenants.Outcome
function M.outcome(report)
  local data = companies.data(report)
  local fields, times = fields_of(data)
  local rows = data.rows
  data.rows = nil
  return outcomes.new {
    fields = fields,
    times = times,
    rows = rows,
    summary = data,
    code = (report.failed or 0) > 0 and FINDINGS or not report.statement.complete and PARTIAL or 0,
  }
end

--- The report of a company, as plain data, from its outcome.
---@param outcome lastpass.tenants.Outcome
---@return table data as `companies.data` gives it
function M.data(outcome)
  local data, rows = {}, {}
  for name, value in pairs(outcome.summary) do
    data[name] = value
  end
  for row in outcome:each() do
    rows[#rows + 1] = row
  end
  data.rows = rows
  return data
end

local function make(company, settings)
  local client, message, err = company:client()
  local options
  if client then
    options, message, err = options_of(company, settings)
  end
  if not options then
    return nil, message, err
  end
  local subject = client
  if settings.as_of then
    subject, message, err = client:kept_snapshot(settings.as_of)
    if not subject then
      return nil, message, err
    end
  end
  local report
  report, message, err = result.make(definition_of(settings.report), subject, options)
  return report and M.outcome(report), message, err
end

-- ------------------------------------------------------------------ evidence

local function prepare_evidence(settings)
  for _, name in ipairs(settings.reports or {}) do
    local ok, message, err = prepare { report = name }
    if not ok then
      return nil, message, err
    end
  end
  return settings
end

-- The files of a company's bundle as rows; what reports over all companies need is in the summary.
local function collect_evidence(company, settings)
  local client, message, err = company:client()
  if not client then
    return nil, message, err
  end
  local made, data = {}, json.list {}
  for position, name in ipairs(settings.reports or {}) do
    local report
    report, message, err = result.make(definition_of(name), client)
    if not report then
      return nil, message, err
    end
    made[position], data[position] = report, companies.data(report)
  end
  local list, found
  list, found, err = evidence.contents(client, {
    events = settings.events,
    to = settings.to,
    keep_attributes = settings.keep_attributes,
    reports = made,
  })
  if not list then
    return nil, found, err
  end
  return outcomes.new {
    fields = { "path", "text" },
    rows = list,
    summary = {
      account = found.account,
      read_at = found.read_at,
      counts = found.counts,
      reports = data,
    },
  }
end

---@type table<string, lastpass.tenants.Kind>
M.list = {
  report = {
    writes = false,
    settings = {
      report = "string",
      options = "table",
      roster = "table",
      as_of = { "string", "number" },
    },
    prepare = prepare,
    run = make,
  },
  evidence = {
    writes = false,
    settings = {
      events = { "string", "number" },
      to = { "string", "number" },
      keep_attributes = "table",
      reports = "table",
    },
    prepare = prepare_evidence,
    run = collect_evidence,
  },
}

--- Makes one report of those of a run's companies.
---@param run lastpass.tenants.Run of the kind "report"
---@param name string of the report
---@return lastpass.Report
function M.merge(run, name)
  local merger = companies.new(assert(definition_of(name)))
  for company, outcome in run:each() do
    if outcome then
      merger:add(company.name, company.cid, M.data(outcome))
    end
  end
  return merger:finish(run:result().missing)
end

return M
