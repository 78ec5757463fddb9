--- Runs over companies that apply plans: a run in the journal with a job for each company, its waves and its error budget;
-- and what came of it.
-- @module lastpass.tenants.plan_runs
local applying = require "lastpass.tenants.applying"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local outcomes = require "lastpass.tenants.outcome"
local plan_module = require "lastpass.plan"
local text = require "lastpass.text"
local time = require "lastpass.time"
local waves = require "lastpass.tenants.waves"

local M = {}

--- Options that say how a plan over companies is applied; `in_flight` and `time_limit` are the engine's.
M.options = applying.settings {
  waves = waves.check,
  budget = waves.check_budget,
  first = "string",
  confirm_final = "number",
}

-- So many of the newest runs over companies are looked through for one of a plan.
local NEWEST = 1000

--- The newest run of a plan over companies.
---@param journal lastpass.store.Journal
---@param name string of the plan
---@return lastpass.store.TenantRun|false|nil
---@return string? message
---@return lastpass.Error? err
function M.run_of_plan(journal, name)
  local list, message, err = journal:tenant_runs { limit = NEWEST }
  if not list then
    return nil, message, err
  end
  for _, run in ipairs(list) do
    if run.plan == name and run.kind == "apply" then
      return run
    end
  end
  return false
end

-- ------------------------------------------------------------------ beginning

local function refused(plans)
  local parts = {}
  for index, refusal in ipairs(plans.body.refusals) do
    parts[index] = ("%s (%s)"):format(refusal.message, refusal.guard)
  end
  return errors.fail("guard", "refused_by_guards", table.concat(parts, "; "), {
    hint = "to allow it: " .. plans.body.refusals[1].allow,
  })
end

local function check_final(plans, given)
  local count = plans:final_count()
  if count == (given or 0) then
    return true
  end
  local form = "%d of the steps cannot be taken back%s"
  local said = given and ("; confirm_final is %d"):format(given) or ""
  return errors.fail("guard", "needs_confirmation", form:format(count, said), {
    hint = ("apply with { confirm_final = %d }"):format(count),
  })
end

local function check_plans(plans, options)
  if #plans.body.refusals > 0 then
    return refused(plans)
  elseif plans:count() > 0 and plans.body.expires < time.now() then
    return errors.fail(
      "conflict",
      "plan_expired",
      ("the plan was good until %s"):format(time.iso(plans.body.expires)),
      { hint = "make the plan again" }
    )
  end
  return check_final(plans, options.confirm_final)
end

local function without(entry, code, message)
  return { company = entry.company, cid = entry.cid, code = code, message = message }
end

-- Why a company's plan cannot be applied, or nil.
local function obstacle(set, entry)
  local company = set:company(entry.company)
  if #entry.body.refusals > 0 then
    local refusal = entry.body.refusals[1]
    return "refused_by_guards", ("%s (%s)"):format(refusal.message, refusal.guard)
  elseif not company then
    return "no_such_company", "the set has no company of this name"
  end
  local tenant, message, err = company:tenant()
  if not tenant then
    return err.code, message
  elseif tenant ~= entry.tenant then
    return "other_tenant",
      ("the plan is for %s, and this company is %s"):format(entry.tenant, tenant)
  end
  return nil
end

