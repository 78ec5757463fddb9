--- Shared folders: who can read, write and administer what, through which group; and what is wrong.
-- @module lastpass.report.folders
local accounts = require "lastpass.report.accounts"
local email = require "lastpass.email"
local values = require "lastpass.report.values"

local M = {
  name = "folders",
  title = "Shared folders",
  summary = "Who can read, write, administer which shared folder, and what is wrong with it",
  description = "Orphans without an active admin, people from outside, admins without a second "
    .. "factor.",
  row_title = "Who can do what",
  tables = { "findings", "folders" },
}

M.options = {
  {
    "domains",
    "list",
    "internal domains; default those of active admins",
    flag = "--domain",
    value = "DOMAIN",
  },
  { "deleted", "boolean", "deleted folders too", default = false },
}

M.columns = {
  { name = "folder", title = "Folder" },
  accounts.columns.email,
  { name = "right", title = "Right" },
  { name = "group", title = "Through group" },
  { name = "sees_passwords", title = "Sees passwords", kind = "flag" },
  { name = "super_admin", title = "Super admin", kind = "flag" },
  { name = "account", title = "Account" },
  accounts.columns.mfa,
  { name = "external", title = "External", kind = "flag" },
}

M.examples = {
  { "lastpass report folders --table findings", "what is wrong, one by one" },
  {
    "lastpass report folders --where 'u.external' --domain acme.com --csv",
    "who has access from outside",
  },
}

local folder_columns = {
  { name = "folder", title = "Folder" },
  accounts.columns.findings,
  { name = "read", title = "Read", kind = "count" },
  { name = "write", title = "Write", kind = "count" },
  { name = "administer", title = "Administer", kind = "count" },
  { name = "external", title = "External", kind = "count" },
  { name = "score", title = "Score", kind = "score" },
}

local finding_columns = {
  { name = "finding", title = "Finding" },
  { name = "folder", title = "Folder" },
  accounts.columns.email,
}

local classes_of = {
  { "sound", "Nothing found", "an active admin, nobody external, all admins with multifactor" },
  { "orphan", "Orphans", "no admin who can log in" },
  { "external", "External", "somebody from outside has access" },
  { "admin_without_mfa", "Admins without MFA", "an admin of it has no second factor" },
}

-- What can be wrong, the gravest first.
local findings = { "orphan", "external", "admin_without_mfa" }
local finding_titles = {
  orphan = "no active admin",
  external = "external access",
  admin_without_mfa = "admin without multifactor",
}

