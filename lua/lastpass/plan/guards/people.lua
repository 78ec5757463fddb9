--- Guards that hold single steps, so that nobody loses anything who should not: protected accounts,
-- incomplete sources, rows that could not be used.
-- @module lastpass.plan.guards.people
local draft = require "lastpass.plan.steps.draft"
local holding = require "lastpass.plan.guards.holding"
local key_of = require("lastpass.email").fold
local kinds = require "lastpass.plan.kinds"
local limits = require "lastpass.plan.limits"

local M = {}

-- What a protected account is spared beside losing something.
local function harms(step)
  return holding.removes(step) or step.kind == "rename" or kinds.by_name[step.kind].weakens
end

--- Whoever is named by `protect` or `owner` loses nothing, and is not made weaker.
---@param work table of `steps.compute`
function M.protected(work)
  for _, step in ipairs(holding.open_steps(work)) do
    local entry = work.declared.protected[key_of(step.subject)]
    if entry then
      local why = entry.why
      if harms(step) then
        draft.hold(work, step, "protected", why)
      elseif step.kind == "groups" then
        holding.leaves(work, step, "protected", why)
      end
    end
  end
end

local INCOMPLETE =
  "%s was not read to its end (%s), so whoever it does not mention may still be there"

local function incomplete_sources(sources)
  for _, source in ipairs(sources) do
    if not source.complete then
      return INCOMPLETE:format(source.name, source.failure)
    end
  end
  return nil
end

--- Nothing is taken away while a source was not read to its end.
---@param work table of `steps.compute`
---@param context table sources
function M.incomplete_sources(work, context)
  local why = incomplete_sources(context.sources)
  if why then
    holding.removals(work, "incomplete_source", why)
  end
end

local REFUSED_ROWS = "%d rows could not be used, and may be of people who now seem to be missing: "
  .. "mend them, or allow so many with limit { refused_rows = %d }"

-- Who is not mentioned: by nothing at all, or not as a member.
local absent = { missing = true, group = true }

local function refused_rows(declared, sources)
  local rows, count = 0, 0
  for _, source in ipairs(sources) do
    rows, count = rows + source.rows, count + source.refused
  end
  for _, problem in ipairs(declared.problems) do
    if not problem.refused_by_source and not problem.subject then
      count = count + 1 -- the playbook's own; where the person is known, they are left alone
    elseif problem.refused_by_source and problem.subject and problem.code == "status_word" then
      count = count - 1 -- the person is mentioned, in a row that is good but for the word
    end
  end
  local limit = limits.read(declared.settings.limits.refused_rows)
  if count > limits.allowed(limit, rows, 0) then
    return REFUSED_ROWS:format(count, count)
  end
  return nil
end

--- Nobody is missing while rows could not be used.
---@param work table of `steps.compute`
---@param context table sources
function M.refused_rows(work, context)
  local why = refused_rows(work.declared, context.sources)
  if why then
    holding.removals(work, "refused_rows", why, function(step)
      return absent[step.rule]
    end)
  end
end

local UNKNOWN_MEMBERS = "%d of the %d declared members of '%s' are not in the directory, so "
  .. "whoever is not named may be one of them under another address: correct the addresses, "
  .. "or allow so many with limit { refused_rows = %d }"

--- Nobody leaves a group while somebody who is declared its member is not in the directory.
---@param work table of `steps.compute`
function M.unknown_members(work)
  local whole, count = 0, 0
  for name, unknown in pairs(work.unknown_members) do
    whole, count = whole + #work.declared.groups[name].members, count + unknown
  end
  local limit = limits.read(work.declared.settings.limits.refused_rows)
  if count <= limits.allowed(limit, whole, 0) then
    return
  end
  for _, step in ipairs(holding.open_steps(work)) do
    if step.kind == "groups" then
      for _, name in ipairs(draft.list(step.after.leave)) do
        local unknown = work.unknown_members[name]
        if unknown then
          local members = #work.declared.groups[name].members
          local why = UNKNOWN_MEMBERS:format(unknown, members, name, count)
          holding.leave(work, step, "unknown_members", why, name)
        end
      end
    end
  end
end

--- What is known before there are steps: which of those that take something away will be held, and why.
-- One broken row can hold everybody; so many steps are counted, not made.
---@param declared lastpass.plan.Declared
---@param sources table[] as of `playbook.sources`
---@return fun(rule: string): string|nil, string|nil ahead code and why, by the rule of the step
function M.ahead(declared, sources)
  local incomplete = incomplete_sources(sources)
  local refused = not incomplete and refused_rows(declared, sources)
  return function(rule)
    if incomplete then
      return "incomplete_source", incomplete
    elseif refused and absent[rule] then
      return "refused_rows", refused
    end
    return nil
  end
end

return M
