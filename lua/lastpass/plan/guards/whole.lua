--- Guards that refuse the whole plan, with the numbers and what would allow it.
-- @module lastpass.plan.guards.whole
local holding = require "lastpass.plan.guards.holding"
local key_of = require("lastpass.email").fold
local limits = require "lastpass.plan.limits"

local M = {}

local function refuse(context, guard, message, allow)
  context.refusals[#context.refusals + 1] = { guard = guard, message = message, allow = allow }
end

--- Counts what limits count.
---@param work table of `steps.compute`
---@param context table see `guards.check`
function M.limits(work, context)
  context.counts = limits.count(holding.open_steps(work))
  local settings = work.declared.settings.limits
  local found = limits.refusals(settings, context.counts, context, context.done_lately)
  for _, refusal in ipairs(found) do
    context.refusals[#context.refusals + 1] = refusal
  end
end

--- The last admin stays.
---@param work table of `steps.compute`
---@param context table admins
function M.last_admin(work, context)
  local removed, seen = 0, {}
  for _, step in ipairs(holding.open_steps(work)) do
    local key = key_of(step.subject)
    local image = work.images[key].image
    if holding.removes(step) and image.admin and image.status == "active" and not seen[key] then
      removed, seen[key] = removed + 1, true
    end
  end
  if removed > 0 and removed >= context.admins then
    refuse(
      context,
      "last_admin",
      ("no active admin would be left: %d of %d would go"):format(removed, context.admins),
      'protect "an admin\'s address" in the playbook; no option allows this'
    )
  end
end

return M
