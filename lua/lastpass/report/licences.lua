--- Licences: seats that are paid for, who takes one, and leavers who still do. An account takes a seat until it is
-- disabled, removed or deleted. What is paid for, and who is only staged, is known to the REST API alone.
-- @module lastpass.report.licences
local accounts = require "lastpass.report.accounts"
local email = require "lastpass.email"
local endpoint = require "lastpass.directory.endpoint"
local errors = require "lastpass.error"
local rosters = require "lastpass.report.roster"
local scheduler = require "lastpass.transport.scheduler"
local values = require "lastpass.report.values"

local M = {
  name = "licences",
  title = "Licences",
  summary = "Seats that are paid for, who takes one, and leavers who still do",
  description = "With a roster, leavers are those who take a seat although the roster has them as "
    .. "left, or not at all. Staged people need the profile's REST key; the seats paid for are "
    .. "known of managed companies, or are given with --paid.",
  row_title = "Seats and people",
}

M.options = {
  {
    "paid",
    "number",
    "seats that are paid for",
    least = 0,
    is_whole = true,
    value = "NUMBER",
    is_own = true,
  },
  {
    "billed",
    "number",
    "seats that the last bill names",
    least = 0,
    is_whole = true,
    value = "NUMBER",
    is_own = true,
  },
  { "days", "number", "without log-in that are named", default = 90, value = "DAYS" },
  { "roster", "roster", "a source of people, to find leavers" },
  {
    "active",
    "status",
    "which rows are of people who have left",
    flag = "--left",
    value = "FIELD=VALUE",
  },
  {
    "exclude",
    "exclusions",
    "accounts that are on no roster, each with the reason",
    value = "WHO=WHY",
  },
}

M.columns = {
  accounts.columns.email,
  accounts.columns.fullname,
  { name = "class_title", title = "Class" },
  { name = "seat", title = "Takes a seat", kind = "flag" },
  { name = "reason", title = "Reason" },
  accounts.columns.last_login,
  accounts.columns.days,
  accounts.columns.created,
  accounts.columns.groups,
}

M.examples = {
  { "lastpass report licences --paid 120", "how many are left" },
  {
    "lastpass report licences --roster hr.csv --left status=terminated "
      .. "--where 'u.class == \"leaver\"'",
    "whose seat to end",
  },
}

local classes_of = {
  { "used", "In use", "can log in, and has done so" },
  { "unused", "Never logged in", "can log in, and nobody ever has" },
  {
    "leaver",
    "Leavers",
    "takes a seat, and the roster says that they left, or does not have them",
  },
  { "invited", "Invited", "invited, and not accepted yet" },
  { "staged", "Staged", "prepared over the REST API, and not invited yet; takes no seat" },
  { "disabled", "Disabled", "the account exists, and its seat is free" },
}

--- What only a roster gives a meaning is not given without one.
function M.prepare(options)
  local name = options.active and "active" or options.exclude and "exclude"
  if name and not options.roster then
    return errors.fail("argument", "usage", ("report.licences: '%s' needs a roster"):format(name))
  end
  return true
end

local takes_seat = { used = true, unused = true, leaver = true, invited = true }

-- Why somebody who takes a seat is no longer to: the roster says so.
local function reason_of(context, key)
  local roster = context.roster
  if not roster then
    return nil
  elseif roster.left[key] then
    return "the roster says that they have left"
  elseif not roster.by_address[key] and not context.excluded(key) then
    return "not on the roster"
  end
  return nil
end

local function class_of(reading, user, reason)
  if user.status == "disabled" then
    return "disabled"
  elseif reason then
    return "leaver"
  elseif user.status == "invited" then
    return "invited"
  end
  return reading:never_logged_in(user) and "unused" or "used"
end

