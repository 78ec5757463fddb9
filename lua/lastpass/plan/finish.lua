--- The end of a run, or of a part of it: the journal, the lock, the kept directory, the rows that did
-- not go through.
-- @module lastpass.plan.finish
local confirm = require "lastpass.plan.confirm"
local history = require "lastpass.plan.history"
local refused_rows = require "lastpass.plan.refused_rows"
local run_room = require "lastpass.plan.run"

local M = {}

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
    return -- the run is somebody else's now
  end
  local ok, _, err = work.journal:end_run(work.run_id, run.state, summary_of(work, run, snapshot))
  if not ok then
    run.state, run.ok, run.stopped = "stopped", false, run.stopped or err
  end
end

local function make_run(work)
  return run_room.new {
    id = work.run_id,
    plan = work.plan,
    kind = work.body.kind or "apply",
    of_run = work.body.of_run,
    state = work.stopped and "stopped" or "finished",
    requests = work.requests,
    stopped = work.stopped,
    body = work.body,
    outcomes = work.outcomes,
  }
end

--- Ends what `work` has begun.
---@param work lastpass.plan.Work
---@return lastpass.Run run `refused_rows_error` when the file could not be written
function M.finish(work)
  local snapshot = confirm.check(work)
  if work.stopped and not work.stopped.hint then
    work.stopped.hint = ("go on with client:resume(%d)"):format(work.run_id)
  end
  local run = make_run(work)
  end_in_journal(work, run, snapshot)
  work.lock:release()
  if work.progress then
    work.progress:finish()
  end
  if work.options.refused_rows then
    local ok, _, err = refused_rows.write(work.options.refused_rows, work.body, run)
    if not ok then
      run.refused_rows_error = err
    end
  end
  return run
end

return M
