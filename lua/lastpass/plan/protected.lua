--- pcall, also where a task could not wait inside of it (plain Lua 5.1): there the function is a task
-- of its own.
-- @module lastpass.plan.protected
local loop = require "lastpass.transport.loop"

local unpack = table.unpack or unpack

--- Calls a function that may wait.
---@param fn function
---@return boolean ok
---@return any ... what it returned, or what it raised
local function protected(fn, ...)
  if loop.can_wait_in_pcall() then
    return pcall(fn, ...)
  end
  local task = loop.spawn(nil, fn, ...)
  loop.wait_for_any(function()
    return task.done
  end, { [task] = true })
  if task.results then
    return true, unpack(task.results, 1, task.results.n)
  end
  return false, task.failure
end

return protected
