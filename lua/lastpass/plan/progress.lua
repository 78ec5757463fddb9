--- How far a run is, for people: one line that is rewritten on a terminal, a line now and then
-- elsewhere, or a function of the caller's own.
-- @module lastpass.plan.progress
local core = require "lastpass.core"
local duration = require("lastpass.text").duration
local waiting = require "lastpass.transport.scheduler"
local time = require "lastpass.time"

local M = {}

local STANDARD_ERROR = 2
-- Seconds between two lines.
local ON_TERMINAL, ELSEWHERE = 0.1, 5

---@class lastpass.plan.Progress
---@field done integer          steps that are over
---@field total integer
---@field rate? number          steps a second; nil before the first is over
---@field seconds_left? number
---@field phase string          kind of the steps under way
---@field waiting? table         {steps, until_utc}: so many steps whose answers were lost may be under
-- way until then (epoch seconds)
local methods = {}
local progress_mt = { __name = "lastpass.plan.Progress", __index = methods }

local function line_of(state)
  local line = ("%d/%d"):format(state.done, state.total)
  if state.rate then
    line = ("%s  %.0f/s  %s left"):format(line, state.rate, duration(state.seconds_left))
  end
  local lost = state.waiting
  if lost then
    line = ("%s  waiting, at most until %s, for %d step%s whose answer was lost; %s"):format(
      line,
      time.iso(lost.until_utc),
      lost.steps,
      lost.steps == 1 and "" or "s",
      "Ctrl-C leaves it uncertain"
    )
  end
  return line
end

-- Steps that were over before this part of the run say nothing of its speed.
local function state_of(self, done, phase)
  local state = { done = done, total = self._total, phase = phase }
  local seconds = waiting.now() - self._begun_at
  if done > self._done_before and seconds > 0 then
    state.rate = (done - self._done_before) / seconds
    state.seconds_left = (self._total - done) / state.rate
  end
  return state
end

local function write(self, line)
  self._stream:write(self._on_terminal and "\r" .. line .. "\27[K" or line .. "\n")
  self._stream:flush()
  self._written = line
end

--- Shows for what it waits; elsewhere than on a terminal once for each end of a wait.
---@param done integer steps that are over
---@param lost table {steps, until_utc}
function methods:show_waiting(done, lost)
  local state = state_of(self, done, self._last and self._last.phase or "")
  state.rate, state.seconds_left, state.waiting = nil, nil, lost
  if self._report then
    return self._report(state)
  end
  self._last = state
  local line = line_of(state)
  if line ~= self._written then
    write(self, line)
  end
end

--- Shows how far it is.
---@param done integer steps that are over
---@param phase string
function methods:show(done, phase)
  self._last = state_of(self, done, phase)
  if self._report then
    return self._report(self._last)
  end
  local now = waiting.now()
  if now >= self._next_at then
    self._next_at = now + (self._on_terminal and ON_TERMINAL or ELSEWHERE)
    write(self, line_of(self._last))
  end
end

--- Shows the last state, and leaves the line.
function methods:finish()
  if self._report then
    return
  end
  local line = self._last and line_of(self._last)
  if line and line ~= self._written then
    write(self, line)
  end
  if self._on_terminal and self._written then
    self._stream:write "\n"
  end
end

--- Begins to show progress.
---@param report true|fun(state: table) true: on standard error
---@param total integer
---@param done_before integer steps that were over before
---@param stream? file* default standard error
---@param on_terminal? boolean default: as standard error is
---@return table progress
function M.new(report, total, done_before, stream, on_terminal)
  if on_terminal == nil then
    on_terminal = core.is_terminal(STANDARD_ERROR)
  end
  local now = waiting.now()
  return setmetatable({
    _report = report ~= true and report or nil,
    _total = total,
    _done_before = done_before,
    _begun_at = now,
    _stream = stream or io.stderr,
    _on_terminal = on_terminal,
    _next_at = on_terminal and now or now + ELSEWHERE,
  }, progress_mt)
end

return M
