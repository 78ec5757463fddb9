--- Applies plans and resumes runs: checks, takes the lock, compares with the directory, sends what is left, and ends
-- the run whatever happens.
-- @module lastpass.plan.apply
local approvals = require "lastpass.plan.approval.asking"
local batches = require "lastpass.plan.batches"
local dispatch = require "lastpass.plan.dispatch"
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local guards = require "lastpass.plan.guards"
local history = require "lastpass.plan.history"
local journals = require "lastpass.store"
local plans = require "lastpass.plan"
local preconditions = require "lastpass.plan.preconditions"
local progress = require "lastpass.plan.progress"
local reconcile = require "lastpass.plan.reconcile"
local runs = require "lastpass.plan.run"
local surface = require "lastpass.plan.surface"
local waiting = require "lastpass.transport.scheduler"
local works = require "lastpass.plan.work"

local M = {}

--- Says whether to stop, for every run of this process that has no option `cancel`: programs that
-- see Ctrl-C themselves set it.
M.interruptible = preconditions.interruptible

-- Drift asks what a run has left behind: the read that has confirmed it.
local function keep_directory(work, snapshot)
  if work.body.kind == "direct" then
    return nil -- what was asked of a few people is no state of the company to come back to
  elseif not snapshot or not history.keep(work.client, snapshot) then
    return nil
  end
  return math.floor(work.client:now())
end

local function summary_of(work, run, snapshot)
  local stopped = work.stopped
  return {
    counts = run.counts,
    requests = run.requests,
    stopped = stopped and {
      kind = stopped.kind,
      code = stopped.code,
      message = stopped.message,
      hint = stopped.hint,
      command = stopped.command,
    },
    directory_kept = not stopped and keep_directory(work, snapshot) or nil,
  }
end

local function end_in_journal(work, run, snapshot)
  if work.stopped and work.stopped.code == "lock_lost" then
    return -- another process has the run now
  end
  local ok, _, err = work.journal:end_run(work.run_id, run.state, summary_of(work, run, snapshot))
  if not ok then
    run.state, run.ok, run.stopped = "stopped", false, run.stopped or err
  end
end

-- The end of a run, or of a part of it: the directory, the journal, the lock, the rows that did not go through.
local function finish(work)
  local snapshot = reconcile.confirm(work)
  if work.stopped and not work.stopped.hint then
    work.stopped.hint = ("go on with client:resume(%d)"):format(work.run_id)
  end
  local run = runs.new {
    id = work.run_id,
    approvals = work.run_id and work.journal:approvals(work.run_id),
    plan = work.plan,
    kind = work.body.kind or "apply",
    of_run = work.body.of_run,
    state = work.stopped and "stopped" or "finished",
    requests = work.requests,
    stopped = work.stopped,
    body = work.body,
    outcomes = work.outcomes,
  }
  end_in_journal(work, run, snapshot)
  work.lock:release()
  if work.progress then
    work.progress:finish()
  end
  if work.options.refused_rows then
    local ok, _, err = runs.write_refused_rows(work.options.refused_rows, work.body, run)
    if not ok then
      run.refused_rows_error = err
    end
  end
  return run
end

local function was_interrupted(failure)
  return type(failure) == "string" and failure:find "interrupted!$" ~= nil
end

-- The lock is released also when the end of a run breaks off.
local function finish_safely(work)
  local ok, run = waiting.protected_call(finish, work)
  if ok then
    return run
  end
  work.lock:release()
  error(run, 0)
end

-- Calls a function that works on a run so that the run is ended whatever happens: what raises is raised again
-- afterwards. Ctrl-C in lua is no error: the run stops.
local function run_to_end(work, fn)
  local ok, failure = waiting.protected_call(fn, work)
  if ok then
    return finish_safely(work)
  elseif was_interrupted(failure) then
    work:stop(works.interrupted())
    dispatch.record_rest(work)
    return finish_safely(work)
  end
  local _, _, err = errors.fail("conflict", "failed", tostring(failure))
  work:stop(err)
  work.progress = nil -- it may be what has raised
  finish_safely(work)
  error(failure, 0)
