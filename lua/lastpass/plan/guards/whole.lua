--- Guards that refuse the whole plan, with the numbers and what would allow it.
-- @module lastpass.plan.guards.whole
local holding = require "lastpass.plan.guards.holding"
local key_of = require "lastpass.directory.key"
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

local function has_removals(work)
  for _, step in ipairs(holding.open_steps(work)) do
    if holding.removes(step) or step.kind == "groups" and #step.after.leave > 0 then
      return true
    end
  end
  return false
end

--- Whether a source has so many fewer rows than when it was last read to its end.
---@param settings table of `limits.merge`
---@param source table {rows}
---@param last table|nil {rows}
---@return boolean
function M.has_shrunk(settings, source, last)
  if not last then
    return false
  end
  return last.rows - source.rows > limits.allowed(limits.read(settings.shrink), last.rows, 1)
end

--- A source without rows, or with far fewer than before, takes nothing away.
---@param work table of `steps.compute`
---@param context table sources, last_source
function M.source_sizes(work, context)
  local settings = work.declared.settings.limits
  local shrink = limits.read(settings.shrink)
  for _, source in ipairs(context.sources) do
    local last = context.last_source(source.name)
    if source.complete and source.rows == 0 then
      if has_removals(work) then
        refuse(
          context,
          "empty_source",
          ("%s has no rows at all, and the plan takes things away"):format(source.name),
          "look at the source; leave it out of the playbook when it is meant to be empty"
        )
      end
    elseif source.complete and last and has_removals(work) then
      local lost = last.rows - source.rows
      if M.has_shrunk(settings, source, last) then
        refuse(
          context,
          "shrunk_source",
          ("%s has %d rows and had %d when it was last read to its end; the limit is %s"):format(
            source.name,
            source.rows,
            last.rows,
            shrink.text
          ),
          limits.setting("shrink", lost)
        )
      end
    end
  end
end

return M
