--- What became of steps whose answer was lost: the directory is read back, as often as it takes to be
-- sure. A step that it shows is done. One that it does not show may still be under way: the server may
-- take longer than the client waits. So it is left uncertain until the time limit of its call and a
-- margin are over; what a later read does not show either was not done, and is tried once more. What no
-- read can show is unknown for good, and never repeated.
-- @module lastpass.plan.settle
local email = require "lastpass.email"
local fresh = require "lastpass.plan.fresh"
local image = require "lastpass.plan.image"
local kinds = require "lastpass.plan.kinds"
local loop = require "lastpass.transport.waiting"
local time = require "lastpass.time"

local M = {}

--- How often a step is sent whose answers are lost, over all parts of a run.
M.MOST_TRIES = 2

-- Seconds before the first, second … and every later read.
local PAUSES = { 0.2, 1, 3, 5, 5, 10, 10, 30 }
-- A large directory is read for a while; most of the time should go by between the reads.
local TIMES_A_READ = 4

local function file_traceless(work, steps)
  local entries, rest = {}, {}
  for _, step in ipairs(steps) do
    if kinds.is_traceless(step) then
      entries[#entries + 1] = {
        step = step,
        state = "unknown",
        reason = "its answer was lost, and the directory does not show whether it was done",
        code = "traceless",
      }
    else
      rest[#rest + 1] = step
    end
  end
  work:settle(entries)
  return rest
end

-- What of a step the directory does not show; nil when it shows all that it can.
local function missing(now, step)
  if not image.holds(now, step) then
    return "not done"
  elseif step.kind ~= "create" or now.status == "invited" then
    return nil -- the groups of who is only invited are not shown (enterprise-api §4.8)
  end
  local joined = { kind = "groups", after = { join = step.after.groups } }
  return not image.holds(now, joined) and "not in all groups" or nil
end

-- The server said something that fits no row: the directory says which rows it is about.
local function after_remark(step, outcome, now, before)
  local reason, lacks = outcome.reason or "the server minds it", missing(now, step)
  if not lacks then
    return { step = step, state = "done", reason = "read back; " .. reason, code = "read_back" }
  end
  local done = image.differences(before, now)
  if #done == 0 then
    return { step = step, state = "refused", reason = reason, code = "unclear_remark" }
  end
  return {
    step = step,
    state = "refused",
    reason = ("%s (done in part: %s; %s)"):format(reason, table.concat(done, "; "), lacks),
    code = "done_in_part",
  }
end

local function not_there(work, step)
  local tries = work:times_lost(step) + 1
  if tries >= M.MOST_TRIES then
    return {
      step = step,
      state = "not_confirmed",
      reason = ("tried %d times without an answer, and the directory does not show it"):format(
        tries
      ),
      code = "no_effect",
    }
  end
  return {
    step = step,
    state = "not_tried",
    reason = "its answer was lost, and the directory shows that it was not done",
    code = "lost",
  }
end

-- Whether a read proves that a step was not done: the server is no longer at work on it, and an earlier
-- read did not show it either. For what cannot come back whole, both reads must be so late.
local function is_proof(work, step, times)
  local doubt_until = work:doubt_until(step)
  local first = times.absent[step.number]
  return first ~= nil
    and times.read_utc >= doubt_until
    and times.read - first.at >= work.options.settle_after
    and (kinds.by_name[step.kind].reversal == "reversible" or first.utc >= doubt_until)
end

-- Remembers since when reads do not show a step; for what must not be done twice, since when it counts.
local function note_absent(work, step, times)
  local first = times.absent[step.number]
  if
    not first
    or kinds.by_name[step.kind].reversal ~= "reversible"
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
    local now = image.of(snapshot:user(step.subject))
    local outcome = work.outcomes[step.number]
    if outcome.code == "unclear_remark" then
      local before = fresh.expected(work, work:by_subject()[email.fold(step.subject)])
      entries[#entries + 1] = after_remark(step, outcome, now, before)
    elseif image.holds(now, step) then
      entries[#entries + 1] =
        { step = step, state = "done", reason = "read back", code = "read_back" }
    elseif is_proof(work, step, times) then
      entries[#entries + 1] = not_there(work, step)
    else
      note_absent(work, step, times)
      undecided[#undecided + 1] = step
    end
  end
  work:settle(entries)
  return undecided
end

-- When, at the earliest, a read can prove something about a step, in seconds from now.
local function seconds_to_proof(work, step, times)
  local in_doubt = work:doubt_until(step) - time.now()
  local first = times.absent[step.number]
  local apart = first and first.at + work.options.settle_after - loop.now() or 0
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
-- when no read can show it. Whoever stops the wait leaves them uncertain. The run stops when the
-- directory cannot be read.
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[]
function M.read_back(work, steps)
  steps = file_traceless(work, steps)
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
    times.read, times.read_utc = loop.now(), time.now()
    local snapshot, _, err = work:read_directory()
    if not snapshot then
      return work:stop(err)
    end
    times.seen = loop.now()
    times.took = times.seen - times.read
    steps = classify(work, steps, snapshot, times)
  end
end

return M
