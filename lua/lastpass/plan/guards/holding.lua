--- How guards hold steps back, whole or in part.
-- @module lastpass.plan.guards.holding
local draft = require "lastpass.plan.steps.draft"
local json = require "lastpass.json"
local kinds = require "lastpass.plan.kinds"

local M = {}

--- Whether a step takes access from somebody.
---@param step lastpass.plan.Step
---@return boolean|nil
function M.removes(step)
  return kinds.by_name[step.kind].removes
end

--- Holds what a step of groups takes away; what it gives stays in the plan.
---@param work table of `steps.compute`
---@param step lastpass.plan.Step
---@param code string
---@param why string
function M.leaves(work, step, code, why)
  if #step.after.leave == 0 then
    return
  elseif #step.after.join == 0 then
    return draft.hold(work, step, code, why)
  end
  M.part(work, step, code, why, { join = json.list {}, leave = step.after.leave })
  step.after = { join = step.after.join, leave = json.list {} }
end

--- Holds the leaving of one group; what else a step of groups changes stays in the plan.
---@param work table of `steps.compute`
---@param step lastpass.plan.Step
---@param code string
---@param why string
---@param name string of the group
function M.leave(work, step, code, why, name)
  local rest = json.list {}
  for _, group in ipairs(step.after.leave) do
    if group ~= name then
      rest[#rest + 1] = group
    end
  end
  if #rest + #step.after.join == 0 then
    return draft.hold(work, step, code, why)
  end
  M.part(work, step, code, why, { join = json.list {}, leave = json.list { name } })
  step.after = { join = step.after.join, leave = rest }
end

--- Holds a part of a step, which is left as it is.
---@param work table of `steps.compute`
---@param step lastpass.plan.Step
---@param code string
---@param why string
---@param after table what the part wants
function M.part(work, step, code, why, after)
  local part = {}
  for name, value in pairs(step) do
    part[name] = value
  end
  part.after = after
  draft.hold(work, part, code, why)
end

--- The steps that are not held.
---@param work table of `steps.compute`
---@return lastpass.plan.Step[]
function M.open_steps(work)
  local list = {}
  for _, step in ipairs(work.steps) do
    if not step.held then
      list[#list + 1] = step
    end
  end
  return list
end

--- Holds everything that takes something away.
---@param work table of `steps.compute`
---@param code string
---@param why string
---@param concerns? fun(step: lastpass.plan.Step): boolean default all
function M.removals(work, code, why, concerns)
  for _, step in ipairs(M.open_steps(work)) do
    if not concerns or concerns(step) then
      if M.removes(step) then
        draft.hold(work, step, code, why)
      elseif step.kind == "groups" then
        M.leaves(work, step, code, why)
      end
    end
  end
end

return M
