--- Words about people: `user` with its fields, and the words about groups and protected accounts. `user` is said
-- once for each person, so it must stand to be said a hundred thousand times.
-- @module lastpass.plan.words.people
local checks = require "lastpass.plan.checks"
local conditions = require "lastpass.plan.words.conditions"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local next, type = next, type

local function is_active(value)
  return type(value) == "boolean" or conditions.problem_of(value) ~= nil, "boolean"
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
  staged = "boolean",
  admin_level = "string",
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
  checks.utf8("user: 'employee_id'", value or "", 5)
  return value ~= "" and value or nil
end

local function aliases_of(fields, address)
  if not fields.aliases then
    return nil
  end
  local aliases = checks.without_gaps(fields.aliases)
  checks.texts("user '" .. address .. "'", "aliases", aliases, 4, true)
  aliases = without_blanks(aliases)
  for index, alias in ipairs(aliases) do
    aliases[index] = checks.address(("user '%s': alias "):format(address), alias, 4)
  end
  return aliases
end

-- Those whom a refused declaration may be about are left alone: they are not known by the address alone.
local function doubt_all(declared, id, aliases)
  if id then
    declared.doubtful_ids[id] = true
  end
  for _, alias in ipairs(aliases or {}) do
    declared:doubt(alias)
  end
end

-- What the REST API has to be asked for.
local function note_rest(declared, fields)
  if fields.staged or fields.admin_level then
    declared.rest = declared.rest or {}
    declared.rest.levels = declared.rest.levels or fields.admin_level ~= nil or nil
  end
end

-- Notes what the core's rows have no fields for.
local function note_fields(context, row, fields, notes, address)
  local declared = context.declared
  note_rest(declared, fields)
  checks.utf8("user: 'reason'", fields.reason or "", 4)
  local id, aliases = id_of(fields.employee_id), aliases_of(fields, address)
  if not row then
    return doubt_all(declared, id, aliases)
  end
  local extra = declared:extra(row)
  extra.reason, extra.notes = fields.reason, notes
  extra.employee_id, extra.aliases = id, aliases
  extra.staged, extra.admin_level = fields.staged, fields.admin_level
  if fields.delete or fields.remove then
    extra.state = fields.delete and "delete" or "remove"
  end
end

-- Raises for fields that are unknown, or of another type.
local function check_fields(address, fields, level)
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

-- Whether there are none but those that nearly every row has.
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

-- Nearly all lists of groups: a few names that were looked at before.
local function are_known(groups, seen)
  local count = #groups
  for index = 1, count do
    if not seen[groups[index]] then
      return false
    end
  end
  local keys = 0
  for _ in next, groups do
    keys = keys + 1
  end
  return keys == count
end

-- The groups of somebody, without blanks and without those that have ended.
local function groups_of(declared, address, groups)
  if type(groups) ~= "table" then
    local given = type(groups)
    errors.raise(3, "user '%s': 'groups' must be a list of names, not a %s", address, given)
  elseif are_known(groups, declared.good_names) then
    return groups
  end
  local notes
  groups = checks.without_gaps(groups)
  if conditions.has_dated(groups) then
    groups, notes = conditions.resolve_dated(declared, address, groups, 3)
  else
    checks.texts("user '" .. address .. "'", "groups", groups, 3, true)
    groups = without_blanks(groups) -- a blank cell is no group, as in `users`
  end
  for _, name in ipairs(groups) do
    declared.good_names[name] = true
  end
  return groups, notes
end

local byte, QUOTE = string.byte, ("'"):byte()

-- What caused the declaration: the row at hand, of which the core keeps the line alone (a table a row
-- less), or else the line of the playbook.
local function origin_of(context, reading, origin)
  local person = reading.person
  if origin then
    return 0, 0, origin
  elseif not person then
    return 0, 0, checks.line_of(context.playbook, 3)
  end
  origin = person.origin
  local line = origin.line
  if line then
    return reading.source._number, line, nil
  end
  return reading.source._number, 0, origin
end

-- What few rows have beside the core's fields.
local function note_row(context, row, origin, changes)
  local declared = context.declared
  if origin then
    declared:extra(row).origin = origin
  end
  if changes then
    declared:extra(row).changes = changes
  end
  if context.reason then
    local extra = declared:extra(row)
    extra.reason = extra.reason or context.reason
  end
end

