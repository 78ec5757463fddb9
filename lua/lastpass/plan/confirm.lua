--- The end of a run: the directory is read and compared with what the steps say. A server that answers OK
-- and does nothing, or half of it, must not be believed.
-- @module lastpass.plan.confirm
local image = require "lastpass.plan.image"
local kinds = require "lastpass.plan.kinds"
local loop = require "lastpass.transport.waiting"

local M = {}

-- Seconds before the second, third … and every later read: what was written may show a little later.
local PAUSES = { 0.5, 1, 2, 4 }

-- Failures after which no read can be had, or nothing can be written down.
local hopeless = { transport = true, auth = true, throttled = true }
local of_journal = {
  lock_lost = true,
  store_full = true,
  store_failed = true,
  store_damaged = true,
}

local says_done = { done = true, unchanged = true }

-- The steps of one person that say they are done; who was taken out at last shows nothing else.
local function done_steps(work, steps)
  local list = {}
  for _, step in ipairs(steps) do
    local outcome = work.outcomes[step.number]
    if outcome and says_done[outcome.state] then
      list[#list + 1] = step
    end
  end
  local last = list[#list]
  return last and kinds.by_name[last.kind].ends_membership and { last } or list
end

local function is_open(work, step)
  return not work.outcomes[step.number].confirmed and not kinds.is_traceless(step)
end

-- Steps that this read does not show, each with what is missing.
local function not_shown(work, snapshot)
  local entries = {}
  for _, steps in pairs(work:by_subject()) do
    local now
    for _, step in ipairs(done_steps(work, steps)) do
      if is_open(work, step) then
        now = now or image.of(snapshot:user(step.subject))
        local missing = image.missing(now, step)
        if #missing > 0 then
          entries[#entries + 1] = {
            step = step,
            state = "not_confirmed",
            reason = ("the server said it was done, and the directory does not show it: %s"):format(
              table.concat(missing, "; ")
            ),
            code = "not_shown",
          }
        end
      end
    end
  end
  table.sort(entries, function(a, b)
    return a.step.number < b.step.number
  end)
  return entries
end

-- Drift asks for the directory that a run has left behind when it came to its end.
local function is_needed(work)
  if work.sent > 0 and not work.stopped then
    return true
  end
  for _, step in ipairs(work.body.steps) do
    local outcome = work.outcomes[step.number]
    if outcome and says_done[outcome.state] and outcome.code ~= "is_so" and is_open(work, step) then
      return true
    end
  end
  return false
end

-- Whoever ends a run is not kept waiting until the server may be asked again.
local function can_read(work)
  local stopped = work.stopped
  return not stopped
    or not hopeless[stopped.kind]
      and not of_journal[stopped.code]
      and loop.now() >= (work.pause_ends or 0)
end

-- Reads until all is shown or the time is over. A run that was stopped is read once more as well.
local function read(work)
  local begun, reads = nil, 0
  while true do
    local snapshot, _, err = work:read_directory()
    if not snapshot then
      return nil, err
    end
    begun = begun or loop.now()
    local entries = not_shown(work, snapshot)
    reads = reads + 1
    local left = begun + work.options.confirm_within - loop.now()
    if #entries == 0 or left <= 0 then
      return snapshot, entries
    end
    loop.sleep(math.min(PAUSES[reads] or PAUSES[#PAUSES], left))
  end
end

--- Compares the directory with the steps of a run that say they are done, and records those that it does
-- not show as not confirmed. When it cannot be read, the run is stopped: resume confirms it later.
---@param work lastpass.plan.Work
---@return lastpass.Snapshot|nil snapshot the read; nil when none was needed, or none could be had
function M.check(work)
  if not is_needed(work) then
    return work.snapshot
  elseif not can_read(work) then
    return nil
  end
  local snapshot, found = read(work)
  if not snapshot then
    work:stop(found)
    return nil
  end
  work:settle(found)
  local ok, _, err = work.journal:confirm(work.run_id)
  if not ok then
    work:stop(err)
  end
  return snapshot
end

return M
