--- What rules are about: people, folders, groups, the company. Copies without methods: a rule cannot act.
-- @module lastpass.report.check.subjects
local accounts = require "lastpass.report.accounts"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local folder_report = require "lastpass.report.folders"
local user_fields = require("lastpass.core").user_fields
local values = require "lastpass.report.values"

local M = {}

local function field_names()
  local known = { expired_password = true, is_in = true }
  for name in pairs(user_fields) do
    known[name] = true
  end
  return errors.names_of(known)
end

local function is_in(view, name)
  for _, group in ipairs(view.groups) do
    if group == name then
      return true
    end
  end
  return false
end

-- Fields are read when the first rule asks for them, and remembered for the others.
local function user_views(expired)
  local view_mt = {}
  function view_mt.__index(view, name)
    if user_fields[name] then
      local value = view[1][name]
      rawset(view, name, value)
      return value
    elseif name == "is_in" then
      return is_in
    elseif name == "expired_password" then
      if not expired then
        error('a rule that asks for expired_password has needs = { "expired_passwords" }', 2)
      end
      return expired[email.fold(view[1].email)] == true
    end
    local nearest = errors.nearest(name, field_names())
    error(
      ("a rule sees no field '%s' of a user%s"):format(
        tostring(name),
        nearest and (" (did you mean '%s'?)"):format(nearest) or ""
      ),
      2
    )
  end
  return function(user)
    return setmetatable({ user }, view_mt)
  end
end

local function folder_views(seen)
  local views, by_id = {}, {}
  for position, line in ipairs(seen.folders) do
    local view = {
      name = line.folder,
      id = line.folder_id,
      score = line.score,
      users = {},
      orphan = line.found.orphan == true,
      external = {},
      admins_without_mfa = {},
    }
    views[position], by_id[view.id] = view, view
  end
  for _, row in ipairs(seen.rows) do
    table.insert(by_id[row.folder_id].users, row)
  end
  for _, finding in ipairs(seen.findings) do
    local folder = by_id[finding.folder_id]
    local list = finding.code == "external" and folder.external or folder.admins_without_mfa
    list[#list + 1] = finding.email -- none with an orphan
  end
  return views
end

local function group_views(reading)
  local views = {}
  for group in reading.snapshot:groups() do
    local members = {}
    for position, address in ipairs(group:members()) do
      members[position] = address
    end
    views[#views + 1] = { name = group.name, members = members, count = #members }
  end
  return views
end

local function company_view(reading)
  local company = { now = reading.now, active = 0, disabled = 0, invited = 0, active_admins = 0 }
  for user in reading:users() do
    company[user.status] = company[user.status] + 1
    if user.admin and user.status == "active" then
      company.active_admins = company.active_admins + 1
    end
  end
  company.days_since = function(moment)
    return values.days(moment, reading.now)
  end
  return company
end

local function expired_set(reading, needs)
  if not needs.expired_passwords then
    return false
  end
  local list, message, err = reading:expired_passwords()
  if not list then
    return nil, message, err
  end
  return accounts.set_of(list)
end

--- Reads what the rules need.
---@param reading lastpass.report.Reading
---@param needs table<string, boolean> user, folder, group, company, expired_passwords
---@param options table domains
---@return table|nil subjects company, folders, groups; `users()` iterates
---@return string? message
---@return lastpass.Error? err
function M.read(reading, needs, options)
  local expired, message, err = expired_set(reading, needs)
  if expired == nil then
    return nil, message, err
  end
  local subjects = { company = company_view(reading), folders = {}, groups = {} }
  if needs.folder then
    local list
    list, message, err = reading:folders()
    if not list then
      return nil, message, err
    end
    subjects.folders = folder_views(folder_report.examine(reading, list, options))
  end
  if needs.group then
    subjects.groups = group_views(reading)
  end
  local view = user_views(expired)
  function subjects.users()
    local users = reading:users()
    return function()
      local user = users()
      return user and view(user)
    end
  end
  return subjects
end

return M
