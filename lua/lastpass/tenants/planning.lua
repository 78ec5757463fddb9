--- Makes plans over companies: of a playbook that is run for each, and of runs that are to be taken back.
-- @module lastpass.tenants.planning
local companies = require "lastpass.plan.words.companies"
local documents = require "lastpass.plan.document"
local engine = require "lastpass.tenants.engine"
local errors = require "lastpass.error"
local kinds = require "lastpass.tenants.kinds"
local plan_results = require "lastpass.tenants.plan_results"
local plans = require "lastpass.tenants.plans"
local plan_module = require "lastpass.plan"
local queue = require "lastpass.tenants.queue"
local surface = require "lastpass.plan.surface"
local time = require "lastpass.time"

local M = {}

local plan_options = {
  limit = "table",
  limit_over_all = "table",
  expires_in = plan_module.check_expiry,
  via = surface.is_known,
  in_flight = "number",
  time_limit = "number",
  on_say = "function",
  cancel = "function",
}

-- Options of the engine among those of a call.
local ENGINE = { "in_flight", "time_limit", "on_say", "cancel" }

local function pick(options, names)
  local picked = {}
  for _, name in ipairs(names) do
    picked[name] = options[name]
  end
  return picked
end

-- Which companies each group has, as the set knows it.
local function groups_of(set)
  local groups, message, err = set:groups()
  if not groups then
    return nil, message, err
  end
  local members = {}
  for _, group in ipairs(groups) do
    members[group.name] = group.companies
  end
  return members
end

-- What one company's outcome holds: the plan itself, or its text where another process has made it.
local function entry_of(company, outcome)
  local body, message, err = outcome.plan and outcome.plan.body, nil, nil
  if not body then
    body, message, err = documents.parse(outcome.summary.plan, "the plan for " .. company.name)
  end
  if not body then
    return nil, message, err
  end
  return { company = company.name, cid = company.cid, tenant = body.tenant, body = body }
end

local function begin(companies_of_set, kind, settings, options)
  return engine.start(companies_of_set, kind, settings, pick(options, ENGINE), 3)
end

-- Reads all plans of a run of the engine.
local function read_entries(run)
  local entries = {}
  for company, outcome in run:each() do
    if outcome then
      local entry, message, err = entry_of(company, outcome)
      if not entry then
        return nil, message, err
      end
      entries[company.name] = entry
    end
  end
  return entries
end

-- Does work that makes plans, and puts them together in the order of the set.
local function make(list, kind, settings, options, about)
  local run, message, err = begin(list, kind, settings, options)
  local entries
  if run then
    entries, message, err = read_entries(run)
  end
  if not entries then
    return nil, message, err
  end
  local found, missing = {}, {}
  for _, company in ipairs(list) do
    found[#found + 1] = entries[company.name]
  end
  for index, entry in ipairs(run:result().missing) do
    missing[index] = {
      company = entry.company,
      cid = entry.cid,
      code = entry.code,
      message = entry.message,
    }
  end
  return plans.combine(found, missing, about)
end

local function check_limits(where, options)
  companies.merge_limits(where .. ": limit_over_all", {}, options.limit_over_all or {}, 3)
  local limits = require "lastpass.plan.limits"
  limits.merge(where .. ": limit", limits.defaults(), options.limit or {}, 3)
end

-- What all companies' plans say alike of where they come from.
local function playbook_of(settings)
  if type(settings.playbook) ~= "string" then
    return nil
  end
  return { file = settings.playbook, sha256 = require("lastpass.digest").hex(settings.text) }
end

--- Makes a plan over the companies of a set: runs the playbook for each of them, reads each directory, asks the guards of
-- each, and the limits over all. Nothing is written to LastPass. A company that cannot be planned for is listed, with
-- the reason.
---@param set lastpass.tenants.Set
---@param playbook string|function the path of a playbook, or a function that is given the words of playbooks
---@param options? table limit (of each company), limit_over_all (of all of them together: { disable = 40 }), expires_in, via,
-- in_flight, time_limit, on_say, cancel
---@return lastpass.tenants.Plans|nil
---@return string? message
---@return lastpass.Error? err
function M.plan(set, playbook, options)
  options = errors.check_options("tenants:plan", options, plan_options, 2)
  check_limits("tenants:plan", options)
  local settings = pick(options, { "limit", "expires_in", "via" })
  local message, err
  settings.groups, message, err = groups_of(set)
  if settings.groups then
    settings.playbook = playbook
    settings, message, err = kinds.of("plan", 1).prepare(settings)
  end
  if not settings or not settings.groups then
    return nil, message, err
  end
  return make(set:companies(), "plan", settings, options, {
    kind = "apply",
    now = time.now(),
    playbook = playbook_of(settings),
    select = set:expression(),
    limit_over_all = options.limit_over_all,
  })
end

-- Companies in which the run has changed something, with the number of each one's own run.
local function companies_of(set, result)
  local list, runs, missing = {}, {}, {}
  for _, row in ipairs(result.list) do
    local company = row.run and set:company(row.company)
    if company then
      list[#list + 1], runs[row.company] = company, row.run
    elseif row.run then
      missing[#missing + 1] = row.company
    end
  end
  if #missing > 0 then
    local form = "the set has no company '%s', which the run has changed"
    return errors.fail("argument", "no_such_company", form:format(missing[1]))
  end
  return list, runs
end

--- Makes the plan that takes a run over companies back, for each company in which it has done something.
---@param set lastpass.tenants.Set
---@param id integer number of the run over companies
---@param options? table as of `plan`
---@return lastpass.tenants.Plans|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function M.undo(set, id, options)
  options = errors.check_options("tenants:undo", options, plan_options, 2)
  check_limits("tenants:undo", options)
  local journal, message, err = queue.journal(set)
  local result, list, runs
  if journal then
    result, message, err = plan_results.result(journal, id)
  end
  if result then
    list, runs, err = companies_of(set, result)
    message = runs
  end
  if not list then
    return nil, message, err
  end
  local settings = pick(options, { "limit", "expires_in", "via" })
  settings.runs = runs
  return make(list, "undo", settings, options, {
    kind = "undo",
    of_run = id,
    now = time.now(),
    limit_over_all = options.limit_over_all,
  })
end

return M
