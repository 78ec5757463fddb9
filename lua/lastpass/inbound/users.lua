--- What identity providers ask of users: created, changed, deleted. A request becomes changes of the table that plans have
-- (`lastpass.directory.changes`), compared with the user as LastPass has them at this moment.
-- @module lastpass.inbound.users
local execution = require "lastpass.inbound.execution"
local finishing = require "lastpass.inbound.finishing"
local held = require "lastpass.inbound.held"
local json = require "lastpass.json"
local members = require "lastpass.inbound.members"
local patches = require "lastpass.scim.patch"
local replacement = require "lastpass.scim.server.replacement"
local schema = require "lastpass.scim.schema"
local objects = require "lastpass.inbound.objects"
local resources = require "lastpass.inbound.resources"
local sending = require "lastpass.inbound.sending"
local state = require "lastpass.plan.state"
local user_changes = require "lastpass.inbound.user_changes"

local M = {}

local DAY = 24 * 60 * 60

-- ---- as LastPass has them now ----

--- Reads the user afresh: what is asked for is compared with that, not with a cached directory. In shadow mode what was
-- asked before counts as done.
function M.refresh(endpoint, entry)
  if endpoint.is_shadow then
    return true
  end
  local user, message, err = sending.read(endpoint, entry.address)
  if user == nil then
    return nil, message, err
  elseif user then
    entry.user, entry.address, entry.state = user, user.email, state.of(user)
  elseif entry.object.state ~= "pending" then
    entry.user, entry.state = nil, state.absent()
  end
  return true
end

-- Finds a user for a change: work that is due is finished first, and the user is read afresh.
local function find(endpoint, context, view, id)
  local entry, message, err = objects.by_id(endpoint, view, "User", id)
  if entry then
    entry, message, err = finishing.settle(endpoint, context, view, entry)
  end
  if not entry then
    return entry, message, err
  end
  local ok
  ok, message, err = M.refresh(endpoint, entry)
  if not ok then
    return nil, message, err
  elseif entry.state.status == "absent" then
    return false -- an admin has deleted the account in LastPass
  end
  return entry
end

-- ---- one change ----

local function show_after(endpoint, view, entry, object, changes, wants, read)
  local now = math.floor(endpoint.now())
  local copy = objects.copy(object)
  copy.created, copy.changed = copy.created or now, now
  local after = {
    object = copy,
    address = entry.address,
    user = entry.user,
    state = user_changes.expected_state(entry, changes),
  }
  if object.state == "pending" then
    after.state = { status = "pending", fullname = object.shown.fullname, groups = {} }
  elseif object.shown and #changes > 0 then
    after.state.status, after.state.fullname = object.shown.status, object.shown.fullname
  end
  local prepared, message, err
  if read then
    prepared, message, err = members.prepare_read(endpoint, view, after, read)
    if not prepared then
      return nil, message, err
    end
  end
  return resources.show(endpoint, view, after, wants, { prepared = prepared })
end

local function rename_job(endpoint, object)
  local not_before, delay = endpoint:due_in(DAY)
  return {
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    kind = held.RENAME,
    subject = object.account,
    object = object.id,
    fingerprint = "rename " .. object.id,
    not_before = not_before,
    delay = delay,
    payload = { to = object.alias },
  }
end

local function note_only(endpoint, entry, object, touched)
  local overtaken = held.overtaken(entry.jobs, touched)
  local is_other = entry.is_moved
    or not entry.is_known
    or user_changes.differs(entry.object, object)
  if not is_other and #overtaken == 0 then
    return true
  end
  return execution.note(endpoint, {
    objects = is_other and { object } or nil,
    supersede = overtaken,
  })
end

--- Makes the changes that lead to what is asked for, and shows the user after them.
function M.apply(endpoint, context, view, entry, asked)
  local changes, message, err = user_changes.list(endpoint, view, entry, asked)
  if not changes then
    return nil, message, err
  end
  local object = user_changes.object_after(entry, asked, changes)
  local wants = context.wants
  local ok, written
  if #changes == 0 then
    ok, message, err = note_only(endpoint, entry, object, asked.touched)
  else
    local before, is_stored = user_changes.object_before(entry, object, asked, changes)
    local renames = object.alias and object.alias ~= entry.object.alias
    written, message, err = execution.run(endpoint, context, {
      view = view,
      entry = entry,
      object = before,
      is_stored = is_stored,
      is_new = entry.is_new,
      changes = changes,
      final = { object = object, jobs = renames and { rename_job(endpoint, object) } or nil },
      touched = asked.touched,
      reading = (not wants or wants "groups") and members.reading(endpoint, view, entry) or nil,
    })
    ok = written
  end
  if not ok then
    return nil, message, err
  end
  return show_after(endpoint, view, entry, object, changes, wants, written and written.read)
end

