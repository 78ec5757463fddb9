--- Users (unified-directory §4).
-- @module lastpass.unified.users
local envelope = require "lastpass.unified.envelope"
local folder_roles = require "lastpass.unified.folder_roles"
local json = require "lastpass.json"
local kept_room = require "lastpass.unified.kept"
local lists = require "lastpass.unified.lists"
local problems = require "lastpass.unified.problems"
local user_object = require "lastpass.unified.user_object"
local user_walk = require "lastpass.unified.user_walk"

local M = {
  name = "users",
  what = "user",
  collection = { list = true, create = "lastpass.unified.user_writes" },
  item = {
    get = true,
    update = "lastpass.unified.user_writes",
    delete = "lastpass.unified.user_writes",
  },
  scalars = {
    id = true,
    external_id = true,
    name = true,
    first_name = true,
    last_name = true,
    title = true,
    username = true,
    status = true,
    is_email_verified = true,
    is_2fa_enabled = true,
    user_type = true,
    avatar = true,
    timezone = true,
    bio = true,
    created_at = true,
    updated_at = true,
    last_login_at = true,
    last_active_at = true,
  },
}

--- A page of them as the reply of getuserdata has it.
---@param items table[]
---@return table
function M.raw(items)
  local users, invited = {}, json.list {}
  for _, item in ipairs(items) do
    if item.identifiers.lastpass_id then
      users[item.id] = item.remote_data
    else
      invited[#invited + 1] = item.username
    end
  end
  return { Users = users, invited = invited }
end

--- What is needed to show a user to this caller.
---@param call lastpass.unified.Call
---@return table|nil scene
---@return lastpass.unified.Problem? problem
function M.scene(call)
  local scene = {
    cid = call.cid,
    settings = call.settings,
    with_record = call.output.with_record,
  }
  local include = call.output.remote.include
  if include == nil then
    return scene
  elseif include ~= "shared_folders" then
    return problems.fail(400, "remote_query[include] must be shared_folders")
  end
  local folders, problem = call:folders()
  if not folders then
    return nil, problem
  end
  scene.folder_roles = kept_room.once(call:kept(), "folder_roles", function()
    return folder_roles.by_address(folders)
  end)
  return scene
end

--- Lists users.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  local index, problem = call:index()
  if not index then
    return nil, problem
  end
  local scene, ok
  scene, problem = M.scene(call)
  if scene then
    ok, problem = call:prepare_workspaces()
  end
  if not ok then
    return nil, problem
  end
  local walk, place_at = user_walk.of(call, index)
  if not walk then
    return nil, place_at
  end
  return lists.answer(call, M, walk, function(at)
    local place = place_at(at)
    return user_object.of(index:user(place), index.ids[place], scene)
  end)
end

-- Somebody who came after the directory was read last.
local function read_now(call, address)
  call.is_live = true
  local user, message, err = call.tenant:client():user(address)
  if user then
    return user, require("lastpass.unified.found").id(call, user)
  elseif err.code == "no_such_user" then
    return call:not_found()
  end
  return problems.of(message, err)
end

--- Finds who is meant by an id or an address.
---@param call lastpass.unified.Call
---@param id string
---@return lastpass.User|nil user
---@return string|lastpass.unified.Problem id
function M.find(call, id)
  local index, problem = call:index()
  if not index then
    return nil, problem
  end
  local is_address = id:find("@", 1, true)
  local found = is_address and index:id_of(id) or id
  local place = index:find(found)
  if place then
    return index:user(place), found
  elseif is_address then
    return read_now(call, id)
  end
  call.tenant:refresh()
  return call:not_found()
end

--- The answer that shows one user.
---@param call lastpass.unified.Call
---@param user lastpass.User
---@param id string
---@param status? integer default 200
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.show(call, user, id, status)
  local scene, problem = M.scene(call)
  if not scene then
    return nil, problem
  end
  local body = envelope.single(user_object.of(user, id, scene), call.output)
  return { status = status or 200, headers = {}, body = body }
end

--- One user.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.get(call)
  local user, id = M.find(call, call.id)
  if not user then
    return nil, id
  end
  return M.show(call, user, id)
end

return M
