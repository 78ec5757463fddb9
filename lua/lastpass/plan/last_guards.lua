--- Guards that are asked once more right before a run: the directory, and what other runs have done,
-- may be others than when the plan was made.
-- @module lastpass.plan.last_guards
local errors = require "lastpass.error"
local kinds = require "lastpass.plan.kinds"
local limits = require "lastpass.plan.limits"
local time = require "lastpass.time"

local M = {}

local DAY = 24 * 60 * 60

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

local function count_of(steps, entry)
  local count = 0
  for _, step in ipairs(steps) do
    for _, kind in ipairs(entry.kinds) do
      count = count + (step.kind == kind and 1 or 0)
    end
  end
  return count
end

--- Whether this plan and the runs of the last 24 hours together do more than a day allows.
---@param body table of the plan
---@param steps lastpass.plan.Step[]
---@param done_lately fun(kinds: string[]): integer
---@return string|nil message
---@return string? allow what would allow it
function M.per_day(body, steps, done_lately)
  local settings = body.settings and body.settings.limits
  if not settings then
    return nil -- an undo has no limits
  end
  for _, listed in ipairs(limits.list) do
    local entry = limits.by_name[listed[1]]
    local count, people = count_of(steps, entry), body.directory.people
    local message, allow = limits.beyond_a_day(settings, entry.name, people, count, done_lately)
    if message then
      return message, allow
    end
  end
  return nil
end

--- Asks both.
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[] those that would be carried out
---@param snapshot lastpass.Snapshot
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard", code "last_admin" or "per_day"
function M.ask(work, steps, snapshot)
  local message = M.last_admin(steps, snapshot)
  if message then
    return errors.fail("guard", "last_admin", message, {
      hint = 'make the plan again with protect "an admin\'s address"; no option allows this',
    })
  end
  local failure
  local allow
  message, allow = M.per_day(work.body, steps, function(names)
    local count, why, err = work.journal:count(work.tenant, names, time.now() - DAY)
    failure = failure or not count and { why, err } or nil
    return count or 0
  end)
  if failure then
    return nil, failure[1], failure[2]
  elseif message then
    return errors.fail("guard", "per_day", message, { hint = allow })
  end
  return true
end

return M