-- What a resource asks for of a user who is shown as `before`.
local function asked_of(endpoint, view, entry, before, after, active)
  local stored = entry.object.attributes
  local attributes, message, err = resources.stored(after, before, stored)
  if not attributes then
    return nil, message, err
  end
  local address
  address, message, err = user_changes.asked_address(endpoint, view, entry, after.userName)
  if not address then
    return nil, message, err
  end
  local asked = {
    active = active,
    fullname = resources.asked_fullname(before, after, stored),
    address = address ~= true and address or nil,
    name = after.userName,
    external_id = resources.external_id(after),
    attributes = attributes,
  }
  asked.touched = {
    access = active ~= nil,
    name = asked.fullname ~= nil,
    address = asked.address ~= nil,
  }
  if entry.state.status == "pending" and active == nil then
    asked.active = resources.is_active(entry) and entry.object.state ~= "pending" or nil
  end
  return asked
end

-- The user as a request finds it, with what it asks about the version.
local function open(endpoint, context, id, given)
  local view, message, err = objects.view(endpoint)
  local entry
  if view then
    entry, message, err = find(endpoint, context, view, id)
  end
  if not entry then
    return entry or nil, message, err
  end
  return resources.open(endpoint, view, entry, given)
end

--- PATCH of a user.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param id string
---@param operations table[] of lastpass.scim.patch
---@param given? table
---@return table|nil resource
---@return string? message
---@return lastpass.Error? err
function M.patch(endpoint, context, id, operations, given)
  local found, message, err = open(endpoint, context, id, given)
  if not found then
    return nil, message, err
  end
  local after
  after, message, err = patches.apply(found.before, operations, schema.types.User)
  if not after then
    return nil, message, err
  end
  local active
  for _, operation in ipairs(operations) do
    if operation.path.name == "active" and not operation.path.urn then
      active = after.active -- nothing is said of it when its value is taken away: that lets nobody in
    end
  end
  local asked
  asked, message, err = asked_of(endpoint, found.view, found.entry, found.before, after, active)
  if not asked then
    return nil, message, err
  end
  return M.apply(endpoint, context, found.view, found.entry, asked)
end

--- A resource that is sent whole replaces the old one, and what the client has from a GET comes back as it was.
function M.ask_whole(endpoint, found, resource, active)
  local merged, message, err = replacement.merge(schema.types.User, found.before, resource)
  if not merged then
    return nil, message, err
  end
  local asked
  asked, message, err = asked_of(endpoint, found.view, found.entry, found.before, merged, active)
  if asked and asked.fullname == nil and resource.displayName == nil then
    local fullname = resources.fullname(resource)
    asked.fullname = fullname ~= found.entry.state.fullname and fullname or nil
  end
  return asked, message, err
end

--- PUT of a user.
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
  if not found then
    return nil, message, err
  end
  local asked
  asked, message, err = M.ask_whole(endpoint, found, resource, resource.active)
  if not asked then
    return nil, message, err
  end
  return M.apply(endpoint, context, found.view, found.entry, asked)
end

-- ---- DELETE ----

--- Writes down that an object is gone: its id means nothing any more.
---@param endpoint lastpass.inbound.Endpoint
---@param object lastpass.store.ScimObject
---@return table|nil
---@return string? message
---@return lastpass.Error? err
function M.bury(endpoint, object)
  return execution.note(endpoint, { objects = { objects.tombstone(endpoint, object) } })
end

local function delete_job(endpoint, entry)
  local connection = endpoint.connection
  if connection.delete ~= "delete" or entry.state.status == "pending" then
    return nil
  end
  local not_before, delay = endpoint:due_in(connection.grace_days * DAY)
  return {
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    kind = held.DELETE,
    subject = entry.address,
    object = entry.object.id,
    fingerprint = "delete " .. entry.object.id,
    not_before = not_before,
    delay = delay,
    payload = { changes = held.plain { { kind = "delete", subject = entry.address } } },
  }
end

--- DELETE of a user: the account is disabled at once, and deleted after a while only where the connection says so.
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
  local asked = { active = false, touched = { access = true, name = true, address = true } }
  local changes
  changes, message, err = user_changes.list(endpoint, found.view, entry, asked)
  if not changes then
    return nil, message, err
  end
  local object = objects.tombstone(endpoint, entry.object)
  object.shown = nil
  local job = not endpoint.is_shadow and delete_job(endpoint, entry) or nil
  local ok
  if #changes == 0 then
    ok, message, err = execution.note(endpoint, {
      objects = { object },
      add_jobs = { job },
      supersede = held.overtaken(entry.jobs, asked.touched),
    })
  else
    ok, message, err = execution.run(endpoint, context, {
      view = found.view,
      entry = entry,
      object = entry.object,
      is_stored = entry.is_known,
      changes = changes,
      final = { object = object, jobs = job and json.list { job } or nil },
      touched = asked.touched,
    })
  end
  if not ok then
    return nil, message, err
  end
  return true
end

return M
