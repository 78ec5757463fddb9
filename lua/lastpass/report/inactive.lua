--- Inactive accounts: who can log in and has not done so for long.
-- @module lastpass.report.inactive
local errors = require "lastpass.error"
local people = require "lastpass.report.people"
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local statistics = require "lastpass.report.statistics"

local M = {}

-- The classes divide at the limit, so that the rows are whole classes.
local function limits_of(days)
  local limits = { days }
  for _, more in ipairs { 2, 4 } do
    limits[#limits + 1] = days * more
  end
  if days >= 2 then
    table.insert(limits, 1, math.floor(days / 3 + 0.5))
  end
  return limits
end

local function walk(reading, days)
  local list, class_of = statistics.age_classes(limits_of(days))
  list[#list + 1] = { "never", "never", "the account is there, nobody has logged in to it" }
  for _, class in ipairs(list) do
    class[3] = class[1] == "never" and class[3] or "last log-in " .. class[2] .. " ago"
  end
  local classes, by_name = statistics.classes(list)
  local found = { classes = classes, rows = {}, active = 0 }
  for user in reading:users() do
    if user.status == "active" then
      found.active = found.active + 1
      local idle = statistics.days(user.last_login, reading.now)
      local class = by_name[idle and class_of(math.max(idle, 0)) or "never"]
      class.count = class.count + 1
      -- who never logged in is inactive since the account was made
      local since = idle or statistics.days(user.created, reading.now)
      if not since or since > days then
        local row = people.row(user)
        row.days, row.never = since, idle == nil
        row.class = class.name
        found.rows[#found.rows + 1] = row
      end
    end
  end
  statistics.sort(found.rows, "-days", "email")
  return found
end

--- Accounts that can log in and have not for more than so many days; those that never have count
-- from the day they were made.
---@param subject lastpass.Client|lastpass.Snapshot|lastpass.directory.Record
---@param options? table days (whole, from 1 on; default 90)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.make(subject, options)
  options = errors.check_options("report.inactive", options, {
    days = function(value)
      return type(value) == "number" and value >= 1 and value == math.floor(value),
        "a whole number from 1 on"
    end,
  })
  local effective = { days = options.days or 90 }
  local reading, message, err = reading_room.open("report.inactive", subject)
  if not reading then
    return nil, message, err
  end
  local found = walk(reading, effective.days)
  local population = ("%d people who can log in; disabled and invited ones are left out"):format(
    found.active
  )
  return result.new {
    name = "inactive",
    title = ("Not logged in for more than %d days"):format(effective.days),
    statement = reading:statement(population, effective),
    columns = people.pick(
      "email",
      "fullname",
      { name = "days", title = "Days", kind = "days" },
      "last_login",
      { name = "never", title = "Never logged in", kind = "flag" },
      "created",
      "admin",
      "groups"
    ),
    rows = found.rows,
    row_title = "Inactive people",
    classes = found.classes,
    partitions = { { count = found.active, of = "People who can log in" } },
    totals = {
      { name = "active", title = "Can log in", value = found.active, kind = "count" },
      { name = "inactive", title = "Inactive", value = #found.rows, kind = "count" },
      {
        name = "share",
        title = "Share",
        value = found.active > 0 and #found.rows / found.active or nil,
        kind = "share",
      },
    },
    notes = {
      "The days of somebody who never logged in are those since the account was made; who was made "
        .. "within the limit is in the class 'never' and not listed.",
    },
  }
end

return M
