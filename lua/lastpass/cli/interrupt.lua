--- Ctrl-C: calls that wait are cancelled; a plan that is being applied finishes what is under way and is
-- saved. The third Ctrl-C ends the program at once.
-- @module lastpass.cli.interrupt
local core = require "lastpass.core"

local M = {}

local watching = false

--- Whether an interrupt has come.
---@return boolean
function M.has_come()
  return watching and core.interrupts() > 0
end

--- From now on interrupts end calls that wait.
function M.watch()
  if not watching then
    watching = core.catch_interrupts() == true
  end
  if watching then
    require("lastpass.transport.loop").interruptible(M.has_come)
  end
end

--- Interrupts do again what they did before.
function M.release()
  if watching then
    core.release_interrupts()
    require("lastpass.transport.loop").interruptible(nil)
    watching = false
  end
end

local function finish(ok, ...)
  M.watch()
  if not ok then
    error((...), 0)
  end
  return ...
end

--- Calls something that asks `has_come` itself: its calls are not cancelled meanwhile.
---@param fn function
---@return any ... what it returns
function M.gently(fn, ...)
  require("lastpass.transport.loop").interruptible(nil)
  return finish(pcall(fn, ...))
end

return M
