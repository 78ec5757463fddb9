--- One person: facts, groups, shared folders. Attributes are not shown: they may hold secrets
-- (enterprise-api §4.1).
-- @module lastpass.nginx.dashboard.person
local html = require "lastpass.nginx.dashboard.html"
local index_room = require "lastpass.nginx.dashboard.index"
local parts = require "lastpass.nginx.dashboard.parts"
local people = require "lastpass.nginx.dashboard.people"
local standing = require "lastpass.report.standing"
local text = require "lastpass.text"
local tally = require "lastpass.nginx.dashboard.tally"

local M = {}

local function yes_no(value)
  if value == nil then
    return nil
  end
  return value and "yes" or "no"
end

local function of_hundred(value)
  return value and ("%s of 100"):format(text.count(math.floor(value * 10 + 0.5) / 10))
end

local vault = {
  { "sites", "site" },
  { "notes", "note" },
  { "form_fills", "form fill" },
  { "applications", "application" },
  { "attachments", "attachment" },
}

local function vault_text(user)
  local list = {}
  for _, kind in ipairs(vault) do
    local count = user[kind[1]]
    if count and count > 0 then
      list[#list + 1] = text.plural(count, kind[2])
    end
  end
  if #list > 0 then
    return table.concat(list, ", ")
  end
  return standing.items(user) == 0 and "nothing" or nil
end

local function facts_of(user)
  local class = index_room.standing_of(user)
  local used = not user.never_logged_in
  return {
    { "E-mail", parts.email(user.email) },
    { "Status", tally.standing_title(class) },
    { "Admin", yes_no(user.admin) },
    { "Multifactor", people.mfa(user.mfa, class) },
    { "Last log-in", parts.time(user.last_login, true) or user.status ~= "invited" and "never" },
    { "Created", parts.time(user.created, true) },
    { "Password changed", parts.time(user.last_password_change, true) },
    { "Has to change it", user.password_reset_required and "at the next log-in" },
    { "Password strength", used and of_hundred(user.password_strength) },
    { "Security score", used and of_hundred(user.security_score) },
    { "Vault", vault_text(user) },
    { "Duo name", user.duo_username and html.bdi(user.duo_username) },
    { "Linked account", user.linked_account and html.bdi(user.linked_account) },
    { "LastPass number", user.id and ("%.0f"):format(user.id) },
  }
end

local function facts(user)
  local items = {}
  for _, fact in ipairs(facts_of(user)) do
    if fact[2] then
      items[#items + 1] = html.div(html.dt(fact[1]), html.dd(fact[2]))
    end
  end
  return parts.section("facts", "Facts", html.dl({ class = "facts" }, items))
end

local function groups(call, user)
  local names = {}
  for place, name in ipairs(user.groups) do
    names[place] = name
  end
  table.sort(names)
  local items = {}
  for place, name in ipairs(names) do
    local href = call:url("people", { { "group", name } })
    items[place] = html.li(html.a({ href = href }, html.bdi(name)))
  end
  return parts.section(
    "groups",
    "Groups",
    #items > 0 and html.ul({ class = "tags" }, items) or html.p({ class = "quiet" }, "In no group.")
  )
end

local function folder_rows(call, rights)
  local rows = {}
  for place, right in ipairs(rights) do
    rows[place] = {
      html.a({ href = call:url("folder", { { "id", right.folder_id } }) }, html.bdi(right.folder)),
      right.right,
      right.group and html.bdi(right.group) or right.super_admin and "super admin" or "directly",
      yes_no(right.sees_passwords),
    }
  end
  return rows
end

local function folders(call, user)
  local access, failure = call:access()
  local body
  if not access then
    body = html.p({ class = "quiet" }, "Shared folders could not be read: ", failure.message, ".")
  else
    local rights = access:rights_of(user.email)
    body = #rights == 0 and html.p({ class = "quiet" }, "In no shared folder.")
      or parts.table("folders-table", text.plural(#rights, "right"), {
        { title = "Folder", class = "name" },
        { title = "Right" },
        { title = "Through" },
        { title = "Sees passwords", class = "minor" },
      }, folder_rows(call, rights))
  end
  return parts.section("folders", "Shared folders", body)
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; or missing (what to say when there is nobody)
function M.show(call)
  local email = call:param "email"
  local user = email ~= "" and call.view.snapshot:user(email)
  if not user then
    return { missing = "There is nobody with that address in this company." }
  end
  local fullname = user.fullname ~= "" and user.fullname or nil
  return {
    title = fullname or user.email,
    section = "people",
    main = html.join(
      parts.head(
        { fullname and html.bdi(fullname) or parts.email(user.email), user.admin and people.ADMIN },
        {
          crumb = html.a({ href = call:url "people" }, "People"),
          meta = parts.freshness(call),
        }
      ),
      parts.stale(call),
      facts(user),
      groups(call, user),
      folders(call, user)
    ),
  }
end

return M
