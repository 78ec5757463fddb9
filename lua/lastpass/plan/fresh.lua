--- The plan against the directory as it is right before a run: who has changed since is left alone.
-- @module lastpass.plan.fresh
local image = require "lastpass.plan.image"

local M = {}

--- How somebody ought to be now: as the plan saw them, with what the run has done since.
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[] of that person
---@return lastpass.plan.Image
function M.expected(work, steps)
  local expected = work.body.objects[steps[1].subject]
  for _, step in ipairs(steps) do
    local outcome = work.outcomes[step.number]
    if outcome and (outcome.state == "done" or outcome.state == "unchanged") then
      expected = image.after(expected, step)
    end
  end
  return expected
end

local function judge(work, steps, snapshot, entries)
  local left = work:select("is_left", steps)
  if #left == 0 then
    return
  end
  local now = image.of(snapshot:user(steps[1].subject))
  local differences = image.differences(M.expected(work, steps), now)
  if #differences == 0 then
    return
  end
  local what = table.concat(differences, "; ")
  for _, step in ipairs(left) do
    local holds = image.holds(now, step)
    entries[#entries + 1] = {
      step = step,
      state = holds and "unchanged" or "stale",
      reason = (holds and "is so already: " or "has changed since the plan was made: ") .. what,
      code = holds and "is_so" or "changed_since",
    }
  end
end

--- Finds the steps, of those that are left, whose people have changed.
---@param work lastpass.plan.Work
---@param snapshot lastpass.Snapshot
---@return table[] entries {step, state "stale" or "unchanged", reason, code}, by number
function M.changed(work, snapshot)
  local entries = {}
  for _, steps in pairs(work:by_subject()) do
    judge(work, steps, snapshot, entries)
  end
  table.sort(entries, function(a, b)
    return a.step.number < b.step.number
  end)
  return entries
end

return M
