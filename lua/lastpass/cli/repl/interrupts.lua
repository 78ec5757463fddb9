--- Ctrl-C while something runs: a waiting call is cancelled, Lua code is stopped, and a plan that is
-- being applied comes to a good end.
-- @module lastpass.cli.repl.interrupts
local core = require "lastpass.core"

local M = {}

local ERRORS = 2 -- the descriptor

-- How the sources of this library begin. Its own code is not stopped by a first Ctrl-C: what it has
-- in hand ends with an answer that says what was done.
local LIBRARY = debug.getinfo(1, "S").source:match "^(.*)cli/repl/[^/]*$"

local function has_come()
  return core.interrupts() > 0
end

local watching = false

--- From now on, between runs too, interrupts are caught and counted from zero.
function M.watch()
  watching = core.catch_interrupts(true) == true
end

--- Interrupts do again what they did before.
function M.release()
  watching = false
  core.release_interrupts()
end

--- Which signal has come since `watch`.
---@return string|nil signal "SIGINT" or "SIGTERM"
function M.signal()
  local count, signal = core.interrupts()
  return watching and count > 0 and signal or nil
end

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Runs a function so that Ctrl-C ends it.
---@param fn function
---@param on_error fun(message: any): any as of xpcall
---@return table results of xpcall, with `n`
---@return string|nil signal "SIGINT" or "SIGTERM", when one came
function M.run(fn, on_error)
  local loop = require "lastpass.transport.loop"
  local caught = watching or core.catch_interrupts(true)
  local before = loop.interruptible(has_come)
  core.raise_interrupts(LIBRARY)
  local results = pack(xpcall(fn, on_error))
  core.raise_interrupts()
  loop.interruptible(before)
  if not watching then
    core.release_interrupts()
  end
  local count, signal = core.interrupts()
  if caught and count > 0 then
    loop.abandon()
    return results, signal
  end
  return results
end

-- Gives back the rest after undoing what `gently` did.
local function finish(loop, before, ok, ...)
  loop.interruptible(before)
  core.raise_interrupts(LIBRARY)
  if not ok then
    error((...), 0)
  end
  return ...
end

--- Calls a function that looks for interrupts by itself: nothing is cancelled or stopped meanwhile.
local function gently(fn, ...)
  local loop = require "lastpass.transport.loop"
  local before = loop.interruptible(nil)
  core.raise_interrupts()
  return finish(loop, before, pcall(fn, ...))
end

--- Makes `apply` and `resume` of clients finish what is under way when Ctrl-C comes, and stop then.
---@param methods table of clients
---@param originals table the two as functions
function M.make_gentle(methods, originals)
  for _, name in ipairs { "apply", "resume" } do
    local method = originals[name]
    methods[name] = function(client, subject, options)
      local copy = options
      if options == nil or type(options) == "table" then
        copy = { cancel = has_come, progress = core.is_terminal(ERRORS) or nil }
        for key, value in pairs(options or {}) do
          copy[key] = value
        end
      end
      return gently(method, client, subject, copy)
    end
  end
end

return M
