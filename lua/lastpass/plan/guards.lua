--- Guards: what keeps a plan from harming the wrong people. Some hold single steps back, others
-- refuse the whole plan; each says the numbers, and the option that would allow it.
-- @module lastpass.plan.guards
local email = require "lastpass.email"
local json = require "lastpass.json"
local kinds = require "lastpass.plan.kinds"
local limits = require "lastpass.plan.limits"
local steps_room = require "lastpass.plan.steps"

local M = {}

--- LastPass's own limits, as its admin console states them.
M.MAX_GROUP_MEMBERS = 2000
M.MAX_GROUPS = 1000

local function removes(step)
  return kinds.by_name[step.kind].removes
end

-- Only what a step takes away is held; what it gives stays in the plan.
local function hold_leaves(work, step, code, why, is_held)
  local kept, held = json.list {}, json.list {}
  for _, name in ipairs(step.after.leave) do
    table.insert(is_held(name) and held or kept, name)
  end
  if #held == 0 then
    return
  end
  if #kept == 0 and #step.after.join == 0 then
    return steps_room.hold(work, step, code, why)
  end
  local other = {}
  for name, value in pairs(step) do
    other[name] = value
  end
  other.after = { join = json.list {}, leave = held }
  step.after = { join = step.after.join, leave = kept }
  steps_room.hold(work, other, code, why)
end

local function always()
  return true
end

