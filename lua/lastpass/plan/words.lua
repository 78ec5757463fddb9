--- The words of a playbook: what its environment has beside Lua's own library.
-- @module lastpass.plan.words
local email = require "lastpass.email"
local errors = require "lastpass.error"
local limits = require "lastpass.plan.limits"
local tracked = require "lastpass.plan.tracked"

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

-- The line of the playbook that is being carried out, for declarations that no source row caused.
local function line_of(playbook, level)
  local info = debug.getinfo(level + 1, "Sl")
  while info and info.source ~= playbook.chunk do
    level = level + 1
    info = debug.getinfo(level + 1, "Sl")
  end
  return info and ("%s:%d"):format(playbook.name, info.currentline) or playbook.name
end

local function check_texts(where, name, list, level)
  for place, value in ipairs(list) do
    if type(value) ~= "string" or value == "" then
      errors.raise(
        level + 1,
        "%s: %s[%d] must be a text, not %s",
        where,
        name,
        place,
        value == "" and "an empty one" or type(value)
      )
    end
  end
  for key in pairs(list) do
    if type(key) ~= "number" or key < 1 or key > #list or key ~= math.floor(key) then
      errors.raise(level + 1, "%s: '%s' must be a list without gaps", where, name)
    end
  end
end

-- Memberships that end are written as until_date("2026-12-31", "Group").
local until_mt = { __name = "until_date" }

