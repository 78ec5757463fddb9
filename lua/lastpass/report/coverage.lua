--- Coverage: who of the roster has LastPass and uses it, and who has it without being on the roster.
-- Everybody is in exactly one class; the classes come to the roster's headcount, to the directory's
-- number of accounts, and to everybody in either.
-- @module lastpass.report.coverage
local accounts = require "lastpass.report.accounts"
local email = require "lastpass.email"
local rosters = require "lastpass.report.roster"
local values = require "lastpass.report.values"

local M = {
  name = "coverage",
  title = "Coverage against the roster",
  summary = "Who of the roster uses LastPass, and who has it without being on the roster",
  description = "Everybody is in one class: active, invited, expired, never logged in, empty "
    .. "vault, disabled, missing, not in HR, excluded. The classes come to the headcount.",
  row_title = "People",
}

M.options = {
  { "roster", "roster", "a source of people", is_required = true },
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
    "accounts that are left aside, each with the reason",
    value = "WHO=WHY",
  },
  {
    "invitation_days",
    "number",
    "an invitation that is older counts as expired",
    default = 30,
    value = "DAYS",
  },
  {
    "events",
    "boolean",
    "false: events are not read, and no invitation counts as expired",
    flag = "--no-events",
    help = "read no events; no invitation counts as expired",
  },
}

M.columns = {
  accounts.columns.email,
  accounts.columns.fullname,
  { name = "class_title", title = "Class" },
  { name = "reason", title = "Reason" },
  { name = "in_hr", title = "In HR", kind = "flag" },
  accounts.columns.status,
  accounts.columns.created,
  accounts.columns.last_login,
  { name = "items", title = "Items", kind = "count" },
}

M.examples = {
  { "lastpass report coverage --roster hr.csv --html coverage.html", "the page" },
  {
    "lastpass report coverage --roster hr.csv --where 'u.class == \"missing\"' --csv",
    "who still has to get it",
  },
  {
    "lastpass report coverage --roster hr.csv --column email=Mail --left status=terminated",
    "a file as the personnel department has it",
  },
}

local classes_of = {
  { "missing", "Missing", "on the roster, without account or invitation" },
  { "orphan", "Not in HR", "has an account or an invitation, and is not on the roster" },
  { "excluded", "Excluded", "left aside, with the reason" },
}
for position, status in ipairs(accounts.login_statuses) do
  table.insert(classes_of, position, status)
end

local function account_row(context, user, person)
  local row = {
    key = email.fold(user.email),
    email = user.email,
    fullname = user.fullname or (person and rosters.name_of(person)),
    in_hr = person ~= nil,
    in_lastpass = true,
    status = user.status,
    created = user.created,
    last_login = user.last_login,
    items = accounts.items(user),
    reason = context.excluded(email.fold(user.email)),
  }
  if row.reason then
    row.class = "excluded"
  elseif not person then
    row.class = "orphan"
    row.reason = context.roster.left[row.key] and "HR says that they have left" or nil
  else
    row.class = accounts.login_status(user, context.invitations)
  end
  return row
end

local function missing_row(context, key, person)
  local excluded = context.excluded(key)
  return {
    key = key,
    email = person.email,
    fullname = rosters.name_of(person),
    in_hr = true,
    in_lastpass = false,
    class = excluded and "excluded" or "missing",
    reason = excluded,
  }
end

local function make_rows(context)
  local rows, rest = {}, {}
  for key, person in pairs(context.roster.by_address) do
    rest[key] = person
  end
  for user in context.reading:users() do
    local key = email.fold(user.email)
    rows[#rows + 1] = account_row(context, user, rest[key])
    rest[key] = nil
  end
  for key, person in pairs(rest) do
    rows[#rows + 1] = missing_row(context, key, person)
  end
  return rows
end

local function count_classes(rows)
  local classes, by_name = values.classes(classes_of, "in_hr", "in_lastpass")
  local order, sums = {}, { in_hr = 0, in_lastpass = 0 }
  for number, class in ipairs(classes) do
    order[class.name] = number
  end
  for _, row in ipairs(rows) do
    local class = by_name[row.class]
    row.class_title, row.order = class.title, order[row.class]
    class.count = class.count + 1
    for side, sum in pairs(sums) do
      local one = row[side] and 1 or 0
      class[side], sums[side] = class[side] + one, sum + one
    end
  end
  values.sort(rows, "order", "key")
  for _, row in ipairs(rows) do
    row.order, row.key = nil, nil
  end
  return classes, by_name, sums
end

local function notes_of(options, context)
  local notes = {}
  if options.events ~= false then
    notes[1] = (
      "LastPass does not say when an invitation expires. One counts as expired here when no event"
      .. " of the last %d days says that the person was invited (option invitation_days)."
    ):format(options.invitation_days)
  else
    notes[1] = "Events were not read, so no invitation counts as expired."
  end
  if context.roster.left_count > 0 then
    local form = "%d people of the roster have left; the headcount is without them."
    notes[#notes + 1] = form:format(context.roster.left_count)
  end
  rosters.note_unused(notes, context.unused)
  return notes
end

local function read_context(reading, options)
  local roster, message, err = rosters.read(reading, options.roster, options.active)
  if not roster then
    return nil, message, err
  end
  local context = { reading = reading, roster = roster }
  context.excluded, context.unused = rosters.exclusions(options.exclude)
  if options.events ~= false and reading.snapshot:invited_count() > 0 then
    local events
    events, message, err = reading:recent_admin_events(options.invitation_days)
    if not events then
      return nil, message, err
    end
    context.invitations = accounts.invitations(events)
  end
  return context
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local context, message, err = read_context(reading, options)
  if not context then
    return nil, message, err
  end
  local rows = make_rows(context)
  local classes, by_name, sums = count_classes(rows)
  local headcount, used = #context.roster.list, by_name.active.in_hr
  return {
    population = ("%d people of the roster %s, %d accounts and invitations"):format(
      headcount,
      context.roster.name,
      sums.in_lastpass
    ),
    rows = rows,
    classes = classes,
    class_columns = {
      { name = "in_hr", title = "In HR", kind = "count" },
      { name = "in_lastpass", title = "In LastPass", kind = "count" },
    },
    partitions = {
      { field = "in_hr", count = headcount, of = "The headcount of the roster" },
      {
        field = "in_lastpass",
        count = reading.snapshot:count() + reading.snapshot:invited_count(),
        of = "Accounts and invitations",
      },
      { field = "count", count = #rows, of = "Everybody in either" },
    },
    totals = {
      {
        name = "headcount",
        title = "Headcount",
        value = headcount,
        kind = "count",
        where = { in_hr = true },
      },
      {
        name = "active",
        title = "Active",
        value = used,
        kind = "count",
        where = { class = "active" },
      },
      {
        name = "coverage",
        title = "Coverage",
        kind = "share",
        part = "active",
        whole = "headcount",
      },
    },
    notes = notes_of(options, context),
  }
end

return M
