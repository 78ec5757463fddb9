--- Users and groups behind the endpoint: the directory as it was read last, what the journal knows beside it, and what was
-- written since and may not show in it yet. Each has an id that stays, is never given to another one, and says nothing.
-- @module lastpass.inbound.objects
local accounts = require "lastpass.inbound.accounts"
local characters = require "lastpass.text.characters"
local errors = require "lastpass.error"
local names = require "lastpass.plan.guards.names"
local state = require "lastpass.plan.state"

local M = {}

--- So many seconds before a directory's read was over its first page may have been read: what was written since then may
-- be missing in it.
M.OVERLAY = 180

--- A user or a group as a request meets it.
---@class lastpass.inbound.Entry
---@field object lastpass.store.ScimObject as in the journal, or as it would be written
---@field is_known boolean   the journal has it
---@field address string     LastPass's address, or name of the group
---@field has_group? boolean   of a group: the directory has it
---@field user? lastpass.User as in the directory that was read last
---@field state lastpass.plan.State with what was written since
---@field jobs lastpass.store.Job[] what is open about it

--- A copy of an object.
---@param object lastpass.store.ScimObject
---@return lastpass.store.ScimObject
function M.copy(object)
  local copy = {}
  for name, value in pairs(object) do
    copy[name] = value
  end
  return copy
end

--- An object as it is once it is deleted: its id means nothing any more.
---@param endpoint lastpass.inbound.Endpoint
---@param object lastpass.store.ScimObject
---@return lastpass.store.ScimObject
function M.tombstone(endpoint, object)
  local copy = M.copy(object)
  copy.state, copy.deleted_at = "tombstone", math.floor(endpoint.now())
  return copy
end

--- What an intent proves: that the user is still as the request has read them. Changes of memberships do not rest on the
-- group.
---@param endpoint lastpass.inbound.Endpoint
---@param entry? lastpass.inbound.Entry
---@return table|nil expected as of `journal:scim_intend`
function M.expected(endpoint, entry)
  if not entry or entry.object.type ~= "User" then
    return nil
  end
  local version = entry.object.version
  if not entry.is_known then
    version = 0
  end
  return version and { connection = endpoint.store_name, id = entry.object.id, version = version }
end

--- The directory as it was read last.
---@param endpoint lastpass.inbound.Endpoint
---@return table|nil view snapshot, read_at
---@return string? message
---@return lastpass.Error? err
function M.view(endpoint)
  local view, message, err = endpoint.directory()
  if view then
    return view
  end
  local fields = { status = 503, retry_after = 30 }
  return errors.fail(
    "transport",
    err and err.code or "no_directory",
    "the directory could not be read: " .. tostring(message or "not yet"),
    fields
  )
end

-- Whether what was written through the endpoint may not show in the directory yet.
local function is_overlaid(endpoint, view, at)
  return at ~= nil and (endpoint.is_shadow or at >= view.read_at - M.OVERLAY)
end

--- A row for an account that the journal does not know.
---@param endpoint lastpass.inbound.Endpoint
---@param kind "User"|"Group"
---@param name string address, or name of the group
---@param generation? integer
---@return lastpass.store.ScimObject
function M.new(endpoint, kind, name, generation)
  local account = accounts.key(kind, name)
  return {
    connection = endpoint.store_name,
    id = accounts.id(endpoint.tenant, kind, account, generation or 0),
    tenant = endpoint.tenant,
    type = kind,
    account = account,
    name = name,
    state = "active",
    attributes = {},
    generation = generation or 0,
  }
end

-- ---- one entry ----

local function with_shown(current, shown)
  if not shown or not shown.status then
    return current
  end
  if shown.status == "absent" then
    return state.absent()
  end
  return {
    status = shown.status,
    fullname = shown.fullname or current.fullname,
    groups = current.groups or state.list(),
    admin = current.admin or false,
  }
end

-- An account whose new address has come into force is known by it from now on.
local function follow_rename(object, snapshot)
  local renamed = object.alias and snapshot:user(object.alias)
  if not renamed or snapshot:user(object.account) then
    return object, false
  end
  local copy = M.copy(object)
  copy.account, copy.alias = object.alias, nil
  return copy, true
end

local function user_entry(endpoint, view, object)
  local is_moved
  object, is_moved = follow_rename(object, view.snapshot)
  local user = view.snapshot:user(object.account)
  local current = state.of(user)
  if object.state == "pending" then
    -- LastPass may have the account by now, by an answer that was lost
    current = current.status ~= "absent" and current
      or { status = "pending", fullname = object.shown and object.shown.fullname, groups = {} }
  elseif is_overlaid(endpoint, view, object.written_at) then
    current = with_shown(current, object.shown)
  end
  return {
    object = object,
    is_moved = is_moved,
    address = user and user.email or object.account,
    user = user,
    state = current,
  }
end

local function group_entry(endpoint, view, object)
  return {
    object = object,
    address = object.account,
    has_group = accounts.list(endpoint, view, "Group").positions[object.account] ~= nil,
    state = {},
  }
end

--- Whether a deleted object keeps an account away: a user stays away while the account is as it was left; somebody who
-- lets it in again by hand has a new user.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param object lastpass.store.ScimObject
---@return boolean
function M.hides(endpoint, view, object)
  if object.state ~= "tombstone" then
    return false
  elseif object.type == "Group" then
    return names.group_size(view.snapshot:rows(), object.account) == 0
      or is_overlaid(endpoint, view, object.deleted_at)
  end
  local user = view.snapshot:user(object.account)
  return not user or user.status == "disabled" or is_overlaid(endpoint, view, object.deleted_at)
end

