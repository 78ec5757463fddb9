--- From what is declared and what is there to the steps between them.
-- @module lastpass.plan.steps
local core = require "lastpass.core"
local draft = require "lastpass.plan.steps.draft"
local groups = require "lastpass.plan.steps.groups"
local kinds = require "lastpass.plan.kinds"
local match = require "lastpass.matching"
local named = require "lastpass.plan.steps.named"
local people = require "lastpass.plan.steps.people"
local unicode = require "lastpass.unicode"

local M = { hold = draft.hold, resolve_only = groups.resolve_only }

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

local NOBODY = "protect: nobody in the directory has the address %s; is it spelled right?"
local NO_ATTRIBUTE = "employee ids are given, but match names no attribute for them, so they "
  .. 'find nobody: match { "employee_id", "email", "alias", attribute = "…" }'

local RESEMBLES = "protect: nobody in the directory has the address %s; "
  .. "%s, who looks like it, is protected"
local LOOKS_PROTECTED = "looks like '%s', which is protected"

-- What would else pass for being looked after. A spreadsheet writes a ' before an address, and a letter of
-- another script cannot be seen: whoever looks like a protected address that nobody has is meant.
local function warn(work)
  local protected, declared, meant = {}, work.declared, {}
  -- of actions only the people who are named may have been read
  for _, entry in pairs(declared.is_direct and {} or declared.protected) do
    if not work.snapshot:user(entry.address) then
      local user = work.snapshot:user(unicode.skeleton(entry.address) or entry.address)
      if user then
        meant[user.email] = LOOKS_PROTECTED:format(unicode.shown(entry.address, user.email))
        local shown = unicode.shown(entry.address, user.email)
        protected[#protected + 1] = RESEMBLES:format(shown, user.email)
      else
        protected[#protected + 1] = NOBODY:format(entry.address)
      end
    end
  end
  for address, why in pairs(meant) do
    declared:protect(address, why)
  end
  table.sort(protected)
  for _, text in ipairs(protected) do
    work.warnings[#work.warnings + 1] = text
  end
  if not declared.settings.attribute then
    for _, extra in pairs(declared.extras) do
      if extra.employee_id then
        work.warnings[#work.warnings + 1] = NO_ATTRIBUTE
        return
      end
    end
  end
end

local function find_people(work)
  local declared = work.declared
  local matching = match.find(
    declared.wanted,
    declared.extras,
    work.rows,
    declared.settings,
    declared.doubtful_ids
  )
  work.matching = matching
  for _, problem in ipairs(matching.problems) do
    local address = declared.wanted:row(problem.row)
    draft.problem(work, problem.code, address, problem.reason, declared:origin(problem.row))
  end
  for key in pairs(matching.invited_in_doubt) do
    declared.untouchable[key] = true
  end
  for place = 1, #matching.pairs, 2 do
    local row, user = matching.pairs[place], matching.pairs[place + 1]
    work.user_of_row[row], work.row_of_user[user] = user, row
  end
  return matching
end

local WAITING = "the groups of %d invited people are compared once they have accepted"

--- Compares.
---@param declared lastpass.plan.Declared
---@param snapshot lastpass.Snapshot
---@param pending_renames table<string, string> renames under way: key of the old address to the new one
---@param ahead? function of `guards.ahead`: what will be held
---@return table work steps (those held among them), held, held_beyond, problems, warnings, images,
-- changes, managed (names of groups), matching, totals
function M.compute(declared, snapshot, pending_renames, ahead)
  local work = draft.new(declared, snapshot, ahead)
  work.pending_renames = pending_renames or {}
  groups.note_only(work)
  groups.merge(work)
  work.managed = groups.managed(work)
  local matching = find_people(work)
  local changes =
    core.diff(declared.wanted, work.rows, { managed = work.managed, matched = matching.pairs })
  work.changes, work.totals = changes, changes:totals()
  people.walk(work, changes)
  named.removals(work)
  named.renames(work)
  groups.exact(work)
  named.actions(work)
  warn(work)
  if work.waiting > 0 then
    work.warnings[#work.warnings + 1] = WAITING:format(work.waiting)
  end
  return work
end

return M
