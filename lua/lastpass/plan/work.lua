--- What a run knows while it is under way: the steps and what became of them, in memory and in the
-- journal alike.
-- @module lastpass.plan.work
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local rest_batches = require "lastpass.plan.rest_batches"
local waiting = require "lastpass.transport.scheduler"
local time = require "lastpass.time"

local M = {}

---@class lastpass.plan.Outcome
---@field state string  as the journal has it; "intended" between the intent and the answer
---@field reason? string
---@field code? string
---@field intended_at? integer epoch seconds, of the last attempt
---@field doubt_until? integer epoch seconds: until when the server may still act on the call
---@field lost? integer  how often its answer was lost and the directory showed nothing, or not all, of it
---@field created? boolean over SCIM: the account was made by an earlier attempt, its groups were not given
---@field confirmed? boolean the directory was read and shows it

---@class lastpass.plan.Work
---@field client lastpass.Client
---@field scim lastpass.scim.Client|false what carries the steps that go over SCIM
---@field rest? lastpass.business.Client  what carries those that go over the REST API
---@field scim_groups table<string, string> ids of groups by name
---@field scim_ids? table<string, string> ids of users by the key of the address, once they were read
---@field journal lastpass.store.Journal
---@field tenant string
---@field lock lastpass.store.Lock
---@field run_id? integer
---@field plan string      name of the plan
---@field body table       of the plan
---@field document? string the plan file's bytes
---@field private? table<string, table> by address: what is sent and written down nowhere
---@field options lastpass.plan.ApplyOptions complete
---@field outcomes table<integer, lastpass.plan.Outcome> by the step's number
---@field requests integer calls that write, over all parts of the run
---@field sent integer    the same, of this part
---@field over integer     how many steps are over
---@field stopped? lastpass.Error
---@field pause_ends? number moment of `waiting.now()` until which the server has asked to wait
---@field progress? table
local methods = {}
local work_mt = { __name = "lastpass.plan.Work", __index = methods }

-- Nothing more happens to steps in these states.
local final = {
  done = true,
  unchanged = true,
  refused = true,
  stale = true,
  unknown = true,
  not_confirmed = true,
}

-- How long a slice of a wait lasts: so soon the run can be stopped.
local SLICE = 0.1 -- seconds

--- Whether a step is still to be applied.
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

--- The steps by the user they are about, each list in the order of the plan.
---@return table<string, lastpass.plan.Step[]> by the key of the address
function methods:by_subject()
  self._by_subject = self._by_subject or select(2, document.by_subject(self.body.steps))
  return self._by_subject
end

--- Reads the directory: everybody, or the few people whom a direct run names.
---@return lastpass.Snapshot|nil
---@return string? message
---@return lastpass.Error? err
function methods:read_directory()
  local snapshot, message, err =
    self.client:snapshot(self.body.named and { named = self.body.named })
  local ok = snapshot
  if ok then
    ok, message, err = rest_batches.join_again(self.client, snapshot, self.body)
  end
  if not ok then
    return nil, message, err
  end
  return snapshot
end

--- Ends the run before its end: what is under way comes to its own end, nothing more is begun. The
-- first reason counts.
---@param err lastpass.Error
function methods:stop(err)
  self.stopped = self.stopped or err
end

--- Stops when the option `cancel` says so.
function methods:check_cancel()
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

--- Waits, until the run is stopped.
---@param seconds number
function methods:sleep(seconds)
  local ends_at = waiting.now() + seconds
  self:check_cancel()
  while not self.stopped and waiting.now() < ends_at do
    waiting.sleep(math.min(SLICE, ends_at - waiting.now()))
    self:check_cancel()
  end
end

-- Seconds that a call of this run may take.
local function call_limit(self)
  local limit = self.client:option "timeout"
  for _, client in pairs { self.scim or nil, self.rest } do
    limit = math.max(limit, client:option "timeout")
  end
  return limit
end

--- Until when the server may still be at work on a call that is sent now: its time limit, and a margin.
-- Two seconds more: the journal counts in whole ones, and an intent is not renewed for one.
---@param now? integer epoch seconds
---@return integer epoch seconds
function methods:doubt_from(now)
  return (now or time.now()) + 2 + math.ceil(call_limit(self) + self.options.late_margin)
end

--- Until when nobody can know what the server still does about a step. Journals of older versions do
-- not say it: then the time limit of this client counts.
---@param step lastpass.plan.Step
---@return integer epoch seconds
function methods:doubt_until(step)
  local outcome = self.outcomes[step.number]
  return outcome.doubt_until or self:doubt_from(outcome.intended_at)
end

