--- The overview: how far the company has come with LastPass, multifactor, invitations that wait. Every
-- figure leads to its people.
-- @module lastpass.nginx.dashboard.overview
local components = require "lastpass.html.components"
local fold = require("lastpass.unified.texts").fold
local html = require "lastpass.html"
local invitations = require "lastpass.report.invitations"
local order = require "lastpass.unified.order"
local parts = require "lastpass.nginx.dashboard.parts"
local values = require "lastpass.report.values"
local sign_ons = require "lastpass.nginx.dashboard.sign_ons"
local text = require "lastpass.text"

local M = {}

local LONGEST_WAITING = 8

--- A table of classes with bars; every number is text too.
---@param call lastpass.nginx.dashboard.Call
---@param id string
---@param caption string
---@param list table[] {title, count, meaning}
---@param more table whole (what the shares are of), is_outside (class -> whether it is no part of the whole), title (of
-- the first column), params (class -> query of the people in it)
---@return lastpass.html.Markup
function M.class_table(call, id, caption, list, more)
  local rows = {}
  for position, class in ipairs(list) do
    local title = more.params and parts.people(call, class.title, more.params(class)) or class.title
    local is_outside = more.is_outside and more.is_outside(class)
    rows[position] = {
      { title, class.meaning and html.span({ class = "address" }, class.meaning) },
      not is_outside and components.bar(class.count, more.whole),
      text.count(class.count),
      is_outside and "–" or parts.share(class.count, more.whole),
    }
  end
  return components.table(id, caption, {
    { title = more.title or "Class", class = "class" },
    { title = html.span({ class = "unseen" }, "Bar"), class = "chart" },
    { title = "People", class = "number" },
    { title = "Share", class = "number" },
  }, rows)
end

local function counts_by_name(classes)
  local counts = {}
  for _, class in ipairs(classes) do
    counts[class.name] = class.count
  end
  return counts
end

