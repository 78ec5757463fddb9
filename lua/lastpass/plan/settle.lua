--- What became of steps whose answer was lost: the directory is read back, as often as it takes to be
-- sure. What it does not show is unknown for good, and never repeated.
-- @module lastpass.plan.settle
local email = require "lastpass.email"
local fresh = require "lastpass.plan.fresh"
local image = require "lastpass.plan.image"
local kinds = require "lastpass.plan.kinds"
local loop = require "lastpass.transport.waiting"

local M = {}

--- How often a step is tried in one run whose answers are lost.
M.MOST_TRIES = 5

-- Seconds before the first, second and every later read.
local PAUSES = { 0.2, 1, 3 }

local function file_traceless(work, steps)
  local entries, rest = {}, {}
  for _, step in ipairs(steps) do
    if kinds.by_name[step.kind].traceless then
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
  if work:times_lost(step) >= M.MOST_TRIES then
    return {
      step = step,
      state = "refused",
      reason = ("tried %d times without an answer, and the directory does not show it"):format(
        work:times_lost(step)
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

-- Looks at each step with one read; what is not decided yet is given back.
local function judge(work, steps, snapshot, times)
  local entries, undecided = {}, {}
  for _, step in ipairs(steps) do
    local now = image.of(snapshot:user(step.subject))
    local outcome = work.outcomes[step.number]
    local absent_since = times.absent[step.number]
    if outcome.code == "unclear_remark" then
      local before = fresh.expected(work, work:by_subject()[email.fold(step.subject)])
      entries[#entries + 1] = after_remark(step, outcome, now, before)
    elseif image.holds(now, step) then
      entries[#entries + 1] =
        { step = step, state = "done", reason = "read back", code = "read_back" }
    elseif absent_since and times.read - absent_since >= work.options.settle_after then
      entries[#entries + 1] = not_there(work, step)
    else
      times.absent[step.number] = absent_since or times.seen
      undecided[#undecided + 1] = step
    end
  end
  work:settle(entries)
  return undecided
end

-- Not longer than it takes until the oldest doubt is old enough.
local function pause_before(number, settle_after, first_seen)
  local pause = PAUSES[number] or PAUSES[#PAUSES]
  if first_seen then
    pause = math.min(pause, first_seen + settle_after - loop.now())
  end
  return math.max(pause, 0)
end

--- Settles steps whose outcome is uncertain: done, when the directory shows it; to be tried again,
-- when two reads at least `settle_after` seconds apart do not show it; unknown, when no read can.
-- The run stops when the directory cannot be read.
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[]
function M.read_back(work, steps)
  steps = file_traceless(work, steps)
  local times, reads = { absent = {} }, 0
  local first_seen
  while #steps > 0 and not work.stopped do
    reads = reads + 1
    work:sleep(pause_before(reads, work.options.settle_after, first_seen))
    if work.stopped then
      return
    end
    times.read = loop.now()
    local snapshot, _, err = work:read_directory()
    if not snapshot then
      return work:stop(err)
    end
    times.seen = loop.now()
    first_seen = first_seen or times.seen
    steps = judge(work, steps, snapshot, times)
  end
end

return M
