--- Who is who: finds, for people that ought to be, the users that they are, by ordered rules. What
-- is not certain is a problem, never a guess.
-- @module lastpass.directory.match
local core = require "lastpass.core"
local email = require "lastpass.email"

local M = {}

---@class lastpass.directory.Matching
---@field pairs integer[]                  row of the desired state, row of the directory, and so on
---@field renames table<integer, table>    by row of the desired state: {from, to, rule}
---@field problems table[]                 {code, reason, row}
---@field untouchable_users table<integer, true> rows of the directory that are in doubt

local function address_of(rows, user)
  return core.user_value(rows, user, core.user_fields.email)
end

local function refuse(matching, row, code, reason, users)
  matching.problems[#matching.problems + 1] = { row = row, code = code, reason = reason }
  matching.refused[row] = true
  for _, user in ipairs(users or {}) do
    matching.untouchable_users[user] = true
  end
end

-- Rules: each gives the user that it finds, false when it finds none, or nil when it has refused.

local rules = {}

--- By the number that the company gave them.
function rules.employee_id(self, row, extra)
  if not extra.employee_id or not self.by_employee_id then
    return false
  end
  local user = self.by_employee_id[extra.employee_id]
  if user == false then
    return refuse(
      self.matching,
      row,
      "ambiguous_employee_id",
      ("several users have the employee id %s"):format(extra.employee_id),
      self.users_of_id(extra.employee_id)
    )
  end
  return user or false
end

-- Addresses beyond ASCII, which may be written in several ways: folded text to row, or false when
-- several users have it.
local function other_letters(rows)
  local unicode, found = require "lastpass.unicode", {}
  for user = 1, #rows do
    local address = address_of(rows, user)
    if address:find "[\128-\255]" then
      local key = unicode.fold(address)
      if key then
        found[key] = found[key] == nil and user or false
      end
    end
  end
  return found
end

--- The directory's own join knows ASCII letters in either case; what is left are other ones.
function rules.email(self, _, extra, address)
  local user = self.rows:find(address)
  if user or not extra.other_letters then
    return user or false
  end
  self.by_letters = self.by_letters or other_letters(self.rows)
  return self.by_letters[require("lastpass.unicode").fold(address)] or false
end

--- By other addresses of theirs.
function rules.alias(self, row, extra)
  local found
  for _, alias in ipairs(extra.aliases or {}) do
    local user = self.rows:find(email.fold(alias))
    if user and found and user ~= found then
      return refuse(
        self.matching,
        row,
        "ambiguous_alias",
        ("their addresses belong to two users, %s and %s"):format(
          address_of(self.rows, found),
          address_of(self.rows, user)
        ),
        { found, user }
      )
    end
    found = found or user
  end
  return found or false
end

-- Users whose employee id several have; asked for seldom, so looked up then.
local function users_with_id(rows, attribute, id)
  local json = require "lastpass.json"
  local users = {}
  for user = 1, #rows do
    local text = core.user_value(rows, user, core.user_fields.attributes)
    local attributes = text and text:find(id, 1, true) and json.decode(text)
    if type(attributes) == "table" and tostring(attributes[attribute]) == id then
      users[#users + 1] = user
    end
  end
  return users
end

-- The address stands in the directory, but for somebody else: an address used again.
local function check_address(self, row, extra, address, user, rule)
  local other = self.rows:find(address)
  if other and other ~= user then
    refuse(
      self.matching,
      row,
      "address_taken",
      ("%s finds %s, but %s is another user"):format(
        rule == "alias" and "an alias" or "employee id " .. extra.employee_id,
        address_of(self.rows, user),
        address
      ),
      { user, other }
    )
    return false
  end
  return true
end

local function check_employee(self, row, extra, user)
  local known = extra.employee_id and self.employee_of and self.employee_of[user]
  if known and known ~= extra.employee_id then
    refuse(
      self.matching,
      row,
      "other_employee",
      ("the user has the employee id %s, the source says %s: is the address used again?"):format(
        known,
        extra.employee_id
      ),
      { user }
    )
    return false
  end
  return true
end

local function match_one(self, row, extra, order)
  local address = self.wanted:row(row)
  for _, rule in ipairs(order) do
    local user = rules[rule](self, row, extra, address)
    if user == nil then
      return
    elseif user then
      if not check_employee(self, row, extra, user) then
        return
      end
      if rule ~= "email" and not check_address(self, row, extra, address, user, rule) then
        return
      end
      local namesake = self.wanted:find(address_of(self.rows, user))
      self.taken[user] = self.taken[user] or (namesake ~= row and namesake or nil)
      if self.taken[user] then
        refuse(
          self.matching,
          row,
          "same_user",
          ("is the same user as %s, %s"):format(
            self.wanted:row(self.taken[user]),
            address_of(self.rows, user)
          ),
          { user }
        )
        self.matching.refused[self.taken[user]] = true
        return
      end
      self.taken[user] = row
      local list, present = self.matching.pairs, address_of(self.rows, user)
      list[#list + 1], list[#list + 2] = row, user
      if rule ~= "email" and email.fold(present) ~= email.fold(address) then
        self.matching.renames[row] = { from = present, to = address, rule = rule }
      end
      return
    end
  end
end

--- Finds users by what the address alone does not tell.
---@param wanted userdata of core.wanted
---@param extras table<integer, table> by row: employee_id, aliases
---@param rows userdata of core.snapshot
---@param settings table match (order of rules), attribute (name of the employee id's attribute)
---@return lastpass.directory.Matching
function M.find(wanted, extras, rows, settings)
  local matching = { pairs = {}, renames = {}, problems = {}, untouchable_users = {}, refused = {} }
  local self = { wanted = wanted, rows = rows, matching = matching, taken = {} }
  if settings.attribute then
    self.by_employee_id = core.attributes(rows, settings.attribute)
    self.employee_of = {}
    for id, user in pairs(self.by_employee_id) do
      if user then
        self.employee_of[user] = id
      end
    end
    self.users_of_id = function(id)
      return users_with_id(rows, settings.attribute, id)
    end
  end
  local order = {}
  for row, extra in pairs(extras) do
    if extra.employee_id or extra.aliases or extra.other_letters then
      order[#order + 1] = row
    end
  end
  table.sort(order)
  for _, row in ipairs(order) do
    match_one(self, row, extras[row], settings.match)
  end
  return matching
end

return M