local function figures(call, index)
  local by_mfa, by_status =
    counts_by_name(index.counts.by_mfa), counts_by_name(index.counts.by_status)
  local can_log_in, admins = index.counts.can_log_in, by_mfa.admin_without
  local enabled = index.count - by_status.disabled
  local can_log_in_param = { "status", "can_log_in" }
  return components.figures {
    {
      "People",
      parts.people(call, text.count(index.count), {}),
      text.plural(#index.counts.groups, "group"),
    },
    {
      "Coverage",
      parts.people(call, parts.share(by_status.active, enabled), { { "status", "active" } }),
      ("%s of %s use it"):format(text.count(by_status.active), text.count(enabled)),
    },
    {
      "Multifactor",
      parts.people(
        call,
        parts.share(by_mfa.admin_with + by_mfa.user_with, can_log_in),
        { can_log_in_param, { "mfa", "yes" } }
      ),
      ("of %s who can log in"):format(text.count(can_log_in)),
    },
    {
      "Admins without MFA",
      parts.people(call, text.count(admins), {
        can_log_in_param,
        { "mfa", "no" },
        { "admin", "yes" },
      }),
      admins == 0 and "as it should be" or "ask them to set it up",
    },
    {
      "Invitations",
      parts.people(call, text.count(by_status.invited), { { "status", "invited" } }),
      "not accepted yet",
    },
  }
end

-- Whoever is disabled is no longer to be covered: they are listed, but are no part of the whole.
local function coverage(call, index)
  local enabled = index.count - counts_by_name(index.counts.by_status).disabled
  local form = "Everybody with an account or an invitation: %s. Shares are of the %s not disabled"
  local caption = form:format(text.count(index.count), text.count(enabled))
  return components.section(
    "coverage",
    "Coverage",
    M.class_table(call, "coverage-table", caption, index.counts.by_status, {
      whole = enabled,
      is_outside = function(class)
        return class.name == "disabled"
      end,
      params = function(class)
        return { { "status", class.name } }
      end,
    })
  )
end

local function methods_table(call, index)
  local list = {}
  for position, method in ipairs(index.counts.methods) do
    list[position] = { title = method.name, count = method.count, name = method.name }
  end
  if #list == 0 then
    return html.p({ class = "note" }, "Nobody has a second factor.")
  end
  return M.class_table(call, "methods-table", "By method, as LastPass names them", list, {
    title = "Method",
    whole = index.counts.can_log_in,
    params = function(class)
      return { { "status", "can_log_in" }, { "mfa", class.name } }
    end,
  })
end

local function multifactor(call, index)
  local caption = "People who can log in: " .. text.count(index.counts.can_log_in)
  return components.section(
    "mfa",
    "Multifactor",
    M.class_table(call, "mfa-table", caption, index.counts.by_mfa, {
      whole = index.counts.can_log_in,
      params = function(class)
        return {
          { "status", "can_log_in" },
          { "mfa", class.name:find "_with$" and "yes" or "no" },
          { "admin", class.name:find "^admin" and "yes" or "no" },
        }
      end,
    }),
    methods_table(call, index)
  )
end

-- The longest first, unknown ones before them.
local function waits_longer(a, b)
  local one, other = a.at or 0, b.at or 0
  if one ~= other then
    return one < other
  end
  return a.email < b.email
end

-- Those who are only invited, and since when; there may be very many.
local function invited_people(call, index, dates, read_at)
  return call:among("invited", ("%d"):format(read_at), 2, function()
    local list = {}
    for position, address in ipairs(index:invited()) do
      local at = dates[fold(address)]
      list[position] = { email = address, at = at, days = values.days(at, call.now) }
    end
    return order.sort(list, waits_longer, call.pause)
  end)
end

local function waiting_table(call, list)
  local rows = {}
  for position = 1, math.min(#list, LONGEST_WAITING) do
    local one = list[position]
    rows[position] = {
      parts.person(call, one.email),
      parts.time(one.at) or parts.quiet "not known",
      one.days and text.count(math.max(one.days, 0)),
    }
  end
  return components.table("waiting-table", "Waiting longest", {
    { title = "E-mail", class = "name" },
    { title = "Invited, UTC", class = "time" },
    { title = "Days", class = "number" },
  }, rows)
end

local function ages_table(call, list)
  local given, class_name = invitations.ages(call.settings.invitation_days)
  local classes, by_name = values.classes(given)
  for _, one in ipairs(list) do
    local class = by_name[class_name(one.days)]
    class.count = class.count + 1
  end
  for _, class in ipairs(classes) do
    class.meaning = nil -- the title has it
  end
  return M.class_table(call, "ages-table", "By age", classes, { title = "Age", whole = #list })
end

local function invitation_tables(call, index)
  local dates, known, err = call.recent:invitation_dates(call.now)
  if dates then
    local list = invited_people(call, index, dates, known)
    return html.div({ class = "two" }, ages_table(call, list), waiting_table(call, list))
  elseif err and err.code == "being_read" then
    return html.p({ class = "note" }, "Their age is being read; it is here in a moment.")
  end
  local reason = known or "events were not read"
  return html.p({ class = "note" }, "Their age is not known: ", reason, ".")
end

local function pending_invitations(call, index)
  local count = #index:invited()
  local all = "All " .. text.plural(count, "invitation")
  return components.section(
    "invitations",
    "Pending invitations",
    count > 0 and invitation_tables(call, index)
      or parts.empty("Nobody is waiting", "Everybody who was invited has come."),
    count > 0 and html.p({ class = "more" }, parts.people(call, all, { { "status", "invited" } }))
  )
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main
function M.show(call)
  local index = call:index()
  local hint = "People appear here once they have an account or an invitation."
  return {
    title = "Overview",
    section = "",
    main = html.join(
      parts.head("Overview", { meta = parts.freshness(call) }),
      parts.stale(call),
      index.count == 0 and html.section(parts.empty("There is nobody yet", hint))
        or html.join(
          html.section({ ["aria-label"] = "Figures" }, figures(call, index)),
          html.div({ class = "two" }, coverage(call, index), multifactor(call, index)),
          pending_invitations(call, index)
        ),
      sign_ons.section(call)
    ),
  }
end

return M
