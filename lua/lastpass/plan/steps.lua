--- From what is declared and what is there to the steps between them.
-- @module lastpass.plan.steps
local core = require "lastpass.core"
local draft = require "lastpass.plan.steps.draft"
local groups = require "lastpass.plan.steps.groups"
local kinds = require "lastpass.plan.kinds"
local match = require "lastpass.directory.match"
local named = require "lastpass.plan.steps.named"
local people = require "lastpass.plan.steps.people"

local M = { hold = draft.hold }

---@class lastpass.plan.Step
---@field number integer   its place in the plan
---@field kind string      a name of `lastpass.plan.kinds`
---@field subject string   the user's address
---@field before? table    what it changes, as it is
---@field after? table     what it changes, as it will be
---@field reason string    why, for people
---@field rule string      the word of the playbook that caused it
---@field origin? string   the place that caused it: "hr.csv:17"
---@field reversal "reversible"|"hard"|"final"
---@field base string      SHA-256 of the user as they were

local function place_of(step)
  return kinds.by_name[step.kind].place
end

--- Sorts steps into the order in which they are carried out, and numbers them.
---@param steps lastpass.plan.Step[]
---@return lastpass.plan.Step[] steps the same list
function M.number(steps)
  table.sort(steps, function(a, b)
    if place_of(a) ~= place_of(b) then
      return place_of(a) < place_of(b)
    end
    return a.subject < b.subject
  end)
  for number, step in ipairs(steps) do
    step.number = number
  end
  return steps
end

local WAITING = "the groups of %d invited people are compared once they have accepted"

--- Compares.
---@param declared lastpass.plan.Declared
---@param snapshot lastpass.Snapshot
---@param pending_renames table<string, string> renames under way: old folded address to the new one
---@return table work steps (those held among them), held, problems, warnings, images, changes,
-- managed (names of groups), totals
function M.compute(declared, snapshot, pending_renames)
  local work = draft.new(declared, snapshot)
  work.pending_renames = pending_renames or {}
  groups.merge(work)
  work.managed = groups.managed(work)
  local matching = match.find(declared.wanted, declared.extras, work.rows, declared.settings)
  for _, problem in ipairs(matching.problems) do
    work.problems[#work.problems + 1] = {
      code = problem.code,
      subject = (declared.wanted:row(problem.row)),
      reason = problem.reason,
      origin = declared:origin(problem.row),
    }
  end
  local changes =
    core.diff(declared.wanted, work.rows, { managed = work.managed, matched = matching.pairs })
  work.changes, work.totals = changes, changes:totals()
  people.walk(work, changes, matching)
  named.removals(work, matching)
  named.renames(work, matching)
  groups.exact(work)
  named.actions(work)
  if work.waiting > 0 then
    work.warnings[#work.warnings + 1] = WAITING:format(work.waiting)
  end
  return work
end

return M
