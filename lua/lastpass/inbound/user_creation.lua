--- POST of users: who is new is created and invited once, who exists is linked, who comes back is let in again.
-- @module lastpass.inbound.user_creation
local finishing = require "lastpass.inbound.finishing"
local objects = require "lastpass.inbound.objects"
local resources = require "lastpass.inbound.resources"
local user_changes = require "lastpass.inbound.user_changes"
local users = require "lastpass.inbound.users"
local values = require "lastpass.scim.values"

local M = {}

local function new_entry(endpoint, address, resource, attributes, generation)
  local object = objects.new(endpoint, "User", address, generation)
  object.state, object.external_id = "pending", resources.external_id(resource)
  object.attributes = attributes
  object.shown = { active = resource.active ~= false, fullname = resources.fullname(resource) }
  return {
    object = object,
    is_known = false,
    is_new = true,
    address = address,
    state = { status = "pending", fullname = object.shown.fullname, groups = {} },
    jobs = {},
  }
end

-- Whether a POST is one that was sent before: its answer was lost, or the client gave up waiting for it.
local function is_repeated(entry, resource, before)
  local object = entry.object
  if object.external_id ~= nil or resources.external_id(resource) ~= nil then
    return object.external_id == resources.external_id(resource)
  end
  local attributes = resources.stored(resource)
  return attributes ~= nil
    and values.identical(attributes, object.attributes)
    and (resource.active ~= false) == before.active
end

-- Who exists is linked. An account that another resource of this client is about is not; but somebody who comes back is
-- let in again under the old id (scim §4.5).
local function link(endpoint, context, view, entry, resource)
  local found, message, err = resources.open(endpoint, view, entry)
  if not found then
    return nil, message, err
  end
  local before = found.before
  local repeated = is_repeated(entry, resource, before)
  local object = entry.object
  local is_free = not entry.is_known
    or not before.active
    or object.external_id == nil and resources.external_id(resource) ~= nil
  if not repeated and not is_free then
    return resources.refuse(409, "uniqueness", "uniqueness", "another user has this userName")
  end
  local asked
  asked, message, err = users.ask_whole(endpoint, found, resource, resource.active ~= false)
  if not asked then
    return nil, message, err
  end
  asked.external_id = resources.external_id(resource) or object.external_id
  return users.apply(endpoint, context, view, entry, asked)
end

local function create_new(endpoint, context, view, address, resource, generation)
  local attributes, message, err = resources.stored(resource)
  if not attributes then
    return nil, message, err
  end
  local entry = new_entry(endpoint, address, resource, attributes, generation)
  local ok
  ok, message, err = users.refresh(endpoint, entry)
  if not ok then
    return nil, message, err
  elseif entry.user then
    -- the directory that was read last may not have the account yet
    local object, user = entry.object, entry.user
    entry.is_new, object.state = nil, "active"
    object.shown = { status = user.status, fullname = user.fullname }
    object.written_at = math.floor(endpoint.now())
  end
  return users.apply(endpoint, context, view, entry, {
    active = resource.active ~= false,
    fullname = resources.fullname(resource),
    name = address,
    external_id = resources.external_id(resource),
    attributes = attributes,
    touched = { access = true, name = true },
  })
end

--- POST of a user.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param resource table
---@return table|nil resource
---@return string? message
---@return lastpass.Error? err
function M.create(endpoint, context, resource)
  local address, message, err = user_changes.check_address(resource.userName)
  local view
  if address then
    view, message, err = objects.view(endpoint)
  end
  if not view then
    return nil, message, err
  end
  local entry, generation
  entry, generation, err = objects.by_name(endpoint, view, "User", address)
  if entry then
    entry, message, err = finishing.settle(endpoint, context, view, entry)
    local ok = entry
    if entry then
      ok, message, err = users.refresh(endpoint, entry)
    end
    if ok == nil then
      return nil, message, err
    elseif entry and entry.state.status ~= "absent" then
      return link(endpoint, context, view, entry, resource)
    elseif entry then -- deleted in LastPass: a new account has a new id
      ok, message, err = users.bury(endpoint, entry.object)
      if not ok then
        return nil, message, err
      end
    end
  elseif entry == nil then
    return nil, generation, err
  end
  return create_new(endpoint, context, view, address, resource, generation)
end

return M
