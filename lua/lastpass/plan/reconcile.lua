--- A run against the directory: before it, who has changed since the plan was made; after lost answers, what became
-- of those steps; at the end, whether all that was done shows.
-- @module lastpass.plan.reconcile
local changes = require "lastpass.directory.changes"
local email = require "lastpass.email"
local state = require "lastpass.plan.state"
local time = require "lastpass.time"
local waiting = require "lastpass.transport.scheduler"

local M = {}

local says_done = { done = true, unchanged = true }

local function outcome(step, name, code, reason)
  return { step = step, state = name, code = code, reason = reason }
end

local function by_number(entries)
  table.sort(entries, function(a, b)
    return a.step.number < b.step.number
  end)
  return entries
end

-- How somebody ought to be now: as the plan saw them, with what the run has done since. The steps are
-- those of that person.
local function expected_state(work, steps)
  local expected = work.body.objects[steps[1].subject]
  for _, step in ipairs(steps) do
    local known = work.outcomes[step.number]
    if known and says_done[known.state] then
      expected = state.after(expected, step)
    end
  end
  return expected
end

-- Over SCIM a step can be half done: an account is created first and put into groups then, and each group is a request.
-- What an earlier attempt has done of such a step is no change by somebody else.
local function is_half_done(work, step)
  local known = work.outcomes[step.number]
  return step.via == "scim" and known ~= nil and known.intended_at ~= nil
end

