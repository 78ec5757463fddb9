--- What came of runs over companies that apply plans, as the journal has it.
-- @module lastpass.tenants.plan_results
local errors = require "lastpass.error"
local outcomes = require "lastpass.tenants.outcome"
local text = require "lastpass.text"

local M = {}

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
