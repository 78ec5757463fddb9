--- Groups and roles of the MFA directory (mfa §2.3). They are LastPass MFA's own: the company's groups are others.
-- @module lastpass.sandbox.mfa.lists
local json = require "lastpass.json"
local keys = require "lastpass.sandbox.mfa.keys"
local schema = require "lastpass.sandbox.schema"

local M = {}

local MOST = 10000 -- groups or roles of a company

local needed = { "string", required = true }

local function list_of(state, kind)
  state[kind] = state[kind] or {}
  return state[kind]
end

local function find(list, field, value)
  for at, one in ipairs(list) do
    if one[field] == value then
      return one, at
    end
  end
  return nil
end

local function new_id(directory, use)
  directory.state.made = (directory.state.made or 0) + 1
  return keys.guid(use, directory.cid, directory.state.made)
end

local function is_name(value)
  return type(value) == "string" and value ~= "" and #value <= 256
end

local calls = {}

-- ---- groups ----

local function find_group(directory, name)
  return find(list_of(directory.state, "groups"), "name", name)
end

calls.addgroup = function(directory, payload)
  local fields = { Name = needed, OrganizationalUnit = { "string" } }
  local complaint = schema.object(fields, payload, directory.strict)
  local groups = list_of(directory.state, "groups")
  if complaint then
    return nil, complaint
  elseif not is_name(payload.Name) then
    return nil, "Invalid name"
  elseif find_group(directory, payload.Name) then
    return nil, "Group already exists"
  elseif #groups >= MOST then
    return nil, "Too many groups"
  end
  local group = {
    id = new_id(directory, "group"),
    name = payload.Name,
    unit = payload.OrganizationalUnit,
    members = {},
  }
  groups[#groups + 1] = group
  return group.id
end

calls.getgroups = function(directory, payload)
  return directory.page(list_of(directory.state, "groups"), payload, function(group)
    return { Id = group.id, Name = group.name, OrganizationalUnit = group.unit }
  end)
end

calls.deletegroup = function(directory, payload)
  local group, at = find_group(directory, payload)
  if not group then
    return nil, "Group does not exist"
  end
  table.remove(directory.state.groups, at)
  for _, role in ipairs(list_of(directory.state, "roles")) do
    role.groups[group.id] = nil
  end
  return true
end

local function member_of(directory, payload)
  local fields = { GroupName = needed, MemberName = needed }
  local complaint = schema.object(fields, payload, directory.strict)
  if complaint then
    return nil, complaint
  end
  local group, key = find_group(directory, payload.GroupName), directory.key_of(payload.MemberName)
  if not group then
    return nil, "Group does not exist"
  elseif not key then
    return nil, "User does not exist"
  end
  return group, key
end

calls.assigngroupmember = function(directory, payload)
  local group, key = member_of(directory, payload)
  if not group then
    return nil, key
  end
  group.members[key] = true
  return true
end

calls.unassigngroupmember = function(directory, payload)
  local group, key = member_of(directory, payload)
  if not group then
    return nil, key
  elseif not group.members[key] then
    return nil, "User is not a member"
  end
  group.members[key] = nil
  return true
end

-- ---- roles ----

local function find_role(directory, id)
  return find(list_of(directory.state, "roles"), "id", id)
end

-- Makes a role, or renames the one of that Id.
calls.postrole = function(directory, payload)
  local fields = { Id = { "string" }, Name = needed }
  local complaint = schema.object(fields, payload, directory.strict)
  local roles = list_of(directory.state, "roles")
  if complaint then
    return nil, complaint
  elseif not is_name(payload.Name) then
    return nil, "Invalid name"
  end
  local id = payload.Id or ""
  local role = id ~= "" and find_role(directory, id)
  if role then
    role.name = payload.Name
    return role.id
  elseif id ~= "" and not (#id == 36 and id:find "^[%w-]+$") then
    return nil, "Invalid Id"
  elseif #roles >= MOST then
    return nil, "Too many roles"
  end
  role = {
    id = id ~= "" and id or new_id(directory, "role"),
    name = payload.Name,
    users = {},
    groups = {},
  }
  roles[#roles + 1] = role
  return role.id
end

calls.getroles = function(directory, payload)
  local order = {}
  for at, role in ipairs(list_of(directory.state, "roles")) do
    order[role] = at
  end
  return directory.page(list_of(directory.state, "roles"), payload, function(role)
    return { Id = role.id, Name = role.name, Order = order[role] }
  end)
end

calls.deleterole = function(directory, payload)
  local role, at = find_role(directory, payload)
  if not role then
    return nil, "Role does not exist"
  end
  table.remove(directory.state.roles, at)
  return true
end

-- Both lists are read before anything is assigned.
local function read_items(directory, payload)
  local users, groups = {}, {}
  for _, address in ipairs(payload.Users or {}) do
    local key = directory.key_of(address)
    if not key then
      return nil, "User does not exist"
    end
    users[#users + 1] = key
  end
  for _, name in ipairs(payload.Groups or {}) do
    local group = find_group(directory, name)
    if not group then
      return nil, "Group does not exist"
    end
    groups[#groups + 1] = group.id
  end
  return users, groups
end

calls.assigntorole = function(directory, payload)
  local fields = { Code = needed, Users = { "strings" }, Groups = { "strings" } }
  local complaint = schema.object(fields, payload, directory.strict)
  if complaint then
    return nil, complaint
  end
  local role = find_role(directory, payload.Code)
  if not role then
    return nil, "Role does not exist"
  end
  local users, groups = read_items(directory, payload)
  if not users then
    return nil, groups
  end
  for _, key in ipairs(users) do
    role.users[key] = true
  end
  for _, id in ipairs(groups) do
    role.groups[id] = true
  end
  return true
end

local function sorted(set, describe)
  local list = json.list()
  for key in pairs(set) do
    list[#list + 1] = describe(key)
  end
  table.sort(list)
  return list
end

calls.getassignedtorole = function(directory, payload)
  local role = find_role(directory, payload)
  if not role then
    return nil, "Role does not exist"
  end
  return {
    Users = sorted(role.users, directory.address_of),
    Groups = sorted(role.groups, function(id)
      return find(directory.state.groups, "id", id).name
    end),
  }
end

--- The calls, by name in lower case: each gets what `directory.lua` makes of a company, and the payload.
M.calls = calls

--- Takes a person out of all groups and roles.
---@param state table of a company
---@param key string of the person
function M.forget(state, key)
  for _, group in ipairs(list_of(state, "groups")) do
    group.members[key] = nil
  end
  for _, role in ipairs(list_of(state, "roles")) do
    role.users[key] = nil
  end
end

return M
