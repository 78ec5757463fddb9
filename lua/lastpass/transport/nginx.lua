--- What only nginx has: waiting by light threads (as `lastpass.transport.loop` does elsewhere), jobs that
-- end whether or not anybody waits for them, and threads of nginx, each with a Lua state of its own.
-- @module lastpass.transport.nginx
local errors = require "lastpass.error"

local M = {}

-- ---- waiting ----

--- A clock; nginx keeps the time of the machine.
---@return number seconds
function M.now()
  ngx.update_time()
  return ngx.now()
end

--- Waits, while nginx goes on. It counts whole milliseconds, and minds being asked for none of them.
---@param seconds number
function M.sleep(seconds)
  ngx.sleep(math.max(math.ceil(seconds * 1000), 1) / 1000)
end

--- Light threads may wait anywhere.
---@return boolean
function M.can_wait_in_pcall()
  return true
end

--- pcall for what may wait.
function M.protected_call(fn, ...)
  return pcall(fn, ...)
end

--- Calls a function; it may wait.
function M.call_without_yield(fn, ...)
  return fn(...)
end

--- Nobody presses Ctrl-C here.
---@return boolean
function M.is_interrupted()
  return false
end

local function finish_task(task, ok, ...)
  task.done = true
  if ok then
    task.results = { n = select("#", ...), ... }
  else
    task.failure = (...)
  end
  for waiter in pairs(task.waiters) do
    waiter:post(1)
  end
  if task.on_done then
    task.on_done(task)
  end
end

--- Starts a function as a light thread; it runs until it waits for the first time.
---@param on_done? fun(task: table) called when it ended
---@return table task `done`, `results`, `failure`
function M.spawn(on_done, fn, ...)
  local task = { waiters = {}, on_done = on_done }
  local function keep_traceback(message)
    task.traceback = debug.traceback(tostring(message), 2)
    return message
  end
  local arguments = { n = select("#", ...), ... }
  local function call()
    return fn(unpack(arguments, 1, arguments.n))
  end
  ngx.thread.spawn(function()
    finish_task(task, xpcall(call, keep_traceback))
  end)
  return task
end

local LONGEST_WAIT = 3600 -- seconds; then `done` is asked again

--- Waits until `done` says so; it can only come true when a task of `list` ends.
---@param done fun(): boolean
---@param list table tasks
function M.wait_for_any(done, list)
  if done() then
    return
  end
  local ended = assert(require("ngx.semaphore").new(0))
  local watched = {}
  while not done() do
    for task in pairs(list) do
      task.waiters[ended], watched[task] = true, true
    end
    ended:wait(LONGEST_WAIT)
  end
  for task in pairs(watched) do -- a task that lasts would keep those of all who waited for any
    task.waiters[ended] = nil
  end
end

-- ---- jobs ----

local TIMER_CHECK = 1 -- seconds in which nginx has begun, or has dropped the timer
-- A semaphore counts milliseconds: a shorter wait is none, and the clock would stand still meanwhile.
local SHORTEST_WAIT = 0.001

---@class lastpass.BackgroundJob
---@field is_over boolean nobody waits any more
local job_mt = { __name = "lastpass.transport.BackgroundJob" }

-- Runs it once: nginx drops what is beyond lua_max_running_timers, so a job may have several timers.
local function run_job(_, job)
  if job.begun or job.is_over then
    return
  end
  job.begun = true
  job.beginning:post(1)
  job.outcome = { pcall(job.run, job) }
  job.slots:post(1)
  job.ending:post(1)
end

local function begin_job(job, begin_by)
  while not job.begun do
    local left = begin_by - ngx.now()
    if left < SHORTEST_WAIT then
      job.is_over = true
      job.slots:post(1)
      return false
    end
    if ngx.timer.at(0, run_job, job) then
      job.beginning:wait(math.min(left, TIMER_CHECK))
    else -- beyond lua_max_pending_timers
      ngx.sleep(math.min(left, 0.01))
    end
  end
  return true
end

--- Runs a function in a timer, and waits for it: a client that goes away, or a deadline, takes nothing
-- from under it.
---@param slots table a semaphore with as many slots as jobs may run at once
---@param begin_by number moment of `ngx.now()` until which it may wait for a slot
---@param end_by number moment until which one waits for its end
---@param run fun(job: lastpass.BackgroundJob): any, any, any
---@return boolean|nil ended followed by what the function returned; nil: it had not ended in time, or
-- not begun
---@return any ...
function M.run_job(slots, begin_by, end_by, run)
  ngx.update_time()
  if not slots:wait(math.max(begin_by - ngx.now(), 0)) then
    return nil
  end
  local semaphore = require "ngx.semaphore"
  local job = setmetatable({
    run = run,
    slots = slots,
    beginning = semaphore.new(0),
    ending = semaphore.new(0),
  }, job_mt)
  if not begin_job(job, begin_by) then
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

