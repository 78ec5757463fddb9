--- Goes on with a run that broke off or was stopped: finds out what became of the steps that were
-- under way, then carries out what is left. The run keeps its number.
-- @module lastpass.plan.resume
local carry = require "lastpass.plan.carry"
local errors = require "lastpass.error"
local finish = require "lastpass.plan.finish"
local fresh = require "lastpass.plan.fresh"
local last_guards = require "lastpass.plan.last_guards"
local preconditions = require "lastpass.plan.preconditions"
local options_room = require "lastpass.plan.apply_options"
local progress = require "lastpass.plan.progress"
local refused_rows = require "lastpass.plan.refused_rows"
local run_room = require "lastpass.plan.run"
local settle = require "lastpass.plan.settle"
local work_room = require "lastpass.plan.work"

local M = {}

local function over(row)
  if row.state == "finished" then
    return errors.fail(
      "conflict",
      "run_finished",
      ("run %d has come to its end; there is nothing to go on with"):format(row.id),
      { hint = "make a new plan for what is not as it should be" }
    )
  end
  return errors.fail(
    "conflict",
    "run_abandoned",
    ("run %d has been taken back and cannot go on"):format(row.id),
    { hint = "make a new plan" }
  )
end

local function read(client, id)
  local found, message, err = run_room.read(client, id)
  if not found then
    return nil, message, err
  elseif found.row.state == "finished" or found.row.state == "abandoned" then
    return over(found.row)
  end
  return found
end

-- Read again under the lock: another process may have gone on with it meanwhile.
local function take(client, id)
  local found, message, err = read(client, id)
  if not found then
    return nil, message, err
  end
  local lock
  lock, message, err = found.journal:lock(found.tenant, { run = id })
  if not lock then
    return nil, message, err
  end
  found, message, err = read(client, id)
  if not found then
    lock:release()
    return nil, message, err
  end
  found.lock = lock
  return found
end

local function work_of(client, found, options)
  local summary = found.row.summary
  local work = work_room.new {
    client = client,
    journal = found.journal,
    tenant = found.tenant,
    lock = found.lock,
    run_id = found.row.id,
    plan = found.row.plan,
    body = found.body,
    options = options,
    outcomes = run_room.outcomes(found.steps),
    requests = summary and summary.requests or 0,
  }
  if options.progress then
    work.progress = progress.new(options.progress, #work.body.steps, work.settled)
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
    ok, _, err = last_guards.ask(work, left, snapshot)
  end
  if not ok then
    work:stop(err)
  end
end

-- What the run has done itself is no change; what others have done since makes steps stale.
local function look_at_directory(work)
  local snapshot, _, err = work:read_directory()
  if not snapshot then
    return work:stop(err)
  end
  work.snapshot = snapshot
  work:settle(fresh.changed(work, snapshot))
  check_rest(work, snapshot)
end

local function go_on(work)
  settle.read_back(work, work:select "is_uncertain")
  if not work.stopped then
    look_at_directory(work)
  end
  carry.carry_out(work)
end

--- Goes on with a run.
---@param client lastpass.Client
---@param id integer
---@param options? lastpass.plan.ApplyOptions
---@return lastpass.Run|nil run of the same number
---@return string? message
---@return lastpass.Error? err codes no_such_run, other_tenant, run_finished, run_abandoned, locked,
-- plan_changed
function M.run(client, id, options)
  options = options_room.complete("client:resume", client, options, 2)
  local found, message, err = take(client, id)
  if not found then
    return nil, message, err
  end
  if options.refused_rows then
    local ok
    ok, message, err = refused_rows.prepare(options.refused_rows)
    if not ok then
      found.lock:release()
      return nil, message, err
    end
  end
  return carry.guarded(work_of(client, found, options), go_on, finish.finish)
end

return M
