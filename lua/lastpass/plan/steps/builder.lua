--- A plan in the making: the users that were looked at, the steps so far, and those that guards hold.
-- @module lastpass.plan.steps.builder
local changes = require "lastpass.directory.changes"
local checks = require "lastpass.plan.checks"
local core = require "lastpass.core"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local state = require "lastpass.plan.state"

local M = {}

local key_of = email.fold

-- Of the steps that are held for one reason so many are listed; what is beyond is counted.
local MOST_HELD = 1000

---@class lastpass.plan.Builder
---@field declared lastpass.plan.Declared
---@field snapshot lastpass.Snapshot
---@field rows userdata            of core.snapshot
---@field only? table<string, true> the groups that are managed, nil for all that are named
---@field users table<string, table> by key: {subject, state}, of all whom steps are about
---@field steps lastpass.plan.Step[] those that are held among them
---@field held lastpass.plan.Step[]
---@field held_beyond table[]      {code, kind, count, reason}: held steps that are only counted
---@field problems table[]         {code, subject, reason, origin}
---@field warnings string[]
---@field waiting integer          invited people whose groups cannot be compared yet
---@field unknown_members table<string, integer> by group: how many declared members are not in the directory
---@field more_members table<string, integer> by group: members that the comparison in the core does not know of
---@field user_of_row table<integer, integer> people found by another rule than the address
---@field row_of_user table<integer, integer> the same, the other way round
---@field matching? table          of `matching.find`
local methods = {}
local builder_mt = { __name = "lastpass.plan.Builder", __index = methods }

local function nothing_ahead()
  return nil
end

--- Begins a plan.
---@param declared lastpass.plan.Declared
---@param snapshot lastpass.Snapshot
---@param ahead? fun(rule: string): string|nil, string|nil what guards will hold; default: nothing is known
---@return lastpass.plan.Builder
function M.new(declared, snapshot, ahead)
  return setmetatable({
    only = declared.only and errors.set_of(declared.only),
    declared = declared,
    snapshot = snapshot,
    rows = snapshot:rows(),
    users = {},
    steps = {},
    held = {},
    held_beyond = {},
    problems = {},
    warnings = {},
    waiting = 0,
    unknown_members = {},
    more_members = {},
    user_of_row = {},
    row_of_user = {},
    _held_ahead = ahead or nothing_ahead,
    _held_listed = {}, -- by code: steps that will be held and are made all the same
    _step_of = {},
  }, builder_mt)
end

--- The state of a user.
---@param subject string address
---@return lastpass.plan.State
function methods:state_of(subject)
  local key = key_of(subject)
  local known = self.users[key]
  if not known then
    known = { subject = subject, state = state.at(self.snapshot, subject) }
    self.users[key] = known
  end
  return known.state
end

