--- Leavers: how long after their last day people could still log in.
-- @module lastpass.report.leavers
local errors = require "lastpass.error"
local histories = require "lastpass.report.histories"
local key_of = require("lastpass.email").fold
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local roster_room = require "lastpass.report.roster"
local statistics = require "lastpass.report.statistics"
local time = require "lastpass.time"

local M = {}

local classes_of = {
  { "in_time", "In time", "the log-in ended within the limit, or before the last day" },
  { "late", "Late", "the log-in ended after the limit" },
  { "open", "Still open", "the log-in works, and the limit has passed" },
  { "pending", "Pending", "the log-in works, and the limit has not passed" },
  { "unknown", "Time unknown", "the log-in has ended, no event says when" },
  { "no_account", "No account", "neither an account nor an event of its end" },
}

local columns = {
  { name = "email", title = "E-mail" },
  { name = "fullname", title = "Name" },
  { name = "class_title", title = "Result" },
  { name = "terminated", title = "Left", kind = "time" },
  { name = "ended", title = "Log-in ended", kind = "time" },
  { name = "delay", title = "Delay", kind = "duration" },
  { name = "by", title = "By" },
  { name = "status", title = "Account" },
  { name = "returned", title = "Came back", kind = "count" },
}

-- A day alone means its end: people work on their last day.
local function termination(reading, text)
  local zone = reading.client:zone()
  local day = text:match "^%d%d%d%d%-%d%d%-%d%d$"
  local civil = day and time.parse_civil(day .. " 00:00:00")
  if civil then
    return (zone:to_utc(civil + statistics.DAY))
  end
  return time.parse(text, zone, reading.now)
end

-- Those whose last day has come; dates that cannot be read make the report incomplete.
local function read_leavers(reading, source, field)
  local list, message, err = source:read()
  if not list then
    return nil, message, err
  end
  local leavers, earliest = {}, reading.now
  for _, person in ipairs(list) do
    local text = person[field]
    if type(text) == "string" and text ~= "" then
      local moment = termination(reading, text)
      if not moment then
        reading:miss("%s: '%s' is no time", tostring(person.origin), text)
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

-- Whoever of the leavers has an account or an invitation.
local function users_by_key(reading, leavers)
  local users = {}
  for _, leaver in ipairs(leavers) do
    users[key_of(leaver.person.email)] = false
  end
  for user in reading:users() do
    local key = key_of(user.email)
    if users[key] == false then
      users[key] = user
    end
  end
  return users
end

local function class_of(row, user, history, context)
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

local function new_row(leaver, by_address, context)
  local address = leaver.person.email
  local user = context.users[key_of(address)] or nil
  local history = by_address[key_of(address)]
  local row = {
    email = address,
    fullname = roster_room.name_of(leaver.person) or user and user.fullname,
    terminated = leaver.terminated,
    status = user and user.status or "none",
    returned = history and history.returned or 0,
  }
  row.class = class_of(row, user, history, context)
  return row
end

local function totals_of(rows, classes, delays)
  table.sort(delays)
  local totals = {
    { name = "leavers", title = "Leavers", value = #rows, kind = "count" },
    {
      name = "breaches",
      title = "Breaches",
      value = classes.late.count + classes.open.count,
      kind = "count",
    },
  }
  for _, percent in ipairs { 50, 90, 95, 100 } do
    totals[#totals + 1] = {
      name = "p" .. percent,
      title = percent == 100 and "Longest" or percent == 50 and "Median" or percent .. " % within",
      value = statistics.percentile(delays, percent),
      kind = "duration",
    }
  end
  return totals
end

local function check(options)
  options = errors.check_options("report.leavers", options, {
    roster = roster_room.is_source,
    field = "string",
    limit = "number",
    from = { "number", "string" },
  }, 3)
  for _, name in ipairs { "roster", "field" } do
    if not options[name] then
      errors.raise(3, "report.leavers: the option '%s' is missing", name)
    end
  end
  return options
end

-- Events are read from a while before the first last day on: log-ins are ended early, too.
local function read_all(subject, options)
  local reading, message, err = reading_room.open("report.leavers", subject, { live = true })
  if not reading then
    return nil, message, err
  end
  local from
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
  events, message, err = reading:admin_events(from or earliest - 30 * statistics.DAY)
  if not events then
    return nil, message, err
  end
  return { reading = reading, leavers = leavers, by_address = histories.of(events) }
end

--- Compares last days with the ends of log-ins, which audit events tell.
---@param subject lastpass.Client|lastpass.Snapshot
---@param options table roster (a source of people, required), field (its field with the last day or
-- moment, required: "2026-03-31" means the end of that day in the account's zone), limit (seconds;
-- default 24 hours), from (where events begin; default 30 days before the first last day)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err also when the roster breaks off
function M.make(subject, options)
  options = check(options)
  local limit = options.limit or statistics.DAY
  local all, message, err = read_all(subject, options)
  if not all then
    return nil, message, err
  end
  local reading, rows, delays = all.reading, {}, {}
  local classes, by_name = statistics.classes(classes_of)
  local context = { limit = limit, now = reading.now, users = users_by_key(reading, all.leavers) }
  for place, leaver in ipairs(all.leavers) do
    local row = new_row(leaver, all.by_address, context)
    local class = by_name[row.class]
    class.count, row.class_title = class.count + 1, class.title
    delays[#delays + 1] = row.ended and math.max(row.delay, 0)
    rows[place] = row
  end
  statistics.sort(rows, "-delay", "email")
  local effective = { roster = options.roster, field = options.field, limit = limit }
  return result.new {
    name = "leavers",
    title = "Leavers",
    statement = reading:statement(("%d people whose last day has come"):format(#rows), effective),
    columns = columns,
    rows = rows,
    row_title = "Leavers",
    classes = classes,
    partitions = { { count = #rows, of = "Leavers" } },
    totals = totals_of(rows, by_name, delays),
    notes = {
      ("The limit is %s (option limit)."):format(require("lastpass.text").duration(limit)),
      "A last day without a time means its end, in the account's zone.",
      "Percentiles are by nearest rank, over log-ins that have ended; one that ended before the "
        .. "last day counts as 0.",
      "A log-in that was given back and ended again counts to its last end.",
    },
  }
end

return M
