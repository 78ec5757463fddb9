--- Runs over companies that apply plans: a run in the journal with a job for each company, its waves and its error budget.
-- @module lastpass.tenants.plan_runs
local applying = require "lastpass.tenants.applying"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local plan_module = require "lastpass.plan"
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

--- The run of a plan over companies.
---@param journal lastpass.store.Journal
---@param name string of the plan
---@return lastpass.store.TenantRun|false|nil
---@return string? message
---@return lastpass.Error? err
function M.run_of_plan(journal, name)
  local list, message, err = journal:tenant_runs { plan = name }
  if not list then
    return nil, message, err
  end
  for _, run in ipairs(list) do
    if run.kind == "apply" then
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

return M
