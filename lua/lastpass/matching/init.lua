--- Who is who: finds, for people that ought to be, the users that they are, by ordered rules. What
-- is not certain is a problem, never a guess.
-- @module lastpass.matching
local email = require "lastpass.email"
local rules = require "lastpass.matching.rules"
local signature = require "lastpass.signature"

local M = {}

---@class lastpass.directory.Matching
---@field pairs integer[]                  row of the desired state, row of the directory, and so on
---@field renames table<integer, table>    by row of the desired state: {from, to, rule}
---@field problems table[]                 {code, reason, row}
---@field refused table<integer, true>     rows of the desired state that are not used
---@field untouchable_users table<integer, true> rows of the directory that are in doubt
---@field invited_in_doubt table<string, true> keys of invited addresses that are

local address_of = rules.address_of

local function empty_matching()
  return {
    pairs = {},
    renames = {},
    problems = {},
    untouchable_users = {},
    refused = {},
    invited_in_doubt = {},
  }
end

-- Two people who ought to be cannot be one.
local function refuse_both(self, row, other, code, reason)
  self:refuse(row, code, reason)
  if not self.matching.refused[other] then
    self:refuse(other, code, reason)
  end
end

-- An employee id that is declared of one person must not be declared of another.
local function check_declared(self, row, extra, address)
  local id = extra.employee_id
  local other = id and self.rows_by_id[id]
  if other then
    refuse_both(
      self,
      row,
      other,
      "repeated_employee_id",
      ("%s and %s have the same employee id, %s"):format(self.desired:row(other), address, id)
    )
    return false
  elseif id then
    self.rows_by_id[id] = row
  end
  return true
end

-- The address stands in the directory, but for somebody else: an address used again.
local function check_address(self, row, extra, address, user, rule)
  local other = self.rows:find(address)
  local is_invited = not other and self:invited(address)
  if other == user or not other and not is_invited then
    return true
  end
  self:refuse(
    row,
    "address_taken",
    ("%s finds %s, but %s is %s"):format(
      rule == "alias" and "an alias" or "employee id " .. extra.employee_id,
      address_of(self.rows, user),
      address,
      is_invited and "invited as well" or "another user"
    )
  )
  return false
end

local OTHER_EMPLOYEE =
  "the user has the employee id %s, the source says %s: is the address used again?"

local function check_employee(self, row, extra, user)
  local id = extra.employee_id
  if not id or not self.employee_of then
    return true
  end
  local known, holder = self.employee_of[user], self.by_employee_id[id]
  if holder == user or not known and holder == nil then
    return true
  end
  local reason = known and OTHER_EMPLOYEE:format(known, id)
    or ("another user has the employee id %s"):format(id)
  self:refuse(row, "other_employee", reason)
  return false
end

local function check_duplicate_user(self, row, user)
  if not self.duplicates[user] then
    return true
  end
  self:refuse(
    row,
    "twin",
    ("two users of the directory have the address %s, but for upper and lower case"):format(
      address_of(self.rows, user)
    )
  )
  return false
end

-- Nobody else may be this user: neither by a rule nor by the address.
local function check_taken(self, row, user)
  local present = address_of(self.rows, user)
  local namesake = self.desired:find(present)
  local other = self.taken[user] or (namesake ~= row and namesake or nil)
  if not other then
    return true
  end
  self:refuse(
    row,
    "same_user",
    ("is the same user as %s, %s"):format(self.desired:row(other), present)
  )
  self.matching.refused[other] = true
  return false
end

local function accept(self, row, address, user, rule)
  self.taken[user] = row
  local list, present = self.matching.pairs, address_of(self.rows, user)
  list[#list + 1], list[#list + 2] = row, user
  if rule ~= "email" and email.fold(present) ~= email.fold(address) then
    self.matching.renames[row] = { from = present, to = address, rule = rule }
  end
end

-- A row whose employee id a refused row of a source has too: which of them is right is not known.
local function check_doubt(self, row, extra)
  if not (extra.employee_id and self.doubtful_ids[extra.employee_id]) then
    return true
  end
  self:refuse(
    row,
    "doubtful_employee_id",
    ("another row of the employee id %s was refused"):format(extra.employee_id)
  )
  return false
end

local function match_one(self, row, extra, order)
  local address = self.desired:row(row)
  if self.matching.refused[row] or not check_doubt(self, row, extra) then
    return
  end
  for _, rule in ipairs(order) do
    local user = rules[rule](self, row, extra, address)
    if user == nil then
      return
    elseif user then
      local certain = check_duplicate_user(self, row, user)
        and check_employee(self, row, extra, user)
        and (rule == "email" or check_address(self, row, extra, address, user, rule))
        and rules.check_aliases(self, row, extra, user)
        and check_taken(self, row, user)
      if certain then
        accept(self, row, address, user, rule)
      end
      return
    end
  end
end

-- Whoever a refused row may be about is left alone: all that any rule finds for it. Whoever was
-- matched before the row was refused stays matched, so that nobody takes them for missing.
local function leave_refused_alone(self, extras)
  local matching = self.matching
  for row in pairs(matching.refused) do
    matching.renames[row] = nil
    self:doubt_all(extras[row] or {}, (self.desired:row(row)))
  end
  for id in pairs(self.doubtful_ids) do
    self:doubt_all({ employee_id = id })
  end
end

--- Finds users by what the address alone does not tell.
---@param desired userdata of core.desired
---@param extras table<integer, table> by row: employee_id, aliases, needs_folding, state
---@param rows userdata of core.snapshot
---@param settings table match (order of rules), attribute (name of the employee id's attribute)
---@param doubtful_ids? table<string, true> employee ids of refused rows
---@return lastpass.directory.Matching
function M.find(desired, extras, rows, settings, doubtful_ids)
  local order = {}
  for row, extra in pairs(extras) do
    if extra.employee_id or extra.aliases or extra.needs_folding then
      order[#order + 1] = row
    end
  end
  if #order == 0 and not next(doubtful_ids or {}) then
    return empty_matching() -- the address tells everything
  end
  table.sort(order)
  local self = rules.new(desired, rows, settings, empty_matching())
  self.doubtful_ids = doubtful_ids or {}
  for _, row in ipairs(order) do
    check_declared(self, row, extras[row], (desired:row(row)))
  end
  for _, row in ipairs(order) do
    match_one(self, row, extras[row], settings.match)
  end
  leave_refused_alone(self, extras)
  return self.matching
end

signature.declare("directory.match.", M, {
  find = "desired: userdata, extras: table, rows: userdata, settings: table, doubtful_ids?: table",
})

return M