local function open_steps(work)
  local list = {}
  for _, step in ipairs(work.steps) do
    if not step.held then
      list[#list + 1] = step
    end
  end
  return list
end

local function hold_removals(work, code, why, concerns)
  for _, step in ipairs(open_steps(work)) do
    if not concerns or concerns(step) then
      if removes(step) then
        steps_room.hold(work, step, code, why)
      elseif step.kind == "groups" then
        hold_leaves(work, step, code, why, always)
      end
    end
  end
end

-- ------------------------------------------------------------------------------ holding steps

local function protected_accounts(work)
  for _, step in ipairs(open_steps(work)) do
    local why = work.declared.protected[email.fold(step.subject)]
    if why then
      if removes(step) or step.kind == "rename" then
        steps_room.hold(work, step, "protected", why)
      elseif step.kind == "groups" then
        hold_leaves(work, step, "protected", why, always)
      end
    end
  end
end

local INCOMPLETE =
  "%s was not read to its end (%s), so whoever it does not mention may still be there"

local function incomplete_sources(work, context)
  for _, source in ipairs(context.sources) do
    if not source.complete then
      hold_removals(work, "incomplete_source", INCOMPLETE:format(source.name, source.failure))
      return
    end
  end
end

local REFUSED_ROWS = "%d rows of the sources could not be used, and may be of people who now seem "
  .. "to be missing: mend them, or allow so many with limit { refused_rows = %d }"

local function refused_rows(work, context)
  local count = 0
  for _, source in ipairs(context.sources) do
    count = count + source.refused
  end
  if count > work.declared.settings.limits.refused_rows then
    hold_removals(work, "refused_rows", REFUSED_ROWS:format(count, count), function(step)
      return step.rule == "missing"
    end)
  end
end

local function hold_joins(step, work, code, why, name)
  local kept = json.list {}
  for _, group in ipairs(step.after.join) do
    if group ~= name then
      kept[#kept + 1] = group
    end
  end
  if #kept == 0 and #step.after.leave == 0 then
    return steps_room.hold(work, step, code, why)
  end
  local other = {}
  for field, value in pairs(step) do
    other[field] = value
  end
  other.after = { join = json.list { name }, leave = json.list {} }
  step.after = { join = kept, leave = step.after.leave }
  steps_room.hold(work, other, code, why)
end

local function hold_group(work, name, code, why)
  for _, step in ipairs(open_steps(work)) do
    for _, group in ipairs(step.after and step.after.join or {}) do
      if group == name and step.kind == "groups" then
        hold_joins(step, work, code, why, name)
        break
      end
    end
    if step.kind == "create" then
      for _, group in ipairs(step.after.groups) do
        if group == name then
          steps_room.hold(work, step, code, why)
          break
        end
      end
    end
  end
end

local function joined_groups(work)
  local names, seen = {}, {}
  for _, step in ipairs(open_steps(work)) do
    local joined = step.kind == "create" and step.after.groups
      or step.kind == "groups" and step.after.join
      or {}
    for _, name in ipairs(joined) do
      if not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

local NEW_GROUP = "group '%s' is new; whether LastPass makes a group that is only named is unknown"

local function vendor_limits(work)
  local names = joined_groups(work)
  if #names == 0 then
    return
  end
  local sizes = work.changes:group_sizes(names)
  for _, name in ipairs(names) do
    sizes[name] = sizes[name] + (work.more_members[name] or 0)
    if sizes[name] > M.MAX_GROUP_MEMBERS then
      hold_group(
        work,
        name,
        "group_too_large",
        ("group '%s' would have %d members; LastPass allows %d"):format(
          name,
          sizes[name],
          M.MAX_GROUP_MEMBERS
        )
      )
    end
  end
  local present, count = {}, 0
  for _, name in ipairs(work.rows:group_names()) do
    present[name] = true
    count = count + 1
  end
  local folded = {}
  for name in pairs(present) do
    folded[name:lower():gsub("%s+", " ")] = name
  end
  for _, name in ipairs(names) do
    if not present[name] then
      count = count + 1
      local near = folded[name:lower():gsub("%s+", " ")]
      if near then
        hold_group(
          work,
          name,
          "group_spelling",
          ("there is no group '%s', but one named '%s'"):format(name, near)
        )
      elseif count > M.MAX_GROUPS then
        hold_group(
          work,
          name,
          "too_many_groups",
          ("group '%s' would be number %d; LastPass allows %d"):format(name, count, M.MAX_GROUPS)
        )
      else
        work.warnings[#work.warnings + 1] = NEW_GROUP:format(name)
      end
    end
  end
end

-- ------------------------------------------------------------------------------ refusing plans

local function refuse(context, guard, message, allow)
  context.refusals[#context.refusals + 1] = { guard = guard, message = message, allow = allow }
end

local function count_of(work, entry)
  local count = 0
  for _, step in ipairs(open_steps(work)) do
    if entry.name == "leave" then
      count = count + (step.kind == "groups" and #step.after.leave or 0)
    else
      for _, kind in ipairs(entry.kinds) do
        count = count + (step.kind == kind and 1 or 0)
      end
    end
  end
  return count
end

local SETTING = "limit { %s = %d } in the playbook, or { limit = { %s = %d } } as an option of plan"

local function setting(name, value)
  return SETTING:format(name, value, name, value)
end

local function check_limit(work, context, entry)
  local count = count_of(work, entry)
  context.counts[entry.name] = count
  if count == 0 then
    return
  end
  local whole = entry.name == "leave" and context.memberships or context.people
  local limit = limits.read(work.declared.settings.limits[entry.name])
  local allowed = limits.allowed(limit, whole, entry.least)
  if count > allowed then
    refuse(
      context,
      entry.name,
      ("%s: %d of %d; the limit is %s%s"):format(
        entry.counts,
        count,
        whole,
        limit.text,
        limit.percent and (" (%d)"):format(allowed) or ""
      ),
      setting(entry.name, count)
    )
  end
  if #entry.kinds == 0 or entry.name == "create" then
    return
  end
  local per_day = work.declared.settings.limits.per_day[entry.name]
  local day = per_day and limits.read(per_day)
  local allowed_a_day = day and limits.allowed(day, whole, entry.least)
    or allowed * limits.PER_DAY_FACTOR
  local before = context.done_lately(entry.kinds)
  if before > 0 and before + count > allowed_a_day then
    refuse(
      context,
      entry.name .. "_per_day",
      ("%s within 24 hours: %d by earlier runs and %d by this plan; the limit is %d"):format(
        entry.counts,
        before,
        count,
        allowed_a_day
      ),
      ("limit { per_day = { %s = %d } } in the playbook, or as an option of plan"):format(
        entry.name,
        before + count
      )
    )
  end
end

local function last_admin(work, context)
  local removed = 0
  for _, step in ipairs(open_steps(work)) do
    local image = work.images[email.fold(step.subject)].image
    if removes(step) and image.admin and image.status == "active" then
      removed = removed + 1
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
  for _, step in ipairs(open_steps(work)) do
    if removes(step) or step.kind == "groups" and #step.after.leave > 0 then
      return true
    end
  end
  return false
end

local function source_sizes(work, context)
  local shrink = limits.read(work.declared.settings.limits.shrink)
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
      if lost > limits.allowed(shrink, last.rows, 1) then
        refuse(
          context,
          "shrunk_source",
          ("%s has %d rows and had %d when it was last read to its end; the limit is %s"):format(
            source.name,
            source.rows,
            last.rows,
            shrink.text
          ),
          setting("shrink", lost)
        )
      end
    end
  end
end

--- Holds what is to be held and says what refuses the plan.
---@param work table of `steps.compute`
---@param context table sources (descriptions), people, memberships, admins (counts of the
-- directory), done_lately(kinds) -> count, last_source(name) -> {rows} | nil
---@return table context with `refusals` {guard, message, allow} and `counts` by limit
function M.check(work, context)
  context.refusals, context.counts = json.list {}, {}
  protected_accounts(work)
  incomplete_sources(work, context)
  refused_rows(work, context)
  vendor_limits(work)
  for _, entry in ipairs(limits.list) do
    check_limit(work, context, limits.by_name[entry[1]])
  end
  last_admin(work, context)
  source_sizes(work, context)
  return context
end

return M
