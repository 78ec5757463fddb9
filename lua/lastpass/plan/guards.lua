--- Guards: what keeps a plan from harming the wrong people. Some hold single steps back, others
-- refuse the whole plan; each says the numbers, and the option that would allow it.
-- @module lastpass.plan.guards
local groups = require "lastpass.plan.guards.groups"
local json = require "lastpass.json"
local look_alikes = require "lastpass.plan.guards.look_alikes"
local people = require "lastpass.plan.guards.people"
local sources = require "lastpass.plan.guards.sources"
local whole = require "lastpass.plan.guards.whole"

local M = {
  MAX_GROUP_MEMBERS = groups.MAX_GROUP_MEMBERS,
  MAX_GROUPS = groups.MAX_GROUPS,
  remember_source = sources.remember,
  ahead = people.ahead,
}

--- Holds what is to be held and says what refuses the plan.
---@param work table of `steps.compute`
---@param context table sources (descriptions), people, memberships, admins (counts of the
-- directory), done_lately(name of a limit, span of `limits.spans`) -> count, last_source(name) ->
-- {rows} | nil
---@return table context with `refusals` {guard, message, allow} and `counts` by limit
function M.check(work, context)
  context.refusals = json.list {}
  people.protected(work)
  people.incomplete_sources(work, context)
  people.refused_rows(work, context)
  people.unknown_members(work)
  groups.check(work)
  look_alikes.check(work)
  whole.limits(work, context)
  whole.last_admin(work, context)
  sources.check(work, context)
  return context
end

return M