--- Adds a step, unless the same was added before.
---@param kind string
---@param subject string address; the step has it as the directory spells it
---@param fields table reason, rule, origin, before, after
---@return lastpass.plan.Step|nil step nil when two words declare the same
function methods:add(kind, subject, fields)
  local user = self.snapshot:user(subject)
  subject = user and user.email or subject
  local key = kind .. "\0" .. key_of(subject)
  if self._step_of[key] then
    return nil
  end
  local step = {
    kind = kind,
    subject = subject,
    before = fields.before,
    after = fields.after,
    reason = fields.reason,
    rule = fields.rule,
    origin = checks.printable(fields.origin),
    reversal = changes.by_name[kind].reversal,
  }
  self:state_of(subject)
  self._step_of[key] = step
  self.steps[#self.steps + 1] = step
  return step
end

--- The step of a kind that somebody has already.
---@param kind string
---@param subject string address
---@return lastpass.plan.Step|nil
function methods:step_of(kind, subject)
  return self._step_of[kind .. "\0" .. key_of(subject)]
end

--- The step that changes somebody's groups; made where there is none.
---@param subject string address
---@param fields table reason, rule, origin
---@return lastpass.plan.Step
function methods:groups_step(subject, fields)
  local step = self:step_of("groups", subject)
  if not step then
    fields.before = { groups = self:state_of(subject).groups }
    fields.after = { join = json.list {}, leave = json.list {} }
    step = self:add("groups", subject, fields)
  end
  return step
end

--- Lets a step of groups join or leave one more.
---@param step lastpass.plan.Step
---@param field "join"|"leave"
---@param name string
function methods:add_group(step, field, name)
  for _, present in ipairs(step.after[field]) do
    if present == name then
      return
    end
  end
  table.insert(step.after[field], name)
  table.sort(step.after[field])
  self:count_member(name, field == "join" and 1 or -1)
end

--- Notes that a group will have more or fewer members than the comparison in the core knows of.
---@param name string
---@param count integer
function methods:count_member(name, count)
  self.more_members[name] = (self.more_members[name] or 0) + count
end

--- Notes something for the reader of the plan.
---@param format string
---@param ... any
function methods:warn(format, ...)
  self.warnings[#self.warnings + 1] = format:format(...)
end

--- Warns about each of some things; of more than twenty the rest is counted, or it would hide the plan.
---@param texts string[] gets sorted
---@param more string format for how many more there are
function methods:warn_of_each(texts, more)
  local MOST = 20
  table.sort(texts)
  for index = 1, math.min(#texts, MOST) do
    self:warn("%s", texts[index])
  end
  if #texts > MOST then
    self:warn(more, #texts - MOST)
  end
end

--- Notes what could not be used.
---@param code string
---@param subject string
---@param reason string
---@param origin string|nil
function methods:problem(code, subject, reason, origin)
  self.problems[#self.problems + 1] =
    { code = code, subject = subject, reason = reason, origin = origin }
end

--- Holds a step: it is shown, and no part of the plan.
---@param step lastpass.plan.Step
---@param code string
---@param why string
function methods:hold(step, code, why)
  step.held, step.code = why, code
  self.held[#self.held + 1] = step
end

--- Holds a part of a step of groups; the whole step when nothing else would be left.
---@param step lastpass.plan.Step
---@param code string
---@param why string
---@param part table join, leave: what is held
---@param rest table join, leave: what stays in the plan
function methods:hold_part(step, code, why, part, rest)
  if #rest.join + #rest.leave == 0 then
    return self:hold(step, code, why)
  end
  local held = {}
  for name, value in pairs(step) do
    held[name] = value
  end
  held.after = part
  self:hold(held, code, why)
  step.after = rest
end

--- Holds what a step of groups takes away, from one group or from all; what it gives stays in the plan.
---@param step lastpass.plan.Step
---@param code string
---@param why string
---@param name? string the group, default all
function methods:hold_leaving(step, code, why, name)
  local held, rest = json.list {}, json.list {}
  for _, group in ipairs(step.after.leave) do
    local list = (not name or group == name) and held or rest
    list[#list + 1] = group
  end
  if #held > 0 then
    local part, left =
      { join = json.list {}, leave = held }, { join = step.after.join, leave = rest }
    self:hold_part(step, code, why, part, left)
  end
end

--- Holds what takes something away, as far as there is a reason.
---@param reason_of fun(step: lastpass.plan.Step): string|nil, string|nil code and why
function methods:hold_removals(reason_of)
  for _, step in ipairs(self:open_steps()) do
    local code, why = reason_of(step)
    if code and changes.by_name[step.kind].removes then
      self:hold(step, code, why)
    elseif code and step.kind == "groups" then
      self:hold_leaving(step, code, why)
    end
  end
end

--- The steps that are not held.
---@return lastpass.plan.Step[]
function methods:open_steps()
  local list = {}
  for _, step in ipairs(self.steps) do
    if not step.held then
      list[#list + 1] = step
    end
  end
  return list
end

local function beyond_of(self, code, kind, why)
  for _, entry in ipairs(self.held_beyond) do
    if entry.code == code and entry.kind == kind then
      return entry
    end
  end
  local entry = { code = code, kind = kind, count = 0, reason = checks.printable(why) }
  self.held_beyond[#self.held_beyond + 1] = entry
  return entry
end

--- Whether a step that only takes something away need not be made: it would be held, as many others
-- are that are listed. It is counted then.
---@param kind string
---@param rule string
---@return boolean
function methods:is_beyond(kind, rule)
  local code, why = self._held_ahead(rule)
  if not code then
    return false
  end
  local listed = self._held_listed[code] or 0
  if listed < MOST_HELD then
    self._held_listed[code] = listed + 1
    return false
  end
  local entry = beyond_of(self, code, kind, why)
  entry.count = entry.count + 1
  return true
end

--- Why a declared person is changed: the fields of a step.
---@param row integer of the desired state
---@param default string the reason when the playbook gives none
---@param before? table
---@param after? table
---@param rule? string default "user"
---@return table fields reason, rule, origin, before, after
function methods:cause(row, default, before, after, rule)
  local extra = self.declared.extras[row] or {}
  local reason = self.declared:reason(row) or default
  if extra.notes then
    reason = reason .. "; " .. table.concat(extra.notes, ", ")
  end
  return {
    reason = reason,
    rule = extra.notes and "until_date" or rule or "user",
    origin = self.declared:origin(row),
    before = before,
    after = after,
  }
end

--- The address of a row of the directory.
---@param user integer
---@return string
function methods:address_of(user)
  return core.user_value(self.rows, user, core.user_fields.email)
end

--- The row of the directory of somebody declared.
---@param row integer of the desired state
---@return integer|nil user
function methods:user_of(row)
  return self.user_of_row[row] or self.rows:find((self.declared.desired:row(row)))
end

--- The row of the desired state of somebody in the directory.
---@param address string as the directory has it
---@return integer|nil row
function methods:row_of(address)
  local user = self.rows:find(address)
  return user and self.row_of_user[user] or self.declared.desired:find(address)
end

--- The address of somebody declared: the directory may have another one than the playbook.
---@param row integer of the desired state
---@return string address
function methods:subject_of(row)
  local user = self:user_of(row)
  return user and self:address_of(user) or (self.declared.desired:row(row))
end

--- Whether somebody is declared to be removed or deleted.
---@param row integer of the desired state
---@return boolean
function methods:is_gone(row)
  local extra = self.declared.extras[row]
  return extra ~= nil and extra.state ~= nil
end

--- Whether what is declared of an address is in doubt, so that its user is left alone.
---@param address string
---@return boolean|nil
function methods:in_doubt(address)
  return self.declared.untouchable[key_of(address)]
end

--- Whether a declared person is left alone.
---@param row integer of the desired state
---@return boolean
function methods:row_in_doubt(row)
  if self.matching.refused[row] or self:in_doubt((self.declared.desired:row(row))) then
    return true
  end
  local user = self:user_of(row)
  return user ~= nil and self:user_in_doubt(user)
end

--- Whether a user of the directory is left alone.
---@param user integer
---@return boolean
function methods:user_in_doubt(user)
  return self.matching.untouchable_users[user] or self:in_doubt(self:address_of(user)) or false
end

return M