--- Runs a function in the timer that asks, once there is a slot: what `run_job` does where a client may go away.
---@param slots table a semaphore
---@param begin_by number moment of `ngx.now()` until which it may wait for a slot
---@param run fun(): any, any, any
---@return boolean|nil ended followed by what the function returned; nil: it has not begun
---@return any ...
function M.run_here(slots, begin_by, run)
  ngx.update_time()
  if not slots:wait(math.max(begin_by - ngx.now(), 0)) then
    return nil
  end
  local ok, value, message, err = pcall(run)
  slots:post(1)
  if not ok then
    error(value, 0)
  end
  return true, value, message, err
end

-- ---- threads ----

-- A worker that is to quit ends when it has no timer left, whatever its threads are doing: so one of nginx waits as long as
-- there are any at work. It ends now and then, as nginx gives the memory of waiting back only then.
local LOOK_EVERY, LOOKS = 0.1, 100 -- seconds between looks, and how many
local IDLE_LOOKS = 10 -- then it ends; who asks every few milliseconds has one timer
local at_work, keeper = {}, nil -- by what is at work, until when at the latest

local keep_alive

local function is_any_at_work()
  local now = ngx.now()
  for work, ends_at in pairs(at_work) do
    if ends_at > now then
      return true
    end
    at_work[work] = nil -- whoever asked for it was cut off
  end
  return false
end

local function wait_for_threads(_, one)
  one.has_begun = true
  local idle = 0
  for _ = 1, LOOKS do
    idle = is_any_at_work() and 0 or idle + 1
    if idle > IDLE_LOOKS or idle > 0 and ngx.worker.exiting() then
      break
    end
    ngx.sleep(LOOK_EVERY)
  end
  keeper = nil
  if is_any_at_work() then
    keep_alive()
  end
end

-- nginx may drop a timer beyond lua_max_running_timers, so one that has not begun in time is set again.
function keep_alive()
  if keeper and (keeper.has_begun or ngx.now() - keeper.at < TIMER_CHECK) then
    return
  end
  local one = { at = ngx.now() }
  keeper = ngx.timer.at(0, wait_for_threads, one) and one or nil
end

--- The default name of nginx's thread_pool.
M.POOL = "lastpass"

-- All Lua states for threads are in use (lua_worker_thread_vm_pool_size), or so many tasks wait: that
-- passes.
local function is_busy(message)
  return message:find("no available Lua vm", 1, true) or message:find("queue overflow", 1, true)
end

local function no_thread(message, pool)
  return errors.fail("transport", "no_thread", "no thread of nginx: " .. message, {
    hint = ("nginx.conf needs, beside events { … }: thread_pool %s threads=32;"):format(pool),
  })
end

local function try_threads(pool, ends_at, ...)
  local pause = 0.01
  while true do
    local ok, answer = ngx.run_worker_thread(pool, ...)
    if ok then
      return answer
    end
    local message = tostring(answer)
    if not is_busy(message) then
      return no_thread(message, pool)
    elseif ngx.now() >= ends_at then
      return errors.fail("transport", "timeout", "no thread of nginx was free in time", {
        hint = "raise threads of thread_pool and lua_worker_thread_vm_pool_size, or the timeout",
      })
    end
    ngx.sleep(pause)
    pause = math.min(pause * 2, 0.25)
  end
end

--- Has a function called by a thread of nginx while the worker goes on. The thread may wait as any
-- program does, and is given plain values.
---@param pool string name of nginx's thread_pool
---@param wait number seconds in which a thread must be free
---@param lasts number seconds for which it may work
---@param module string
---@param name string of the module's function
---@param order table plain values
---@return table|nil answer
---@return string? message
---@return lastpass.Error? err code "no_thread" or "timeout": nothing was begun
function M.run_thread(pool, wait, lasts, module, name, order)
  if not ngx.run_worker_thread then
    return no_thread("it was built without them", pool)
  end
  local now = M.now()
  at_work[order] = now + wait + lasts
  keep_alive()
  local ok, answer, message, err = pcall(try_threads, pool, now + wait, module, name, order)
  at_work[order] = nil
  if not ok then
    error(answer, 0)
  end
  return answer, message, err
end

return M
