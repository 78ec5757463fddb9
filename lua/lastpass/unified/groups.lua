--- Groups: names with members (unified-directory §5.1, §6). The API creates, renames and deletes none.
-- @module lastpass.unified.groups
local bodies = require "lastpass.unified.user_body"
local cache = require "lastpass.unified.cache"
local filters = require "lastpass.unified.filters"
local fold = require("lastpass.email").fold
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local output = require "lastpass.unified.output"
local users = require "lastpass.unified.users"

local M = {}

-- The shared folders that a group has rights to.
local function workspaces_of(entry, call)
  return call:workspaces().of_group[entry.name] or {}
end

--- What `groups?…` may name.
M.filters = {
  name = filters.text "name",
  organization = filters.organization,
  organization_id = filters.organization,
  workspace = { kind = "exact", value = workspaces_of },
  workspace_id = { kind = "exact", value = workspaces_of },
}

--- A page of groups as the reply of getuserdata has it.
---@param items table[]
---@return table
function M.raw(items)
  local groups = {}
  for _, item in ipairs(items) do
    groups[item.remote_data.name] = item.remote_data.members
  end
  return { Groups = groups }
end

--- The groups, in the order of their ids.
---@param call lastpass.unified.Call
---@return table[]|nil entries {id, name}
---@return lastpass.unified.Problem? problem
function M.entries(call)
  local cached, problem = call:cache()
  local ok
  if cached then
    ok, problem = call:prepare_workspaces()
  end
  if not ok then
    return nil, problem
  end
  return cache.once(cached, "groups", function()
    local list = {}
    for position, name in ipairs(call.view.snapshot:group_names()) do
      list[position] = { id = ids.group(name), name = name }
    end
    table.sort(list, function(a, b)
      return a.id < b.id
    end)
    return list
  end)
end

local function members_of(call, name)
  local group = call.view.snapshot:group(name)
  return group and group:members()
end

--- The group of an id.
---@param call lastpass.unified.Call
---@return table|nil entry
---@return lastpass.unified.Problem? problem
function M.find(call)
  local view, problem = call:directory()
  if not view then
    return nil, problem
  end
  local name = ids.group_name(call.id)
  return name and view.snapshot:group(name) and { name = name } or nil
end

--- A group as the unified directory shows one.
---@param entry table name, members (default: those of the directory)
---@param call lastpass.unified.Call
---@return table
function M.object(entry, call)
  local name, members = entry.name, entry.members
  if not members and call.output.with_record then
    members = members_of(call, name)
  end
  return {
    id = ids.group(name),
    name = name,
    description = json.null,
    organization = call.cid,
    group_type = "group",
    created_at = json.null,
    updated_at = json.null,
    remote_data = { name = name, members = json.list(members or {}) },
  }
end

local function read_membership(call)
  local body, problem = call:body()
  if not body then
    return nil, problem
  end
  for name in pairs(body) do
    if name ~= "group_id" and name ~= "user_id" then
      return bodies.refuse(name, "is not known")
    end
  end
  local name = bodies.group_name(body.group_id)
  if not name or name == "" or type(body.user_id) ~= "string" then
    return bodies.refuse(name and "user_id" or "group_id", "is required, as a string")
  end
  return { group = name, user = body.user_id }
end

-- Who is in the group by now: the directory as it was read, and this change.
local function members_after(call, name, address, joins)
  local members, key = {}, fold(address)
  for _, member in ipairs(members_of(call, name) or {}) do
    members[#members + 1] = fold(member) ~= key and member or nil
  end
  members[#members + 1] = joins and address or nil
  return members
end

local function change_membership(call, joins)
  local membership, problem = read_membership(call)
  local view
  if membership then
    view, problem = call:directory()
  end
  if not view then
    return nil, problem
  end
  local name = membership.group
  if not joins and not view.snapshot:group(name) then
    return call:not_found()
  end
  call.what = "user"
  local user, id = users.find(call, membership.user)
  if not user then
    return nil, id
  end
  if user:is_in(name) ~= joins then
    local after = { join = joins and { name } or {}, leave = joins and {} or { name } }
    local change = { kind = "groups", subject = user.email, user = user, after = after }
    local ok
    ok, problem = call:apply { change }
    if not ok then
      return nil, problem
    end
  end
  local members = members_after(call, name, user.email, joins)
  local object = M.object({ name = name, members = members }, call)
  if not call.output.with_record then
    object.remote_data = nil
  end
  local body = ('{"result":%s}'):format(output.encode(object))
  return { status = 200, headers = {}, body = body }
end

--- Adds a user to a group.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.add_user(call)
  return change_membership(call, true)
end

--- Removes a user from a group.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.remove_user(call)
  return change_membership(call, false)
end

return M
