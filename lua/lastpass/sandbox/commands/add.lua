--- batchadd (enterprise-api §4.1).
-- @module lastpass.sandbox.commands.add
local check = require "lastpass.sandbox.commands.check"
local people = require "lastpass.sandbox.person"
local replies = require "lastpass.sandbox.commands.replies"

local fields = {
  username = { "string", required = true },
  fullname = { "string" },
  groups = { "strings" },
  duousername = { "string" },
  securidusername = { "string" },
  password = { "string" },
  password_reset_required = { "boolean" },
  attribs = { "map" },
}

-- What is wrong with a row by itself.
local function row_complaint(context, row)
  if not check.is_mail(row.username) then
    return row.username .. " is not a valid email address"
  end
  if context.settings.unknown_group == "fail" then
    for _, name in ipairs(row.groups or {}) do
      if not context.state:has_group(name) then
        return "No such group: " .. name
      end
    end
  end
  return nil
end

-- Joins the groups that are there or may be made; returns complaints about the others.
local function join_groups(context, person, names, complaints)
  for _, name in ipairs(names or {}) do
    local known = context.state:has_group(name)
    if not known and context.settings.unknown_group == "create" then
      context.state:make_group(name)
      context:audit("create_group", "'" .. name .. "'")
      known = true
    end
    if not known then
      complaints[#complaints + 1] = "No such group: " .. name
    elseif people.join(person, name) then
      context:audit("group_added", person.fields.username .. " - " .. name)
    end
  end
end

local function set_fields(person, row)
  local known = person.fields
  known.fullname = row.fullname or known.fullname
  known.duousername = row.duousername or known.duousername
  known.securidusername = row.securidusername or known.securidusername
  if row.password then
    known.password_reset_required = row.password_reset_required ~= false
  end
  for name, value in pairs(row.attribs or {}) do
    known.attribs = known.attribs or {}
    known.attribs[name] = value
  end
end

local function add_row(context, row, created)
  local state = context.state
  local person = state:person(row.username)
  if not person then
    local invited = context.settings.batchadd_makes == "invited"
    person = state:add(people.fresh(row.username, context:account_time()), invited)
    created[#created + 1] = row.username
    state:count_mail(row.username, row.password and "temporary_password" or "invitation")
  end
  set_fields(person, row)
  -- Kept at once: the same person may come again in a later row.
  state:keep(person)
  return person
end

local function new_people(context, rows)
  local count, seen = 0, {}
  for _, row in ipairs(rows) do
    local key = row.username:lower()
    if not seen[key] and not context.state:person(key) then
      count = count + 1
    end
    seen[key] = true
  end
  return count
end

local function refuse_for_licences(context, rows)
  local limit = context.settings.licences
  if limit == 0 then
    return false
  end
  local known = context.state:count() + context.state:invited_count()
  return known + new_people(context, rows) > limit
end

local function refuse(context, text)
  return replies[context.settings.batchadd_error == "string" and "fail" or "fail_list"](text)
end

local function batchadd(context, rows)
  local good, complaints = {}, {}
  for _, row in ipairs(rows) do
    local complaint = row_complaint(context, row)
    if not complaint then
      good[#good + 1] = row
    elseif context.settings.batchadd_bad_row == "warn" then
      complaints[#complaints + 1] = complaint
    else
      -- Which row it is stays unsaid: a client has to find out by halving.
      return refuse(context, "One or more users could not be added.")
    end
  end
  if refuse_for_licences(context, good) then
    return refuse(context, "Not enough licenses.")
  end
  local created, persons = {}, {}
  for at, row in ipairs(good) do
    persons[at] = add_row(context, row, created)
  end
  if #created > 0 then
    local invited = context.settings.batchadd_makes == "invited"
    context:audit(invited and "invited" or "account_created", table.concat(created, ","))
  end
  for at, row in ipairs(good) do
    join_groups(context, persons[at], row.groups, complaints)
    context.state:keep(persons[at])
  end
  if #complaints > 0 then
    return replies.warn(complaints)
  end
  local over = context.settings.batchadd_message_over
  if over > 0 and #rows > over then
    return replies.of("OK", "status", "OK", "message", "Please use smaller batches.")
  end
  return replies.ok()
end

return {
  batchadd = {
    check = function(data, strict)
      return check.objects(fields, data, strict)
    end,
    run = batchadd,
    needs_data = true,
  },
}
