--- Administrators: who they are, and what is wrong with their accounts.
-- @module lastpass.report.admins
local accounts = require "lastpass.report.accounts"
local email = require "lastpass.email"
local values = require "lastpass.report.values"

local M = {
  name = "admins",
  title = "Administrators",
  summary = "The administrators, and what is wrong with their accounts",
  row_title = "Administrators",
}

M.options = {
  { "days", "number", "without log-in that are a finding", default = 90, value = "DAYS" },
  {
    "strength",
    "number",
    "master passwords below it are weak, of 100",
    default = 50,
    value = "NUMBER",
  },
  { "folders", "boolean", "read the shared folders too, to find super admins", default = false },
}

M.examples = {
  { "lastpass report admins --where '#u.findings > 0'", "those with a finding" },
  { "lastpass report admins --as-of 2026-03-31", "who was one at the end of March" },
}

--- Only the folders name super admins, and a stored directory has none.
function M.takes_record(options)
  return not options.folders
end

local classes_of = {
  { "sound", "Nothing found", "can log in, and nothing is wrong" },
  { "finding", "With findings", "can log in, and something is wrong" },
  { "disabled", "Disabled", "admin rights on a disabled account" },
}

-- Super admins are seen through the shared folders only (enterprise-api §4.9).
local function super_admins(reading)
  local folders, message, err = reading:folders()
  if not folders then
    return nil, message, err
  end
  local set = {}
  for _, folder in ipairs(folders) do
    for _, user in ipairs(folder.users) do
      if user.super_admin then
        set[email.fold(user.email)] = true
      end
    end
  end
  return set
end

local function findings_of(reading, user, options)
  local list = {}
  local function add(is_so, format, ...)
    list[#list + 1] = is_so and format:format(...) or nil
  end
  local never = reading:never_logged_in(user)
  local idle = values.days(user.last_login, reading.now)
  add(not user.mfa, "no multifactor")
  add(never, "never logged in")
  add(idle and idle > options.days, "not logged in for %d days", idle)
  if not reading.is_record and not never then
    local strength = user.password_strength
    add(strength and strength < options.strength, "weak master password")
  end
  return list
end

local function new_row(reading, user, options, supers)
  local row = accounts.row(user)
  row.days = values.days(user.last_login, reading.now)
  row.findings = findings_of(reading, user, options)
  if supers then
    row.super_admin = supers[email.fold(user.email)] == true
  end
  row.class = #row.findings > 0 and "finding" or "sound"
  if user.status == "disabled" then
    row.class = "disabled"
    table.insert(row.findings, 1, "disabled, and still an admin")
  end
  return row
end

local function columns_of(supers)
  local columns =
    accounts.pick("email", "fullname", "status", "mfa", "last_login", "days", "findings")
  if supers then
    table.insert(columns, 4, { name = "super_admin", title = "Super admin", kind = "flag" })
  end
  return columns
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local supers, message, err
  if options.folders then
    supers, message, err = super_admins(reading)
    if not supers then
      return nil, message, err
    end
  end
  local classes, by_name = values.classes(classes_of)
  local rows = {}
  for user in reading:users() do
    if user.admin then
      local row = new_row(reading, user, options, supers)
      by_name[row.class].count = by_name[row.class].count + 1
      rows[#rows + 1] = row
    end
  end
  values.sort(rows, "email")
  local active = by_name.sound.count + by_name.finding.count
  local findings = #rows - by_name.sound.count
  local notes =
    { "The API does not distinguish levels of admin rights; everybody with any is listed." }
  if active == 1 then
    notes[2] = "Only one admin can log in: if that account is lost, nobody can administer LastPass."
  end
  return {
    population = ("%d accounts with admin rights"):format(#rows),
    columns = columns_of(supers),
    rows = rows,
    classes = classes,
    partitions = { { count = #rows, of = "Accounts with admin rights" } },
    totals = {
      { name = "admins", title = "Administrators", value = #rows, kind = "count", where = {} },
      {
        name = "active",
        title = "Can log in",
        value = active,
        kind = "count",
        where = { class = { "sound", "finding" } },
      },
      {
        name = "findings",
        title = "With findings",
        value = findings,
        kind = "count",
        where = { class = { "finding", "disabled" } },
      },
    },
    notes = notes,
  }
end

return M
