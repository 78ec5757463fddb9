--- A plan in the making: who was looked at, and the steps so far.
-- @module lastpass.plan.steps.draft
local core = require "lastpass.core"
local image = require "lastpass.plan.image"
local json = require "lastpass.json"
local key_of = require("lastpass.email").fold
local kinds = require "lastpass.plan.kinds"
local letters = require "lastpass.plan.letters"

local M = {}

--- Of the steps that are held for one reason so many are listed; what is beyond is counted.
M.MOST_HELD = 1000

local function nothing_ahead()
  return nil
end

--- Begins one.
---@param declared lastpass.plan.Declared
---@param snapshot lastpass.Snapshot
---@param ahead? fun(rule: string): string|nil, string|nil of `guards.ahead`; default: nothing is known
---@return table draft
function M.new(declared, snapshot, ahead)
  local only
  if declared.only then
    only = {}
    for _, name in ipairs(declared.only) do
      only[name] = true
    end
  end
  return {
    only = only, -- the groups that are managed, nil for all that are named
    declared = declared,
    snapshot = snapshot,
    rows = snapshot._rows,
    images = {},
    steps = {},
    held = {},
    held_ahead = ahead or nothing_ahead,
    held_listed = {}, -- by code: steps that will be held and are made all the same
    held_beyond = {}, -- {code, kind, count, reason}: those that are counted only
    problems = {},
    warnings = {},
    warned = {},
    done = {},
    waiting = 0, -- invited people whose groups cannot be compared yet
    unknown_members = {}, -- by group: how many of the declared ones nobody is
    more_members = {}, -- by group: those whom the comparison in the core does not know of
    user_of_row = {}, -- people found by another rule than the address, and the other way round
    row_of_user = {},
  }
end

-- The address as the directory spells it, so that a person has one name in a plan.
local function spelled(work, address)
  local user = work.snapshot:user(address)
  return user and user.email or address
end

--- How somebody is now.
---@param work table a draft
---@param subject string address
---@return lastpass.plan.Image
function M.image_of(work, subject)
  local key = key_of(subject)
  local known = work.images[key]
  if not known then
    known = { subject = subject, image = image.of(work.snapshot:user(subject)) }
    work.images[key] = known
  end
  return known.image
end

