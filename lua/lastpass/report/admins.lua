--- Administrators: who they are, and what is wrong with their accounts.
-- @module lastpass.report.admins
local email = require "lastpass.email"
local errors = require "lastpass.error"
local people = require "lastpass.report.people"
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local statistics = require "lastpass.report.statistics"

local M = {}

local classes_of = {
  { "sound", "Nothing found", "can log in, and nothing is wrong" },
  { "finding", "With findings", "can log in, and something is wrong" },
  { "disabled", "Disabled", "admin rights on an account whose log-in is blocked" },
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
  local idle = statistics.days(user.last_login, reading.now)
  add(not user.mfa, "no multifactor")
  add(never, "never logged in")
  add(idle and idle > options.days, "not logged in for %d days", idle)
  if not reading.is_record and not never then
    local strength = user.password_strength
    add(strength and strength < options.strength, "weak master password")
  end
  return list
end

local function walk(reading, options, supers)
  local classes, by_name = statistics.classes(classes_of)
  local rows = {}
  for user in reading:users() do
    if user.admin then
      local row = people.row(user)
      row.days = statistics.days(user.last_login, reading.now)
      row.findings = findings_of(reading, user, options)
      if supers then
        row.super_admin = supers[email.fold(user.email)] == true
      end
      local class = user.status == "disabled" and "disabled"
        or #row.findings > 0 and "finding"
        or "sound"
      if class == "disabled" then
        table.insert(row.findings, 1, "disabled, and still an admin")
      end
      row.class = class
      by_name[class].count = by_name[class].count + 1
      rows[#rows + 1] = row
    end
  end
  statistics.sort(rows, "email")
  return rows, classes, by_name
end

local function columns_of(supers)
  local super = { name = "super_admin", title = "Super admin", kind = "flag" }
  return people.pick(
    "email",
    "fullname",
    "status",
    supers and super or "mfa",
    supers and "mfa" or "last_login",
    supers and "last_login" or "days",
    supers and "days" or "findings",
    supers and "findings" or nil
  )
end

--- All administrators.
---@param subject lastpass.Client|lastpass.Snapshot|lastpass.directory.Record
---@param options? table days (without log-in; default 90), strength (of the master password;
-- default 50), folders (true: shared folders are read too, to tell super admins)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.make(subject, options)
  options = errors.check_options("report.admins", options, {
    days = "number",
    strength = "number",
    folders = "boolean",
  })
  local effective = {
    days = options.days or 90,
    strength = options.strength or 50,
    folders = options.folders or false,
  }
  local reading, message, err = reading_room.open("report.admins", subject, {
    live = effective.folders,
  })
  if not reading then
    return nil, message, err
  end
  local supers
  if effective.folders then
    supers, message, err = super_admins(reading)
    if not supers then
      return nil, message, err
    end
  end
  local rows, classes, by_name = walk(reading, effective, supers)
  local active = by_name.sound.count + by_name.finding.count
  local notes = { "The API does not tell levels of admin rights; whoever has any is listed." }
  if active == 1 then
    notes[2] = "Only one admin can log in: if that account is lost, nobody can administer LastPass."
  end
  return result.new {
    name = "admins",
    title = "Administrators",
    statement = reading:statement(("%d accounts with admin rights"):format(#rows), effective),
    columns = columns_of(supers),
    rows = rows,
    row_title = "Administrators",
    classes = classes,
    partitions = { { count = #rows, of = "Accounts with admin rights" } },
    totals = {
      { name = "admins", title = "Administrators", value = #rows, kind = "count" },
      { name = "active", title = "Can log in", value = active, kind = "count" },
      {
        name = "findings",
        title = "With findings",
        value = #rows - by_name.sound.count,
        kind = "count",
      },
    },
    notes = notes,
  }
end

return M
