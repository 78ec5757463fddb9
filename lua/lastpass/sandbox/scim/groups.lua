--- Groups over SCIM: the same as over the Enterprise API, each with a number and what SCIM alone knows of it.
-- @module lastpass.sandbox.scim.groups
local server = require "lastpass.scim.server"
local time = require "lastpass.time"
local users = require "lastpass.sandbox.scim.users"

local M = {}

-- ---- what a group is over SCIM ----

local function members_of(company, group)
  local list = {}
  local seeded = company.seeded
  company:each_member(group, function(index, person)
    list[#list + 1] = {
      value = ("%d"):format(person and person.id or seeded:id(index)),
      display = person and person.fields.username or seeded:mail(index),
      type = "User",
    }
  end)
  for _, id in ipairs(group.nested or {}) do
    local other = company.group_by_id[id]
    list[#list + 1] = other and { value = ("%d"):format(id), display = other.name, type = "Group" }
  end
  return list[1] and list or nil
end

--- The version of a group.
---@param group lastpass.sandbox.Group
---@return string
function M.version(group)
  return ('W/"%d"'):format(group.revision)
end

local function meta_of(group)
  return {
    resourceType = "Group",
    created = time.iso(group.created),
    lastModified = time.iso(group.modified or group.created),
    version = M.version(group),
  }
end

--- The resource of a group.
---@param group lastpass.sandbox.Group
---@param wants? fun(name: string): boolean default everything
function M.resource(company, group, wants)
  return {
    id = ("%d"):format(group.id),
    externalId = group.external_id,
    displayName = group.name,
    members = (not wants or wants "members") and members_of(company, group) or nil,
    meta = meta_of(group),
  }
end

--- For `resource`: all but the members.
function M.no_members(name)
  return name ~= "members"
end

-- ---- finding ----

--- A group by the id of SCIM.
function M.group(company, id)
  return id:find "^[1-9]%d*$" and #id < 16 and company.group_by_id[tonumber(id)] or nil
end

local function by_index(company, state, equals)
  local attribute, value = equals.attribute, equals.value
  if type(value) ~= "string" then
    return nil
  elseif attribute == "id" then
    return { M.group(company, value) }
  elseif attribute == "externalId" then
    return state.external.Group:each(value, function(id)
      return company.group_by_id[id]
    end)
  elseif attribute == "displayName" then
    return company:groups_named(value)
  elseif attribute == "members.value" then
    local person, found = users.person(company, value), {}
    for _, name in ipairs(person and person.fields.groups or {}) do
      found[#found + 1] = company.group_by_name[name]
    end
    return not state.is_rfc() and found or nil
  end
  return nil
end

-- Whether a filter asks for members, anywhere.
local function asks_for_members(node)
  if node.path and (node.path.name or ""):lower() == "members" then
    return true
  end
  for _, part in ipairs(node) do
    if asks_for_members(part) then
      return true
    end
  end
  return false
end

--- A page of groups. Who is a member is only read of those that are shown, or asked for by a filter.
---@param query lastpass.scim.Query
function M.query(company, state, query)
  local found = query.equals and by_index(company, state, query.equals) or company.group_list
  local needs_members = query.filter and asks_for_members(query.filter)
    or query.sort_path and query.sort_path.name == "members"
  local position, by_resource = 0, {}
  local result = server.page(function()
    position = position + 1
    local group = found[position]
    if not group then
      return nil
    end
    local resource = M.resource(company, group, not needs_members and M.no_members or nil)
    by_resource[resource] = group
    return resource
  end, query)
  if query.wants "members" and not needs_members then
    for _, resource in ipairs(result.resources) do
      resource.members = members_of(company, by_resource[resource])
    end
  end
  return result
end

return M