local function classify_changed(work, steps, snapshot, entries)
  local left = work:select("is_left", steps)
  local known = #left > 0 and work.outcomes[left[1].number]
  if #left == 0 or known and known.code == "created" then
    return
  end
  local now = state.at(snapshot, steps[1].subject)
  local expected = expected_state(work, steps)
  for _, step in ipairs(left) do
    expected = is_half_done(work, step) and state.after_part(expected, step, now) or expected
  end
  local differences = state.differences(expected, now)
  if #differences == 0 then
    return
  end
  local what = table.concat(differences, "; ")
  for _, step in ipairs(left) do
    if state.satisfies(now, step) then
      entries[#entries + 1] = outcome(step, "unchanged", "is_so", "is so already: " .. what)
    else
      local reason = "has changed since the plan was made: " .. what
      entries[#entries + 1] = outcome(step, "stale", "changed_since", reason)
    end
  end
end

--- Finds the steps, of those that are left, whose people have changed.
---@param work lastpass.plan.Work
---@param snapshot lastpass.Snapshot
---@return table[] entries {step, state "stale" or "unchanged", reason, code}, by number
function M.changed(work, snapshot)
  local entries = {}
  for _, steps in pairs(work:by_subject()) do
    classify_changed(work, steps, snapshot, entries)
  end
  return by_number(entries)
end

-- Steps whose answer was lost: the directory is read back, as often as it takes to be sure. A step that it shows is
-- done. One that it does not show may still be under way: the server may take longer than the client waits. So it
-- stays uncertain until the time limit of its call and a margin are over; what a later read does not show either was
-- not done, and is tried once more. What no read can show is unknown for good, and never repeated.

-- How often a step is sent whose answers are lost, over all parts of a run.
local MOST_TRIES = 2

-- Seconds before the first, second … and every later read.
local PAUSES = { 0.2, 1, 3, 5, 5, 10, 10, 30 }
-- A large directory is read for a while; most of the time should go by between the reads.
local TIMES_A_READ = 4

local UNKNOWN = "its answer was lost, and the directory does not show whether it was done"

local function record_traceless(work, steps)
  local entries, rest = {}, {}
  for _, step in ipairs(steps) do
    if changes.is_traceless(step) then
      entries[#entries + 1] = outcome(step, "unknown", "traceless", UNKNOWN)
    else
      rest[#rest + 1] = step
    end
  end
  work:record(entries)
  return rest
end

-- What of a step the directory does not show; nil when it shows all that it can.
local function what_is_missing(now, step)
  if not state.satisfies(now, step) then
    return "not done"
  elseif step.kind ~= "create" or now.status == "invited" then
    return nil -- the groups of who is only invited are not shown (enterprise-api §4.8)
  end
  local joined = { kind = "groups", after = { join = step.after.groups } }
  return not state.satisfies(now, joined) and "not in all groups" or nil
end

-- The server's remark fits no row: the directory says which rows it is about.
local function classify_remarked(step, known, now, before)
  local reason, lacks =
    known.reason or "the server made a remark about it", what_is_missing(now, step)
  if not lacks then
    return outcome(step, "done", "read_back", "read back; " .. reason)
  end
  local done = state.differences(before, now)
  if #done == 0 then
    return outcome(step, "refused", "unclear_remark", reason)
  end
  local in_part = "%s (done in part: %s; %s)"
  reason = in_part:format(reason, table.concat(done, "; "), lacks)
  return outcome(step, "refused", "done_in_part", reason)
end

local function classify_absent(work, step)
  local tries = work:times_lost(step) + 1
  if tries >= MOST_TRIES then
    local reason = "tried %d times without an answer, and the directory does not show it"
    return outcome(step, "not_confirmed", "no_effect", reason:format(tries))
  end
  local reason = "its answer was lost, and the directory shows that it was not done"
  return outcome(step, "not_tried", "lost", reason)
end

local CREATED = "its answer was lost, and the account exists; the groups are given now"
local NO_GROUPS_KNOWN = "was created; after %d tries it is not known which groups were given"

-- A step that the directory shows. Over SCIM that an account exists does not say that it is in the groups.
local function classify_shown(work, step, now)
  local is_half = step.via == "scim" and step.kind == "create" and #step.after.groups > 0
  local is_shown = now.status ~= "invited" and not what_is_missing(now, step)
  if not is_half or is_shown then
    return outcome(step, "done", "read_back", "read back")
  end
  local tries = work:times_lost(step) + 1
  if tries >= MOST_TRIES then
    return outcome(step, "not_confirmed", "groups_unknown", NO_GROUPS_KNOWN:format(tries))
  end
  return outcome(step, "not_tried", "created", CREATED)
end

-- Whether a read proves that a step was not done: the server is no longer at work on it, and an earlier
-- read did not show it either. For what cannot come back whole, both reads must be so late.
local function is_proof(work, step, times)
  local doubt_until = work:doubt_until(step)
  local first = times.absent[step.number]
  return first ~= nil
    and times.read_utc >= doubt_until
    and times.read - first.at >= work.options.settle_after
    and (changes.by_name[step.kind].reversal == "reversible" or first.utc >= doubt_until)
end

-- Remembers since when reads do not show a step; for what must not be done twice, since when it counts.
local function note_absent(work, step, times)
  local first = times.absent[step.number]
  if
    not first
    or changes.by_name[step.kind].reversal ~= "reversible"
      and first.utc < work:doubt_until(step)
      and times.read_utc >= work:doubt_until(step)
  then
    times.absent[step.number] = { at = times.seen, utc = times.read_utc }
  end
end

-- Classifies each step by one read; what is not decided yet is given back.
local function classify(work, steps, snapshot, times)
  local entries, undecided = {}, {}
  for _, step in ipairs(steps) do
    local now = state.at(snapshot, step.subject)
    local known = work.outcomes[step.number]
    if known.code == "unclear_remark" then
      local before = expected_state(work, work:by_subject()[email.fold(step.subject)])
      entries[#entries + 1] = classify_remarked(step, known, now, before)
    elseif state.satisfies(now, step) then
      entries[#entries + 1] = classify_shown(work, step, now)
    elseif is_proof(work, step, times) then
      entries[#entries + 1] = classify_absent(work, step)
    else
      note_absent(work, step, times)
      undecided[#undecided + 1] = step
    end
  end
  work:record(entries)
  return undecided
end

-- When, at the earliest, a read can prove something about a step, in seconds from now.
local function seconds_to_proof(work, step, times)
  local in_doubt = work:doubt_until(step) - time.now()
  local first = times.absent[step.number]
  local apart = first and first.at + work.options.settle_after - waiting.now() or 0
  return math.max(in_doubt, apart, 0)
end

-- Not longer than it takes until the first of the steps can be decided.
local function pause_before(work, number, steps, times)
  local pause = math.max(PAUSES[number] or PAUSES[#PAUSES], TIMES_A_READ * (times.took or 0))
  if number > 1 then
    for _, step in ipairs(steps) do
      pause = math.min(pause, seconds_to_proof(work, step, times))
    end
  end
  return pause
end

-- A long wait is announced, with its end.
local function announce(work, steps)
  local until_utc = 0
  for _, step in ipairs(steps) do
    until_utc = math.max(until_utc, work:doubt_until(step))
  end
  work:show_waiting(#steps, until_utc)
end

--- Finds out what became of steps whose outcome is uncertain: done, when the directory shows it; to be
-- tried again, once, when the server can no longer be at work on it (`late_margin`) and two reads at least
-- `settle_after` seconds apart do not show it; not confirmed, when that was the second time; unknown,
-- when no read can show it. When the wait is stopped, they stay uncertain. The run stops when the
-- directory cannot be read.
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[]
function M.lost_answers(work, steps)
  steps = record_traceless(work, steps)
  local times, reads = { absent = {} }, 0
  while #steps > 0 and not work.stopped do
    reads = reads + 1
    if reads > 2 then
      announce(work, steps)
    end
    work:sleep(pause_before(work, reads, steps, times))
    if work.stopped or not work:is_alive() then
      return
    end
    times.read, times.read_utc = waiting.now(), time.now()
    local snapshot, _, err = work:read_directory()
    if not snapshot then
      return work:stop(err)
    end
    times.seen = waiting.now()
    times.took = times.seen - times.read
    steps = classify(work, steps, snapshot, times)
  end
end

-- The end of a run: a server that answers OK and does nothing, or half of it, must not be believed.

-- Seconds before the second, third … and every later read: what was written may show a little later.
local CONFIRM_PAUSES = { 0.5, 1, 2, 4 }

-- Failures after which no read can be had, or nothing can be written down.
local hopeless = { transport = true, auth = true, throttled = true }
local of_journal = {
  lock_lost = true,
  store_full = true,
  store_failed = true,
  store_damaged = true,
}

-- The steps of one user that say they are done; of a user who was taken out at last nothing else shows.
local function done_steps(work, steps)
  local list = {}
  for _, step in ipairs(steps) do
    local known = work.outcomes[step.number]
    if known and says_done[known.state] then
      list[#list + 1] = step
    end
  end
  local last = list[#list]
  return last and changes.by_name[last.kind].status == "absent" and { last } or list
end

local function is_unconfirmed(work, step)
  return not work.outcomes[step.number].confirmed and not changes.is_traceless(step)
end

local NOT_SHOWN = "the server said it was done, and the directory does not show it: %s"

-- Steps that this read does not show, each with what is missing.
local function not_shown(work, snapshot)
  local entries = {}
  for _, steps in pairs(work:by_subject()) do
    local now
    for _, step in ipairs(done_steps(work, steps)) do
      if is_unconfirmed(work, step) then
        now = now or state.at(snapshot, step.subject)
        local missing = state.missing(now, step)
        if #missing > 0 then
          local reason = NOT_SHOWN:format(table.concat(missing, "; "))
          entries[#entries + 1] = outcome(step, "not_confirmed", "not_shown", reason)
        end
      end
    end
  end
  return by_number(entries)
end

-- Drift asks for the directory that a run has left behind when it came to its end.
local function is_needed(work)
  if work.sent > 0 and not work.stopped then
    return true
  end
  for _, step in ipairs(work.body.steps) do
    local known = work.outcomes[step.number]
    if
      known
      and says_done[known.state]
      and known.code ~= "is_so"
      and is_unconfirmed(work, step)
    then
      return true
    end
  end
  return false
end

-- The end of a run does not wait until the server may be asked again.
local function can_read(work)
  local stopped = work.stopped
  return not stopped
    or not hopeless[stopped.kind]
      and not of_journal[stopped.code]
      and waiting.now() >= (work.pause_ends or 0)
end

-- Reads until all is shown or the time is over. A run that was stopped is read once more as well.
local function read_until_shown(work)
  local begun, reads = nil, 0
  while true do
    local snapshot, _, err = work:read_directory()
    if not snapshot then
      return nil, err
    end
    begun = begun or waiting.now()
    local entries = not_shown(work, snapshot)
    reads = reads + 1
    local left = begun + work.options.confirm_within - waiting.now()
    if #entries == 0 or left <= 0 then
      return snapshot, entries
    end
    waiting.sleep(math.min(CONFIRM_PAUSES[reads] or CONFIRM_PAUSES[#CONFIRM_PAUSES], left))
  end
end

--- Compares the directory with the steps of a run that say they are done, and records those that it does
-- not show as not confirmed. When it cannot be read, the run is stopped: resume confirms it later.
---@param work lastpass.plan.Work
---@return lastpass.Snapshot|nil snapshot the read; nil when none was needed, or none could be had
function M.confirm(work)
  if not is_needed(work) then
    return work.snapshot
  elseif not can_read(work) then
    return nil
  end
  local snapshot, result = read_until_shown(work)
  if not snapshot then
    work:stop(result)
    return nil
  end
  work:record(result)
  local ok, _, err = work.journal:confirm(work.run_id)
  if not ok then
    work:stop(err)
  end
  return snapshot
end

return M
