--- Leavers: how long after their last day people could still log in.
-- @module lastpass.report.leavers
local accounts = require "lastpass.report.accounts"
local email = require "lastpass.email"
local rosters = require "lastpass.report.roster"
local text = require "lastpass.text"
local time = require "lastpass.time"
local values = require "lastpass.report.values"

local M = {
  name = "leavers",
  title = "Leavers",
  summary = "How long after their last day people could still log in",
  description = "Percentiles of the time between the last day of the roster and the end of the "
    .. "log-in, and who is over the limit.",
  row_title = "Leavers",
}

M.options = {
  { "roster", "roster", "a source of people", is_required = true },
  {
    "field",
    "field",
    "the roster's column with the last day or moment",
    is_required = true,
    flag = "--last-day",
    value = "FIELD",
  },
  { "limit", "duration", "how long it may take", default = 86400, value = "TIME" },
  {
    "from",
    "time",
    "where events begin; default 30 days before the first last day",
    value = "TIME",
  },
}

M.columns = {
  accounts.columns.email,
  accounts.columns.fullname,
  { name = "class_title", title = "Result" },
  { name = "terminated", title = "Left", kind = "time" },
  { name = "ended", title = "Log-in ended", kind = "time" },
  { name = "delay", title = "Delay", kind = "duration" },
  { name = "by", title = "By" },
  accounts.columns.status,
  { name = "returned", title = "Came back", kind = "count" },
}

M.examples = {
  { "lastpass report leavers --roster hr.csv --last-day termination_date", "all of them" },
  {
    "lastpass report leavers --roster hr.csv --last-day 'Last day' --limit 4h",
    "a stricter limit",
  },
}

local classes_of = {
  { "in_time", "In time", "access ended within the limit, or before the last day" },
  { "late", "Late", "access ended after the limit" },
  { "open", "Still open", "they can log in, and the limit has passed" },
  { "pending", "Pending", "they can log in, and the limit has not passed" },
  { "unknown", "Time unknown", "access has ended, no event dates it" },
  { "no_account", "No account", "neither an account nor an event of its end" },
}

local DAYS_BEFORE = 30

-- A day alone means its end: people work on their last day.
local function termination(reading, value)
  local zone = reading.client:zone()
  local day = value:match "^%d%d%d%d%-%d%d%-%d%d$"
  local civil = day and time.parse_civil(day .. " 00:00:00")
  if civil then
    return (zone:to_utc(civil + values.DAY))
  end
  return time.parse(value, zone, reading.now)
end

-- Those whose last day has come; dates that cannot be read make the report incomplete.
local function read_leavers(reading, source, field)
  local list, message, err = source:read()
  if not list then
    return nil, message, err
  end
  local leavers, earliest = {}, reading.now
  for _, person in ipairs(list) do
    local value = person[field]
    if type(value) == "string" and value ~= "" then
      local moment = termination(reading, value)
      if not moment then
        reading:miss("%s: '%s' is no time", tostring(person.origin), value)
      elseif moment <= reading.now then
        leavers[#leavers + 1] = { person = person, terminated = moment }
        earliest = math.min(earliest, moment)
      end
    end
  end
  for _, problem in ipairs(source.problems) do
    reading:miss("%s", tostring(problem))
  end
  local form = "roster %s: %d rows read to the end, %d with a last day that has come"
  reading.query[#reading.query + 1] = form:format(source.name, source.proof.rows, #leavers)
  return leavers, earliest
end

-- Leavers who have an account or an invitation.
local function users_by_key(reading, leavers)
  local users = {}
  for _, leaver in ipairs(leavers) do
    users[email.fold(leaver.person.email)] = false
  end
  for user in reading:users() do
    local key = email.fold(user.email)
    if users[key] == false then
      users[key] = user
    end
  end
  return users
end

local function classify(row, user, history, context)
  local limit, now = context.limit, context.now
  if user and user.status ~= "disabled" then
    row.delay = now - row.terminated
    return row.delay > limit and "open" or "pending"
  elseif history and history.ended then
    row.ended, row.by = history.ended, history.by
    row.delay = row.ended - row.terminated
    return row.delay > limit and "late" or "in_time"
  end
  return user and "unknown" or "no_account"
end

local function new_row(leaver, context)
  local address = leaver.person.email
  local user = context.users[email.fold(address)] or nil
  local history = context.histories[email.fold(address)]
  local row = {
    email = address,
    fullname = rosters.name_of(leaver.person) or user and user.fullname,
    terminated = leaver.terminated,
    status = user and user.status or "none",
    returned = history and history.returned or 0,
  }
  row.class = classify(row, user, history, context)
  return row
end

local function totals_of(rows, by_name)
  local breaches = by_name.late.count + by_name.open.count
  local totals = {
    { name = "leavers", title = "Leavers", value = #rows, kind = "count", where = {} },
    {
      name = "breaches",
      title = "Breaches",
      value = breaches,
      kind = "count",
      where = { class = { "late", "open" } },
    },
  }
  for _, percent in ipairs { 50, 90, 95, 100 } do
    totals[#totals + 1] = {
      name = "p" .. percent,
      title = percent == 100 and "Longest" or percent == 50 and "Median" or percent .. " % within",
      kind = "duration",
      percent = percent,
      field = "took",
    }
  end
  return totals
end

-- Events are read from a while before the first last day on: access is ended early, too.
local function read_context(reading, options)
  local from, message, err
  if options.from then
    from, message, err = time.parse(options.from, reading.client:zone(), reading.now)
    if not from then
      return nil, message, err
    end
  end
  local leavers, earliest
  leavers, earliest, err = read_leavers(reading, options.roster, options.field)
  if not leavers then
    return nil, earliest, err
  end
  local events
  events, message, err = reading:admin_events(from or earliest - DAYS_BEFORE * values.DAY)
  if not events then
    return nil, message, err
  end
  return {
    leavers = leavers,
    limit = options.limit,
    now = reading.now,
    users = users_by_key(reading, leavers),
    histories = accounts.access_history(events),
  }
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local context, message, err = read_context(reading, options)
  if not context then
    return nil, message, err
  end
  local classes, by_name = values.classes(classes_of)
  local rows = {}
  for position, leaver in ipairs(context.leavers) do
    local row = new_row(leaver, context)
    local class = by_name[row.class]
    class.count, row.class_title = class.count + 1, class.title
    row.took = row.ended and math.max(row.delay, 0) or nil
    rows[position] = row
  end
  values.sort(rows, "-delay", "email")
  return {
    population = ("%d people whose last day has come"):format(#rows),
    rows = rows,
    classes = classes,
    partitions = { { count = #rows, of = "Leavers" } },
    totals = totals_of(rows, by_name),
    notes = {
      ("The limit is %s (option limit)."):format(text.duration(options.limit)),
      "A last day without a time means its end, in the account's zone.",
      "Percentiles are by nearest rank, over log-ins that have ended; one that ended before the "
        .. "last day counts as 0.",
      "A log-in that was given back and ended again counts to its last end.",
    },
  }
end

return M