-- Internal domains: those that are named, or those of admins who can log in.
local function domains_of(reading, given)
  local set = {}
  for _, domain in ipairs(given or {}) do
    set[email.fold(domain)] = true
  end
  if not given then
    for user in reading:users() do
      if user.admin and user.status == "active" then
        set[accounts.domain(user.email)] = true
      end
    end
  end
  set[""] = nil
  local list = {}
  for domain in pairs(set) do
    list[#list + 1] = domain
  end
  table.sort(list)
  return list, set
end

--- The right of somebody in a folder.
---@param user table as a folder has it
---@return "administer"|"write"|"read"
function M.right_of(user)
  return user.can_administer and "administer" or user.can_write and "write" or "read"
end

-- One row a right: somebody may have one of their own and another through a group.
local function right_row(reading, folder, user, internal)
  local known = reading.snapshot:user(user.email)
  return {
    folder = folder.name,
    folder_id = folder.id,
    email = user.email,
    right = M.right_of(user),
    can_administer = user.can_administer,
    group = user.group,
    sees_passwords = user.sees_passwords,
    super_admin = user.super_admin,
    account = known and known.status or "none",
    mfa = known and known.mfa,
    external = not internal[accounts.domain(user.email)],
  }
end

-- The findings of a folder, as {code, address}; nobody is named twice for the same. A super admin is in every folder, and
-- what is wrong with one account is no finding of each: `report.admins` has it.
local function find_findings(rows)
  local found, named, has_admin = {}, {}, false
  local function add_once(code, row)
    local key = code .. " " .. email.fold(row.email)
    if not named[key] then
      named[key] = true
      found[#found + 1] = { code, row.email }
    end
  end
  for _, row in ipairs(rows) do
    local administers = row.can_administer and row.account == "active"
    has_admin = has_admin or (administers and not row.super_admin)
    if row.external and not row.super_admin then
      add_once("external", row)
    end
    if administers and not row.super_admin and not row.mfa then
      add_once("admin_without_mfa", row)
    end
  end
  if not has_admin then
    found[#found + 1] = { "orphan" }
  end
  return found
end

local rank = { read = 1, write = 2, administer = 3 }

-- The line of a folder: people, not rights; each counts by the strongest that they have.
local function folder_line(folder, rows)
  local line = {
    folder = folder.name,
    folder_id = folder.id,
    score = folder.score,
    read = 0,
    write = 0,
    administer = 0,
    external = 0,
    found = {},
    findings = {},
  }
  local strongest, outside = {}, {}
  for _, row in ipairs(rows) do
    local key = email.fold(row.email)
    if not strongest[key] or rank[row.right] > rank[strongest[key]] then
      strongest[key] = row.right
    end
    outside[key] = row.external or nil
  end
  for key, right in pairs(strongest) do
    line[right] = line[right] + 1
    line.external = line.external + (outside[key] and 1 or 0)
  end
  return line
end

local function add_folder(seen, reading, folder, internal)
  local rows = {}
  for position, user in ipairs(folder.users) do
    rows[position] = right_row(reading, folder, user, internal)
    seen.rows[#seen.rows + 1] = rows[position]
  end
  local line = folder_line(folder, rows)
  seen.folders[#seen.folders + 1] = line
  for _, one in ipairs(find_findings(rows)) do
    local code, address = one[1], one[2]
    if not line.found[code] then
      line.found[code] = true
      line.findings[#line.findings + 1] = finding_titles[code]
    end
    seen.findings[#seen.findings + 1] = {
      finding = finding_titles[code],
      code = code,
      folder = folder.name,
      folder_id = folder.id,
      email = address,
    }
  end
end

--- Examines folders: what they and the directory together say about access.
---@param reading lastpass.report.Reading
---@param list lastpass.Folder[]
---@param options table domains, deleted
---@return table seen rows, folders, findings, domains, deleted
function M.examine(reading, list, options)
  local domains, internal = domains_of(reading, options.domains)
  local seen = { rows = {}, folders = {}, findings = {}, domains = domains, deleted = 0 }
  for _, folder in ipairs(list) do
    if folder.deleted and not options.deleted then
      seen.deleted = seen.deleted + 1
    else
      add_folder(seen, reading, folder, internal)
    end
  end
  for _, line in ipairs(seen.folders) do
    table.sort(line.findings)
  end
  values.sort(seen.rows, "folder", "folder_id", "email", "group")
  values.sort(seen.findings, "code", "folder", "email")
  return seen
end

-- A folder is counted once, by the gravest finding; the table of findings has them all.
local function count_classes(seen)
  local classes, by_name = values.classes(classes_of)
  for _, line in ipairs(seen.folders) do
    local name = "sound"
    for position = #findings, 1, -1 do
      name = line.found[findings[position]] and findings[position] or name
    end
    line.class = name
    by_name[name].count = by_name[name].count + 1
  end
  return classes
end

local function totals_of(seen)
  local counts, outside, people = {}, {}, 0
  for _, code in ipairs(findings) do
    counts[code] = 0
    for _, line in ipairs(seen.folders) do
      counts[code] = counts[code] + (line.found[code] and 1 or 0)
    end
  end
  for _, row in ipairs(seen.rows) do
    local key = email.fold(row.email)
    if row.external and not outside[key] then
      outside[key], people = true, people + 1
    end
  end
  local totals = {}
  for position, total in ipairs {
    { "folders", "Folders", #seen.folders, {}, "folders" },
    { "orphans", "Orphans", counts.orphan, { findings = finding_titles.orphan }, "folders" },
    {
      "external_folders",
      "With externals",
      counts.external,
      { findings = finding_titles.external },
      "folders",
    },
    { "external_people", "External people", people, { external = true } },
    {
      "admins_without_mfa",
      "Admin without MFA",
      counts.admin_without_mfa,
      { findings = finding_titles.admin_without_mfa },
      "folders",
    },
  } do
    totals[position] = {
      name = total[1],
      title = total[2],
      value = total[3],
      kind = "count",
      where = total[4],
      of = total[5],
    }
  end
  return totals
end

local function notes_of(seen)
  local notes = {
    "Internal are addresses of: " .. table.concat(seen.domains, ", ") .. " (option domains).",
    "A folder is an orphan when none of its own admins can log in; super admins do not count.",
    "What is wrong with a super admin, who is in every folder, is no finding of a folder (report "
      .. "admins).",
    "A folder with several findings is in the class of the gravest: orphan, external, admin "
      .. "without multifactor. The findings are listed one by one.",
  }
  if seen.deleted > 0 then
    notes[#notes + 1] = ("%d deleted folders are left out (option deleted)."):format(seen.deleted)
  end
  return notes
end

--- Computes the report; see `lastpass.report.Definition`.
function M.compute(reading, options)
  local list, message, err = reading:folders()
  if not list then
    return nil, message, err
  end
  local seen = M.examine(reading, list, options)
  return {
    population = ("%d shared folders with %d rights"):format(#seen.folders, #seen.rows),
    options = { domains = seen.domains, deleted = options.deleted },
    rows = seen.rows,
    classes = count_classes(seen),
    classes_of = "folders",
    partitions = { { count = #seen.folders, of = "Shared folders" } },
    totals = totals_of(seen),
    tables = {
      { name = "findings", title = "Findings", columns = finding_columns, rows = seen.findings },
      { name = "folders", title = "Folders", columns = folder_columns, rows = seen.folders },
    },
    notes = notes_of(seen),
  }
end

return M
