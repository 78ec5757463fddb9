--- Drives the one pool of libcurl transfers of this Lua state, and the tasks that wait for them.
-- A call outside a task drives the pool itself until its own transfer is done; a call inside a
-- task yields, and whoever drives the pool wakes it. So one API serves both.
-- @module lastpass.transport.loop
local M = {}

local curl, pool
local tasks = setmetatable({}, { __mode = "k" }) -- coroutine -> task
local waiting = {} -- transfer -> {task, until_paused}
local waiting_for_pause = {} -- the transfers whose waiter wants to hear of a full sink too
local timers = {} -- list of {at, task} in the order of their times
local ready, ready_count = {}, 0

local function never()
  return false
end
local interrupted = never -- whether waits are to end at once

-- In plain Lua 5.1 a coroutine cannot yield across an iterator, a metamethod or pcall.
local yields_anywhere = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil
local blocked = 0

local function get_pool()
  if not pool then
    curl = require "lastpass.curl"
    pool = curl.pool()
  end
  return pool
end

--- A clock that is never set.
---@return number seconds
function M.now()
  get_pool()
  return curl.now()
end

--- The pool itself, for people with an event loop of their own: `fds()`, `timeout()`, `perform()`.
---@return userdata pool
function M.pool()
  return get_pool()
end

--- The task that runs now, or nil outside of tasks.
local function current_task()
  if blocked > 0 then
    return nil
  end
  local thread = coroutine.running()
  return thread and tasks[thread]
end

--- Whether what waits may be called through pcall here.
---@return boolean
function M.can_wait_in_pcall()
  return yields_anywhere or current_task() == nil
end

local unpack = table.unpack or unpack

--- pcall for what may wait, also where a task could not wait inside of pcall (plain Lua 5.1): there the
-- function is a task of its own.
---@param fn function
---@return boolean ok
---@return any ... what it returned, or what it raised
function M.protected_call(fn, ...)
  if M.can_wait_in_pcall() then
    return pcall(fn, ...)
  end
  local task = M.spawn(nil, fn, ...)
  M.wait_for_any(function()
    return task.done
  end, { [task] = true })
  if task.results then
    return true, unpack(task.results, 1, task.results.n)
  end
  return false, task.failure
end

local function wake(task)
  ready_count = ready_count + 1
  ready[ready_count] = task
end

local function finish(task, ok, ...)
  if coroutine.status(task.thread) ~= "dead" then
    return -- it yielded; somebody will wake it
  end
  task.done = true
  if ok then
    task.results = { n = select("#", ...), ... }
  else
    task.failure = (...)
    task.traceback = debug.traceback(task.thread)
  end
  for _, waiter in ipairs(task.waiters) do
    wake(waiter)
  end
  if task.on_done then
    task.on_done(task)
  end
end

-- A task may be woken twice, by two others that it waited for: the waits look again, and one that
-- is over by then is left alone.
local function resume(task)
  if not task.done then
    finish(task, coroutine.resume(task.thread))
  end
end

local function run_ready()
  local list, count = ready, ready_count
  ready, ready_count = {}, 0
  for i = 1, count do
    resume(list[i])
  end
end

-- What the pool has finished wakes who waits for it.
local function collect_finished()
  local transfer = pool:next_finished()
  while transfer do
    local entry = waiting[transfer]
    waiting[transfer], waiting_for_pause[transfer] = nil, nil
    if entry then
      wake(entry)
    end
    transfer = pool:next_finished()
  end
  for paused in pairs(waiting_for_pause) do
    if paused:is_paused() then
      local entry = waiting[paused]
      waiting[paused], waiting_for_pause[paused] = nil, nil
      wake(entry)
    end
  end
end

local function add_timer(at, task)
  local position = #timers + 1
  while position > 1 and timers[position - 1].at > at do
    position = position - 1
  end
  table.insert(timers, position, { at = at, task = task })
end

local function expire_timers(now)
  while timers[1] and (timers[1].at <= now or interrupted()) do
    wake(table.remove(timers, 1).task)
  end
end

-- Who waits for these is woken as for any that has ended.
local function cancel_waiting()
  for transfer in pairs(waiting) do
    transfer:cancel()
  end
end

-- One step: run tasks that can run, move bytes, wait at most `longest` seconds when nothing is ready.
local function step(longest, done)
  get_pool()
  run_ready()
  if #timers > 0 then
    local now = curl.now()
    expire_timers(now)
    longest = timers[1] and math.max(math.min(longest, timers[1].at - now), 0) or longest
  end
  pool:wait((ready_count > 0 or done()) and 0 or longest)
  if interrupted() then
    cancel_waiting()
  end
  collect_finished()
