--- Workspaces: shared folders (unified-directory §5.1).
-- @module lastpass.unified.workspaces
local filters = require "lastpass.unified.filters"
local folder_roles = require "lastpass.unified.folder_roles"
local json = require "lastpass.json"
local kept_room = require "lastpass.unified.kept"
local lists = require "lastpass.unified.lists"

local M = {
  name = "workspaces",
  what = "workspace",
  collection = { list = true },
  item = { get = true },
  scalars = {
    id = true,
    name = true,
    description = true,
    status = true,
    created_at = true,
    updated_at = true,
  },
}

M.filters = {
  name = filters.text "name",
  status = filters.exact "status",
  organization_id = filters.organization,
}

local function users_of(folder)
  local list = json.list {}
  for place, entry in ipairs(folder.users) do
    list[place] = {
      username = entry.email,
      readonly = not entry.can_write,
      give = entry.sees_passwords,
      can_administer = entry.can_administer,
      superadmin = entry.super_admin,
      group_name = entry.group,
      role = folder_roles.of(entry).id,
    }
  end
  return list
end

local function object(call, folder)
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

local function objects_of(call)
  local folders, problem = call:folders()
  if not folders then
    return nil, problem
  end
  return kept_room.once(call:kept(), "workspaces", function()
    local list = {}
    for place, folder in ipairs(folders) do
      list[place] = object(call, folder)
    end
    table.sort(list, function(a, b)
      return a.id < b.id
    end)
    return list
  end)
end

--- A page of them as the reply of getsfdata has it.
---@param items table[]
---@return table
function M.raw(items)
  local folders = {}
  for _, item in ipairs(items) do
    folders[item.id] = item.remote_data
  end
  return folders
end

--- The shared folders.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  local list, problem = objects_of(call)
  if not list then
    return nil, problem
  end
  return lists.of(call, M, list)
end

--- One shared folder.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.get(call)
  local list, problem = objects_of(call)
  if not list then
    return nil, problem
  end
  for _, item in ipairs(list) do
    if item.id == call.id then
      return lists.single(call, item)
    end
  end
  return call:not_found()
end

return M
