--- Who has which role where: one for each account, and one for each right to a shared folder
-- (unified-directory §5.3).
-- @module lastpass.unified.role_assignments
local folder_roles = require "lastpass.unified.folder_roles"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local kept_room = require "lastpass.unified.kept"
local lists = require "lastpass.unified.lists"
local order = require "lastpass.unified.order"
local user_object = require "lastpass.unified.user_object"

local M = {
  name = "role_assignments",
  what = "role assignment",
  collection = { list = true },
  item = { get = true },
  scalars = {
    id = true,
    user_id = true,
    group_id = true,
    group_type = true,
    role_id = true,
    created_at = true,
    updated_at = true,
  },
}

local PIECE = 1024

local function member(name)
  return {
    kind = "exact",
    value = function(entry)
      return entry[name]
    end,
  }
end

M.filters = {
  user_id = member "user",
  role_id = member "role",
  group_id = member "group",
  workspace_id = member "workspace",
  workspace = member "workspace",
}

local function entry_of(role, user, workspace, group)
  return {
    id = ids.role_assignment(role, user, workspace or "", group or ""),
    role = role,
    user = user,
    workspace = workspace,
    group = group,
  }
end

local function of_accounts(list, index, pause)
  for place = 1, #index.ids do
    local role = user_object.account_role(index:user(place)).id
    list[#list + 1] = entry_of(role, index.ids[place])
    if place % PIECE == 0 then
      pause()
    end
  end
end

-- Whoever is named by a folder and not in the directory is somebody invited.
local function of_folders(list, folders, index, cid)
  local seen = {}
  for _, folder in ipairs(folders) do
    for _, user in ipairs(folder.users) do
      local id = index:id_of(user.email) or ids.invited(cid, user.email)
      local group = user.group and ids.group(user.group)
      local entry = entry_of(folder_roles.of(user).id, id, folder.id, group)
      if not seen[entry.id] then
        seen[entry.id] = true
        list[#list + 1] = entry
      end
    end
  end
end

local function entries_of(call)
  local folders, problem = call:folders()
  if not folders then
    return nil, problem
  end
  local kept = call:kept()
  return kept_room.once(kept, "role_assignments", function()
    local list, index = {}, call:index()
    of_accounts(list, index, kept.pause)
    of_folders(list, folders, index, call.cid)
    return order.sort(list, function(a, b)
      return a.id < b.id
    end, kept.pause)
  end)
end

local function object(entry)
  return {
    id = entry.id,
    user_id = entry.user,
    group_id = entry.group or json.null,
    group_type = entry.group and "group" or json.null,
    role_id = entry.role,
    workspace = json.list { entry.workspace },
    created_at = json.null,
    updated_at = json.null,
    remote_data = json.null,
  }
end

--- All of them.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  local list, problem = entries_of(call)
  if not list then
    return nil, problem
  end
  return lists.of(call, M, list, object)
end

--- One of them.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.get(call)
  local list, problem = entries_of(call)
  if not list then
    return nil, problem
  end
  local place = order.first(#list, function(at)
    return list[at].id >= call.id
  end)
  local entry = list[place]
  return lists.single(call, entry and entry.id == call.id and object(entry) or nil)
end

return M