--- Writes down what is about to be done; when this returns true, it is on the disk.
---@param steps lastpass.plan.Step[]
---@return boolean
function methods:intend(steps)
  local list = {}
  local now = time.now()
  local doubt_until = self:doubt_from(now)
  for index, step in ipairs(steps) do
    list[index] = {
      doubt_until = doubt_until,
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
    local before = self.outcomes[step.number]
    self.outcomes[step.number] = {
      state = "intended",
      intended_at = now,
      doubt_until = doubt_until,
      lost = before and before.lost,
      created = before and (before.created or before.code == "created"),
    }
  end
  return true
end

-- What had to wait since its intent was written gets a new time.
local function renew_intents(self, steps)
  local now, numbers = time.now(), {}
  for _, step in ipairs(steps) do
    local outcome = self.outcomes[step.number]
    if outcome.state == "intended" and now > outcome.intended_at + 1 then
      numbers[#numbers + 1] = step.number
    end
  end
  if #numbers == 0 then
    return true
  end
  local doubt_until = self:doubt_from(now)
  local ok, message, err = self.journal:renew_intent(self.run_id, numbers, doubt_until)
  if not ok then
    return nil, message, err
  end
  for _, number in ipairs(numbers) do
    self.outcomes[number].intended_at, self.outcomes[number].doubt_until = now, doubt_until
  end
  return true
end

--- The moment before a request goes out: the intent's time is so, and the company's lock is this run's.
---@param steps lastpass.plan.Step[] intended together
---@return true|nil
---@return string? message
---@return lastpass.Error? err nothing may be sent: the journal could not take it, or code "lock_lost"
function methods:note_sending(steps)
  local ok, message, err = renew_intents(self, steps)
  if not ok then
    return nil, message, err
  end
  return self.lock:secure(call_limit(self))
end

--- How often a step was sent and proved not to have been done, over all parts of the run.
---@param step lastpass.plan.Step
---@return integer
function methods:times_lost(step)
  local outcome = self.outcomes[step.number]
  return outcome and outcome.lost or 0
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

-- Whether a step has to be sent once more because its answer was lost.
local function is_lost(entry, before)
  return entry.code == "lost" or entry.code == "created" and before.state == "uncertain"
end

--- Writes down what became of steps.
---@param entries table[] {step, state, reason, code}
function methods:record(entries)
  if #entries == 0 then
    return
  end
  local list = {}
  for index, entry in ipairs(entries) do
    local step = entry.step
    local before = self.outcomes[step.number] or {}
    self.outcomes[step.number] = {
      state = entry.state,
      reason = entry.reason,
      code = entry.code,
      intended_at = before.intended_at,
      doubt_until = before.doubt_until,
      lost = (before.lost or 0) + (is_lost(entry, before) and 1 or 0),
      created = before.created,
    }
    local before_over = final[before.state] and 1 or 0
    self.over = self.over + (final[entry.state] and 1 or 0) - before_over
    list[index] = {
      number = step.number,
      kind = step.kind,
      subject = step.subject,
      state = entry.state,
      reason = entry.reason,
      code = entry.code,
    }
  end
  count_failures(self, entries)
  local ok, _, err = self.journal:record(self.run_id, list)
  if not ok then
    self:stop(err)
  end
  if self.progress then
    self.progress:show(self.over, entries[1].step.kind)
  end
end

--- Renews the lock; stops the run when it was lost meanwhile.
---@return boolean
function methods:is_alive()
  local ok, _, err = self.lock:renew()
  if not ok then
    self:stop(err)
  end
  return ok == true
end

--- Shows that the run waits for calls whose answers were lost.
---@param count integer steps
---@param until_utc integer epoch seconds
function methods:show_waiting(count, until_utc)
  if self.progress then
    self.progress:show_waiting(self.over, { steps = count, until_utc = until_utc })
  end
end

--- Whether so much has failed that the run ends: rows refused, and calls without an answer.
---@return boolean
function methods:has_failed_enough()
  return self._failures >= self.options.stop_after
end

--- Whether a further step may be begun.
---@return boolean
function methods:may_go_on()
  self:check_cancel()
  return not self.stopped and not self:has_failed_enough()
end

--- Makes the record of a run.
---@param fields table client, journal, tenant, lock, plan, body, options; outcomes of an earlier part
---@return lastpass.plan.Work
function M.new(fields)
  local work = {
    outcomes = {},
    scim_groups = {},
    requests = 0,
    sent = 0,
    over = 0,
    _lost_calls = {},
    _failures = 0,
  }
  for name, value in pairs(fields) do
    work[name] = value
  end
  if work.body.rest then
    work.rest = assert(work.client:rest()) -- `surface.open` has asked for it
  end
  for _, outcome in pairs(work.outcomes) do
    work.over = work.over + (final[outcome.state] and 1 or 0)
  end
  return setmetatable(work, work_mt)
end

return M
