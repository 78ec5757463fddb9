--- What a playbook has declared: the desired state in the core's rows, and beside it what few people
-- have: reasons, rules, other addresses, employee ids, removals.
-- @module lastpass.plan.declared
local core = require "lastpass.core"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local limits = require "lastpass.plan.limits"

local M = {}

---@class lastpass.plan.Declared
---@field desired userdata              of core.desired: one row a person
---@field extras table<integer, table>  by row: reason, origin, employee_id, aliases, state, notes
---@field problems table[]              {code, reason, subject, origin}: rows that are left alone
---@field untouchable table<string, true> keys of addresses whose declaration is in doubt
---@field doubtful_ids table<string, true> employee ids of refused rows
---@field sources table[]               tracked sources
---@field groups table<string, table>   groups declared with all their members
---@field unfinished table<string, string> groups that were named and not declared: the line of each
---@field managed table<string, true>   groups that are managed though nobody is to be in them
---@field good_names table<string, true> names of groups that can be written into a plan
---@field protected table<string, table> by key: {address, why}
---@field actions table[]               {kind, subject}: asked for one by one
---@field reasons table[]               {from, to, text}: rows that share a reason
---@field settings table
---@field schedule? lastpass.plan.Schedule
local methods = {}
local declared_mt = { __index = methods, __name = "lastpass.plan.Declared" }

--- Nothing declared yet.
---@return lastpass.plan.Declared
function M.new()
  return setmetatable({
    desired = core.desired(),
    extras = {},
    problems = {},
    untouchable = {},
    doubtful_ids = {},
    sources = {},
    groups = {},
    unfinished = {},
    managed = {},
    good_names = { [""] = true }, -- a blank cell, which the core passes over
    protected = {},
    actions = {},
    reasons = {},
    settings = {
      missing = { users = "keep", invited = "keep" },
      limits = limits.defaults(),
      match = { "employee_id", "email", "alias" },
      rename = "hold",
    },
  }, declared_mt)
end

--- Notes a row that is not used. The person it is about is left alone, whatever else is declared.
---@param problem table code, reason, subject, origin
function methods:refuse(problem)
  self.problems[#self.problems + 1] = problem
  if problem.subject then
    self:doubt(problem.subject)
  end
end

--- Nothing is done to the user with this address.
---@param address string
function methods:doubt(address)
  self.untouchable[email.fold(address)] = true
end

--- Nothing is taken from the user with this address.
---@param address string
---@param why string
function methods:protect(address, why)
  self.protected[email.fold(address)] = { address = address, why = why }
end

local function origin_of(self, row)
  local extra = self.extras[row]
  if extra and extra.origin then
    return tostring(extra.origin)
  end
  local _, _, _, _, source, line = self.desired:row(row)
  local tracked = self.sources[source]
  if tracked then
    return ("%s:%d"):format(tracked.name, line)
  end
  return nil
end

--- Where a row was declared: "hr.csv:17", or the playbook's line.
---@param row integer
---@return string|nil
function methods:origin(row)
  return origin_of(self, row)
end

-- An address that is not of the usual form, or not one at all.
local function normalised(address)
  local good, reason = email.check(address)
  if not good then
    return nil, reason
  end
  return email.composed(good)
end

--- Declares a person.
---@param address string
---@param fullname string|nil
---@param groups string[]|nil
---@param active boolean|nil
---@param source integer number of the source, 0 for none
---@param line integer
---@param origin? lastpass.source.Origin|string where there is no source and line
---@return integer|nil row nil when the row was refused; it is among the problems then
function methods:add(address, fullname, groups, active, source, line, origin)
  local desired = self.desired
  local row, why, first = desired:add(address, fullname, groups, active, source, line)
  if row then
    return row
  end
  if why == "unusual" then
    local good, reason = normalised(address)
    if not good then
      self:refuse {
        code = "bad_email",
        reason = ("'%s' is not an e-mail address: %s"):format(address, reason),
        source = source,
        line = line,
        origin = origin and tostring(origin),
      }
      return nil
    end
    row, why, first = desired:add(good, fullname, groups, active, source, line, true)
    if row then
      self:note_unusual(row, good)
      return row
    end
  end
  assert(why == "repeated", why)
  self:refuse {
    code = "repeated",
    subject = address,
    reason = ("%s is declared twice, first at %s; neither is used"):format(
      address,
      origin_of(self, first) or "another line"
    ),
    source = source,
    line = line,
    origin = origin and tostring(origin),
  }
  return nil
end

--- Notes an address that can be written in several ways, or that looks like another one.
---@param row integer
---@param address string
function methods:note_unusual(row, address)
  if address:find "[\128-\255]" or address:find "^'" then
    self:extra(row).needs_folding = true
  end
end

--- Gives all rows from one on a reason.
---@param from integer
---@param text string
function methods:note_reason(from, text)
  local to = #self.desired
  if to >= from then
    table.insert(self.reasons, { from = from, to = to, text = text })
  end
end

--- Why a row was declared, as the playbook says.
---@param row integer
---@return string|nil
function methods:reason(row)
  local extra = self.extras[row]
  if extra and extra.reason then
    return extra.reason
  end
  for _, range in ipairs(self.reasons) do
    if row >= range.from and row <= range.to then
      return range.text
    end
  end
  return nil
end

--- What is known of one row beside the core's fields.
---@param row integer
---@return table extra
function methods:extra(row)
  local extra = self.extras[row]
  if not extra then
    extra = {}
    self.extras[row] = extra
  end
  return extra
end

--- Declares that a group has these members and nobody else.
---@param name string
---@param members string[]
---@param origin string
---@param level integer
---@param origins? table<integer, string> of members that came from rows
function methods:declare_group(name, members, origin, level, origins)
  local first = self.groups[name]
  if first then
    errors.raise(level + 1, "group '%s' is declared twice, first at %s", name, first.origin)
  end
  self.groups[name] = { members = members, origin = origin, origins = origins or {} }
end

return M
