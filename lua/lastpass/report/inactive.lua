--- Inactive accounts: who can log in and has not done so for long. Those who never have count from the
-- day their account was made.
-- @module lastpass.report.inactive
local accounts = require "lastpass.report.accounts"
local values = require "lastpass.report.values"

local M = {
  name = "inactive",
  summary = "Who can log in and has not done so for long",
  row_title = "Inactive people",
  takes_record = true,
}

M.options = {
  { "days", "number", "without log-in", default = 90, least = 1, is_whole = true, value = "DAYS" },
}

M.columns = accounts.pick(
  "email",
  "fullname",
  "days",
  "last_login",
  { name = "never", title = "Never logged in", kind = "flag" },
  "created",
  "admin",
  "groups"
)

M.examples = { { "lastpass report inactive --days 180 --csv", "half a year" } }

--- The title names the limit.
function M.title(options)
  return ("Not logged in for more than %d days"):format(options.days)
end

-- The classes divide at the limit, so that the rows are whole classes.
local function classes_of(days)
  local limits = { days, days * 2, days * 4 }
  if days >= 2 then
    table.insert(limits, 1, math.floor(days / 3 + 0.5))
  end
  local list, class_of = values.age_classes(limits)
  for _, class in ipairs(list) do
    class[3] = "last log-in " .. class[2] .. " ago"
  end
  list[#list + 1] = { "never", "never", "the account exists, nobody has logged in to it" }
  return list, class_of
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local list, class_of = classes_of(options.days)
  local classes, by_name = values.classes(list)
  local rows, active = {}, 0
  for user in reading:users() do
    if user.status == "active" then
      active = active + 1
      local idle = values.days(user.last_login, reading.now)
      local class = by_name[idle and class_of(math.max(idle, 0)) or "never"]
      class.count = class.count + 1
      -- who never logged in is inactive since the account was made
      local since = idle or values.days(user.created, reading.now)
      if not since or since > options.days then
        local row = accounts.row(user)
        row.days, row.never = since, idle == nil
        row.class = class.name
        rows[#rows + 1] = row
      end
    end
  end
  values.sort(rows, "-days", "email")
  return {
    population = ("%d people who can log in; disabled and invited ones are left out"):format(
      active
    ),
    rows = rows,
    classes = classes,
    partitions = { { count = active, of = "People who can log in" } },
    totals = {
      { name = "active", title = "Can log in", value = active, kind = "count" },
      { name = "inactive", title = "Inactive", value = #rows, kind = "count", where = {} },
      { name = "share", title = "Share", kind = "share", part = "inactive", whole = "active" },
    },
    notes = {
      "The days of somebody who never logged in are those since the account was made; who was made "
        .. "within the limit is in the class 'never' and not listed.",
    },
  }
end

return M
