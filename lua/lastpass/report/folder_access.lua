--- What shared folders and the directory together say about access.
-- @module lastpass.report.folder_access
local email = require "lastpass.email"
local people = require "lastpass.report.people"
local statistics = require "lastpass.report.statistics"

local M = {}

local titles = {
  orphan = "no active admin",
  external = "external access",
  admin_without_mfa = "admin without multifactor",
}

-- Internal domains: those that are named, or those of admins who can log in.
local function domains_of(reading, given)
  local list, set = {}, {}
  local function add(domain)
    domain = email.fold(domain)
    if domain ~= "" and not set[domain] then
      set[domain], list[#list + 1] = true, domain
    end
  end
  for _, domain in ipairs(given or {}) do
    add(domain)
  end
  if not given then
    for user in reading:users() do
      if user.admin and user.status == "active" then
        add(people.domain(user.email))
      end
    end
  end
  table.sort(list)
  return list, set
end

local function right_of(user)
  return user.can_administer and "administer" or user.can_write and "write" or "read"
end

-- One row a right: somebody may have one of their own and another through a group.
local function row_of(reading, folder, user, internal)
  local known = reading.snapshot:user(user.email)
  return {
    folder = folder.name,
    folder_id = folder.id,
    email = user.email,
    right = right_of(user),
    can_administer = user.can_administer,
    group = user.group,
    sees_passwords = user.sees_passwords,
    super_admin = user.super_admin,
    account = known and known.status or "none",
    mfa = known and known.mfa,
    external = not internal[people.domain(user.email)],
  }
end

local function examine(folder, rows, add)
  local own_admin, named = false, {}
  local function once(finding, row)
    local key = finding .. " " .. email.fold(row.email)
    if not named[key] then
      named[key] = true
      add(finding, folder, row.email)
    end
  end
  for _, row in ipairs(rows) do
    local administers = row.can_administer and row.account == "active"
    own_admin = own_admin or (administers and not row.super_admin)
    if row.external then
      once("external", row)
    end
    if administers and not row.mfa then
      once("admin_without_mfa", row)
    end
  end
  if not own_admin then
    add("orphan", folder, nil)
  end
end

local function summary(folder, rows)
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
  -- people, not rights: each counts by the strongest that they have
  local rank, strongest = { read = 1, write = 2, administer = 3 }, {}
  local outside = {}
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

--- Looks at all folders.
---@param reading lastpass.report.Reading
---@param list lastpass.Folder[]
---@param options table domains, deleted
---@return table seen rows, folders, findings, domains, deleted
function M.look(reading, list, options)
  local domains, internal = domains_of(reading, options.domains)
  local seen = { rows = {}, folders = {}, findings = {}, domains = domains, deleted = 0 }
  for _, folder in ipairs(list) do
    if folder.deleted and not options.deleted then
      seen.deleted = seen.deleted + 1
    else
      local rows = {}
      for place, user in ipairs(folder.users) do
        rows[place] = row_of(reading, folder, user, internal)
      end
      local line = summary(folder, rows)
      seen.folders[#seen.folders + 1] = line
      examine(folder, rows, function(finding, of, address)
        if not line.found[finding] then
          line.found[finding] = true
          line.findings[#line.findings + 1] = titles[finding]
        end
        seen.findings[#seen.findings + 1] = {
          finding = titles[finding],
          code = finding,
          folder = of.name,
          folder_id = of.id,
          email = address,
        }
      end)
      for _, row in ipairs(rows) do
        seen.rows[#seen.rows + 1] = row
      end
    end
  end
  for _, line in ipairs(seen.folders) do
    table.sort(line.findings)
  end
  statistics.sort(seen.rows, "folder", "folder_id", "email", "group")
  statistics.sort(seen.findings, "code", "folder", "email")
  return seen
end

return M