local function resolve_groups(declared, address, groups, level)
  local texts, notes = {}, nil
  for place = 1, #groups do
    local group = groups[place]
    if getmetatable(group) == until_mt then
      declared.managed[group.name] = true -- also when it has ended: then it is to be left
      notes = notes or {}
      notes[#notes + 1] = ("%s until %s"):format(group.name, group.date)
      group = group.holds and group.name or nil
    end
    if group ~= nil then
      texts[#texts + 1] = group
    end
  end
  check_texts("user '" .. address .. "'", "groups", texts, level + 1)
  return texts, notes
end

local function has_dated(groups)
  for place = 1, #groups do
    if type(groups[place]) == "table" then
      return true
    end
  end
  return false
end

local function note_extra(context, row, fields, notes, address, level)
  local extra = context.declared:extra(row)
  extra.reason = fields.reason
  extra.notes = notes
  if fields.employee_id ~= nil then
    extra.employee_id = tostring(fields.employee_id)
  end
  if fields.aliases then
    check_texts("user '" .. address .. "'", "aliases", fields.aliases, level + 1)
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

-- The common case costs no table and no closure for each row: `user "a@b.c"` gives always the same
-- function, which takes the fields of the address that was named last.
local function user_word(context)
  local declared, reading, settings = context.declared, context.reading, context
  local pending, pending_origin

  local function declare(fields)
    local address = pending
    pending = nil
    if not address then
      errors.raise(2, 'user: name a person first, as in user "ann@example.com" { … }')
    end
    local plain = type(fields) == "table"
    if plain then
      for name, value in next, fields do
        if type(value) ~= plain_field[name] and name ~= "groups" then
          plain = false
        end
      end
    end
    local groups, notes = plain and fields.groups or nil, nil
    if not plain then
      check_fields(address, fields, 2)
      groups = fields.groups
    end
    if groups ~= nil then
      if type(groups) ~= "table" then
        local given = type(groups)
        errors.raise(2, "user '%s': 'groups' must be a list of names, not a %s", address, given)
      elseif has_dated(groups) then
        groups, notes = resolve_groups(declared, address, groups, 2)
      elseif type(groups[1]) ~= "string" or groups[2] ~= nil or next(groups, 1) then
        check_texts("user '" .. address .. "'", "groups", groups, 2)
      elseif groups[1] == "" then
        check_texts("user '" .. address .. "'", "groups", groups, 2)
      end
    end
    local active = fields.active
    if fields.remove or fields.delete then
      active = false
    end
    local source, line, origin = 0, 0, pending_origin
    if not origin then
      local at_hand = reading.person
      if at_hand then
        source = reading.source._number
        origin = at_hand.origin
        line = origin.line or 0
        if line > 0 then
          origin = nil -- the core keeps the line; one table a row less
        end
      else
        origin = line_of(context.playbook, 2)
      end
    end
    local person = { fullname = fields.fullname, groups = groups, active = active }
    local row = declared:add(address, person, source, line)
    if row then
      if origin then
        declared:extra(row).origin = origin
      end
      if not plain or notes then
        note_extra(context, row, fields, notes, address, 2)
      end
      if settings.reason then
        local extra = declared:extra(row)
        extra.reason = extra.reason or settings.reason
      end
    end
  end

  return function(person)
    if pending then
      errors.raise(
        2,
        'user "%s" has no fields: write user "%s" { fullname = … }',
        pending,
        pending
      )
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
  end, function()
    return pending
  end
end

local function users_word(context)
  local mapping_fields = {
    email = "string",
    fullname = "string",
    groups = "table",
    active = "table",
    fixed_groups = "table",
  }
  return function(source, mapping)
    if not tracked.is(source) then
      errors.raise(2, "users: the first argument must be a source, as source.csv gives it")
    end
    errors.check_options("users", mapping, mapping_fields, 2)
    mapping = mapping or {}
    local complete = { email = mapping.email or "email" }
    for name, value in pairs(mapping) do
      complete[name] = value
    end
    if complete.fixed_groups then
      check_texts("users", "fixed_groups", complete.fixed_groups, 2)
    end
    -- a failure of the source stays in it; its proof keeps what removes held
    source._people:feed(context.declared.wanted, complete, source._number)
  end
end

local function group_word(context)
  return function(name)
    if type(name) ~= "string" or name == "" then
      errors.raise(2, "group: needs the name of a group")
    end
    return function(members)
      if type(members) ~= "table" then
        errors.raise(2, 'group "%s": needs the list of its members\' addresses', name)
      end
      local addresses = {}
      for place, member in ipairs(members) do
        addresses[place] = type(member) == "table" and member.email or member
      end
      check_texts("group '" .. name .. "'", "members", addresses, 2)
      for _, address in ipairs(addresses) do
        local good, reason = email.check(address)
        if not good then
          errors.raise(2, "group '%s': '%s' is not an e-mail address: %s", name, address, reason)
        end
      end
      context.declared:declare_group(name, addresses, line_of(context.playbook, 2), 2)
    end
  end
end

local function list_of(value)
  return type(value) == "table" and value or { value }
end

local function protect_word(context)
  return function(people)
    local list = list_of(people)
    check_texts("protect", "accounts", list, 2)
    for _, address in ipairs(list) do
      local good, reason = email.check(address)
      if not good then
        errors.raise(2, "protect: '%s' is not an e-mail address: %s", address, reason)
      end
      context.declared.protected[email.fold(good)] = "protected by the playbook"
    end
  end
end

local choices = {
  users = { keep = true, disable = true, remove = true },
  invited = { keep = true, withdraw = true },
}

local function check_choice(name, value)
  local known = choices[name]
  if not known[value] then
    local names = {}
    for choice in pairs(known) do
      names[#names + 1] = '"' .. choice .. '"'
    end
    table.sort(names)
    errors.raise(
      3,
      "missing: '%s' must be %s, not '%s'",
      name,
      table.concat(names, " or "),
      tostring(value)
    )
  end
end

local function missing_word(context)
  return function(choice)
    local given = choice
    if type(choice) ~= "table" then
      given = { users = choice, invited = choice == "remove" and "withdraw" or "keep" }
    end
    errors.check_options("missing", given, { users = "string", invited = "string" }, 2)
    for name, value in pairs(given) do
      check_choice(name, value)
      context.declared.settings.missing[name] = value
    end
  end
end

local function limit_word(context)
  return function(given)
    if type(given) ~= "table" then
      errors.raise(2, 'limit: needs a table, such as limit { disable = "5%%" }')
    end
    limits.merge("limit", context.declared.settings.limits, given, 2)
  end
end

local function only_word(context)
  return function(names)
    local list = list_of(names)
    check_texts("only", "groups", list, 2)
    context.declared.settings.only = list
  end
end

local function owner_word(context)
  return function(address)
    local good, reason = email.check(type(address) == "string" and address or "")
    if not good then
      errors.raise(2, "owner: '%s' is not an e-mail address: %s", tostring(address), reason)
    end
    context.declared.settings.owner = good
    context.declared.protected[email.fold(good)] = "the account named as owner"
  end
end

local rules = { employee_id = true, email = true, alias = true }

local function match_word(context)
  return function(given)
    if type(given) ~= "table" then
      errors.raise(2, 'match: needs a table, such as match { "employee_id", "email" }')
    end
    local order = {}
    for place, rule in ipairs(given) do
      if not rules[rule] then
        errors.raise(
          2,
          "match: there is no rule '%s'; known are employee_id, email and alias",
          tostring(rule)
        )
      end
      order[place] = rule
    end
    for name, value in pairs(given) do
      if type(name) ~= "number" and name ~= "attribute" then
        errors.raise(2, "match: unknown option '%s' (known is: attribute)", tostring(name))
      elseif name == "attribute" and type(value) ~= "string" then
        errors.raise(2, "match: 'attribute' must be the name of an attribute, not %s", type(value))
      end
    end
    local settings = context.declared.settings
    settings.match = #order > 0 and order or settings.match
    settings.attribute = given.attribute or settings.attribute
  end
end

local function rename_word(context)
  return function(choice)
    if choice ~= "hold" and choice ~= "updateemail" and choice ~= "keep" then
      local known = '"hold", "updateemail" or "keep"'
      errors.raise(2, "rename: must be %s, not '%s'", known, tostring(choice))
    end
    context.declared.settings.rename = choice
  end
end

local function until_date_word(context)
  return function(date, group)
    local time = require "lastpass.time"
    local civil = type(date) == "string"
      and date:match "^%d%d%d%d%-%d%d%-%d%d$"
      and time.parse_civil(date .. " 00:00:00")
    if not civil then
      errors.raise(2, "until_date: needs a day such as \"2026-12-31\", not '%s'", tostring(date))
    end
    -- the day named is the last one, in the account's zone
    local holds = context.now < context.zone:to_utc(civil + 86400)
    if group == nil then
      return holds
    elseif type(group) ~= "string" or group == "" then
      errors.raise(2, "until_date: the second argument must be the name of a group")
    end
    return setmetatable({ name = group, date = date, holds = holds }, until_mt)
  end
end

local function reason_word(context)
  return function(text)
    if text ~= nil and type(text) ~= "string" then
      errors.raise(2, "reason: needs a text, or nil to end it")
    end
    context.reason = text
  end
end

local function source_word(context)
  local kinds = { "csv", "json", "ldap", "table" }
  local words = {}
  for _, kind in ipairs(kinds) do
    words[kind] = function(place, ...)
      local is_file = kind == "csv" or kind == "json"
      if is_file and type(place) == "string" and not place:match "^/" and context.folder then
        place = context.folder .. place
      end
      local people = tracked.open(kind, 2, place, ...)
      local sources = context.declared.sources
      local one = tracked.new(people, #sources + 1, context.reading)
      sources[#sources + 1] = one
      return one
    end
  end
  return setmetatable(words, {
    __index = function(_, kind)
      local nearest = errors.nearest(kind, kinds)
      errors.raise(
        2,
        "source: there is no kind '%s'%s",
        tostring(kind),
        nearest and (" (did you mean '%s'?)"):format(nearest)
          or "; known are csv, json, ldap and table"
      )
    end,
  })
end

--- Makes the words.
---@param context table declared, reading, playbook {name, chunk}, folder, zone, now
---@return table<string, any> words
---@return fun(): string|nil unfinished a person who was named and not declared
function M.new(context)
  local user, unfinished = user_word(context)
  return {
    user = user,
    users = users_word(context),
    group = group_word(context),
    source = source_word(context),
    protect = protect_word(context),
    missing = missing_word(context),
    limit = limit_word(context),
    only = only_word(context),
    owner = owner_word(context),
    match = match_word(context),
    rename = rename_word(context),
    until_date = until_date_word(context),
    reason = reason_word(context),
  },
    unfinished
end

return M
