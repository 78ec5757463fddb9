--- The SAML guards of a company on its overview: who signed in, what was refused and why, when a certificate of the
-- identity provider ends, and whether it is known whose sessions have ended.
-- @module lastpass.nginx.dashboard.sign_ons
local components = require "lastpass.html.components"
local html = require "lastpass.html"
local parts = require "lastpass.nginx.dashboard.parts"
local text = require "lastpass.text"

local M = {}

local FEW_DAYS = 30

local function first_end(guard)
  local least
  for _, idp in ipairs(guard.identity_providers) do
    for _, certificate in ipairs(idp.certificates) do
      least = math.min(least or certificate.days, certificate.days)
    end
  end
  if not least then
    return parts.mark("no certificate", true)
  end
  local title = least < 0 and "over" or text.plural(math.floor(least), "day")
  return least < FEW_DAYS and parts.mark(title, true) or title
end

local function feed_of(guard)
  local state = guard.feeds.journal
  if guard.late then
    return parts.mark("not read: nobody passes", true)
  elseif type(state) ~= "table" then
    return parts.quiet "none"
  end
  return ("%.1f s"):format(state.lag)
end

local function guards_table(list)
  local rows = {}
  for position, guard in ipairs(list) do
    rows[position] = {
      { guard.name, html.span({ class = "address" }, guard.url) },
      text.count(guard.counts.logins),
      text.count(guard.counts.refused),
      first_end(guard),
      feed_of(guard),
    }
  end
  return components.table("guards-table", "Since nginx was started", {
    { title = "Guard", class = "name" },
    { title = "Sign-ons", class = "number" },
    { title = "Refused", class = "number" },
    { title = "Certificate ends in", class = "number" },
    { title = "Ended sessions known", class = "number" },
  }, rows)
end

local function refusals_table(list)
  local rows = {}
  for _, guard in ipairs(list) do
    for _, refusal in ipairs(guard.counts.refusals) do
      rows[#rows + 1] = { refusal.code, guard.name, text.count(refusal.count) }
    end
  end
  return rows[1]
    and components.table("refusals-table", "Refused, by check", {
      { title = "Check", class = "name" },
      { title = "Guard", class = "name" },
      { title = "Times", class = "number" },
    }, rows)
end

--- The part of the page.
---@param call lastpass.nginx.dashboard.Call
---@return lastpass.html.Markup|nil nothing where the company has no guard
function M.section(call)
  local list = call.settings.guards and call.settings.guards(call.tenant.name) or {}
  return list[1]
    and components.section("sign-ons", "SAML sign-on", guards_table(list), refusals_table(list))
end

return M
