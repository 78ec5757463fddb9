--- Applies plans over companies here: begins or resumes the run in the journal, and works at it until it has come to its
-- end or was stopped. Other workers may work at the same run; what one of them has left is taken over.
-- @module lastpass.tenants.plan_work
local errors = require "lastpass.error"
local plan_results = require "lastpass.tenants.plan_results"
local plan_runs = require "lastpass.tenants.plan_runs"
local queue = require "lastpass.tenants.queue"
local scheduler = require "lastpass.transport.scheduler"
local workers = require "lastpass.tenants.worker"

local M = {}

local EVERY = 1 -- seconds between two looks at a run that others work at

local apply_options = {
  in_flight = "number",
  time_limit = "number",
  lease = "number",
  timeout = "number",
  cancel = "function",
  on_event = "function",
}
for name, kind in pairs(plan_runs.options) do
  apply_options[name] = kind
end

local function never()
  return false
end

-- What is not ours is waited for, and a person ought to know why nothing happens.
local WAITING = "other workers have companies of this run under way, or have left them behind: "
  .. "waiting for them, or for their leases to end"

local function say_waiting(options, said)
  if not said and options.on_event then
    options.on_event { what = "said", message = WAITING }
  end
  return true
end

-- ------------------------------------------------------------------ working

local function worker_of(set, id, options)
  return workers.new(set, {
    run = id,
    kinds = { "apply" },
    once = true,
    in_flight = options.in_flight,
    time_limit = options.time_limit or 3600,
    lease = options.lease,
    timeout = options.timeout,
    every = EVERY,
    stop = options.cancel,
    on_event = options.on_event,
  })
end

-- Whether the run is still under way.
local function is_running(journal, id)
  local states, message, err = journal:tenant_run_states { id }
  if not states then
    return nil, message, err
  end
  return states[id] == "running"
end

local function interrupt(journal, id)
  local ok, message, err = journal:stop_tenant_run(id, "interrupted")
  if not ok and err.code ~= "run_finished" then
    return nil, message, err
  end
  return true
end

-- Works until the run is over. What another worker has under way, or has left behind, is waited for.
local function work(set, journal, id, options)
  local cancel, said = options.cancel or never, false
  while true do
    local totals, message, err = worker_of(set, id, options):work()
    if not totals then
      return nil, message, err
    elseif cancel() then
      return interrupt(journal, id)
    end
    local running
    running, message, err = is_running(journal, id)
    if running == nil then
      return nil, message, err
    elseif not running or totals.is_left then
      return true
    end
    said = say_waiting(options, said)
    scheduler.sleep(EVERY)
  end
end

local function work_and_tell(set, journal, id, options)
  local ok, message, err = work(set, journal, id, options)
  if not ok then
    return nil, message, err
  end
  return plan_results.result(journal, id)
end

-- ------------------------------------------------------------------ applying

-- A run of this plan that has begun continues: what was done is not done again.
local function continue(set, journal, run, options)
  local ok, message, err = plan_runs.check_same(run, options)
  if not ok then
    return nil, message, err
  end
  if run.state ~= "running" then
    ok, message, err = journal:resume_tenant_run(run.id, { retries = true })
  end
  if not ok and err.code ~= "run_finished" then
    return nil, message, err
  elseif not ok then
    return plan_results.result(journal, run.id)
  end
  return work_and_tell(set, journal, run.id, options)
end

-- The number of a new run, or the run of this plan that there is: another process may begin it at the same time.
local function begin(set, journal, plans, options)
  local id
  local run, message, err = plan_runs.run_of_plan(journal, plans.name)
  if run == false then
    id, message, err = plan_runs.begin(set, journal, plans, options)
    if err and err.code == "plan_begun" then
      run, message, err = plan_runs.run_of_plan(journal, plans.name)
    end
  end
  return id, run, message, err
end

--- Applies a plan over companies, once: in waves, until more companies have failed than the budget allows. Asked again, it
-- continues where it was stopped, tries again what failed, and tells what came of it when there is nothing left to do.
---@param set lastpass.tenants.Set that has the companies of the plan
---@param plans lastpass.tenants.Plans
---@param options? table waves (default { 1, "5%", "rest" }), budget (how many companies may fail, default "5%" of those of
-- the waves so far), first (name of the company that is changed first), confirm_final (how many steps cannot be taken
-- back), in_flight, time_limit (seconds for each company, default an hour), cancel, on_event, lease, timeout, and options
-- of `client:apply`
---@return lastpass.tenants.PlanResult|nil
---@return string? message when nothing was begun
---@return lastpass.Error? err codes refused_by_guards, plan_expired, needs_confirmation, many_journals
function M.apply(set, plans, options)
  options = errors.check_options("tenants:apply", options, apply_options, 2)
  local journal, message, err = queue.journal(set)
  local id, run
  if journal then
    id, run, message, err = begin(set, journal, plans, options)
  end
  if run then
    return continue(set, journal, run, options)
  elseif not id then
    return nil, message, err
  end
  return work_and_tell(set, journal, id, options)
end

--- Leaves a plan over companies to workers: puts the run into the journal, and sends nothing. What has begun already is
-- resumed.
---@param set lastpass.tenants.Set
---@param plans lastpass.tenants.Plans
---@param options? table as of `apply`
---@return integer|nil id number of the run over companies
---@return string? message
---@return lastpass.Error? err
function M.queue(set, plans, options)
  options = errors.check_options("tenants:queue", options, apply_options, 2)
  local journal, message, err = queue.journal(set)
  local id, run, ok
  if journal then
    id, run, message, err = begin(set, journal, plans, options)
  end
  if not run then
    return id, message, err
  end
  ok, message, err = plan_runs.check_same(run, options)
  if ok and run.state ~= "running" then
    ok, message, err = journal:resume_tenant_run(run.id, { retries = true })
  end
  return ok and run.id or nil, message, err
end

--- Continues a run over companies that was stopped or has broken off; what failed is tried again.
---@param set lastpass.tenants.Set
---@param id integer
---@param options? table as of `apply`, without what the run has already
---@return lastpass.tenants.PlanResult|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function M.resume(set, id, options)
  options = errors.check_options("tenants:resume", options, apply_options, 2)
  local journal, message, err = queue.journal(set)
  local result
  if journal then
    result, message, err = plan_results.result(journal, id)
  end
  if not result then
    return nil, message, err
  end
  return continue(set, journal, result, options)
end

return M
