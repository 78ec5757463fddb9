--- Work inside nginx that comes to its end whether or not somebody still waits for it: it runs in a timer,
-- so that a client that goes away, or a deadline, takes nothing from under it. There are so many turns.
-- @module lastpass.transport.background
local M = {}

local LOOK_AGAIN = 1 -- seconds in which nginx has begun, or has dropped the timer
-- A semaphore counts milliseconds: a shorter wait is none, and the clock would stand still meanwhile.
local SHORTEST_WAIT = 0.001

---@class lastpass.BackgroundJob
---@field is_over boolean nobody waits any more
local job_mt = { __name = "lastpass.transport.BackgroundJob" }

-- Runs it once: nginx drops what is beyond lua_max_running_timers, so a job may have several timers.
local function work(_, job)
  if job.begun or job.is_over then
    return
  end
  job.begun = true
  job.beginning:post(1)
  job.outcome = { pcall(job.run, job) }
  job.turn:post(1)
  job.ending:post(1)
end

local function begin(job, begin_by)
  while not job.begun do
    local left = begin_by - ngx.now()
    if left < SHORTEST_WAIT then
      job.is_over = true
      job.turn:post(1)
      return false
    end
    local started = ngx.timer.at(0, work, job)
    if started then
      job.beginning:wait(math.min(left, LOOK_AGAIN))
    else -- beyond lua_max_pending_timers
      ngx.sleep(math.min(left, 0.01))
    end
  end
  return true
end

--- Runs a function, and waits for it.
---@param turn table a semaphore with so many turns
---@param begin_by number moment of `ngx.now()` until which it may wait for its turn
---@param end_by number moment until which one waits for its end
---@param run fun(job: lastpass.BackgroundJob): any, any, any
---@return boolean|nil ended what the function returned comes behind; nil: it had not ended in time, or
-- not begun
---@return any ...
function M.run(turn, begin_by, end_by, run)
  ngx.update_time()
  if not turn:wait(math.max(begin_by - ngx.now(), 0)) then
    return nil
  end
  local semaphore = require "ngx.semaphore"
  local job = setmetatable({
    run = run,
    turn = turn,
    beginning = semaphore.new(0),
    ending = semaphore.new(0),
  }, job_mt)
  if not begin(job, begin_by) then
    return nil
  end
  if not job.outcome then
    job.ending:wait(math.max(end_by - ngx.now(), 0))
  end
  if not job.outcome then
    job.is_over = true
    return nil
  elseif not job.outcome[1] then
    error(job.outcome[2], 0)
  end
  return true, job.outcome[2], job.outcome[3], job.outcome[4]
end

return M
