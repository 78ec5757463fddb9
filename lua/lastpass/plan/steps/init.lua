--- From what is declared and what the directory has to the steps between them.
-- @module lastpass.plan.steps
local builders = require "lastpass.plan.steps.builder"
local changes = require "lastpass.directory.changes"
local checks = require "lastpass.plan.checks"
local core = require "lastpass.core"
local groups = require "lastpass.plan.steps.groups"
local json = require "lastpass.json"
local match = require "lastpass.matching"
local people = require "lastpass.plan.steps.people"
local prepared = require "lastpass.plan.steps.prepared"
local unicode = require "lastpass.unicode"

local M = { resolve_only = groups.resolve_only }

---@class lastpass.plan.Step
---@field number integer   its position in the plan
---@field kind string      a name of `lastpass.directory.changes`
---@field subject string   the user's address
---@field before? table    what it changes, as it is
---@field after? table     what it changes, as it will be
---@field reason string    why, for people
---@field rule string      the word of the playbook that caused it
---@field origin? string   where it was caused: "hr.csv:17"
---@field reversal "reversible"|"hard"|"final"
---@field base string      SHA-256 of the user as they were
---@field via? "enterprise"|"scim"|"rest" what carries it, in plans that are made `via = "scim"` or with the REST API
---@field shown? true      of an admin level: the server lists who has it, so it can be read back
---@field why? string      why that and not the other

local function position_of(step)
  return changes.by_name[step.kind].position
end

--- Sorts steps into the order in which they are applied, and numbers them.
---@param steps lastpass.plan.Step[]
---@return lastpass.plan.Step[] steps the same list
function M.number(steps)
  table.sort(steps, function(a, b)
    if position_of(a) ~= position_of(b) then
      return position_of(a) < position_of(b)
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

-- What would else be taken for protected. A spreadsheet writes a ' before an address, and a letter of
-- another script cannot be seen: the user whose address looks like a protected one that nobody has is meant.
local function warn(builder)
  local protected, declared, meant = {}, builder.declared, {}
  -- of actions only the people who are named may have been read
  for _, entry in pairs(declared.is_direct and {} or declared.protected) do
    if not builder.snapshot:user(entry.address) then
      local user = builder.snapshot:user(unicode.skeleton(entry.address) or entry.address)
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
    builder:warn("%s", text)
  end
  if not declared.settings.attribute then
    for _, extra in pairs(declared.extras) do
      if extra.employee_id then
        return builder:warn("%s", NO_ATTRIBUTE)
      end
    end
  end
end

local function find_people(builder)
  local declared = builder.declared
  local matching = match.find(
    declared.desired,
    declared.extras,
    builder.rows,
    declared.settings,
    declared.doubtful_ids
  )
  builder.matching = matching
  for _, problem in ipairs(matching.problems) do
    local address = declared.desired:row(problem.row)
    builder:problem(problem.code, address, problem.reason, declared:origin(problem.row))
  end
  for key in pairs(matching.invited_in_doubt) do
    declared.untouchable[key] = true
  end
  for index = 1, #matching.pairs, 2 do
    local row, user = matching.pairs[index], matching.pairs[index + 1]
    builder.user_of_row[row], builder.row_of_user[user] = user, row
  end
  return matching
end

local WAITING = "the groups of %d invited people are compared once they have accepted"

--- Compares.
---@param declared lastpass.plan.Declared
---@param snapshot lastpass.Snapshot
---@param pending_renames table<string, string> renames under way: key of the old address to the new one
---@param ahead? function of `guards.ahead`: what will be held
---@return lastpass.plan.Builder builder also with changes, managed (names of groups), matching, totals
function M.compute(declared, snapshot, pending_renames, ahead)
  local builder = builders.new(declared, snapshot, ahead)
  builder.pending_renames = pending_renames or {}
  groups.note_only(builder)
  groups.merge(builder)
  builder.managed = groups.managed(builder)
  local matching = find_people(builder)
  local differences = core.diff(
    declared.desired,
    builder.rows,
    { managed = builder.managed, matched = matching.pairs }
  )
  builder.changes, builder.totals = differences, differences:totals()
  people.walk(builder, differences)
  people.removals(builder)
  people.renames(builder)
  prepared.levels(builder)
  groups.exact(builder)
  if declared.is_direct then
    require("lastpass.plan.steps.actions").add(builder)
  end
  warn(builder)
  if builder.waiting > 0 then
    builder:warn(WAITING, builder.waiting)
  end
  return builder
end

-- How far ahead upcoming changes are listed, and how many at most.
local DAYS_AHEAD, MOST_UPCOMING = 31, 1000

-- What a change means for somebody who is declared active or not; nil when that is not certain. A day that
-- comes lets in who waits for it, or ends what lasted until then.
local function meaning_of(change, active)
  if change.group then
    return (change.ends and "leaves %s" or "joins %s"):format(change.group)
  elseif active == true then
    return "is disabled"
  elseif active == false and not change.ends then
    return "can log in"
  end
  return nil
end

-- Of the changes without a group the first alone is certain: what follows depends on it.
local function changes_of(builder, row, dated, now)
  local _, _, _, active = builder.declared.desired:row(row)
  local list, first = {}, nil
  for _, change in ipairs(dated) do
    if change.at <= now + DAYS_AHEAD * 86400 then
      if change.group then
        list[#list + 1] = change
      elseif not first or change.at < first.at then
        first = change
      end
    end
  end
  list[#list + 1] = first
  local subject, lines = builder:subject_of(row), {}
  for _, change in ipairs(list) do
    local what = meaning_of(change, active)
    lines[#lines + 1] = what
        and {
          day = change.day,
          subject = subject,
          what = checks.printable(what),
          origin = checks.printable(builder.declared:origin(row)),
        }
      or nil
  end
  return lines
end

--- What the dates in the sources will bring beside the steps of today: who begins and who ends within a month.
---@param builder lastpass.plan.Builder
---@param now integer
---@return table[]|nil changes {day, subject, what, origin}; nil when there are none
function M.upcoming(builder, now)
  local list = json.list {}
  for row, extra in pairs(builder.declared.extras) do
    if extra.changes and not builder:row_in_doubt(row) then
      for _, change in ipairs(changes_of(builder, row, extra.changes, now)) do
        list[#list + 1] = change
      end
    end
  end
  table.sort(list, function(a, b)
    if a.day ~= b.day then
      return a.day < b.day
    elseif a.subject ~= b.subject then
      return a.subject < b.subject
    end
    return a.what < b.what
  end)
  for index = #list, MOST_UPCOMING + 1, -1 do
    list[index] = nil
  end
  return #list > 0 and list or nil
end

return M
