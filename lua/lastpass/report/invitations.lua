--- Invitations by age: people who were invited and have not come, on the list of invitations or with an
-- account that nobody has logged in to.
-- @module lastpass.report.invitations
local accounts = require "lastpass.report.accounts"
local email = require "lastpass.email"
local values = require "lastpass.report.values"

local M = {
  name = "invitations",
  title = "Invitations by age",
  summary = "Who was invited and has not come, by age",
  row_title = "People",
}

M.options = {
  {
    "window",
    "number",
    "days of events that are read to find when",
    default = 180,
    least = 90,
    value = "DAYS",
  },
}

M.columns = accounts.pick(
  "email",
  "fullname",
  { name = "kind", title = "State" },
  { name = "invited", title = "Invited", kind = "time" },
  "days",
  { name = "times", title = "Times", kind = "count" },
  { name = "class", title = "Age" },
  { name = "source", title = "Known from" }
)

M.examples = {
  {
    "lastpass report invitations --where '(u.days or 999) > 30' --template '$(email)'",
    "whom to invite again",
  },
}

local LIMITS = { 7, 30, 90 }

--- The classes of age.
---@param window number days of events that are read
---@return table[] list as `values.classes` takes it
---@return fun(days: number|nil): string class_of name of the class
function M.ages(window)
  local list, class_of = values.age_classes(LIMITS)
  local older = ("over_%d_unknown"):format(window)
  list[#list + 1] = {
    older,
    ("over %d days, or unknown"):format(window),
    "no event of the time that was read dates it",
  }
  return list, function(days)
    return days and class_of(math.max(days, 0)) or older
  end
end

local function new_row(reading, user, invitation)
  local row = accounts.row(user)
  local last = invitation and invitation.last
  row.kind = user.status == "invited" and "invited" or "never logged in"
  row.invited = last or user.created
  row.times = last and invitation.times or nil
  row.source = last and "event" or user.created and "account" or nil
  row.days = values.days(row.invited, reading.now)
  return row
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local events, message, err = reading:recent_admin_events(options.window)
  if not events then
    return nil, message, err
  end
  local dates = accounts.invitations(events)
  local list, class_of = M.ages(options.window)
  local classes, by_name = values.classes(list)
  local rows, invited = {}, 0
  for user in reading:users() do
    local is_invited = user.status == "invited"
    if is_invited or user.status == "active" and reading:never_logged_in(user) then
      local row = new_row(reading, user, dates[email.fold(user.email)])
      local class = by_name[class_of(row.days)]
      class.count = class.count + 1
      row.class = class.title
      rows[#rows + 1] = row
      invited = invited + (is_invited and 1 or 0)
    end
  end
  values.sort(rows, "invited", "email")
  return {
    population = ("%d people who were invited and have not come"):format(#rows),
    rows = rows,
    classes = classes,
    partitions = { { count = #rows, of = "People who have not come" } },
    totals = {
      {
        name = "invited",
        title = "Invited",
        value = invited,
        kind = "count",
        where = { kind = "invited" },
      },
      {
        name = "never_logged_in",
        title = "Never logged in",
        value = #rows - invited,
        kind = "count",
        where = { kind = "never logged in" },
      },
    },
    notes = {
      "An account that nobody has logged in to counts from its last invitation, or else from the "
        .. "day it was made.",
      ("Invitations are dated by events of the last %d days (option window)."):format(
        options.window
      ),
    },
  }
end

return M