local function add_row(context, row, class)
  row.class, row.seat = class, takes_seat[class] == true
  local one = context.by_name[class]
  row.class_title, one.count = one.title, one.count + 1
  context.rows[#context.rows + 1] = row
end

local function add_users(context, reading, options)
  for user in reading:users() do
    local key = email.fold(user.email)
    local row, reason = accounts.row(user), reason_of(context, key)
    row.days = values.days(user.last_login, reading.now)
    local class = class_of(reading, user, reason)
    row.reason = class == "leaver" and reason
      or (row.days or 0) > options.days and ("no log-in for %d days"):format(row.days)
      or nil
    add_row(context, row, class)
    context.known[key] = true
    local is_enrolled = user.status ~= "invited" and user.status ~= "disabled"
    context.enrolled = context.enrolled + (is_enrolled and 1 or 0)
  end
end

-- Staged people are on the REST API's list alone (business §2.2). Its iterators raise.
local function add_staged(context, rest)
  for person in rest:users { account_status = "staged" } do
    local key = type(person.email) == "string" and email.fold(person.email)
    if key and not context.known[key] then
      context.known[key] = true
      local row = { email = person.email, fullname = person.name, groups = {}, status = "staged" }
      add_row(context, row, "staged")
    end
  end
end

local function read_staged(context, reading)
  local client = reading.client
  local rest = client.rest and client:option "rest" and client:rest()
  if not rest then
    return true
  end
  local _, message, err = scheduler.caught(add_staged, context, rest)
  if err then
    return nil, message, err
  end
  reading.query[#reading.query + 1] = "business/v1 users: everybody who is staged"
  context.has_rest = true
  return true
end

local function read_context(reading, options)
  local classes, by_name = values.classes(classes_of)
  local context = { classes = classes, by_name = by_name, rows = {}, known = {}, enrolled = 0 }
  context.excluded, context.unused = rosters.exclusions(options.exclude)
  if options.roster then
    local message, err
    context.roster, message, err = rosters.read(reading, options.roster, options.active)
    if not context.roster then
      return nil, message, err
    end
  end
  add_users(context, reading, options)
  local ok, message, err = read_staged(context, reading)
  if not ok then
    return nil, message, err
  end
  return context
end

-- The seats paid for: as given, or as the managing company has them. What it does not say is not known.
local function read_paid(reading, options)
  local client = reading.client
  if options.paid or not client:option "rest" then
    return options.paid or false
  end
  local parent, message, err = endpoint.parent(client)
  if not parent then
    return parent, message, err
  end
  local company
  company, message, err = endpoint.listed(client, parent)
  if company == nil then
    return nil, message, err
  end
  local limit = company and company.license_limit
  reading.query[#reading.query + 1] = "business/v1 managed companies: the limit of this one"
  return type(limit) == "number" and limit > 0 and limit or false
end

local NO_REST = "Staged people are not counted: that needs the profile's REST key (rest_key)."
local NO_PAID = "The seats paid for are not known: the REST API says them of managed companies; of "
  .. "others they are given (option paid)."
local NO_ROSTER = "Without a roster nobody counts as a leaver."

local function notes_of(context)
  local notes = {
    "Used are accounts that can log in. Whoever is disabled takes no seat.",
    "Whether an invitation is billed before it is accepted is not documented; it is counted apart.",
  }
  notes[#notes + 1] = not context.has_rest and NO_REST or nil
  notes[#notes + 1] = not context.paid and NO_PAID or nil
  notes[#notes + 1] = not context.roster and NO_ROSTER or nil
  rosters.note_unused(notes, context.unused)
  return notes
end

local function totals_of(context, options)
  local leavers = context.by_name.leaver.count
  local totals = {
    { name = "paid", title = "Paid", value = context.paid or nil, kind = "count" },
    {
      name = "used",
      title = "Used",
      value = context.enrolled,
      kind = "count",
      where = { status = "active" },
    },
    { name = "share", title = "Used of paid", kind = "share", part = "used", whole = "paid" },
    {
      name = "leavers",
      title = "Leavers still billed",
      value = context.roster and leavers or nil,
      kind = "count",
      where = { class = "leaver" },
    },
    {
      name = "invited",
      title = "Invited",
      value = context.by_name.invited.count,
      kind = "count",
      where = { class = "invited" },
    },
  }
  if options.billed then
    table.insert(totals, 2, {
      name = "billed",
      title = "Billed",
      value = options.billed,
      kind = "count",
    })
  end
  return totals
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local context, message, err = read_context(reading, options)
  if not context then
    return nil, message, err
  end
  context.paid, message, err = read_paid(reading, options)
  if context.paid == nil then
    return nil, message, err
  end
  values.sort(context.rows, "-seat", "class", "email")
  return {
    population = ("%d accounts, invitations and staged people"):format(#context.rows),
    rows = context.rows,
    classes = context.classes,
    partitions = { { count = #context.rows, of = "Accounts, invitations and staged people" } },
    totals = totals_of(context, options),
    notes = notes_of(context),
  }
end

return M
