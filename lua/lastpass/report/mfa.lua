--- Multifactor and master passwords: who has no second factor, a weak or an expired password, a low
-- security score; by admin and by group.
-- @module lastpass.report.mfa
local email = require "lastpass.email"
local errors = require "lastpass.error"
local people = require "lastpass.report.people"
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local statistics = require "lastpass.report.statistics"

local M = {}

local classes_of = {
  { "admin_with", "Admins with", "admins who have a second factor" },
  { "admin_without", "Admins without", "admins who have none" },
  { "user_with", "Others with", "everybody else who has a second factor" },
  { "user_without", "Others without", "everybody else who has none" },
}

--- Name, title and meaning of the classes, in order.
M.classes = classes_of

--- The class of somebody who can log in.
---@param is_admin boolean
---@param has_mfa boolean
---@return string name of `classes`
function M.class_of(is_admin, has_mfa)
  return (is_admin and "admin_" or "user_") .. (has_mfa and "with" or "without")
end

local titles = {
  no_mfa = "no multifactor",
  weak_password = "weak master password",
  low_score = "low security score",
  expired_password = "expired master password",
}
local order = { "no_mfa", "weak_password", "low_score", "expired_password" }

-- What has never been set is not weak: people who never logged in have no master password.
local function findings_of(reading, user, options, expired)
  local used = not reading:never_logged_in(user)
  local found = {
    no_mfa = not user.mfa,
    weak_password = used and (user.password_strength or 101) < options.strength,
    low_score = used and (user.security_score or 101) < options.score,
    expired_password = expired[email.fold(user.email)] == true,
  }
  local list = {}
  for _, name in ipairs(order) do
    list[#list + 1] = found[name] and name or nil
  end
  return list
end

local function add_to_groups(groups, row, has_mfa)
  local names = #row.groups > 0 and row.groups or { "(no group)" }
  for _, name in ipairs(names) do
    local group = groups[name]
    if not group then
      group = { group = name, members = 0, without = 0, weak = 0 }
      groups[name] = group
    end
    group.members = group.members + 1
    group.without = group.without + (has_mfa and 0 or 1)
    for _, finding in ipairs(row.names) do
      group.weak = group.weak + (finding == "weak_password" and 1 or 0)
    end
  end
end

local function group_table(groups)
  local rows = {}
  for _, group in pairs(groups) do
    group.share = group.without / group.members
    rows[#rows + 1] = group
  end
  statistics.sort(rows, "-without", "group")
  return {
    name = "groups",
    title = "By group",
    columns = {
      { name = "group", title = "Group" },
      { name = "members", title = "Members", kind = "count" },
      { name = "without", title = "Without multifactor", kind = "count" },
      { name = "share", title = "Share", kind = "share" },
      { name = "weak", title = "Weak passwords", kind = "count" },
    },
    rows = rows,
  }
end

local function walk(reading, options, expired)
  local classes, by_name = statistics.classes(classes_of)
  local found = { rows = {}, groups = {}, classes = classes, active = 0, counts = {} }
  for _, name in ipairs(order) do
    found.counts[name] = 0
  end
  for user in reading:users() do
    if user.status == "active" then
      local row = people.row(user)
      row.names = findings_of(reading, user, options, expired)
      local class = by_name[M.class_of(row.admin, user.mfa ~= nil)]
      class.count = class.count + 1
      found.active = found.active + 1
      add_to_groups(found.groups, row, user.mfa ~= nil)
      if #row.names > 0 then
        if not reading:never_logged_in(user) then
          row.password_strength, row.security_score = user.password_strength, user.security_score
        end
        row.findings = {}
        for place, name in ipairs(row.names) do
          row.findings[place] = titles[name]
          found.counts[name] = found.counts[name] + 1
        end
        found.rows[#found.rows + 1] = row
      end
    end
  end
  statistics.sort(found.rows, "-admin", "email")
  return found
end

local function totals_of(found)
  local totals = { { name = "active", title = "Can log in", value = found.active, kind = "count" } }
  for place, name in ipairs(order) do
    local title = titles[name]:gsub("^%l", string.upper)
    totals[place + 1] = { name = name, title = title, value = found.counts[name], kind = "count" }
  end
  return totals
end

--- Who can log in without a second factor, or with a bad master password.
---@param subject lastpass.Client|lastpass.Snapshot
---@param options? table strength (master passwords below it are weak; default 50 of 100), score
-- (security scores below it are low; default 50 of 100)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.make(subject, options)
  options = errors.check_options("report.mfa", options, { strength = "number", score = "number" })
  local effective = { strength = options.strength or 50, score = options.score or 50 }
  local reading, message, err = reading_room.open("report.mfa", subject, { live = true })
  if not reading then
    return nil, message, err
  end
  local list
  list, message, err = reading:expired_passwords()
  if not list then
    return nil, message, err
  end
  local expired = {}
  for _, one in ipairs(list) do
    expired[email.fold(one.email)] = true
  end
  local found = walk(reading, effective, expired)
  local population = ("%d people who can log in; disabled and invited ones are left out"):format(
    found.active
  )
  return result.new {
    name = "mfa",
    title = "Multifactor and master passwords",
    statement = reading:statement(population, effective),
    columns = people.pick(
      "email",
      "fullname",
      "admin",
      "findings",
      "mfa",
      "password_strength",
      "security_score",
      "last_login",
      "groups"
    ),
    rows = found.rows,
    row_title = "People with a finding",
    classes = found.classes,
    partitions = { { count = found.active, of = "People who can log in" } },
    totals = totals_of(found),
    tables = { group_table(found.groups) },
    notes = {
      "A second factor that an identity provider asks for is not seen by LastPass.",
      "Groups overlap: somebody in two groups is counted in both.",
      "People who never logged in have neither a password strength nor a score.",
    },
  }
end

return M