end

local function run_until(done)
  while not done() do
    step(1, done)
  end
end

--- Lets waits be interrupted, as a prompt does it on Ctrl-C: from when `check` says so, running
-- transfers are cancelled, new ones refused, sleeps cut short. It is asked when a signal that
-- `core.catch_interrupts` counts has ended a wait, and before each start.
---@param check? fun(): boolean nil: waits come to their end whatever happens
---@return fun(): boolean|nil before the check that was in force
function M.interruptible(check)
  local before = interrupted
  interrupted = check or never
  return before ~= never and before or nil
end

--- Whether waits are to end at once.
---@return boolean
function M.is_interrupted()
  return interrupted()
end

--- Forgets all tasks and ends all transfers and connections: after an error was raised through
-- waits, those who waited would otherwise go on at the next one.
function M.abandon()
  waiting, waiting_for_pause, timers, ready, ready_count = {}, {}, {}, {}, 0
  blocked = 0
  if pool then
    pool:close()
    pool = curl.pool()
  end
end

--- Prepares an address; `options` are as `lastpass.curl` takes them.
function M.endpoint(options)
  get_pool()
  return curl.endpoint(options)
end

--- Starts a transfer; `request` and `header` are as `lastpass.curl` takes them.
function M.start(endpoint, request, header)
  return get_pool():start(endpoint, request, header)
end

-- A task's wait: it is woken when the transfer ends, or pauses.
local function wait_in_task(task, transfer, until_paused)
  while not transfer:is_done() and not (until_paused and transfer:is_paused()) do
    waiting[transfer] = task
    waiting_for_pause[transfer] = until_paused or nil
    coroutine.yield()
  end
end

--- Waits for a transfer to end.
---@param transfer userdata
---@param until_paused? boolean come back as well when its sink is full
function M.wait(transfer, until_paused)
  local task = current_task()
  if task then
    return wait_in_task(task, transfer, until_paused)
  end
  -- the usual program: one call, and nobody else who waits for anything
  while ready_count == 0 and #timers == 0 and next(waiting) == nil do
    if pool:await(transfer, 1) or (until_paused and transfer:is_paused()) then
      return
    elseif interrupted() then
      transfer:cancel()
    end
  end
  run_until(function()
    if interrupted() then
      transfer:cancel()
    end
    return transfer:is_done() or (until_paused and transfer:is_paused())
  end)
end

--- Waits. Other tasks and transfers go on meanwhile.
---@param seconds number
function M.sleep(seconds)
  local at = M.now() + seconds
  local task = current_task()
  if task then
    add_timer(at, task)
    while curl.now() < at and not interrupted() do
      coroutine.yield()
    end
    return
  end
  local function over()
    return curl.now() >= at or interrupted()
  end
  while not over() do
    step(math.min(1, at - curl.now()), over)
  end
end

--- Starts a function as a task; it runs at the next wait.
---@param on_done? fun(task: table) called when it ended
---@return table task `done`, `results`, `failure`, `traceback`
function M.spawn(on_done, fn, ...)
  local arguments = { n = select("#", ...), ... }
  local task = { waiters = {}, has_waiter = {}, on_done = on_done }
  task.thread = coroutine.create(function()
    return fn(unpack(arguments, 1, arguments.n))
  end)
  tasks[task.thread] = task
  wake(task)
  return task
end

-- Once only: of two wakes each would add the task to all others again, and there would be four.
local function add_waiter(other, task)
  if not other.has_waiter[task] then
    other.has_waiter[task] = true
    table.insert(other.waiters, task)
  end
end

--- Waits until `done` says so; it can only come true when a task of `list` ends.
---@param done fun(): boolean
---@param list table tasks
function M.wait_for_any(done, list)
  local task = current_task()
  if not task then
    return run_until(done)
  end
  while not done() do
    for other in pairs(list) do
      add_waiter(other, task)
    end
    coroutine.yield()
  end
end

--- Calls a function that must not yield in plain Lua 5.1 (an iterator's step, a metamethod): there
-- it drives the pool itself instead. Elsewhere it is a plain call.
function M.call_without_yield(fn, ...)
  if yields_anywhere or not current_task() then
    return fn(...) -- what waits here is no task; those that it waits for may yield
  end
  blocked = blocked + 1
  local results = { pcall(fn, ...) }
  blocked = blocked - 1
  if not results[1] then
    error(results[2], 0)
  end
  return unpack(results, 2, table.maxn and table.maxn(results) or #results)
end

return M
