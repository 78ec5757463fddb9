--- Users (unified-directory §4): their list, single users, and how they are looked up.
-- @module lastpass.unified.users
local cache = require "lastpass.unified.cache"
local workspaces = require "lastpass.unified.workspaces"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local lists = require "lastpass.unified.lists"
local output = require "lastpass.unified.output"
local problems = require "lastpass.unified.problems"
local user_filters = require "lastpass.unified.user_filters"
local user_object = require "lastpass.unified.user_object"

local M = {}

--- A page of users as the reply of getuserdata has it.
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

-- What `user_object.of` needs to show users to this caller.
local function context_of(call)
  local context = {
    cid = call.cid,
    settings = call.settings,
    with_record = call.output.with_record,
  }
  local include = call.output.remote.include
  if include == nil then
    return context
  elseif include ~= "shared_folders" then
    return problems.fail(400, "remote_query[include] must be shared_folders")
  end
  local folders, problem = call:folders()
  if not folders then
    return nil, problem
  end
  context.folder_roles = cache.once(call:cache(), "folder_roles", function()
    return workspaces.roles_by_address(folders)
  end)
  return context
end

--- Lists users.
---@param call lastpass.unified.Call
---@param resource lastpass.unified.Resource
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call, resource)
  local index, problem = call:index()
  local context, ok
  if index then
    context, problem = context_of(call)
  end
  if context then
    ok, problem = call:prepare_workspaces()
  end
  if not ok then
    return nil, problem
  end
  local walk, position_at = user_filters.walk(call, index)
  if not walk then
    return nil, position_at
  end
  return lists.answer(call, resource, walk, function(at)
    local position = position_at(at)
    return user_object.of(index:user(position), index.ids[position], context)
  end)
end

--- Reads a user now.
---@param call lastpass.unified.Call
---@param address string
---@return lastpass.User|nil user nil without a problem when nobody has this address
---@return lastpass.unified.Problem? problem
function M.read(call, address)
  local user, message, err = call.tenant:client():user(address)
  if user or err.code == "no_such_user" then
    return user
  end
  return call:fail(message, err)
end

--- Finds the user of an id or an address; one who came after the directory was read is read now.
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
  local known_id = is_address and index:id_of(id) or id
  local position = index:find(known_id)
  if position then
    return index:user(position), known_id
  elseif not is_address then
    call.tenant:refresh()
    return call:not_found()
  end
  call.is_live = true
  local user
  user, problem = M.read(call, id)
  if user then
    return user, ids.user(user, call.cid)
  elseif problem then
    return nil, problem
  end
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
  local context, problem = context_of(call)
  if not context then
    return nil, problem
  end
  local body = output.single(user_object.of(user, id, context), call.output)
  return { status = status or 200, headers = {}, body = body }
end

--- Shows one user.
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
