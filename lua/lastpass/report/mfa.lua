--- Multifactor and master passwords: who has no second factor, a weak or an expired password, a low
-- security score; by admin and by group; and, where the client has LastPass MFA, who is in its directory.
-- @module lastpass.report.mfa
local accounts = require "lastpass.report.accounts"
local email = require "lastpass.email"
local mfa_directory = require "lastpass.report.mfa.directory"
local values = require "lastpass.report.values"

local M = {
  name = "mfa",
  title = "Multifactor and master passwords",
  summary = "Who has no second factor, a weak or expired master password, a low score",
  row_title = "People with a finding",
  tables = { "groups", "left_over" },
}

M.options = {
  {
    "strength",
    "number",
    "master passwords below it are weak, of 100",
    default = 50,
    value = "NUMBER",
  },
  { "score", "number", "security scores below it are low, of 100", default = 50, value = "NUMBER" },
  {
    "mfa_directory",
    "boolean",
    "false: do not compare with the directory of LastPass MFA, which a profile with mfa_key and "
      .. "mfa_private_key can read",
    flag = "--no-mfa-directory",
  },
}

M.columns = accounts.pick(
  "email",
  "fullname",
  "admin",
  "findings",
  "mfa",
  "password_strength",
  "security_score",
  "last_login",
  "groups"
)

-- Where the directory of LastPass MFA was read, what it says stands beside the company's own word.
local columns_with_directory = {}
for _, column in ipairs(M.columns) do
  columns_with_directory[#columns_with_directory + 1] = column
  if column.name == "mfa" then
    columns_with_directory[#columns_with_directory + 1] =
      { name = "mfa_directory", title = "LastPass MFA" }
  end
end

M.examples = {
  { "lastpass report mfa --html mfa.html", "the page" },
  { "lastpass report mfa --where 'u.admin and not u.mfa' --fields email", "the worst ones" },
  { "lastpass report mfa --table groups --csv", "by group, for a chart" },
  { "lastpass report mfa --table left_over", "who has left, and still is in LastPass MFA" },
}

--- Name, title and meaning of the classes, in order.
M.classes = {
  { "admin_with", "Admins with", "admins who have a second factor" },
  { "admin_without", "Admins without", "admins who have none" },
  { "user_with", "Others with", "everybody else who has a second factor" },
  { "user_without", "Others without", "everybody else who has none" },
}

--- The class of somebody who can log in.
---@param is_admin boolean
---@param has_mfa boolean
---@return string name of `classes`
function M.class_of(is_admin, has_mfa)
  return (is_admin and "admin_" or "user_") .. (has_mfa and "with" or "without")
end

local findings = {
  { "no_mfa", "no multifactor" },
  { "weak_password", "weak master password" },
  { "low_score", "low security score" },
  { "expired_password", "expired master password" },
}

local findings_with_directory = {}
for _, list in ipairs { findings, mfa_directory.findings } do
  for _, finding in ipairs(list) do
    findings_with_directory[#findings_with_directory + 1] = finding
  end
end

-- What has never been set is not weak: people who never logged in have no master password.
local function find_findings(reading, user, options, expired)
  local used = not reading:never_logged_in(user)
  return {
    no_mfa = not user.mfa,
    weak_password = used and (user.password_strength or 101) < options.strength,
    low_score = used and (user.security_score or 101) < options.score,
    expired_password = expired[email.fold(user.email)] == true,
  }
end

local function new_row(reading, user, found, all)
  local row = accounts.row(user)
  if not reading:never_logged_in(user) then
    row.password_strength, row.security_score = user.password_strength, user.security_score
  end
  row.findings = {}
  for _, finding in ipairs(all) do
    row.findings[#row.findings + 1] = found[finding[1]] and finding[2] or nil
  end
  return row
end

local function add_to_groups(groups, user, found)
  local names = #user.groups > 0 and user.groups or { "(no group)" }
  for _, name in ipairs(names) do
    local group = groups[name] or { group = name, members = 0, without = 0, weak = 0 }
    groups[name] = group
    group.members = group.members + 1
    group.without = group.without + (found.no_mfa and 1 or 0)
    group.weak = group.weak + (found.weak_password and 1 or 0)
  end
end

local function group_table(groups)
  local rows = {}
  for _, group in pairs(groups) do
    group.share = group.without / group.members
    rows[#rows + 1] = group
  end
  values.sort(rows, "-without", "group")
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

-- Goes over everybody who can log in.
local function examine_users(reading, options, expired, known)
  local all = known and findings_with_directory or findings
  local classes, by_name = values.classes(M.classes)
  local seen =
    { rows = {}, groups = {}, classes = classes, active = 0, counts = {}, findings = all }
  for user in reading:users() do
    if user.status == "active" then
      local found = find_findings(reading, user, options, expired)
      local class = by_name[M.class_of(user.admin, user.mfa ~= nil)]
      class.count = class.count + 1
      seen.active = seen.active + 1
      add_to_groups(seen.groups, user, found)
      local state
      if known then
        local more
        more, state = mfa_directory.examine(known, user)
        for name, is_so in pairs(more) do
          found[name] = is_so
        end
      end
      local row = new_row(reading, user, found, all)
      row.class = class.name
      row.mfa_directory = state
      seen.rows[#seen.rows + 1] = #row.findings > 0 and row or nil
      for name, is_so in pairs(found) do
        seen.counts[name] = (seen.counts[name] or 0) + (is_so and 1 or 0)
      end
    end
  end
  values.sort(seen.rows, "-admin", "email")
  return seen
end

local function totals_of(seen)
  local totals = { { name = "active", title = "Can log in", value = seen.active, kind = "count" } }
  for position, finding in ipairs(seen.findings) do
    totals[position + 1] = {
      name = finding[1],
      title = (finding[2]:gsub("^%l", string.upper)),
      value = seen.counts[finding[1]] or 0,
      kind = "count",
      where = { findings = finding[2] },
    }
  end
  return totals
end

local PHONES = "Whether there is a phone is what LastPass MFA's list says; no call shows devices."
local NOT_READ = "The directory of LastPass MFA was not compared: that needs its Generic API key."

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local list, message, err = reading:expired_passwords()
  if not list then
    return nil, message, err
  end
  local known
  known, message, err = mfa_directory.read(reading, options.mfa_directory)
  if known == nil then
    return nil, message, err
  end
  local seen = examine_users(reading, options, accounts.set_of(list), known)
  return {
    columns = known and columns_with_directory or nil,
    population = ("%d people who can log in; disabled and invited ones are left out"):format(
      seen.active
    ),
    rows = seen.rows,
    classes = seen.classes,
    partitions = { { count = seen.active, of = "People who can log in" } },
    totals = totals_of(seen),
    tables = {
      group_table(seen.groups),
      known and mfa_directory.left_over(known, reading.snapshot) or nil,
    },
    notes = {
      known and PHONES or NOT_READ,
      "A second factor that an identity provider asks for is not seen by LastPass.",
      "Groups overlap: somebody in two groups is counted in both.",
      "People who never logged in have neither a password strength nor a score.",
    },
  }
end

return M
