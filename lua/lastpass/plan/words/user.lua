--- The word `user`, which is said once for each person, so that it may be said a hundred thousand
-- times.
-- @module lastpass.plan.words.user
local checks = require "lastpass.plan.words.checks"
local dates = require "lastpass.plan.words.dates"
local errors = require "lastpass.error"

local M = {}

local known_fields = {
  fullname = "string",
  groups = "table",
  active = "boolean",
  employee_id = { "string", "number" },
  aliases = "table",
  remove = "boolean",
  delete = "boolean",
  reason = "string",
}

local function note_extra(context, row, fields, notes, address, level)
  local extra = context.declared:extra(row)
  extra.reason = fields.reason
  extra.notes = notes
  if fields.employee_id ~= nil then
    extra.employee_id = tostring(fields.employee_id)
  end
  if fields.aliases then
    checks.texts("user '" .. address .. "'", "aliases", fields.aliases, level + 1)
    extra.aliases = fields.aliases
  end
  if fields.delete or fields.remove then
    extra.state = fields.delete and "delete" or "remove"
  end
end

local function check_fields(address, fields, level)
  if type(fields) ~= "table" then
    errors.raise(
      level + 1,
      'user "%s": needs a table of fields, such as { fullname = "Ann Lee" }',
      address
    )
  end
  errors.check_options("user '" .. address .. "'", fields, known_fields, level + 1)
  if (fields.remove or fields.delete) and fields.active then
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

local function is_plain(fields)
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

-- A blank cell is no group, as in `users`.
local function without_blanks(groups)
  local named = {}
  for _, name in ipairs(groups) do
    if name ~= "" then
      named[#named + 1] = name
    end
  end
  return named
end

local function read_groups(declared, address, groups)
  if type(groups) ~= "table" then
    local given = type(groups)
    errors.raise(3, "user '%s': 'groups' must be a list of names, not a %s", address, given)
  elseif dates.has_dated(groups) then
    return dates.resolve(declared, address, groups, 3)
  elseif type(groups[1]) == "string" and groups[1] ~= "" and next(groups, 1) == nil then
    return groups -- as nearly always
  end
  checks.texts("user '" .. address .. "'", "groups", groups, 3, true)
  return without_blanks(groups)
end

-- What caused the declaration: the row at hand, of which the core keeps the line alone (a table a row
-- less), or else the line of the playbook.
local function place_of(context, origin)
  if origin then
    return 0, 0, origin
  end
  local reading = context.reading
  if not reading.person then
    return 0, 0, checks.line_of(context.playbook, 3)
  end
  origin = reading.person.origin
  local line = origin.line or 0
  return reading.source._number, line, line == 0 and origin or nil
end

--- user "ann@acme.com" { fullname = "Ann Lee" }. The common case costs no closure for each row: the
-- word gives always the same function, which takes the fields of the address that was named last.
---@param context table see `words.new`
---@return function word
---@return fun(): string|nil unfinished a person who was named and not declared
function M.new(context)
  local declared = context.declared
  local pending, pending_origin

  local function declare(fields)
    local address = pending
    pending = nil
    if not address then
      errors.raise(2, 'user: name a person first, as in user "ann@example.com" { … }')
    end
    local plain = is_plain(fields)
    if not plain then
      check_fields(address, fields, 2)
    end
    local groups, notes = fields.groups, nil
    if groups ~= nil then
      groups, notes = read_groups(declared, address, groups)
    end
    local active = fields.active
    if fields.remove or fields.delete then
      active = false
    end
    local source, line, origin = place_of(context, pending_origin)
    local row = declared:add(address, fields.fullname, groups, active, source, line)
    if not row then
      return
    end
    if origin then
      declared:extra(row).origin = origin
    end
    if not plain or notes then
      note_extra(context, row, fields, notes, address, 2)
    end
    if context.reason then
      local extra = declared:extra(row)
      extra.reason = extra.reason or context.reason
    end
  end

  local function user(person)
    if pending then
      local text = 'user "%s" has no fields: write user "%s" { fullname = … }'
      errors.raise(2, text, pending, pending)
    end
    local address = person
    pending_origin = nil
    if type(person) == "table" then
      address, pending_origin = person.email, person.origin
    end
    if type(address) ~= "string" then
      errors.raise(2, "user: needs an e-mail address, not a %s", type(address))
    end
    pending = address
    return declare
  end

  local function unfinished()
    return pending
  end

  return user, unfinished
end

return M
