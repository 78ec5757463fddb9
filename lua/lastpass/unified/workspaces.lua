--- Workspaces, which are shared folders; the roles that come with them; and who has which role where
-- (unified-directory §5.1, §5.2, §5.3).
-- @module lastpass.unified.workspaces
local cache = require "lastpass.unified.cache"
local email = require "lastpass.email"
local filters = require "lastpass.unified.filters"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local order = require "lastpass.unified.order"
local user_object = require "lastpass.unified.user_object"

local M = {}

local PIECE = 1024 -- users between pauses

local HIDDEN = ", passwords hidden"

--- All roles, in the order of their ids.
M.roles = {
  { id = "admin", name = "Admin", type = "account" },
  { id = "folder_admin", name = "Shared folder administrator", type = "shared_folder" },
  { id = "folder_editor", name = "Shared folder editor", type = "shared_folder" },
  { id = "folder_editor_hidden", name = "Shared folder editor" .. HIDDEN, type = "shared_folder" },
  { id = "folder_reader", name = "Shared folder reader", type = "shared_folder" },
  { id = "folder_reader_hidden", name = "Shared folder reader" .. HIDDEN, type = "shared_folder" },
  { id = "super_admin", name = "Super admin", type = "account" },
  { id = "user", name = "User", type = "account" },
}

local role_by_id = {}
for _, role in ipairs(M.roles) do
  role_by_id[role.id] = role
end

-- The role of an entry of a folder.
local function folder_role(entry)
  if entry.can_administer then
    return role_by_id.folder_admin
  end
  local id = entry.can_write and "folder_editor" or "folder_reader"
  return role_by_id[entry.sees_passwords and id or id .. "_hidden"]
end

--- The roles in all folders, by the key of the account.
---@param folders lastpass.Folder[]
---@return table<string, table[]> lists of {id, name, folder, super_admin}
function M.roles_by_address(folders)
  local roles = {}
  for _, folder in ipairs(folders) do
    for _, entry in ipairs(folder.users) do
      local key = email.fold(entry.email)
      local role = folder_role(entry)
      roles[key] = roles[key] or {}
      table.insert(roles[key], {
        id = role.id,
        name = role.name,
        folder = folder,
        super_admin = entry.super_admin,
      })
    end
  end
  return roles
end

--- What `workspaces?…` may name.
M.filters = {
  name = filters.text "name",
  status = filters.exact "status",
  organization_id = filters.organization,
}

local function users_of(folder)
  local list = json.list {}
  for position, entry in ipairs(folder.users) do
    list[position] = {
      username = entry.email,
      readonly = not entry.can_write,
      give = entry.sees_passwords,
      can_administer = entry.can_administer,
      superadmin = entry.super_admin,
      group_name = entry.group,
      role = folder_role(entry).id,
    }
  end
  return list
end

local function workspace_object(folder, call)
  return {
    id = folder.id,
    name = folder.name,
    description = json.null,
    status = folder.deleted and "inactive" or "active",
    organization = { id = call.cid, name = call.settings.company_name or json.null },
    created_at = json.null,
    updated_at = json.null,
    remote_data = {
      id = folder.id,
      sharedfoldername = folder.name,
      score = folder.score,
      deleted = folder.deleted,
      users = users_of(folder),
    },
  }
end

local function comes_before(a, b)
  return a.id < b.id
end

--- The shared folders as objects, in the order of their ids.
---@param call lastpass.unified.Call
---@return table[]|nil
---@return lastpass.unified.Problem? problem
function M.entries(call)
  local folders, problem = call:folders()
  if not folders then
    return nil, problem
  end
  return cache.once(call:cache(), "workspaces", function()
    local list = {}
    for position, folder in ipairs(folders) do
      list[position] = workspace_object(folder, call)
    end
    table.sort(list, comes_before)
    return list
  end)
end

--- A page of shared folders as the reply of getsfdata has it.
---@param items table[]
---@return table
function M.raw(items)
  local folders = {}
  for _, item in ipairs(items) do
    folders[item.id] = item.remote_data
  end
  return folders
end

--- What `role_assignments?…` may name.
M.assignment_filters = {
  user_id = filters.exact "user",
  role_id = filters.exact "role",
  group_id = filters.exact "group",
  workspace_id = filters.exact "workspace",
  workspace = filters.exact "workspace",
}

local function new_assignment(role, user, workspace, group)
  return {
    id = ids.role_assignment(role, user, workspace or "", group or ""),
    role = role,
    user = user,
    workspace = workspace,
    group = group,
  }
end

local function add_account_roles(list, index, pause)
  for position = 1, #index.ids do
    local role = user_object.account_role(index:user(position)).id
    list[#list + 1] = new_assignment(role, index.ids[position])
    if position % PIECE == 0 then
      pause()
    end
  end
end

-- A user of a folder who is not in the directory is one who was invited.
local function add_folder_roles(list, folders, index, cid)
  local seen = {}
  for _, folder in ipairs(folders) do
    for _, user in ipairs(folder.users) do
      local id = index:id_of(user.email) or ids.invited(cid, user.email)
      local group = user.group and ids.group(user.group)
      local assignment = new_assignment(folder_role(user).id, id, folder.id, group)
      if not seen[assignment.id] then
        seen[assignment.id] = true
        list[#list + 1] = assignment
      end
    end
  end
end

--- Role assignments, in the order of their ids: one for each account, and one for each right to a folder.
---@param call lastpass.unified.Call
---@return table[]|nil
---@return lastpass.unified.Problem? problem
function M.assignments(call)
  local folders, problem = call:folders()
  if not folders then
    return nil, problem
  end
  local cached = call:cache()
  return cache.once(cached, "role_assignments", function()
    local list, index = {}, call:index()
    add_account_roles(list, index, cached.pause)
    add_folder_roles(list, folders, index, call.cid)
    return order.sort(list, comes_before, cached.pause)
  end)
end

--- A role assignment as the unified directory shows one.
---@param assignment table
---@return table
function M.assignment_object(assignment)
  return {
    id = assignment.id,
    user_id = assignment.user,
    group_id = assignment.group or json.null,
    group_type = assignment.group and "group" or json.null,
    role_id = assignment.role,
    workspace = json.list { assignment.workspace },
    created_at = json.null,
    updated_at = json.null,
    remote_data = json.null,
  }
end

return M