-- What exists: an account that an admin has deleted in LastPass is gone, one that was just made is not.
local function exists(entry)
  local object = entry.object
  return object.state == "pending"
    or object.type == "Group" and (entry.has_group or entry.is_known)
    or object.type == "User" and entry.state.status ~= "absent"
end

--- Makes an entry of an object.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param object lastpass.store.ScimObject
---@param is_known boolean
---@param jobs? lastpass.store.Job[]
---@return lastpass.inbound.Entry|false entry false when it does not exist (any more)
function M.entry(endpoint, view, object, is_known, jobs)
  if object.state == "tombstone" then
    return false
  end
  local entry = object.type == "User" and user_entry(endpoint, view, object)
    or group_entry(endpoint, view, object)
  entry.is_known, entry.jobs = is_known, jobs or {}
  return exists(entry) and entry or false
end

-- ---- looking up ----

-- What no database can hold, no object has.
local function is_text(value)
  return value == nil or value ~= "" and not value:find "%z" and characters.is_utf8(value)
end

local function look_up(endpoint, wanted)
  if not is_text(wanted.account) or not is_text(wanted.external_id) then
    return { objects = {}, jobs = {} }
  end
  wanted.connection = endpoint.store_name
  return endpoint:call_journal("scim_lookup", wanted)
end

local function entry_of(endpoint, view, kind, known)
  local object = known.objects[1]
  return object.type == kind and M.entry(endpoint, view, object, true, known.jobs)
end

--- Whether a text can be an id of ours. A journal is asked for nothing else: to a database texts end at their first NUL.
---@param id string
---@return boolean
function M.is_id(id)
  return #id == 32 and not id:find "[^0-9a-f]"
end

--- The entry with an id.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param kind "User"|"Group"
---@param id string
---@return lastpass.inbound.Entry|false|nil entry false: there is none
---@return string? message
---@return lastpass.Error? err
function M.by_id(endpoint, view, kind, id)
  if not M.is_id(id) then
    return false
  end
  local known, message, err = look_up(endpoint, { id = id })
  if not known then
    return nil, message, err
  end
  if known.objects[1] then
    return entry_of(endpoint, view, kind, known)
  end
  local name = accounts.computed_name(endpoint, view, kind, id)
  if not name then
    return false
  end
  local entry
  entry, message, err = M.by_name(endpoint, view, kind, name, id)
  if entry then
    return entry
  elseif entry == nil then
    return nil, message, err
  end
  -- another request may have written it between the two looks: its id is taken then, and leads to it
  known, message, err = look_up(endpoint, { id = id })
  if not known then
    return nil, message, err
  end
  return known.objects[1] ~= nil and entry_of(endpoint, view, kind, known)
end

-- An id that only the journal can lead back from has to be in it before anybody is shown it.
local function keep(endpoint, entry)
  if not entry or entry.object.generation == 0 then
    return entry
  end
  local ok, message, err = endpoint:call_journal("save_scim_objects", { entry.object })
  if not ok then
    return nil, message, err
  end
  entry.is_known = true
  return entry
end

-- Of a person the journal knows under an id of its own, no other id leads to them.
local function unknown_entry(endpoint, view, kind, name, generation, id)
  local user = kind == "User" and view.snapshot:user(name)
  if
    not user and not (kind == "Group" and accounts.list(endpoint, view, "Group").positions[name])
  then
    return false
  end
  local object = M.new(endpoint, kind, user and user.email or name, generation)
  if id and object.id ~= id then
    return false
  end
  return keep(endpoint, M.entry(endpoint, view, object, false))
end

local MOST_GENERATIONS = 100

-- The id of generation 0 may belong to somebody who had this address before.
local function free_generation(endpoint, kind, name)
  for generation = 0, MOST_GENERATIONS do
    local id = accounts.id(endpoint.tenant, kind, accounts.key(kind, name), generation)
    local known, message, err = look_up(endpoint, { id = id })
    if not known then
      return nil, message, err
    elseif not known.objects[1] then
      return generation
    end
  end
  return errors.fail("conflict", "too_many_ids", "the account had too many ids", { status = 409 })
end

--- The entry of an account, by its address, or of a group, by its name.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param kind "User"|"Group"
---@param name string
---@param id? string only when it has this id
---@return lastpass.inbound.Entry|false|nil entry false: there is none
---@return string|integer? message or, with false, how many objects of the account were deleted
---@return lastpass.Error? err
function M.by_name(endpoint, view, kind, name, id)
  local known, message, err = look_up(endpoint, { type = kind, account = accounts.key(kind, name) })
  if not known then
    return nil, message, err
  end
  local object = known.objects[1]
  local generation = object and object.generation + 1
  if object and object.state ~= "tombstone" then
    local entry = (not id or object.id == id) and M.entry(endpoint, view, object, true, known.jobs)
    return entry, generation
  elseif object and M.hides(endpoint, view, object) then
    return false, generation
  end
  if not generation then
    generation, message, err = free_generation(endpoint, kind, name)
    if not generation then
      return nil, message, err
    end
  end
  local entry
  entry, message, err = unknown_entry(endpoint, view, kind, name, generation, id)
  if entry == nil then
    return nil, message, err
  end
  return entry, generation
end

--- The entry with an externalId.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param kind "User"|"Group"
---@param external_id string
---@return lastpass.inbound.Entry[]|nil
---@return string? message
---@return lastpass.Error? err
function M.by_external_id(endpoint, view, kind, external_id)
  local known, message, err = look_up(endpoint, { type = kind, external_id = external_id })
  if not known then
    return nil, message, err
  end
  local list = {}
  for index, object in ipairs(known.objects) do
    local entry = M.entry(endpoint, view, object, true, index == 1 and known.jobs or nil)
    list[#list + 1] = entry or nil
  end
  return list
end

return M
