--- What identity providers ask of groups. LastPass knows a group by its name alone: it comes into being with its first
-- member, so one without members is pending here; there is no command that renames or deletes one.
-- @module lastpass.inbound.groups
local accounts = require "lastpass.inbound.accounts"
local execution = require "lastpass.inbound.execution"
local finishing = require "lastpass.inbound.finishing"
local json = require "lastpass.json"
local membership = require "lastpass.inbound.membership"
local objects = require "lastpass.inbound.objects"
local patches = require "lastpass.scim.patch"
local portions = require "lastpass.inbound.portions"
local replacement = require "lastpass.scim.server.replacement"
local resources = require "lastpass.inbound.resources"
local schema = require "lastpass.scim.schema"
local values = require "lastpass.scim.values"

local M = {}

-- ---- finding ----

-- The group as a request finds it.
local function open(endpoint, context, id, given)
  local view, message, err = objects.view(endpoint)
  local entry
  if view then
    entry, message, err = objects.by_id(endpoint, view, "Group", id)
  end
  if entry then
    entry, message, err = finishing.settle(endpoint, context, view, entry)
  end
  if not entry then
    return entry or nil, message, err
  end
  return resources.open(endpoint, view, entry, given)
end

-- Whether there is a group of a name in another spelling, as SCIM compares names.
local function has_other_spelling(endpoint, view, name)
  for _, present in ipairs(accounts.spellings(endpoint, view, name)) do
    if present ~= name then
      return true
    end
  end
  return false
end

-- ---- names ----

local RENAME = "LastPass has no command that renames a group: its shared folders and policies go "
  .. "by the name '%s'. Rename it in LastPass, or assign another group"

local function check_name(name)
  if type(name) ~= "string" or not name:find "%S" then
    return resources.refuse(400, "invalidValue", "empty_name", "a group needs a displayName")
  elseif name:find "%c" then
    local message = "the displayName has a control character or a line end"
    return resources.refuse(400, "invalidValue", "bad_name", message)
  end
  return true
end

-- A group that LastPass has keeps its name; one that is only waiting for members can get another.
local function asked_name(endpoint, view, entry, name)
  if name == nil or name == entry.object.name then
    return entry.object.name
  elseif entry.object.state ~= "pending" or entry.has_group then
    return resources.refuse(400, "mutability", "no_rename", RENAME:format(entry.object.name))
  end
  local ok, message, err = check_name(name)
  if not ok then
    return nil, message, err
  end
  local other
  other, message, err = objects.by_name(endpoint, view, "Group", name)
  if other == nil then
    return nil, message, err
  elseif other then
    return resources.refuse(409, "uniqueness", "uniqueness", "another group has this displayName")
  end
  return name
end

-- ---- executing ----

-- Writes down what needs no call: names, externalId, and memberships of people who are not in LastPass yet.
local function note(endpoint, entry, object, pending)
  local before = entry.object
  local is_other = not entry.is_known
    or before.external_id ~= object.external_id
    or before.account ~= object.account
    or before.state ~= object.state
    or not values.identical(before.attributes, object.attributes)
  if not is_other and #pending == 0 then
    return true
  end
  return execution.note(endpoint, {
    objects = is_other and { object } or nil,
    members = pending,
  })
end

-- Brings name, attributes and members to what is asked for.
local function apply(endpoint, context, view, entry, asked)
  local found, message, err = membership.resolve(endpoint, view, entry, asked.members)
  if not found then
    return nil, message, err
  end
  local object = objects.copy(entry.object)
  object.name = asked.name
  object.account = object.state == "pending" and asked.name or object.account
  object.external_id, object.attributes = asked.external_id, asked.attributes
  local ok
  ok, message, err = note(endpoint, entry, object, found.pending)
  if not ok then
    return nil, message, err
  end
  if #found.changes > 0 then
    local final = objects.copy(object)
    final.state = found.gains and "active" or object.state
    ok, message, err =
      portions.execute(endpoint, context, view, entry, object, found.changes, final)
    if not ok then
      return nil, message, err
    end
    object = final
  end
  return object
end

local function show(endpoint, context, view, object)
  local entry, message, err = objects.by_id(endpoint, view, "Group", object.id)
  if not entry then
    return entry or nil, message, err
  end
  return resources.show(endpoint, view, entry, context.wants)
end

-- ---- requests ----