-- user "ann@acme.com" { fullname = "Ann Lee" }. The common case costs no closure for each row: the
-- word gives always the same function, which takes the fields of the address that was named last.
local function user_word(context)
  local declared, reading, desired = context.declared, context.reading, context.declared.desired
  local pending, pending_origin

  -- The fast path: a row of a source of which nothing is said but what nearly every row says.
  local function declare_plain(address, fields)
    local person = reading.person
    local line = person and person.origin.line
    if
      not line
      or pending_origin
      or context.undecided
      or context.changes
      or context.reason
      or byte(address) == QUOTE
    then
      return false
    end
    local number = reading.source._number
    return desired:add_plain(address, fields, declared.good_names, number, line)
  end

  local function declare(fields, surplus)
    local address = pending
    if surplus == nil and address and declare_plain(address, fields) then
      pending = nil
      return
    end
    if surplus ~= nil then
      errors.raise(2, 'user "%s": takes one table of fields, and more was given', address or "")
    elseif not address then
      errors.raise(2, 'user: name a person first, as in user "ann@example.com" { … }')
    end
    local plain = is_plain(fields)
    if not plain then
      check_fields(address, fields, 2)
    end
    local groups, notes = fields.groups, nil
    if groups ~= nil then
      groups, notes = groups_of(declared, address, groups)
    end
    local fullname = fields.fullname
    if fullname == "" then
      fullname = nil -- a blank cell says nothing, as in `users`
    end
    local active = fields.active
    if fields.remove or fields.delete then
      active = false
    end
    local undecided = not plain and conditions.problem_of(fields.active)
      or context.undecided and conditions.of_row(context, address)
    local changes = context.changes and conditions.take_date_changes(context)
    if undecided then
      conditions.leave_alone(context, undecided, address, pending_origin)
      note_fields(context, nil, fields, notes, address)
      pending = nil
      return
    end
    local source, line, origin = origin_of(context, reading, pending_origin)
    local row = desired:add(address, fullname, groups, active, source, line)
      or declared:add(address, fullname, groups, active, source, line, origin) -- it says what is wrong
    if row and byte(address) == QUOTE then
      declared:note_unusual(row, address) -- a spreadsheet wrote it, and it may be somebody's
    end
    if not plain or notes then
      note_fields(context, row, fields, notes, address)
    end
    pending = nil -- only now: an error that the playbook catches is reported in the end
    if row then
      note_row(context, row, origin, changes)
    end
  end

  local function user(person, surplus)
    if surplus ~= nil then
      local form = 'user "ann@acme.com" { fullname = "Ann Lee" }'
      errors.raise(2, "user: takes one argument, and more were given: %s", form)
    elseif pending then
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
    if context.changes then
      conditions.begin_dates(context)
    end
    return declare
  end

  -- The person who was named and is not declared yet.
  function context.named()
    return pending
  end

  return user
end

-- group "Finance" { "ann@acme.com" }: these are its members, and nobody else.
local function group(context, name)
  if type(name) ~= "string" or name == "" then
    errors.raise(2, "group: needs the name of a group")
  end
  checks.utf8("group: the name", name, 2)
  if not context.declared.groups[name] then
    context.declared.unfinished[name] = checks.line_of(context.playbook, 2)
  end
  local function declare(members)
    local addresses, origins = {}, {}
    for index, member in pairs(members) do
      local is_row = type(member) == "table"
      addresses[index] = is_row and member.email or member
      origins[index] = is_row and member.origin and tostring(member.origin) or nil
    end
    checks.texts("group '" .. name .. "'", "members", addresses, 2)
    for index, address in ipairs(addresses) do
      addresses[index] = email.composed(checks.address(("group '%s': "):format(name), address, 2))
    end
    context.declared.unfinished[name] = nil
    local line = checks.line_of(context.playbook, 2)
    context.declared:declare_group(name, addresses, line, 2, origins)
  end
  local form = ('group "%s" { "ann@acme.com" }'):format(name)
  return signature.check(('group "%s"'):format(name), "members: table", declare, form)
end

-- protect "boss@acme.com", or several, or lists.
local function protect(context, ...)
  local list = checks.list_of("protect", "accounts", 2, ...)
  for _, address in ipairs(list) do
    local good = checks.address("protect: ", address, 2)
    context.declared:protect(good, "protected by the playbook")
  end
end

-- owner "admin@acme.com": the account that one works with oneself.
local function owner(context, address)
  local good = checks.address("owner: ", address, 2)
  context.declared.settings.owner = good
  context.declared:protect(good, "the account named as owner")
end

return {
  {
    name = "user",
    make = user_word,
    takes = "person: string|table",
    form = 'user "ann@acme.com" { fullname = "Ann Lee" }',
    doc = "this person ought to be so; also `user(person) { … }` with a row of a source",
    checks_itself = true, -- it is said so often
  },
  {
    name = "group",
    run = group,
    takes = "name: string",
    form = 'group "Finance" { "ann@acme.com" }',
    doc = "these are the members of the group, and nobody else",
  },
  {
    name = "protect",
    run = protect,
    takes = "account: string|table, ...: string|table",
    form = 'protect "ann@acme.com"',
    doc = "never disabled, removed, renamed, taken out of a group, or made weaker (multifactor, "
      .. "password); one address or several, or a list",
  },
  {
    name = "owner",
    run = owner,
    takes = "account: string",
    form = 'owner "ann@acme.com"',
    hint = "protect takes several",
    doc = "the account you work with yourself: protected as well",
  },
}
