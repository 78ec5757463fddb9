--- Invitations by age: who was invited and has not come.
-- @module lastpass.report.invitations
local actions = require "lastpass.report.actions"
local errors = require "lastpass.error"
local key_of = require("lastpass.email").fold
local people = require "lastpass.report.people"
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local statistics = require "lastpass.report.statistics"

local M = {}

local limits = { 7, 30, 90 }

--- When each was invited last, and how often.
---@param events lastpass.Event[] admins' events, oldest first
---@return table<string, table> dates {last, times} by folded address
function M.dates(events)
  local found = {}
  for _, event in ipairs(events) do
    if actions.meaning(event) == "invited" and event.time then
      for _, address in ipairs(actions.addresses(event.data)) do
        local one = found[address] or { times = 0 }
        one.times, one.last = one.times + 1, event.time
        found[address] = one
      end
    end
  end
  return found
end

local function new_row(reading, user, events)
  local event = events[key_of(user.email)]
  local row = people.row(user)
  row.kind = user.status == "invited" and "invited" or "never logged in"
  row.invited = event and event.last or user.created
  row.times = event and event.times or nil
  row.source = event and "event" or user.created and "account" or nil
  row.days = statistics.days(row.invited, reading.now)
  return row
end

--- The classes of age.
---@param window number days of events that are read
---@return table[] list as `statistics.classes` takes it
---@return fun(days: number|nil): string class_of name of the class
function M.ages(window)
  local list, class_of = statistics.age_classes(limits)
  local older = ("over_%d_unknown"):format(window)
  list[#list + 1] = {
    older,
    ("over %d days, or unknown"):format(window),
    "no event of the time that was read says when",
  }
  return list, function(days)
    return days and class_of(math.max(days, 0)) or older
  end
end

local function walk(reading, events, window)
  local list, class_of = M.ages(window)
  local classes, by_name = statistics.classes(list)
  local rows, invited = {}, 0
  for user in reading:users() do
    local is_invited = user.status == "invited"
    if is_invited or user.status == "active" and reading:never_logged_in(user) then
      local row = new_row(reading, user, events)
      local class = by_name[class_of(row.days)]
      class.count = class.count + 1
      row.class = class.title
      rows[#rows + 1] = row
      invited = invited + (is_invited and 1 or 0)
    end
  end
  statistics.sort(rows, "invited", "email")
  return rows, classes, invited
end

--- People who were invited and have not come: on the list of invitations, or with an account that
-- nobody has logged in to.
---@param subject lastpass.Client|lastpass.Snapshot
---@param options? table window (days of events that are read to find when; default 180)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.make(subject, options)
  options = errors.check_options("report.invitations", options, {
    window = function(value)
      return type(value) == "number" and value >= 90, "a number of days from 90 on"
    end,
  })
  local effective = { window = options.window or 180 }
  local reading, message, err = reading_room.open("report.invitations", subject, { live = true })
  if not reading then
    return nil, message, err
  end
  local events
  events, message, err = reading:admin_events(reading.now - effective.window * statistics.DAY)
  if not events then
    return nil, message, err
  end
  local rows, classes, invited = walk(reading, M.dates(events), effective.window)
  return result.new {
    name = "invitations",
    title = "Invitations by age",
    statement = reading:statement(
      ("%d people who were invited and have not come"):format(#rows),
      effective
    ),
    columns = people.pick(
      "email",
      "fullname",
      { name = "kind", title = "State" },
      { name = "invited", title = "Invited", kind = "time" },
      "days",
      { name = "times", title = "Times", kind = "count" },
      { name = "class", title = "Age" },
      { name = "source", title = "Known from" }
    ),
    rows = rows,
    row_title = "People",
    classes = classes,
    partitions = { { count = #rows, of = "People who have not come" } },
    totals = {
      { name = "invited", title = "Invited", value = invited, kind = "count" },
      {
        name = "never_logged_in",
        title = "Never logged in",
        value = #rows - invited,
        kind = "count",
      },
    },
    notes = {
      "An account that nobody has logged in to counts from its last invitation, or else from the "
        .. "day it was made.",
      ("Invitations are dated by events of the last %d days (option window)."):format(
        effective.window
      ),
    },
  }
end

return M
