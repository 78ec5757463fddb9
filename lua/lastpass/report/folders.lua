--- Shared folders: who can read, write and administer what, through which group; and what is wrong.
-- @module lastpass.report.folders
local access = require "lastpass.report.folder_access"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local reading_room = require "lastpass.report.reading"
local result = require "lastpass.report.result"
local statistics = require "lastpass.report.statistics"

local M = {}

local classes_of = {
  { "sound", "Nothing found", "an active admin, nobody external, all admins with multifactor" },
  { "orphan", "Orphans", "no admin who can log in" },
  { "external", "External", "somebody from outside has access" },
  { "admin_without_mfa", "Admins without MFA", "an admin of it has no second factor" },
}

local columns = {
  { name = "folder", title = "Folder" },
  { name = "email", title = "E-mail" },
  { name = "right", title = "Right" },
  { name = "group", title = "Through group" },
  { name = "sees_passwords", title = "Sees passwords", kind = "flag" },
  { name = "super_admin", title = "Super admin", kind = "flag" },
  { name = "account", title = "Account" },
  { name = "mfa", title = "Multifactor" },
  { name = "external", title = "External", kind = "flag" },
}

local folder_columns = {
  { name = "folder", title = "Folder" },
  { name = "findings", title = "Findings", kind = "list" },
  { name = "read", title = "Read", kind = "count" },
  { name = "write", title = "Write", kind = "count" },
  { name = "administer", title = "Administer", kind = "count" },
  { name = "external", title = "External", kind = "count" },
  { name = "score", title = "Score", kind = "score" },
}

local finding_columns = {
  { name = "finding", title = "Finding" },
  { name = "folder", title = "Folder" },
  { name = "email", title = "E-mail" },
}

-- A folder is counted once, by the gravest finding; the table of findings has them all.
local function class_of(folder)
  for _, name in ipairs { "orphan", "external", "admin_without_mfa" } do
    if folder.found[name] then
      return name
    end
  end
  return "sound"
end

local function count(folders)
  local classes, by_name = statistics.classes(classes_of)
  for _, folder in ipairs(folders) do
    local class = by_name[class_of(folder)]
    class.count = class.count + 1
  end
  return classes
end

local function total(folders, finding)
  local sum = 0
  for _, folder in ipairs(folders) do
    sum = sum + (folder.found[finding] and 1 or 0)
  end
  return sum
end

local function totals_of(seen)
  local outside = {}
  local people = 0
  for _, row in ipairs(seen.rows) do
    local key = email.fold(row.email)
    if row.external and not outside[key] then
      outside[key] = true
      people = people + 1
    end
  end
  return {
    { name = "folders", title = "Folders", value = #seen.folders, kind = "count" },
    { name = "orphans", title = "Orphans", value = total(seen.folders, "orphan"), kind = "count" },
    {
      name = "external_folders",
      title = "With externals",
      value = total(seen.folders, "external"),
      kind = "count",
    },
    { name = "external_people", title = "External people", value = people, kind = "count" },
    {
      name = "admins_without_mfa",
      title = "Admin without MFA",
      value = total(seen.folders, "admin_without_mfa"),
      kind = "count",
    },
  }
end

local function notes_of(seen)
  local notes = {
    "Internal are addresses of: " .. table.concat(seen.domains, ", ") .. " (option domains).",
    "A folder is an orphan when none of its own admins can log in; super admins do not count.",
    "A folder with several findings is in the class of the gravest: orphan, external, admin "
      .. "without multifactor. The findings are listed one by one.",
  }
  if seen.deleted > 0 then
    notes[4] = ("%d deleted folders are left out (option deleted)."):format(seen.deleted)
  end
  return notes
end

--- Who can do what with the shared folders.
---@param subject lastpass.Client|lastpass.Snapshot
---@param options? table domains (list of internal ones; default those of active admins), deleted
-- (true: deleted folders too)
---@return lastpass.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.make(subject, options)
  options = errors.check_options("report.folders", options, {
    domains = "table",
    deleted = "boolean",
  })
  local reading, message, err = reading_room.open("report.folders", subject, { live = true })
  if not reading then
    return nil, message, err
  end
  local list
  list, message, err = reading:folders()
  if not list then
    return nil, message, err
  end
  local seen = access.look(reading, list, options)
  local population = ("%d shared folders with %d rights"):format(#seen.folders, #seen.rows)
  local effective = { domains = seen.domains, deleted = options.deleted or false }
  return result.new {
    name = "folders",
    title = "Shared folders",
    statement = reading:statement(population, effective),
    columns = columns,
    rows = seen.rows,
    row_title = "Who can do what",
    classes = count(seen.folders),
    partitions = { { count = #seen.folders, of = "Shared folders" } },
    totals = totals_of(seen),
    tables = {
      {
        name = "findings",
        title = "Findings",
        columns = finding_columns,
        rows = seen.findings,
      },
      { name = "folders", title = "Folders", columns = folder_columns, rows = seen.folders },
    },
    notes = notes_of(seen),
  }
end

return M