--- Adds a step, unless the same was added before.
---@param work table a draft
---@param kind string
---@param subject string address
---@param fields table reason, rule, origin, before, after
---@return lastpass.plan.Step|nil step nil when two words declare the same
function M.add(work, kind, subject, fields)
  subject = spelled(work, subject)
  local key = kind .. "\0" .. key_of(subject)
  if work.done[key] then
    return nil -- declared by two words alike
  end
  local step = {
    kind = kind,
    subject = subject,
    before = fields.before,
    after = fields.after,
    reason = fields.reason,
    rule = fields.rule,
    origin = letters.writable(fields.origin),
    reversal = kinds.by_name[kind].reversal,
  }
  M.image_of(work, subject)
  work.done[key] = step
  work.steps[#work.steps + 1] = step
  return step
end

--- Holds a step back: it is shown, and no part of the plan.
---@param work table a draft
---@param step lastpass.plan.Step
---@param code string
---@param why string
function M.hold(work, step, code, why)
  step.held, step.code = why, code
  work.held[#work.held + 1] = step
end

local function beyond_of(work, code, kind, why)
  for _, entry in ipairs(work.held_beyond) do
    if entry.code == code and entry.kind == kind then
      return entry
    end
  end
  local entry = { code = code, kind = kind, count = 0, reason = letters.writable(why) }
  work.held_beyond[#work.held_beyond + 1] = entry
  return entry
end

--- Whether a step that only takes something away need not be made: it would be held, as many others
-- are that are listed. It is counted then.
---@param work table a draft
---@param kind string
---@param rule string
---@return boolean
function M.is_beyond(work, kind, rule)
  local code, why = work.held_ahead(rule)
  if not code then
    return false
  end
  local listed = work.held_listed[code] or 0
  if listed < M.MOST_HELD then
    work.held_listed[code] = listed + 1
    return false
  end
  local entry = beyond_of(work, code, kind, why)
  entry.count = entry.count + 1
  return true
end

--- A copy of a list, written as one in JSON also when it is empty.
---@param names string[]
---@return string[]
function M.list(names)
  local copy = json.list {}
  for place, name in ipairs(names) do
    copy[place] = name
  end
  return copy
end

--- Why a declared person is changed.
---@param work table a draft
---@param row integer of the desired state
---@param default string the reason when the playbook gives none
---@param rule? string default "user"
---@return table fields reason, rule, origin
function M.cause(work, row, default, rule)
  local extra = work.declared.extras[row] or {}
  local reason = work.declared:reason(row) or default
  if extra.notes then
    reason = reason .. "; " .. table.concat(extra.notes, ", ")
  end
  return {
    reason = reason,
    rule = extra.notes and "until_date" or rule or "user",
    origin = work.declared:origin(row),
  }
end

--- Says what a step changes.
---@param fields table of `cause`
---@param before table|nil
---@param after table
---@return table fields
function M.with(fields, before, after)
  fields.before, fields.after = before, after
  return fields
end

--- The address of a row of the directory.
---@param work table a draft
---@param user integer
---@return string
function M.address_of(work, user)
  return core.user_value(work.rows, user, core.user_fields.email)
end

--- Whether a row of the directory is "active", "disabled" or "invited".
---@param work table a draft
---@param user integer
---@return string
function M.status_of(work, user)
  return core.user_value(work.rows, user, core.user_fields.status)
end

--- Whether what is declared of somebody is in doubt, so that they are left alone.
---@param work table a draft
---@param address string
---@return boolean|nil
function M.in_doubt(work, address)
  return work.declared.untouchable[key_of(address)]
end

--- The step of a kind that somebody has already.
---@param work table a draft
---@param kind string
---@param subject string address
---@return lastpass.plan.Step|nil
function M.step_of(work, kind, subject)
  return work.done[kind .. "\0" .. key_of(subject)]
end

--- Who somebody declared is in the directory.
---@param work table a draft
---@param row integer of the desired state
---@return integer|nil user
function M.user_of(work, row)
  return work.user_of_row[row] or work.rows:find((work.declared.wanted:row(row)))
end

--- What is declared of somebody in the directory.
---@param work table a draft
---@param address string as the directory has it
---@return integer|nil row
function M.row_of(work, address)
  local user = work.rows:find(address)
  return user and work.row_of_user[user] or work.declared.wanted:find(address)
end

--- Whether somebody is declared to be removed or deleted.
---@param work table a draft
---@param row integer of the desired state
---@return boolean
function M.is_gone(work, row)
  local extra = work.declared.extras[row]
  return extra ~= nil and extra.state ~= nil
end

--- Whether a declared person is left alone.
---@param work table a draft
---@param row integer of the desired state
---@return boolean
function M.row_in_doubt(work, row)
  local matching = work.matching
  if matching.refused[row] or M.in_doubt(work, (work.declared.wanted:row(row))) then
    return true
  end
  local user = M.user_of(work, row)
  return user ~= nil and M.user_in_doubt(work, user)
end

--- Whether a user of the directory is left alone.
---@param work table a draft
---@param user integer
---@return boolean
function M.user_in_doubt(work, user)
  return work.matching.untouchable_users[user]
    or M.in_doubt(work, M.address_of(work, user))
    or false
end

--- Notes what could not be used.
---@param work table a draft
---@param code string
---@param subject string
---@param reason string
---@param origin string|nil
function M.problem(work, code, subject, reason, origin)
  local problems = work.problems
  problems[#problems + 1] = { code = code, subject = subject, reason = reason, origin = origin }
end

return M
