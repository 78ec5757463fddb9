--- Writing groups over SCIM. Members are changed without looking at who else is one: a group of 50,000 costs what one
-- of 50 does (scim §4).
-- @module lastpass.sandbox.scim.group_writes
local groups = require "lastpass.sandbox.scim.groups"
local messages = require "lastpass.scim.messages"
local patches = require "lastpass.scim.patch"
local people = require "lastpass.sandbox.company.people"
local replacement = require "lastpass.scim.server.replacement"
local schemas = require "lastpass.scim.schema"
local users = require "lastpass.sandbox.scim.users"

local M = {}

local TYPE = schemas.types.Group
local MOST_NAME = 256

-- ---- members ----

-- What the ids of a request are: people and, where groups may be members, groups. All of them, or a failure.
local function resolve(company, state, ids)
  local found = {}
  for _, id in ipairs(ids) do
    local person = users.person(company, id)
    local group = not person and state.is_rfc() and groups.group(company, id)
    if not person and not group then
      local what = groups.group(company, id) and "a group cannot be a member"
        or "no user has that id"
      return messages.fail(400, "invalidValue", ("member '%s': %s"):format(id, what))
    end
    found[#found + 1] = person or { nested = group.id }
  end
  return found
end

local function nest(group, id, is_member)
  group.nested = group.nested or {}
  for position, known in ipairs(group.nested) do
    if known == id then
      if not is_member then
        table.remove(group.nested, position)
        group.revision = group.revision + 1
      end
      return
    end
  end
  if is_member then
    table.insert(group.nested, id)
    group.revision = group.revision + 1
  end
end

local function set_member(company, state, group, member, is_member)
  if member.nested then
    nest(group, member.nested, is_member)
    return
  end
  -- The same person may have been looked up twice in one request: what is stored counts.
  local person = company:user_of_id(member.id)
  local changed = (is_member and people.join or people.leave)(person, group.name)
  if changed then
    company:save(person)
    local form = is_member and "%s - %s" or "'%s' '%s'"
    local one, other = person.fields.username, group.name
    if not is_member then
      one, other = other, one
    end
    company:audit(
      is_member and "group_added" or "group_removed",
      form:format(one, other),
      state.peer
    )
  end
end

local function current_members(company, group)
  local list = {}
  company:each_member(group, function(index, person)
    list[#list + 1] = { id = person and person.id or company.seeded:id(index) }
  end)
  for _, id in ipairs(group.nested or {}) do
    list[#list + 1] = { nested = id }
  end
  return list
end

local changes = {}

changes.add = function(company, state, group, members)
  for _, member in ipairs(members) do
    set_member(company, state, group, member, true)
  end
end

changes.remove = function(company, state, group, members)
  for _, member in ipairs(members) do
    set_member(company, state, group, member, false)
  end
end

-- Whoever stays is not touched: their revision and the group's only move for a change.
changes.replace = function(company, state, group, members)
  local staying = {}
  for _, member in ipairs(members) do
    staying[member.nested and -member.nested or member.id] = true
  end
  for _, member in ipairs(current_members(company, group)) do
    if not staying[member.nested and -member.nested or member.id] then
      set_member(company, state, group, member, false)
    end
  end
  changes.add(company, state, group, members)
end

-- The members of each change, before anything is changed. Taking out whom nobody knows is success (scim §2.9).
local function resolve_all(company, state, list)
  local resolved = {}
  for position, change in ipairs(list) do
    local members, message, err = {}, nil, nil
    if change.op == "remove" then
      for _, id in ipairs(change.ids) do
        local person = users.person(company, id)
        local group = not person and groups.group(company, id)
        members[#members + 1] = person or group and { nested = group.id } or nil
      end
    elseif change.op ~= "clear" then
      members, message, err = resolve(company, state, change.ids)
    end
    if not members then
      return nil, message, err
    end
    local op = change.op == "clear" and "replace" or change.op
    resolved[position] = { op = op, members = members }
  end
  return resolved
end

-- ---- writing ----

local function check_name(company, name, group)
  local other = company:groups_named(name)[1]
  if #name > MOST_NAME then
    return messages.fail(400, "invalidValue", "displayName is too long")
  elseif other and other ~= group then
    return messages.fail(409, "uniqueness", "another group has that displayName")
  end
  return true
end

-- What is not about members.
local function put(company, state, group, after)
  if group.external_id ~= after.externalId then
    state.external.Group:move(group.id, group.external_id, after.externalId)
    group.external_id = after.externalId
    group.revision = group.revision + 1
    group.linked = true
  end
  if group.name ~= after.displayName then
    company:rename_group(group, after.displayName)
  end
end

local function ids_of(members)
  local ids = {}
  for position, member in ipairs(members or {}) do
    ids[position] = member.value
  end
  return ids
end

-- Changes a group: what it is called, then who is in it; all or nothing.
local function apply(company, state, group, after, list)
  local ok, message, err = true, nil, nil
  if after.displayName ~= group.name then
    ok, message, err = check_name(company, after.displayName, group)
  end
  local resolved
  if ok then
    resolved, message, err = resolve_all(company, state, list)
  end
  if not resolved then
    return nil, message, err
  end
  local revision = group.revision
  put(company, state, group, after)
  for _, change in ipairs(resolved) do
    changes[change.op](company, state, group, change.members)
  end
  if group.revision ~= revision then
    group.modified = company.clock:seconds()
  end
  return true
end

--- POST. A name that is known is linked, unless somebody has (scim §1.6, §1.7).
function M.create(company, state, resource, given)
  local known = company:groups_named(resource.displayName)[1]
  local status = known and company.settings.scim_link or 201
  if known and (state.is_rfc() or known.linked or status == 409) then
    return messages.fail(409, "uniqueness", "a group has that displayName")
  end
  local ok, message, err = check_name(company, resource.displayName, known)
  if not ok then
    return nil, message, err
  end
  local members
  members, message, err = resolve(company, state, ids_of(resource.members))
  if not members then
    return nil, message, err
  end
  local group = known
  if not group then
    group = company:make_group(resource.displayName)
    company:audit("create_group", "'" .. group.name .. "'", state.peer)
  end
  local after = { displayName = group.name, externalId = resource.externalId or group.external_id }
  put(company, state, group, after)
  group.linked = true
  changes.add(company, state, group, members)
  return groups.resource(company, group, given.wants), status
end

local function take(company, id, given)
  local group = groups.group(company, id)
  if not group then
    return nil
  end
  local ok, message, err = given.check(groups.version(group))
  if not ok then
    return nil, message, err
  end
  return group
end

--- PUT.
function M.replace(company, state, id, resource, given)
  local group, message, err = take(company, id, given)
  if not group then
    return nil, message, err
  elseif company.settings.scim_minimal and not state.is_rfc() then
    return messages.fail(501, nil, "groups are changed by PATCH")
  end
  local before = groups.resource(company, group)
  local after
  after, message, err = replacement.merge(TYPE, before, resource)
  if not after then
    return nil, message, err
  end
  local ok
  ok, message, err =
    apply(company, state, group, after, { { op = "replace", ids = ids_of(after.members) } })
  if not ok then
    return nil, message, err
  end
  return groups.resource(company, group, given.wants)
end

--- PATCH.
function M.patch(company, state, id, operations, given)
  local group, message, err = take(company, id, given)
  if not group then
    return nil, message, err
  end
  local others, list = patches.split_members(operations)
  local after
  if others then
    after, message, err =
      patches.apply(groups.resource(company, group, groups.no_members), others, TYPE)
  else
    after, message, err = patches.apply(groups.resource(company, group), operations, TYPE)
    list = after and { { op = "replace", ids = ids_of(after.members) } }
  end
  if not after then
    return nil, message, err
  end
  return apply(company, state, group, after, list)
end

--- DELETE: the members stay, without the group.
function M.remove(company, state, id, given)
  local group, message, err = take(company, id, given)
  if not group then
    return nil, message, err
  end
  state.external.Group:move(group.id, group.external_id, nil)
  company:remove_group(group)
  return true
end

return M
