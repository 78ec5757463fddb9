--- Several calls at once, written like calls in turn.
-- @module lastpass.parallel
local errors = require "lastpass.error"
local loop = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"

---@class lastpass.Task
local task_methods = {}
local task_mt = { __name = "lastpass.Task", __index = task_methods }

--- Waits for the task and gives what its function returned. Raises what the function raised.
---@return any ...
function task_methods:result()
  local task = self._task
  loop.wait_for_any(function()
    return task.done
  end, { [task] = true })
  if not task.results then
    error(task.failure, 0)
  end
  return (table.unpack or unpack)(task.results, 1, task.results.n)
end

--- Runs tasks as coroutines over the one pool of connections, at most `limit` at a time.
-- A call of a client inside a task lets the others go on while it waits. `spawn` waits when
-- `limit` tasks run, so that a loop over ten thousand users needs no list of them. When a task
-- raises, no further one is started, those under way come to their end, and the first error is
-- raised. In plain Lua 5.1 a task cannot wait inside pcall; LuaJIT and 5.2 or later can.
---@param limit integer how many tasks at most, 1 or more
---@param body fun(spawn: fun(fn: function, ...): lastpass.Task)
---@usage
-- lastpass.parallel(8, function(spawn)
--   for _, email in ipairs(list) do spawn(client.reinviteuser, client, { username = email }) end
-- end)
local function parallel(limit, body)
  if limit < 1 or limit ~= limit then
    errors.raise(2, "parallel: the limit must be a number from 1 on")
  end
  local running, tasks, failed = 0, {}, nil

  local function on_done(task)
    running = running - 1
    tasks[task] = nil
    if not task.results and not failed then
      failed = task
    end
  end

  local function spawn(fn, ...)
    if type(fn) ~= "function" then
      errors.raise(2, "spawn: 'fn' must be a function, not a %s: spawn(fn, ...)", type(fn))
    end
    loop.wait_for_any(function()
      return running < limit
    end, tasks)
    if failed then
      error(failed.failure, 0)
    end
    running = running + 1
    local task = loop.spawn(on_done, fn, ...)
    tasks[task] = not task.done or nil -- a light thread may have come to its end at once
    return setmetatable({ _task = task }, task_mt)
  end

  local ok, message = loop.protected_call(body, spawn)
  loop.wait_for_any(function()
    return running == 0
  end, tasks)
  if failed then
    error(failed.failure, 0)
  elseif not ok then
    error(message, 0)
  end
end

signature.declare("task:", task_methods, { result = "" })

return signature.check("lastpass.parallel", "limit: number, body: function", parallel)
