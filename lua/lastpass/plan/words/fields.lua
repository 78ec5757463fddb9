--- The fields of the word `user`.
-- @module lastpass.plan.words.fields
local checks = require "lastpass.plan.words.checks"
local dates = require "lastpass.plan.words.dates"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local status = require "lastpass.plan.words.status"

local M = {}

local next, type = next, type

local function is_active(value)
  return type(value) == "boolean" or status.problem_of(value) ~= nil, "boolean"
end

local known_fields = {
  fullname = "string",
  groups = "table",
  active = is_active,
  employee_id = { "string", "number" },
  aliases = "table",
  remove = "boolean",
  delete = "boolean",
  reason = "string",
}

local function without_blanks(list)
  local named = {}
  for _, name in ipairs(list) do
    if name ~= "" then
      named[#named + 1] = name
    end
  end
  return named
end

-- An employee id as the attribute of an account has it.
local function id_of(value)
  if type(value) == "number" then
    return value == math.floor(value) and ("%.0f"):format(value) or tostring(value)
  end
  checks.letters("user: 'employee_id'", value or "", 5)
  return value ~= "" and value or nil
end

local function aliases_of(fields, address)
  if not fields.aliases then
    return nil
  end
  local aliases = checks.without_gaps(fields.aliases)
  checks.texts("user '" .. address .. "'", "aliases", aliases, 4, true)
  aliases = without_blanks(aliases)
  for place, alias in ipairs(aliases) do
    local good, reason = email.check(alias)
    if not good then
      errors.raise(4, "user '%s': alias '%s' is not an e-mail address: %s", address, alias, reason)
    end
    aliases[place] = good
  end
  return aliases
end

-- Whoever a refused declaration may be about is left alone: they are not known by the address alone.
local function leave_alone(declared, id, aliases)
  if id then
    declared.doubtful_ids[id] = true
  end
  for _, alias in ipairs(aliases or {}) do
    declared:doubt(alias)
  end
end

--- Keeps what the core's rows have no place for.
---@param context table see `words.new`
---@param row integer|nil nil when the declaration was refused
---@param fields table
---@param notes string[]|nil of memberships that end
---@param address string
function M.note(context, row, fields, notes, address)
  local declared = context.declared
  checks.letters("user: 'reason'", fields.reason or "", 4)
  local id, aliases = id_of(fields.employee_id), aliases_of(fields, address)
  if not row then
    return leave_alone(declared, id, aliases)
  end
  local extra = declared:extra(row)
  extra.reason, extra.notes = fields.reason, notes
  extra.employee_id, extra.aliases = id, aliases
  if fields.delete or fields.remove then
    extra.state = fields.delete and "delete" or "remove"
  end
end

--- Raises for fields that are unknown, or of another type.
---@param address string
---@param fields any
---@param level integer whose line is blamed
function M.check(address, fields, level)
  if type(fields) ~= "table" then
    errors.raise(
      level + 1,
      'user "%s": needs a table of fields, such as { fullname = "Ann Lee" }',
      address
    )
  end
  errors.check_options("user '" .. address .. "'", fields, known_fields, level + 1)
  if (fields.remove or fields.delete) and fields.active == true then
    errors.raise(
      level + 1,
      "user '%s': cannot be active and %s",
      address,
      fields.delete and "deleted" or "removed"
    )
  end
end

-- The fields that nearly every row has; with any other the slower way is taken.
local plain_field = { fullname = "string", active = "boolean" }

--- Whether there are none but those that nearly every row has.
---@param fields any
---@return boolean
function M.is_plain(fields)
  if type(fields) ~= "table" then
    return false
  end
  for name, value in next, fields do
    if type(value) ~= plain_field[name] and name ~= "groups" then
      return false
    end
  end
  return true
end

-- Nearly all lists of groups: a few names that were looked at before.
local function are_known(groups, seen)
  local count = #groups
  for place = 1, count do
    if not seen[groups[place]] then
      return false
    end
  end
  local keys = 0
  for _ in next, groups do
    keys = keys + 1
  end
  return keys == count
end

--- The groups of somebody, without blanks and without those that have ended.
---@param declared lastpass.plan.Declared
---@param address string
---@param groups any
---@return string[] groups
---@return string[]|nil notes
function M.groups(declared, address, groups)
  if type(groups) ~= "table" then
    local given = type(groups)
    errors.raise(3, "user '%s': 'groups' must be a list of names, not a %s", address, given)
  elseif are_known(groups, declared.good_names) then
    return groups
  end
  local notes
  groups = checks.without_gaps(groups)
  if dates.has_dated(groups) then
    groups, notes = dates.resolve(declared, address, groups, 3)
  else
    checks.texts("user '" .. address .. "'", "groups", groups, 3, true)
    groups = without_blanks(groups) -- a blank cell is no group, as in `users`
  end
  for _, name in ipairs(groups) do
    declared.good_names[name] = true
  end
  return groups, notes
end

return M
