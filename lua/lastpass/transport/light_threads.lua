--- Waiting inside nginx: light threads and its clock, by the contract of `lastpass.transport.loop`.
-- @module lastpass.transport.light_threads
local M = {}

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
---@param fn function
---@return boolean ok
---@return any ... what it returned, or what it raised
function M.protected_call(fn, ...)
  return pcall(fn, ...)
end

--- Calls a function; it may wait.
---@param fn function
---@return any ... what it returns
function M.call_without_yield(fn, ...)
  return fn(...)
end

--- Nobody presses Ctrl-C here.
---@return boolean
function M.is_interrupted()
  return false
end

local function finish(task, ok, ...)
  task.done = true
  if ok then
    task.results = { n = select("#", ...), ... }
  else
    task.failure = (...)
  end
  for _, waiter in ipairs(task.waiters) do
    waiter:post(1)
  end
  if task.on_done then
    task.on_done(task)
  end
end

--- Starts a function as a light thread; it runs until it waits for the first time.
---@param on_done? fun(task: table) called when it ended
---@param fn function
---@return table task `done`, `results`, `failure`
function M.spawn(on_done, fn, ...)
  local task = { waiters = {}, on_done = on_done }
  local function failed(message)
    task.traceback = debug.traceback(tostring(message), 2)
    return message
  end
  local arguments = { n = select("#", ...), ... }
  ngx.thread.spawn(function()
    finish(
      task,
      xpcall(function()
        return fn(unpack(arguments, 1, arguments.n))
      end, failed)
    )
  end)
  return task
end

local LONGEST_WAIT = 3600 -- seconds; then one looks again

--- Waits until `done` says so; it can only come true when a task of `list` ends.
---@param done fun(): boolean
---@param list table tasks
function M.wait_for_any(done, list)
  local semaphore = require "ngx.semaphore"
  while not done() do
    local turn = assert(semaphore.new(0))
    for other in pairs(list) do
      table.insert(other.waiters, turn)
    end
    turn:wait(LONGEST_WAIT)
  end
end

return M
