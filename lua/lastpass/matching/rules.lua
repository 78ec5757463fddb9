--- The rules by which users are found. Each gives the user that it finds, false when it finds none,
-- or nil when it has refused the row.
-- @module lastpass.matching.rules
local core = require "lastpass.core"
local key_of = require("lastpass.email").fold

local M = {}

--- The address of a user of the directory, as it is written there.
---@param rows userdata of core.snapshot
---@param user integer
---@return string
function M.address_of(rows, user)
  return core.user_value(rows, user, core.user_fields.email)
end

local methods = {}
local mt = { __index = methods, __name = "lastpass.matching.rules" }

--- Notes that a row is not used.
---@param row integer
---@param code string
---@param reason string
function methods:refuse(row, code, reason)
  local matching = self.matching
  matching.problems[#matching.problems + 1] = { row = row, code = code, reason = reason }
  matching.refused[row] = true
end

--- Whether somebody with that address is only invited; the address as the directory has it.
---@param address string
---@return string|nil
function methods:invited(address)
  if not self.invited_by_key then
    self.invited_by_key = {}
    for _, one in ipairs(self.rows:invited()) do
      if not self.rows:find(one) then
        self.invited_by_key[key_of(one)] = one
      end
    end
  end
  return self.invited_by_key[key_of(address)]
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

--- By the number that the company gave them.
function M.employee_id(self, row, extra)
  if not extra.employee_id or not self.by_employee_id then
    return false
  end
  local user = self.by_employee_id[extra.employee_id]
  if user == false then
    return self:refuse(
      row,
      "ambiguous_employee_id",
      ("several users have the employee id %s"):format(extra.employee_id)
    )
  end
  return user or false
end

-- All users of an account: several where the directory has it in several spellings.
local function users_of(self, address)
  local first = self.rows:find(address)
  if not first or not self.duplicates[first] then
    return { first }
  end
  local key, users = key_of(address), {}
  for _, user in ipairs(self.rows:duplicates()) do
    if key_of(M.address_of(self.rows, user)) == key then
      users[#users + 1] = user
    end
  end
  return users
end

--- By the address, however it is written. Who is only invited is found by the directory's own join.
function M.email(self, row, extra, address)
  local user = self.rows:find(address)
  if user and extra.needs_folding and self.duplicates[user] then
    return self:refuse(
      row,
      "ambiguous_address",
      ("several users have the address %s, but for the case of letters"):format(address)
    )
  end
  return user or false
end

local function refuse_aliases(self, row, found, user)
  return self:refuse(
    row,
    "ambiguous_alias",
    ("their addresses belong to two users, %s and %s"):format(
      M.address_of(self.rows, found),
      M.address_of(self.rows, user)
    )
  )
end

--- By other addresses of theirs.
function M.alias(self, row, extra, address)
  local found
  for _, alias in ipairs(extra.aliases or {}) do
    local user = self.rows:find(alias)
    if user and found and user ~= found then
      return refuse_aliases(self, row, found, user)
    end
    found = found or user
    if not user and key_of(alias) ~= key_of(address) and self:invited(alias) then
      return self:refuse(row, "alias_invited", ("is invited as %s"):format(self:invited(alias)))
    end
  end
  return found or false
end

--- Whether the other addresses of somebody belong to nobody else.
---@return boolean|nil certain nil when the row has been refused
function M.check_aliases(self, row, extra, user)
  if not self.uses_aliases then
    return true
  end
  for _, alias in ipairs(extra.aliases or {}) do
    local other = self.rows:find(alias)
    if other and other ~= user then
      return refuse_aliases(self, row, user, other)
    end
  end
  return true
end

--- Leaves everybody alone whom any rule finds.
---@param extra table employee_id, aliases, needs_folding
---@param address? string
function methods:doubt_all(extra, address)
  local function doubt(user)
    if user then
      self.matching.untouchable_users[user] = true
    end
  end
  if extra.employee_id and self.by_employee_id then
    local user = self.by_employee_id[extra.employee_id]
    doubt(user)
    if user == false then
      for _, one in ipairs(users_with_id(self.rows, self.attribute, extra.employee_id)) do
        doubt(one)
      end
    end
  end
  local addresses = { address }
  for _, alias in ipairs(extra.aliases or {}) do
    addresses[#addresses + 1] = alias
  end
  for _, one in ipairs(addresses) do
    for _, user in ipairs(users_of(self, one)) do
      doubt(user)
    end
    if self:invited(one) then
      self.matching.invited_in_doubt[key_of(one)] = true
    end
  end
end

--- What rules work with.
---@param desired userdata of core.desired
---@param rows userdata of core.snapshot
---@param settings table match, attribute
---@param matching lastpass.directory.Matching what is found goes into it
---@return table self
function M.new(desired, rows, settings, matching)
  local self = setmetatable({
    desired = desired,
    rows = rows,
    attribute = settings.attribute,
    taken = {},
    duplicates = {},
    rows_by_id = {},
    matching = matching,
  }, mt)
  for _, rule in ipairs(settings.match) do
    self.uses_aliases = self.uses_aliases or rule == "alias"
  end
  for _, user in ipairs(rows:duplicates()) do
    self.duplicates[user] = true
  end
  if settings.attribute then
    self.by_employee_id = core.attributes(rows, settings.attribute)
    self.employee_of = {}
    for id, user in pairs(self.by_employee_id) do
      if user then
        self.employee_of[user] = id
      end
    end
  end
  return self
end

return M
