--- What a run knows while it is under way: the steps and what became of them, in memory and in the
-- journal alike.
-- @module lastpass.plan.work
local email = require "lastpass.email"
local errors = require "lastpass.error"
local loop = require "lastpass.transport.waiting"

local M = {}

---@class lastpass.plan.Outcome
---@field state string  as the journal has it; "intended" between the intent and the answer
---@field reason? string
---@field code? string

---@class lastpass.plan.Work
---@field client lastpass.Client
---@field journal lastpass.store.Journal
---@field tenant string
---@field lock lastpass.store.Lock
---@field run_id? integer
---@field plan string      name of the plan
---@field body table       of the plan
---@field document? string the plan file's bytes
---@field private? table<string, table> by address: what is sent and written down nowhere
---@field options table    of apply, complete
---@field outcomes table<integer, lastpass.plan.Outcome> by the step's number
---@field requests integer calls that write
---@field settled integer  how many steps are over
---@field stopped? lastpass.Error
---@field progress? table
local methods = {}
local work_mt = { __name = "lastpass.plan.Work", __index = methods }

-- Nothing more happens to steps in these states.
local final = { done = true, unchanged = true, refused = true, stale = true, unknown = true }

-- What a slice of a wait lasts: so soon is a wish to stop heard.
local SLICE = 0.1 -- seconds

--- Whether a step is to be carried out yet.
---@param step lastpass.plan.Step
---@return boolean
function methods:is_left(step)
  local outcome = self.outcomes[step.number]
  return outcome == nil or outcome.state == "not_tried"
end

--- Whether nobody knows what became of a step.
---@param step lastpass.plan.Step
---@return boolean
function methods:is_uncertain(step)
  local outcome = self.outcomes[step.number]
  return outcome ~= nil and (outcome.state == "uncertain" or outcome.state == "intended")
end

--- The steps of a list for which a method says yes.
---@param question "is_left"|"is_uncertain"
---@param steps? lastpass.plan.Step[] default all
---@return lastpass.plan.Step[]
function methods:select(question, steps)
  local list = {}
  for _, step in ipairs(steps or self.body.steps) do
    if self[question](self, step) then
      list[#list + 1] = step
    end
  end
  return list
end

--- The steps by whom they are about, each list in the order of the plan.
---@return table<string, lastpass.plan.Step[]> by the folded address
function methods:by_subject()
  if not self._by_subject then
    self._by_subject = {}
    for _, step in ipairs(self.body.steps) do
      local key = email.fold(step.subject)
      self._by_subject[key] = self._by_subject[key] or {}
      table.insert(self._by_subject[key], step)
    end
  end
  return self._by_subject
end

--- Reads the directory: everybody, or the few people whom a direct run names.
---@return lastpass.Snapshot|nil
---@return string? message
---@return lastpass.Error? err
function methods:read_directory()
  return self.client:snapshot(self.body.named and { named = self.body.named })
end

--- Ends the run before its end: what is under way comes to its own end, nothing more is begun. The
-- first reason counts.
---@param err lastpass.Error
function methods:stop(err)
  self.stopped = self.stopped or err
end

--- Stops when whoever started the run wants it.
function methods:look_for_cancel()
  local cancel = self.options.cancel
  if cancel and not self.stopped and cancel() then
    self:stop(M.interrupted())
  end
end

--- The reason of a run that was interrupted.
---@return lastpass.Error
function M.interrupted()
  local _, _, err =
    errors.fail("cancelled", "interrupted", "the run was interrupted; what was under way is done")
  return err
end

--- Waits, but not after a wish to stop.
---@param seconds number
function methods:sleep(seconds)
  local ends_at = loop.now() + seconds
  self:look_for_cancel()
  while not self.stopped and loop.now() < ends_at do
    loop.sleep(math.min(SLICE, ends_at - loop.now()))
    self:look_for_cancel()
  end
end

--- Writes down what is about to be done; when this returns true, it is on the disk.
---@param steps lastpass.plan.Step[]
---@return boolean
function methods:intend(steps)
  local list = {}
  for place, step in ipairs(steps) do
    list[place] = {
      number = step.number,
      kind = step.kind,
      subject = step.subject,
      before = step.before,
      after = step.after,
    }
  end
  local ok, _, err = self.journal:intend(self.run_id, list)
  if not ok then
    self:stop(err)
    return false
  end
  for _, step in ipairs(steps) do
    self.outcomes[step.number] = { state = "intended" }
  end
  return true
end

--- How often the answer to a step was lost by this process.
---@param step lastpass.plan.Step
---@return integer
function methods:times_lost(step)
  return self._times_lost[step.number] or 0
end

-- A call whose answer was lost is a failure until all its rows prove to have been done.
local function forgive(self, number)
  local lost = self._lost_calls[number]
  if lost then
    self._lost_calls[number] = nil
    lost.rows = lost.rows - 1
    if lost.rows == 0 then
      self._failures = self._failures - 1
    end
  end
end

local function count_failures(self, entries)
  local lost = { rows = 0 }
  for _, entry in ipairs(entries) do
    local number = entry.step.number
    if entry.state == "refused" then
      self._failures = self._failures + 1
    elseif entry.state == "done" or entry.state == "unchanged" then
      forgive(self, number)
    elseif entry.state == "uncertain" then
      self._times_lost[number] = (self._times_lost[number] or 0) + 1
      if not self._lost_calls[number] then
        self._lost_calls[number] = lost
        lost.rows = lost.rows + 1
      end
    end
  end
  if lost.rows > 0 then
    self._failures = self._failures + 1
  end
end

--- Writes down what became of steps.
---@param entries table[] {step, state, reason, code}
function methods:settle(entries)
  if #entries == 0 then
    return
  end
  local list = {}
  for place, entry in ipairs(entries) do
    local step = entry.step
    self.outcomes[step.number] = { state = entry.state, reason = entry.reason, code = entry.code }
    self.settled = self.settled + (final[entry.state] and 1 or 0)
    list[place] = {
      number = step.number,
      kind = step.kind,
      subject = step.subject,
      state = entry.state,
      reason = entry.reason,
      code = entry.code,
    }
  end
  count_failures(self, entries)
  local ok, _, err = self.journal:settle(self.run_id, list)
  if not ok then
    self:stop(err)
  end
  if self.progress then
    self.progress:show(self.settled, entries[1].step.kind)
  end
end

--- Whether so much has failed that the run ends: rows refused, and calls without an answer.
---@return boolean
function methods:has_failed_enough()
  return self._failures >= self.options.stop_after
end

--- Begins to keep what a run knows.
---@param fields table client, journal, tenant, lock, plan, body, options; outcomes of an earlier part
---@return lastpass.plan.Work
function M.new(fields)
  local work = {
    outcomes = {},
    requests = 0,
    settled = 0,
    _times_lost = {},
    _lost_calls = {},
    _failures = 0,
  }
  for name, value in pairs(fields) do
    work[name] = value
  end
  for _, outcome in pairs(work.outcomes) do
    work.settled = work.settled + (final[outcome.state] and 1 or 0)
  end
  return setmetatable(work, work_mt)
end

return M
