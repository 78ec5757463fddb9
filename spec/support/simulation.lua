--- Time that passes only when everybody waits: coroutines that sleep, woken in order. Hours of waiting take
-- no time, and a round is the same each time it is run.
local M = {}

local methods = {}
local simulation_mt = { __index = methods }

--- Makes one; its clock begins at 1,000,000.
function M.new()
  return setmetatable({ time = 1000000, _tasks = {}, _serial = 0 }, simulation_mt)
end

--- Adds a task that begins now, or later.
---@param fn function
---@param after? number seconds
---@return table task for `kill`
function methods:spawn(fn, after)
  self._serial = self._serial + 1
  local task =
    { thread = coroutine.create(fn), at = self.time + (after or 0), serial = self._serial }
  self._tasks[#self._tasks + 1] = task
  return task
end

--- Adds a task that dies with the one that calls it, like a light thread.
function methods:spawn_light(fn)
  local task = self:spawn(fn)
  task.parent = self._current
  return task
end

--- Lets time pass for the task that calls it.
function methods:sleep(seconds)
  self._serial = self._serial + 1
  coroutine.yield(self.time + seconds, self._serial)
end

--- Ends a task where it stands.
function methods.kill(_, task)
  task.is_dead = true
end

local is_dead
function is_dead(task)
  return task.is_dead or task.parent and is_dead(task.parent) or false
end

local function next_task(self)
  local best, place
  for at, task in ipairs(self._tasks) do
    local is_sooner = not best
      or task.at < best.at
      or task.at == best.at and task.serial < best.serial
    if is_sooner then
      best, place = task, at
    end
  end
  if best then
    table.remove(self._tasks, place)
  end
  return best
end

--- Runs until no task is left.
function methods:run()
  local task = next_task(self)
  while task do
    if not is_dead(task) then
      self.time, self._current = math.max(self.time, task.at), task
      local ok, at, serial = coroutine.resume(task.thread)
      if not ok then
        error(debug.traceback(task.thread, tostring(at)), 0)
      end
      if coroutine.status(task.thread) ~= "dead" then
        task.at, task.serial = at, serial
        self._tasks[#self._tasks + 1] = task
      end
    end
    task = next_task(self)
  end
end

return M
