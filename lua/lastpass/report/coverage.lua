--- Coverage: who of the roster has LastPass and uses it, and who has it without being on the roster.
-- Everybody is in exactly one class; the classes come to the roster's headcount, to the directory's
-- number of accounts, and to everybody in either.
-- @module lastpass.report.coverage
local errors = require "lastpass.error"
local exclusions = require "lastpass.report.exclusions"
local key_of = require("lastpass.email").fold
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local roster_room = require "lastpass.report.roster"
local standing = require "lastpass.report.standing"
local statistics = require "lastpass.report.statistics"

local M = {}

local classes_of = {
  { "active", "Active", "logged in at least once, and something is in the vault" },
  { "empty_vault", "Empty vault", "logged in at least once, and nothing is in the vault" },
  { "never_logged_in", "Never logged in", "the account is there, nobody has logged in to it" },
  { "invited", "Invited", "invited, and not accepted yet" },
  { "invitation_expired", "Invitation expired", "invited so long ago that it counts as expired" },
  { "disabled", "Disabled", "the account is there, its log-in is blocked" },
  { "missing", "Missing", "on the roster, without account or invitation" },
  { "orphan", "Not in HR", "has an account or an invitation, and is not on the roster" },
  { "excluded", "Excluded", "left aside, with the reason" },
}

--- Name, title and meaning of the classes, in order.
M.classes = classes_of

local columns = {
  { name = "email", title = "E-mail" },
  { name = "fullname", title = "Name" },
  { name = "class_title", title = "Class" },
  { name = "reason", title = "Reason" },
  { name = "in_hr", title = "In HR", kind = "flag" },
  { name = "status", title = "Account" },
  { name = "created", title = "Created", kind = "time" },
  { name = "last_login", title = "Last log-in", kind = "time" },
  { name = "items", title = "Items", kind = "count" },
}

local function new_rows(context)
  local rows, left = {}, context.roster.left
  local rest = {}
  for key, person in pairs(context.roster.by_address) do
    rest[key] = person
  end
  for user in context.reading:users() do
    local key = key_of(user.email)
    local person = rest[key]
    rest[key] = nil
    local row = {
      key = key,
      email = user.email,
      fullname = user.fullname or (person and roster_room.name_of(person)),
      in_hr = person ~= nil,
      in_lastpass = true,
      status = user.status,
      created = user.created,
      last_login = user.last_login,
      items = standing.items(user),
    }
    local excluded = context.excluded(key)
    if excluded then
      row.class, row.reason = "excluded", excluded
    elseif not person then
      row.class = "orphan"
      row.reason = left[key] and "HR says that they have left" or nil
    else
      row.class = standing.of(context.reading, user, row, context.lately)
    end
    rows[#rows + 1] = row
  end
  for key, person in pairs(rest) do
    local excluded = context.excluded(key)
    rows[#rows + 1] = {
      key = key,
      email = person.email,
      fullname = roster_room.name_of(person),
      in_hr = true,
      in_lastpass = false,
      class = excluded and "excluded" or "missing",
      reason = excluded,
    }
  end
  return rows
end

local function count(rows)
  local classes, by_name = statistics.classes(classes_of, "in_hr", "in_lastpass")
  local place, sums = {}, { all = #rows, in_hr = 0, in_lastpass = 0 }
  for number, class in ipairs(classes) do
    place[class.name] = number
  end
  for _, row in ipairs(rows) do
    local class = by_name[row.class]
    row.class_title, row.place = class.title, place[row.class]
    class.count = class.count + 1
    for _, side in ipairs { "in_hr", "in_lastpass" } do
      local one = row[side] and 1 or 0
      class[side], sums[side] = class[side] + one, sums[side] + one
    end
  end
  statistics.sort(rows, "place", "key")
  for _, row in ipairs(rows) do
    row.place, row.key = nil, nil
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
  for _, pattern in ipairs(context.unused()) do
    notes[#notes + 1] = ("The exclusion '%s' matches nobody."):format(pattern)
  end
  return notes
end

local function needed(reading, options)
  local roster, message, err = roster_room.read(reading, options.roster, options.active)
  if not roster then
    return nil, message, err
  end
  local context = { reading = reading, roster = roster }
  context.excluded, context.unused = exclusions.new(options.exclude)
  if options.events ~= false and reading.snapshot:invited_count() > 0 then
    context.lately, message, err = standing.invited_lately(reading, options.invitation_days)
    if not context.lately then
      return nil, message, err
    end
  end
  return context
end

--- Compares the directory with a roster.
---@param subject lastpass.Client|lastpass.Snapshot
---@param options table roster (a source of people, required), active ({field, active, inactive}: the
-- status words of people who are employed and who have left), exclude (address or pattern = reason),
-- invitation_days (default 30), events (false: do not read events, no invitation counts as expired)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err also when the roster breaks off
function M.make(subject, options)
  options = errors.check_options("report.coverage", options, {
    roster = roster_room.is_source,
    active = "table",
    exclude = "table",
    invitation_days = "number",
    events = "boolean",
  })
  if not options.roster then
    errors.raise(2, "report.coverage: needs the option 'roster', a source of people")
  end
  roster_room.check_active("report.coverage", options.active)
  exclusions.check("report.coverage", options.exclude)
  local effective = { invitation_days = 30 }
  for name, value in pairs(options) do
    effective[name] = value
  end
  local reading, message, err = reading_room.open("report.coverage", subject, { live = true })
  local context
  if reading then
    context, message, err = needed(reading, effective)
  end
  if not context then
    return nil, message, err
  end
  local rows = new_rows(context)
  local classes, by_name, sums = count(rows)
  local headcount = #context.roster.list
  local used = by_name.active.in_hr
  local population = ("%d people of the roster %s, %d accounts and invitations"):format(
    headcount,
    context.roster.name,
    sums.in_lastpass
  )
  return result.new {
    name = "coverage",
    title = "Coverage against the roster",
    statement = reading:statement(population, effective),
    columns = columns,
    rows = rows,
    row_title = "People",
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
      { field = "count", count = sums.all, of = "Everybody in either" },
    },
    totals = {
      { name = "headcount", title = "Headcount", value = headcount, kind = "count" },
      { name = "active", title = "Active", value = used, kind = "count" },
      {
        name = "coverage",
        title = "Coverage",
        value = headcount > 0 and used / headcount or nil,
        kind = "share",
      },
    },
    notes = notes_of(effective, context),
  }
end

return M
