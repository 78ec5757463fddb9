--- Steps of runs: what is about to be done is on the disk before it is done, what became of it after.
-- @module lastpass.store.steps
local errors = require "lastpass.error"
local json = require "lastpass.json"
local locks = require "lastpass.store.lock"
local time = require "lastpass.time"
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local M = {}

-- Rows of one statement: at most nine placeholders each, see store.database.
local CHUNK = 100

-- true: only after `intend`, as it may have changed something
local recorded_states = {
  done = true,
  uncertain = true,
  unknown = true,
  not_confirmed = true,
  unchanged = false,
  refused = false,
  stale = false,
  not_tried = false,
  held = false,
}

local ended = { finished = true, abandoned = true }

-- The row of a step's run; for writing, so a run that is ended meanwhile has to wait.
local function run_of(database, self, run)
  local row = database:first("SELECT tenant, state FROM lastpass_runs WHERE id = ? @locked", run)
  if row then
    return row
  end
  local message = ("journal %s: there is no run %d"):format(self._database.label, run)
  return errors.fail("argument", "no_such_run", message, { hint = "journal:runs{} lists them" })
end

-- Writes the rows of fn(step), as many with one statement as fit; gives what RETURNING does. What is
-- there already is classified by the statement itself: asking for it first took PostgreSQL, which knows
-- nothing of a table that grows within a transaction, longer than writing.
local function write_rows(database, statement, list, columns, fn)
  local returned = {}
  for first = 1, #list, CHUNK do
    local last = math.min(first + CHUNK - 1, #list)
    local bound, count = {}, 0
    for index = first, last do
      local row = fn(list[index])
      for column = 1, columns do
        bound[count + column] = row[column]
      end
      count = count + columns
    end
    local marks = (statement.row .. ", "):rep(last - first) .. statement.row
    local sql = statement.head .. marks .. statement.tail
    for _, row in ipairs(database:run(sql, bound, count)) do
      returned[row.number] = row
    end
  end
  return returned
end

-- A step that is done is left alone, and not returned.
local INTEND = {
  head = "INSERT INTO lastpass_steps (run, number, kind, subject, before_image, after_image, "
    .. "intended_at, touched_at, doubt_until, state, attempt) VALUES ",
  row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, 'intended', 1)",
  tail = " ON CONFLICT (run, number) DO UPDATE SET kind = excluded.kind, "
    .. "subject = excluded.subject, state = excluded.state, reason = NULL, code = NULL, "
    .. "before_image = COALESCE(excluded.before_image, lastpass_steps.before_image), "
    .. "after_image = COALESCE(excluded.after_image, lastpass_steps.after_image), "
    .. "attempt = lastpass_steps.attempt + 1, intended_at = excluded.intended_at, "
    .. "doubt_until = excluded.doubt_until, confirmed_at = NULL, "
    .. "settled_at = NULL, touched_at = excluded.touched_at "
    .. "WHERE lastpass_steps.state <> 'done' RETURNING {number}",
}

local function write_intents(database, run, list, now)
  local written = write_rows(database, INTEND, list, 9, function(step)
    return {
      run,
      step.number,
      step.kind,
      step.subject,
      step.before,
      step.after,
      now,
      now,
      step.doubt_until,
    }
  end)
  for _, step in ipairs(list) do
    if not written[step.number] then
      errors.raise(2, "journal:intend: step %d of run %d is done", step.number, run)
    end
  end
end

local function intend(database, self, run, list)
  local row, message, err = run_of(database, self, run)
  if not row then
    return nil, message, err
  elseif ended[row.state] then
    message = ("journal %s: run %d is %s"):format(self._database.label, run, row.state)
    return errors.fail("conflict", "run_ended", message, { hint = "begin a new run" })
  end
  local ok
  ok, message, err = locks.renew_within(database, self, row.tenant)
  if not ok then
    return nil, message, err
  end
  write_intents(database, run, list, time.now())
  if row.state == "stopped" then
    database:query("UPDATE lastpass_runs SET state = 'running', finished = NULL WHERE id = ?", run)
  end
  return true
end

local function check_number(where, item, seen)
  if type(item) ~= "table" then
    errors.raise(3, "%s: a step must be a table, not %s", where, type(item))
  end
  local number = values.whole(where, "a step's number", item.number)
  if seen[number] then
    errors.raise(3, "%s: step %d is in the list twice", where, number)
  end
  seen[number] = true
  return number
end

local function encode_state(where, name, value)
  value = values.optional_table(where, name, value)
  return value and json.encode(value)
end

