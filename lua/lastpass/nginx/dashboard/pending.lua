--- Invitations that nobody has accepted yet, by age.
-- @module lastpass.nginx.dashboard.pending
local classes_room = require "lastpass.nginx.dashboard.classes"
local fold = require("lastpass.unified.texts").fold
local html = require "lastpass.nginx.dashboard.html"
local invitations = require "lastpass.report.invitations"
local lists = require "lastpass.nginx.dashboard.lists"
local order = require "lastpass.unified.order"
local parts = require "lastpass.nginx.dashboard.parts"
local statistics = require "lastpass.report.statistics"
local text = require "lastpass.text"

local M = {}

local LONGEST_WAITING = 8

-- The longest first, unknown ones before them.
local function waits_longer(a, b)
  local one, other = a.at or 0, b.at or 0
  if one ~= other then
    return one < other
  end
  return a.email < b.email
end

-- Those who are only invited, and since when; there may be very many.
local function list_of(call, index, dates, read_at)
  return call:among("pending", ("%d"):format(read_at), 2, function()
    local list = {}
    for place, address in ipairs(index:invited()) do
      local at = dates[fold(address)]
      list[place] = { email = address, at = at, days = statistics.days(at, call.now) }
    end
    return order.sort(list, waits_longer, call.pause)
  end)
end

local function waiting_table(call, list)
  local rows = {}
  for place = 1, math.min(#list, LONGEST_WAITING) do
    local one = list[place]
    rows[place] = {
      html.a({ href = call:url("person", { { "email", one.email } }) }, parts.email(one.email)),
      parts.time(one.at) or html.span({ class = "quiet" }, "not known"),
      one.days and text.count(math.max(one.days, 0)),
    }
  end
  return parts.table("waiting-table", "Waiting longest", {
    { title = "E-mail", class = "name" },
    { title = "Invited, UTC", class = "time" },
    { title = "Days", class = "number" },
  }, rows)
end

local function ages(call, list)
  local given, class_name = invitations.ages(call.settings.invitation_days)
  local classes, by_name = statistics.classes(given)
  for _, one in ipairs(list) do
    local class = by_name[class_name(one.days)]
    class.count = class.count + 1
  end
  for _, class in ipairs(classes) do
    class.meaning = nil -- the title says it
  end
  return classes_room.table(call, "ages-table", "By age", classes, { title = "Age", whole = #list })
end

local function no_dates(message, err)
  if err and err.code == "being_read" then
    return html.p({ class = "note" }, "Their age is being read; it is here in a moment.")
  end
  return html.p(
    { class = "note" },
    "Their age is not known: ",
    message or "events were not read",
    "."
  )
end

--- The part of the overview about them.
---@param call lastpass.nginx.dashboard.Call
---@param index lastpass.nginx.dashboard.Index
---@return lastpass.nginx.dashboard.Markup
function M.show(call, index)
  local count = #index:invited()
  local dates, known, err
  if count > 0 then
    dates, known, err = call.recent:invitation_dates(call.now)
  end
  local body
  if count == 0 then
    body = lists.empty("Nobody is waiting", "Everybody who was invited has come.")
  elseif not dates then
    body = no_dates(known, err)
  else
    local list = list_of(call, index, dates, known)
    body = html.div({ class = "two" }, ages(call, list), waiting_table(call, list))
  end
  return parts.section(
    "invitations",
    "Pending invitations",
    body,
    count > 0
      and html.p(
        { class = "more" },
        classes_room.people(
          call,
          "All " .. text.plural(count, "invitation"),
          { { "status", "invited" } }
        )
      )
  )
end

return M