--- POST of a group.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param resource table
---@return table|nil resource
---@return string? message
---@return lastpass.Error? err
function M.create(endpoint, context, resource)
  local name = resource.displayName
  local ok, message, err = check_name(name)
  local view
  if ok then
    view, message, err = objects.view(endpoint)
  end
  if not view then
    return nil, message, err
  end
  local entry, generation
  entry, generation, err = objects.by_name(endpoint, view, "Group", name)
  if entry == nil then
    return nil, generation, err
  elseif not entry and has_other_spelling(endpoint, view, name) then
    return resources.refuse(
      409,
      "uniqueness",
      "uniqueness",
      "a group has this displayName in another spelling"
    )
  elseif not entry then
    local object = objects.new(endpoint, "Group", name, generation)
    object.state = "pending"
    entry = { object = object, is_known = false, address = name, jobs = {}, state = {} }
  elseif entry.is_known and entry.object.external_id ~= resources.external_id(resource) then
    if entry.object.external_id ~= nil or resources.external_id(resource) == nil then
      return resources.refuse(409, "uniqueness", "uniqueness", "another group has this displayName")
    end
  end
  local attributes
  attributes, message, err = resources.stored(resource)
  if not attributes then
    return nil, message, err
  end
  attributes.displayName = nil
  local object
  object, message, err = apply(endpoint, context, view, entry, {
    name = name,
    external_id = resources.external_id(resource) or entry.object.external_id,
    attributes = attributes,
    members = resource.members and { { op = "add", ids = membership.ids(resource.members) } } or {},
  })
  if not object then
    return nil, message, err
  end
  return show(endpoint, context, view, object)
end

local function asked_of(endpoint, found, after, member_changes)
  local name, message, err = asked_name(endpoint, found.view, found.entry, after.displayName)
  local attributes
  if name then
    attributes, message, err = resources.stored(after)
  end
  if not attributes then
    return nil, message, err
  end
  attributes.displayName = nil
  return {
    name = name,
    external_id = resources.external_id(after),
    attributes = attributes,
    members = member_changes,
  }
end

-- An operation that goes by who is a member already is applied to the whole group.
local function apply_to_whole(endpoint, found, operations)
  local whole, message, err = resources.show(endpoint, found.view, found.entry)
  local after
  if whole then
    after, message, err = patches.apply(whole, operations, schema.types.Group)
  end
  if not after then
    return nil, message, err
  end
  local change = { op = "replace", ids = membership.ids(after.members or {}) }
  return asked_of(endpoint, found, after, { change })
end

--- PATCH of a group. Members come and go without anybody reading who is in it.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param id string
---@param operations table[] of lastpass.scim.patch
---@param given? table
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.patch(endpoint, context, id, operations, given)
  local found, message, err = open(endpoint, context, id, given)
  if not found then
    return nil, message, err
  end
  local others, member_changes = patches.split_members(operations)
  local asked
  if others then
    local after
    after, message, err = patches.apply(found.before, others, schema.types.Group)
    if after then
      asked, message, err = asked_of(endpoint, found, after, member_changes)
    end
  else
    asked, message, err = apply_to_whole(endpoint, found, operations)
  end
  local object
  if asked then
    object, message, err = apply(endpoint, context, found.view, found.entry, asked)
  end
  if not object then
    return nil, message, err
  end
  return true -- Entra wants 204 (scim §3), and nobody the members
end

--- PUT of a group. Without members it says nothing of them: a client that leaves them out empties no group.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param id string
---@param resource table
---@param given? table
---@return table|nil resource
---@return string? message
---@return lastpass.Error? err
function M.replace(endpoint, context, id, resource, given)
  local found, message, err = open(endpoint, context, id, given)
  local merged
  if found then
    merged, message, err = replacement.merge(schema.types.Group, found.before, resource)
  end
  if not merged then
    return nil, message, err
  end
  local member_changes = resource.members
      and { { op = "replace", ids = membership.ids(resource.members) } }
    or {}
  local asked
  asked, message, err = asked_of(endpoint, found, merged, member_changes)
  local object
  if asked then
    object, message, err = apply(endpoint, context, found.view, found.entry, asked)
  end
  if not object then
    return nil, message, err
  end
  return show(endpoint, context, found.view, object)
end

--- DELETE of a group: its members leave it, and the id is gone. LastPass keeps the name.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param id string
---@param given? table
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.remove(endpoint, context, id, given)
  local found, message, err = open(endpoint, context, id, given)
  if not found then
    return nil, message, err
  end
  local entry = found.entry
  local resolved
  resolved, message, err = membership.resolve(endpoint, found.view, entry, { { op = "clear" } })
  if not resolved then
    return nil, message, err
  end
  local object = objects.tombstone(endpoint, entry.object)
  if #resolved.changes == 0 then
    return execution.note(endpoint, { objects = { object }, members = resolved.pending }) and true
  end
  local ok
  ok, message, err = note(endpoint, entry, entry.object, json.list {})
  if ok then
    ok, message, err =
      portions.execute(endpoint, context, found.view, entry, entry.object, resolved.changes, object)
  end
  if not ok then
    return nil, message, err
  end
  return true
end

return M