-- Companies that are changed, those with nothing to do, and those that cannot be worked on.
local function sort_companies(set, plans)
  local changed, unchanged, missing = {}, {}, {}
  for _, entry in ipairs(plans.body.missing) do
    missing[#missing + 1] = without(entry, entry.code, entry.message)
  end
  for _, entry in ipairs(plans.body.companies) do
    local code, message = obstacle(set, entry)
    if code then
      missing[#missing + 1] = without(entry, code, message)
    elseif #entry.body.steps == 0 then
      unchanged[#unchanged + 1] = entry
    else
      changed[#changed + 1] = entry
    end
  end
  return changed, unchanged, missing
end

-- Who is to be changed first: somebody has chosen the company that can bear it.
local function put_first(jobs, name)
  for index, entry in ipairs(jobs) do
    if entry.company == name then
      table.insert(jobs, 1, table.remove(jobs, index))
      return true
    end
  end
  local names = {}
  for index, entry in ipairs(jobs) do
    names[index] = entry.company
  end
  local form = "the plan changes nothing in a company '%s'%s"
  return errors.fail(
    "argument",
    "no_such_company",
    form:format(name, errors.did_you_mean(name, names)),
    { hint = "option 'first' names the company that is changed first" }
  )
end

-- What holds for the whole of a run, and is not asked again when it continues.
local FIXED = { "waves", "budget", "first" }

--- Whether the options of somebody who continues a run are those that it began with, as far as they are given.
---@param run table settings
---@param options table
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "other_options"
function M.check_same(run, options)
  local asked = run.settings and run.settings.asked or {}
  for _, name in ipairs(FIXED) do
    if options[name] ~= nil and json.encode(options[name]) ~= json.encode(asked[name]) then
      local form = "run %d over companies has begun with another value of the option '%s'"
      return errors.fail("argument", "other_options", form:format(run.id, name), {
        hint = "leave it out: a run continues as it began",
      })
    end
  end
  return true
end

local function settings_of(options)
  local settings = { asked = {} }
  for _, name in ipairs(FIXED) do
    settings.asked[name] = options[name]
  end
  for name in pairs(applying.settings {}) do
    settings[name] = options[name]
  end
  return settings
end

local function job_of(entry, wave, is_unchanged)
  return {
    tenant = entry.tenant,
    name = entry.company,
    wave = wave,
    payload = {
      plan = plan_module.of_body(entry.body):text(),
      unchanged = is_unchanged,
    },
  }
end

-- What has nothing to do comes last, in a wave of its own: it shows nothing, and must not thin out the failures of those
-- before it.
local function jobs_of(changed, unchanged, list)
  local sizes, jobs = waves.sizes(list, #changed), {}
  for index, wave in ipairs(waves.numbers(sizes)) do
    jobs[index] = job_of(changed[index], wave)
  end
  for _, entry in ipairs(unchanged) do
    jobs[#jobs + 1] = job_of(entry, #sizes + 1, true)
  end
  return jobs
end

--- Adds the run of a plan over companies to the journal. Nothing is sent.
---@param set lastpass.tenants.Set
---@param journal lastpass.store.Journal
---@param plans lastpass.tenants.Plans
---@param options table of `M.options`
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err codes refused_by_guards, plan_expired, needs_confirmation, no_such_company
function M.begin(set, journal, plans, options)
  local ok, message, err = check_plans(plans, options)
  if not ok then
    return nil, message, err
  end
  local changed, unchanged, missing = sort_companies(set, plans)
  if options.first then
    ok, message, err = put_first(changed, options.first)
    if not ok then
      return nil, message, err
    end
  end
  local companies = jobs_of(changed, unchanged, options.waves or waves.DEFAULT)
  local budget = limits.read(options.budget or waves.DEFAULT_BUDGET)
  return journal:add_tenant_run {
    kind = "apply",
    settings = settings_of(options),
    expression = plans.body.select,
    companies = companies,
    missing = missing,
    budget = { count = budget.count, percent = budget.percent },
    plan = plans.name,
  }
end

-- ------------------------------------------------------------------ what came of it

--- What became of a plan over companies.
---@class lastpass.tenants.PlanResult
---@field id integer          number of the run over companies
---@field plan string
---@field state "running"|"stopped"|"finished"
---@field code? string        why it was stopped: "over_budget", "stopped", "interrupted"
---@field why? string
---@field wave integer
---@field waves integer
---@field companies integer   done + #missing
---@field done integer        applied, or with nothing to do
---@field missing lastpass.tenants.Missing[] those that failed, are uncertain or not begun, and those without a plan
---@field uncertain integer   of those: it is not known whether something was done
---@field counts table<string, integer> steps by outcome
---@field settings table      that it began with
---@field exit_code integer   the highest of the companies
---@field list table[]        {company, wave, state, run, counts, code, message} of each

-- Of a job that has not ended.
local function open_message(run, job)
  if job.state == "running" then
    return "under_way", ("%s is at work on it"):format(job.worker or "a worker")
  elseif job.reason then
    return job.code, job.reason
  elseif run.state == "stopped" then
    return "not_begun", ("not begun: %s"):format(run.why or "the run was stopped")
  end
  return "not_begun", ("not begun: waits in wave %d"):format(job.wave)
end

local function row_of_job(journal, run, job)
  local outcome, message, err = journal:tenant_outcome(job.id)
  if outcome == nil then
    return nil, message, err
  end
  local summary = outcome and outcome.summary or {}
  local row = {
    company = job.company,
    wave = job.wave,
    job = job.id,
    run = summary.run,
    counts = summary.counts,
    steps = job.rows,
    exit_code = outcome and outcome.code,
  }
  if job.payload and job.payload.unchanged then
    row.state, row.is_done = "unchanged", true
    return row
  elseif job.state == "done" then
    row.state, row.message = summary.state, summary.message
  elseif job.state == "failed" then
    row.state = summary.state or "failed"
    row.code, row.message = job.code, job.reason
  else
    row.state = job.state == "running" and "under way" or "not begun"
    row.code, row.message = open_message(run, job)
  end
  row.is_done = job.state == "done"
  return row
end

local function add_row(result, row)
  result.list[#result.list + 1] = row
  for name, count in pairs(row.counts or {}) do
    result.counts[name] = (result.counts[name] or 0) + count
  end
  result.exit_code = math.max(result.exit_code, row.exit_code or 0)
  if row.is_done then
    result.done = result.done + 1
    return
  end
  result.uncertain = result.uncertain + (row.state == "uncertain" and 1 or 0)
  result.missing[#result.missing + 1] =
    { company = row.company, code = row.code or "failed", message = row.message or "it failed" }
end

--- What came of a run so far, as the journal has it.
---@param journal lastpass.store.Journal
---@param id integer
---@return lastpass.tenants.PlanResult|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run", "other_kind"
function M.result(journal, id)
  local run, message, err = journal:tenant_run(id)
  if not run then
    return nil, message, err
  elseif run.kind ~= "apply" then
    local form = "run %d over companies applies no plan: it is about %s"
    return errors.fail("argument", "other_kind", form:format(id, run.kind))
  end
  local jobs
  jobs, message, err = journal:tenant_jobs(id)
  if not jobs then
    return nil, message, err
  end
  local result = {
    id = id,
    plan = run.plan,
    settings = run.settings,
    state = run.state,
    code = run.code,
    why = run.why,
    wave = run.wave,
    waves = run.waves,
    companies = #jobs + #run.missing,
    done = 0,
    missing = {},
    uncertain = 0,
    counts = {},
    exit_code = 0,
    list = {},
  }
  for _, job in ipairs(jobs) do
    local row
    row, message, err = row_of_job(journal, run, job)
    if not row then
      return nil, message, err
    end
    add_row(result, row)
  end
  for _, entry in ipairs(run.missing) do
    result.missing[#result.missing + 1] = entry
    result.list[#result.list + 1] = {
      company = entry.company,
      state = "not planned",
      code = entry.code,
      message = entry.message,
    }
  end
  return result
end

-- The rows of one job, part by part.
local function steps_of_job(journal, row, visit)
  local part, lines = 1, journal:tenant_rows(row.job, 1)
  while lines do
    for step in assert(outcomes.restore({ times = {} }, lines)):each() do
      step.company = row.company
      visit(step)
    end
    part = part + 1
    lines = journal:tenant_rows(row.job, part)
  end
end

--- Every step of every company that was recorded, as its run has it.
---@param journal lastpass.store.Journal
---@param result lastpass.tenants.PlanResult
---@return fun(): table|nil iterator {company, number, kind, subject, state, reason, code}
function M.steps(journal, result)
  return coroutine.wrap(function()
    for _, row in ipairs(result.list) do
      if row.job then
        steps_of_job(journal, row, coroutine.yield)
      end
    end
  end)
end

--- What came of a run, in one line: "12 of 14 companies; 1 failed, 1 uncertain".
---@param result lastpass.tenants.PlanResult
---@return string
function M.summary(result)
  local by_state, parts = {}, {}
  for _, row in ipairs(result.list) do
    by_state[row.state] = (by_state[row.state] or 0) + 1
  end
  for _, name in ipairs(errors.names_of(by_state)) do
    parts[#parts + 1] = ("%s %s"):format(text.count(by_state[name]), name)
  end
  local form = "run %d over companies %s after wave %d of %d: %s"
  return form:format(result.id, result.state, result.wave, result.waves, table.concat(parts, ", "))
end

return M
