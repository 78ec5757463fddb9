--- Guards that are asked once more right before a run: the directory, and what other runs have done,
-- may be others than when the plan was made.
-- @module lastpass.plan.last_guards
local errors = require "lastpass.error"
local kinds = require "lastpass.plan.kinds"
local limits = require "lastpass.plan.limits"
local surroundings = require "lastpass.plan.surroundings"

local M = {}

local function is_active_admin(user)
  return user ~= nil and user.admin and user.status == "active"
end

--- Whether no active admin would be left.
---@param steps lastpass.plan.Step[]
---@param snapshot lastpass.Snapshot
---@return string|nil message nil when there would be one, or when no admin is touched
function M.last_admin(steps, snapshot)
  local removed, admins = 0, 0
  for _, step in ipairs(steps) do
    if kinds.by_name[step.kind].removes and is_active_admin(snapshot:user(step.subject)) then
      removed = removed + 1
    end
  end
  if removed == 0 then
    return nil
  end
  for user in snapshot:users { admin = true } do
    admins = admins + (is_active_admin(user) and 1 or 0)
  end
  return removed >= admins
      and ("no active admin would be left: %d of %d would go"):format(removed, admins)
    or nil
end

--- What a plan, or what is left of a run, may no longer do, after what runs did within a day, a week
-- and a month. What a run that is to go on has done itself belongs to its plan, not to earlier runs.
---@param body table of the plan
---@param steps lastpass.plan.Step[] those that would be carried out
---@param done_lately fun(name: string, span: table): integer|nil see `limits.refusals`
---@param own? lastpass.plan.Step[] those that the run itself has done
---@return table|nil refusal {guard, message, allow}; the first one
function M.spans(body, steps, done_lately, own)
  local settings = body.settings and body.settings.limits
  if not settings then
    return nil -- an undo has no limits
  end
  local counts, done = limits.count(steps), limits.count(own or {})
  for name, count in pairs(counts) do
    counts[name] = count > 0 and count + done[name] or 0
  end
  local function by_others(name, span)
    local amount = done_lately(name, span)
    return amount and math.max(amount - done[name], 0)
  end
  return limits.refusals(settings, counts, body.directory, by_others, true)[1]
end

local may_have_changed = {
  done = true,
  intended = true,
  uncertain = true,
  unknown = true,
  not_confirmed = true,
}

local function own_steps(work)
  local list = {}
  for _, step in ipairs(work.body.steps) do
    local outcome = work.outcomes[step.number]
    if outcome and may_have_changed[outcome.state] then
      list[#list + 1] = step
    end
  end
  return list
end

--- Asks both, right before a run begins or goes on.
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[] those that would be carried out
---@param snapshot lastpass.Snapshot
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard", code "last_admin", or "per_day", "per_week", "per_month"
function M.ask(work, steps, snapshot)
  local message = M.last_admin(steps, snapshot)
  if message then
    return errors.fail("guard", "last_admin", message, {
      hint = 'make the plan again with protect "an admin\'s address"; no option allows this',
    })
  end
  local done_lately, err
  done_lately, message, err = surroundings.done_lately(work.journal, work.tenant)
  if not done_lately then
    return nil, message, err
  end
  local refusal = M.spans(work.body, steps, done_lately, own_steps(work))
  if refusal then
    local code = refusal.guard:match "per_%a+$"
    return errors.fail("guard", code, refusal.message, { hint = refusal.allow })
  end
  return true
end

return M