end

-- Those who have changed since are recorded; the guards are asked about the others.
local function compare_directory(work)
  local snapshot, message, err = work:read_directory()
  if not snapshot then
    return nil, message, err
  end
  work.snapshot = snapshot
  local changed = reconcile.changed(work, snapshot)
  local is_changed, left = {}, {}
  for _, entry in ipairs(changed) do
    is_changed[entry.step.number] = true
  end
  for _, step in ipairs(work.body.steps) do
    if not is_changed[step.number] then
      left[#left + 1] = step
    end
  end
  local ok
  ok, message, err = guards.check_again(work, left, snapshot)
  if not ok then
    return nil, message, err
  end
  return changed
end

-- All that can refuse the plan while the lock is held and nothing is written; then the run begins.
local function begin_run(work, plan)
  local ok, message, err = preconditions.check_journal(work, plan)
  if not ok then
    return nil, message, err
  end
  local changed
  changed, message, err = compare_directory(work)
  if not changed then
    return nil, message, err
  end
  ok, message, err = preconditions.abandon_undone(work)
  if not ok then
    return nil, message, err
  end
  work.run_id, message, err = work.journal:begin_run {
    tenant = work.tenant,
    plan = plan.name,
    kind = work.body.kind or "apply",
    of_run = work.body.of_run,
    document = work.document,
    total = #work.body.steps,
    approval = work.approval or nil,
  }
  if not work.run_id then
    return nil, message, err
  end
  return changed
end

local function check_plan(client, plan, text, body, options)
  local ok, message, err = preconditions.check_plan(client, plan, text, body, options)
  if not ok then
    return nil, message, err
  end
  ok, message, err = batches.check(client, body.steps)
  if not ok then
    return nil, message, err
  elseif options.refused_rows then
    return runs.check_refused_rows(options.refused_rows)
  end
  return true
end

--- Applies a plan, once. What has changed since the plan was made is left alone, one by one; a run that stops can be
-- resumed.
---@param client lastpass.Client
---@param plan lastpass.Plan
---@param options? lastpass.plan.ApplyOptions
---@return lastpass.Run|nil run once it was begun: look at `run.ok` and `run.stopped`
---@return string? message when nothing was written
---@return lastpass.Error? err codes refused_by_guards, other_tenant, other_surface, no_scim, plan_expired,
-- plan_changed, needs_confirmation, applied_before, unfinished_run, last_admin, per_day, locked, those of
-- `lastpass.plan.approval`, and those of reads
function M.run(client, plan, options)
  options = preconditions.options("client:apply", client, options, 2)
  -- What is applied is what the journal keeps: resume must be able to read it.
  local text = plan:text()
  local body, message, err = document.parse(text, "the plan")
  if not body then
    return nil, message, err
  end
  local ok, scim
  ok, message, err = check_plan(client, plan, text, body, options)
  if ok then
    scim, message, err = surface.open(client, body, options.via)
  end
  if scim == nil then
    return nil, message, err
  end
  local journal
  journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  local work = works.new {
    client = client,
    scim = scim,
    journal = journal,
    tenant = journals.tenant(client),
    plan = plan.name,
    private = plans.private_fields(plan),
    body = body,
    document = text,
    options = options,
  }
  ok, message, err = approvals.before_run(work, plan)
  if not ok then
    return nil, message, err
  end
  local lock
  lock, message, err = journal:lock(work.tenant, { lease = client:option "lease" })
  if not lock then
    return nil, message, err
  end
  work.lock = lock
  local changed
  ok, changed, message, err = waiting.protected_call(begin_run, work, plan)
  if not ok then
    lock:release()
    error(changed, 0)
  elseif not changed then
    lock:release()
    return nil, message, err
  end
  if options.progress then
    work.progress = progress.new(options.progress, #work.body.steps, 0)
  end
  return run_to_end(work, function()
    work:record(changed)
    dispatch.run(work)
  end)
end

local function cannot_resume(row)
  if row.state == "finished" then
    local text = "run %d has finished; there is nothing to resume"
    return errors.fail("conflict", "run_finished", text:format(row.id), {
      hint = "make a new plan for what is not as it should be",
    })
  end
  local text = "run %d has been taken back and cannot be resumed"
  return errors.fail("conflict", "run_abandoned", text:format(row.id), { hint = "make a new plan" })
end

local function read_open_run(client, id)
  local read, message, err = runs.read(client, id)
  if not read then
    return nil, message, err
  elseif read.row.kind == "scim" then
    local text = "run %d is what identity providers changed: the endpoint's worker finishes it"
    return errors.fail("conflict", "of_endpoint", text:format(id), {
      hint = "lastpass scim worker",
    })
  elseif read.row.state == "finished" or read.row.state == "abandoned" then
    return cannot_resume(read.row)
  end
  return read
end

-- Read again under the lock: another process may have resumed it meanwhile.
local function lock_run(client, id)
  local read, message, err = read_open_run(client, id)
  if not read then
    return nil, message, err
  end
  local lock
  lock, message, err = read.journal:lock(read.tenant, { run = id, lease = client:option "lease" })
  if not lock then
    return nil, message, err
  end
  read, message, err = read_open_run(client, id)
  if not read then
    lock:release()
    return nil, message, err
  end
  read.lock = lock
  return read
end

local function work_of(client, scim, read, options)
  local summary = read.row.summary
  local work = works.new {
    client = client,
    scim = scim,
    journal = read.journal,
    tenant = read.tenant,
    lock = read.lock,
    run_id = read.row.id,
    plan = read.row.plan,
    body = read.body,
    options = options,
    outcomes = runs.outcomes(read.steps),
    requests = summary and summary.requests or 0,
  }
  if options.progress then
    work.progress = progress.new(options.progress, #work.body.steps, work.over)
  end
  return work
end

-- What may be done now: as before a run, the plan must be good and the guards are asked. What the run
-- itself did counts for the limits of the day, as what other runs did.
local function check_rest(work, snapshot)
  local left = work:select "is_left"
  if #left == 0 then
    return
  end
  local ok, _, err = preconditions.check_age(work.client, work.body)
  if ok then
    ok, _, err = guards.check_again(work, left, snapshot)
  end
  if not ok then
    work:stop(err)
  end
end

-- What the run has done itself is no change; what others have done since makes steps stale.
local function compare_rest(work)
  local snapshot, _, err = work:read_directory()
  if not snapshot then
    return work:stop(err)
  end
  work.snapshot = snapshot
  work:record(reconcile.changed(work, snapshot))
  check_rest(work, snapshot)
end

--- Resumes a run that broke off or was stopped: finds out what became of the steps that were under way, then applies
-- what is left. The run keeps its number.
---@param client lastpass.Client
---@param id integer
---@param options? lastpass.plan.ApplyOptions
---@return lastpass.Run|nil run of the same number
---@return string? message
---@return lastpass.Error? err codes no_such_run, other_tenant, other_surface, no_scim, run_finished,
-- run_abandoned, locked, plan_changed, and those of `lastpass.plan.approval`
function M.resume(client, id, options)
  options = preconditions.options("client:resume", client, options, 2)
  local read, message, err = read_open_run(client, id)
  local ok, scim
  if read then
    ok, message, err = approvals.before_resume(client, read, options)
  end
  if ok then
    read, message, err = lock_run(client, id)
  end
  if not ok or not read then
    return nil, message, err
  end
  scim, message, err = surface.open(client, read.body, options.via)
  ok = scim ~= nil
  if ok and options.refused_rows then
    ok, message, err = runs.check_refused_rows(options.refused_rows)
  end
  if not ok then
    read.lock:release()
    return nil, message, err
  end
  return run_to_end(work_of(client, scim, read, options), function(work)
    reconcile.lost_answers(work, work:select "is_uncertain")
    if not work.stopped then
      compare_rest(work)
    end
    dispatch.run(work)
  end)
end

return M