--- Writes down what is about to be done. When this returns true, it is on the disk. A step that is
-- open, or recorded as anything but done, may be intended again: its `attempt` goes up. When this
-- journal has the company's lock, nothing is written once the lock was lost, and the lock shows a
-- sign of life.
---@param run integer
---@param list table[] {number, kind, subject, before (table or nil), after (table or nil), doubt_until
-- (epoch seconds until when the server may still execute the call, or nil)}; a step that is done
-- raises
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run", "run_ended", "lock_lost" and those of failures
function M:intend(run, list)
  local where = "journal:intend"
  run = values.whole(where, "run", run)
  local steps, seen = {}, {}
  for index, item in ipairs(values.list(where, "steps", list)) do
    steps[index] = {
      number = check_number(where, item, seen),
      kind = values.name(where, "a step's kind", item.kind),
      subject = values.name(where, "a step's subject", item.subject),
      before = encode_state(where, "a step's before", item.before),
      after = encode_state(where, "a step's after", item.after),
      doubt_until = values.optional_whole(where, "a step's doubt_until", item.doubt_until),
    }
  end
  return self._database:transaction(intend, self, run, steps)
end

local RECORD = {
  head = "INSERT INTO lastpass_steps (run, number, kind, subject, state, reason, code, "
    .. "settled_at, touched_at, attempt) VALUES ",
  row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
  tail = " ON CONFLICT (run, number) DO UPDATE SET state = excluded.state, "
    .. "reason = excluded.reason, code = excluded.code, settled_at = excluded.settled_at, "
    .. "lost = COALESCE(lastpass_steps.lost, 0) "
    .. "+ CASE WHEN excluded.code = 'lost' THEN 1 ELSE 0 END, "
    .. "touched_at = excluded.touched_at RETURNING {number}, {attempt}",
}

local function record_outcomes(database, self, run, list)
  local found, message, err = run_of(database, self, run)
  if not found then
    return nil, message, err
  end
  local now = time.now()
  local written = write_rows(database, RECORD, list, 9, function(step)
    return {
      run,
      step.number,
      step.kind,
      step.subject,
      step.state,
      step.reason,
      step.code,
      now,
      now,
    }
  end)
  for _, step in ipairs(list) do
    if recorded_states[step.state] and written[step.number].attempt == 0 then
      local text = "journal:record: step %d of run %d is %s, but was never intended"
      errors.raise(2, text, step.number, run, step.state)
    end
  end
  return true
end

--- Writes down what became of steps. A lost lock does not matter here: what happened has happened.
---@param run integer
---@param list table[] {number, state, reason, code}, state: done unchanged refused stale uncertain
-- unknown not_confirmed not_tried held. A step that was never intended can only be one that changed nothing; then
-- kind and subject may be given too
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run" and those of failures
function M:record(run, list)
  local where = "journal:record"
  run = values.whole(where, "run", run)
  local steps, seen = {}, {}
  for index, item in ipairs(values.list(where, "steps", list)) do
    steps[index] = {
      number = check_number(where, item, seen),
      kind = item.kind and values.name(where, "a step's kind", item.kind) or "",
      subject = item.subject and values.name(where, "a step's subject", item.subject) or "",
      state = values.word(where, "a step's state", item.state, recorded_states),
      reason = values.optional_text(where, "a step's reason", item.reason),
      code = values.optional_text(where, "a step's code", item.code),
    }
  end
  return self._database:transaction(record_outcomes, self, run, steps)
end

local function renew(database, self, run, numbers, doubt_until)
  local row, message, err = run_of(database, self, run)
  if not row then
    return nil, message, err
  end
  local ok
  ok, message, err = locks.renew_within(database, self, row.tenant)
  if not ok then
    return nil, message, err
  end
  local now = time.now()
  for _, number in ipairs(numbers) do
    database:query(
      "UPDATE lastpass_steps SET intended_at = ?, touched_at = ?, doubt_until = ? "
        .. "WHERE run = ? AND number = ? AND state = 'intended'",
      now,
      now,
      doubt_until,
      run,
      number
    )
  end
  return true
end

--- Moves the intent of steps that had to wait before they were sent: the server's time begins now.
---@param run integer
---@param numbers integer[] of steps that are intended
---@param doubt_until integer epoch seconds
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run", "lock_lost" and those of failures
function M:renew_intent(run, numbers, doubt_until)
  local where = "journal:renew_intent"
  return self._database:transaction(
    renew,
    self,
    values.whole(where, "run", run),
    values.list(where, "numbers", numbers),
    values.whole(where, "doubt_until", doubt_until)
  )
end

local function confirm(database, run)
  database:query(
    "UPDATE lastpass_steps SET confirmed_at = ? WHERE run = ? AND confirmed_at IS NULL "
      .. "AND state IN ('done', 'unchanged')",
    time.now(),
    run
  )
  return true
end

--- Writes down that the directory was read and shows what the steps of a run say, those of states
-- "done" and "unchanged". What it does not show is to be recorded as "not_confirmed" before.
---@param run integer
---@return true|nil
---@return string? message
---@return lastpass.Error? err those of failures
function M:confirm(run)
  return self._database:transaction(confirm, values.whole("journal:confirm", "run", run))
end

return M
