--- A plan in the making: who was looked at, and the steps so far.
-- @module lastpass.plan.steps.draft
local core = require "lastpass.core"
local email_room = require "lastpass.email"
local image = require "lastpass.plan.image"
local json = require "lastpass.json"
local kinds = require "lastpass.plan.kinds"

local M = {}

--- Begins one.
---@param declared lastpass.plan.Declared
---@param snapshot lastpass.Snapshot
---@return table draft
function M.new(declared, snapshot)
  return {
    declared = declared,
    snapshot = snapshot,
    rows = snapshot._rows,
    images = {},
    steps = {},
    held = {},
    problems = {},
    warnings = {},
    warned = {},
    done = {},
    waiting = 0, -- invited people whose groups cannot be compared yet
    more_members = {}, -- by group: those whom the comparison in the core does not know of
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
  local key = email_room.fold(subject)
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
  local key = kind .. "\0" .. email_room.fold(subject)
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
    origin = fields.origin,
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
  local reason = extra.reason or default
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

--- Whether what is declared of somebody is in doubt, so that they are left alone.
---@param work table a draft
---@param address string
---@return boolean|nil
function M.in_doubt(work, address)
  return work.declared.untouchable[email_room.fold(address)]
end

return M
