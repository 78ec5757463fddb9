--- The tables of a bundle: what the replies say, as CSV, always in the same order.
-- @module lastpass.report.evidence.tables
local csv = require "lastpass.report.render.csv"
local redact = require "lastpass.report.evidence.redact"
local statistics = require "lastpass.report.statistics"

local M = {}

local function columns(list)
  local result = {}
  for place, one in ipairs(list) do
    local name, kind = one:match "^([%w_]+):?(.*)$"
    result[place] = { name = name, kind = kind ~= "" and kind or nil }
  end
  return result
end

-- Attributes are left out: they may hold anything.
local user_columns = columns {
  "id",
  "email",
  "fullname",
  "status",
  "admin",
  "mfa",
  "created:time",
  "last_login:time",
  "never_logged_in",
  "last_password_change:time",
  "password_reset_required",
  "password_strength",
  "security_score",
  "sites",
  "notes",
  "form_fills",
  "applications",
  "attachments",
}

local function users_of(snapshot)
  local users, memberships = {}, {}
  for user in snapshot:users() do
    local row = {}
    for place, column in ipairs(user_columns) do
      row[column.name] = user[user_columns[place].name]
    end
    users[#users + 1] = row
    for _, group in ipairs(user.groups) do
      memberships[#memberships + 1] = { group = group, email = user.email }
    end
  end
  statistics.sort(users, "email", "id")
  statistics.sort(memberships, "group", "email")
  return users, memberships
end

local function rights_of(folders)
  local rows = {}
  for _, folder in ipairs(folders) do
    for _, user in ipairs(folder.users) do
      rows[#rows + 1] = {
        folder_id = folder.id,
        folder = folder.name,
        deleted = folder.deleted,
        email = user.email,
        can_write = user.can_write,
        sees_passwords = user.sees_passwords,
        can_administer = user.can_administer,
        super_admin = user.super_admin,
        group = user.group,
      }
    end
  end
  statistics.sort(rows, "folder_id", "email", "group")
  return rows
end

-- Events stay in their order: several of one second have no other.
local function events_of(events)
  local rows = {}
  for place, event in ipairs(events) do
    rows[place] = {
      time = event.time,
      local_time = event.local_time,
      ambiguous = event.ambiguous,
      username = event.username,
      ip_address = event.ip_address,
      action = event.action,
      data = redact.data(event.data),
    }
  end
  return rows
end

local function expired_of(list)
  local rows = {}
  for place, one in ipairs(list) do
    rows[place] =
      { id = one.id, email = one.email, last_password_change = one.last_password_change }
  end
  statistics.sort(rows, "email", "id")
  return rows
end

--- Adds the tables to the files of a bundle.
---@param files table[] {path, text}
---@param found table of `evidence.collect`
---@return table counts
function M.add(files, found)
  local function add(name, list, rows)
    files[#files + 1] = {
      path = "tables/" .. name .. ".csv",
      text = csv.write(columns(list), rows, true),
    }
  end
  local users, memberships = users_of(found.snapshot)
  files[#files + 1] = { path = "tables/users.csv", text = csv.write(user_columns, users, true) }
  add("memberships", { "group", "email" }, memberships)
  local rights = rights_of(found.folders)
  add("folder_rights", {
    "folder_id",
    "folder",
    "deleted",
    "email",
    "can_write",
    "sees_passwords",
    "can_administer",
    "super_admin",
    "group",
  }, rights)
  local expired = expired_of(found.expired)
  add("expired_passwords", { "id", "email", "last_password_change:time" }, expired)
  local counts = {
    users = found.snapshot:count(),
    invited = found.snapshot:invited_count(),
    memberships = #memberships,
    folders = #found.folders,
    folder_rights = #rights,
    expired_passwords = #expired,
    queries = #found.queries,
  }
  if found.events then
    local events = events_of(found.events)
    add("events", {
      "time:time",
      "local_time",
      "ambiguous",
      "username",
      "ip_address",
      "action",
      "data",
    }, events)
    counts.events = #events
  end
  return counts
end

return M
