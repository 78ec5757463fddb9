--- Who is in which group: as the directory has it, with what was written through the endpoint since.
-- @module lastpass.inbound.members
local accounts = require "lastpass.inbound.accounts"
local json = require "lastpass.json"
local objects = require "lastpass.inbound.objects"

local M = {}

-- So many names fit into one query of the journal.
local CHUNK = 500

local function written_since(endpoint, view, wanted)
  wanted.connection = endpoint.store_name
  wanted.since = not endpoint.is_shadow and math.max(view.read_at - objects.OVERLAY, 0) or nil
  return endpoint:call_journal("scim_members", wanted)
end

-- Objects of the journal, in portions: `field` names the list of `scim_objects` that `values` are.
local function load_objects(endpoint, field, values, wanted, take)
  for first = 1, #values, CHUNK do
    local part = {}
    for index = first, math.min(first + CHUNK - 1, #values) do
      part[#part + 1] = values[index]
    end
    wanted.connection, wanted[field] = endpoint.store_name, part
    local list, message, err = endpoint:call_journal("scim_objects", wanted)
    if not list then
      return nil, message, err
    end
    for _, object in ipairs(list) do
      take(object)
    end
  end
  return true
end

-- Objects by their key; a new address that has come into force leads to them as well.
local function known_by_account(endpoint, kind, keys)
  local known = {}
  local ok, message, err = load_objects(
    endpoint,
    "accounts",
    keys,
    { type = kind, live = true },
    function(object)
      known[object.account] = object
      if object.alias and not known[object.alias] then
        known[object.alias] = object
      end
    end
  )
  return ok and known, message, err
end

local function known_by_id(endpoint, ids)
  local known = {}
  local ok, message, err = load_objects(endpoint, "ids", ids, {}, function(object)
    known[object.id] = object
  end)
  return ok and known, message, err
end

-- An address that somebody else had before has an id of its own (`objects.by_name`).
local function replace_taken(endpoint, view, kind, list)
  local ids, positions = {}, {}
  for index, item in ipairs(list) do
    if not item.object then
      ids[#ids + 1], positions[item.id] = item.id, index
    end
  end
  local taken, message, err = known_by_id(endpoint, ids)
  if not taken then
    return nil, message, err
  end
  for id in pairs(taken) do
    local item = list[positions[id]]
    local entry
    entry, message, err = objects.by_name(endpoint, view, kind, item.name)
    if entry == nil then
      return nil, message, err
    elseif entry then
      item.id, item.object = entry.object.id, entry.object
    end
  end
  return list
end

--- The ids that accounts of the directory have.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param kind "User"|"Group"
---@param names string[] addresses or names
---@return {id: string, name: string, object: table|nil}[]|nil list in the same order
---@return string? message
---@return lastpass.Error? err
function M.identify(endpoint, view, kind, names)
  local keys = {}
  for index, name in ipairs(names) do
    keys[index] = accounts.key(kind, name)
  end
  local known, message, err = known_by_account(endpoint, kind, keys)
  if not known then
    return nil, message, err
  end
  local list = {}
  for index, name in ipairs(names) do
    accounts.pause(endpoint, index)
    local object = known[keys[index]]
    list[index] = {
      id = object and object.id or accounts.computed_id(endpoint, kind, name),
      name = object and object.name or name,
      object = object,
    }
  end
  return replace_taken(endpoint, view, kind, list)
end

-- A user who was deleted here and still is an account of LastPass can leave a group, not join one.
local function gone_entry(view, object)
  local user = view.snapshot:user(object.account)
  return {
    object = object,
    address = user and user.email or object.account,
    user = user,
    gone = true,
  }
end

--- Users by their ids, read at once.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param ids string[]
---@return table<string, lastpass.inbound.Entry>|nil entries by id, none of an id that is nobody's; `gone`: of somebody who
-- was deleted
---@return string? message
---@return lastpass.Error? err
function M.users_by_id(endpoint, view, ids)
  local known, message, err = known_by_id(endpoint, ids)
  if not known then
    return nil, message, err
  end
  local entries, untouched, names = {}, {}, {}
  for index, id in ipairs(ids) do
    accounts.pause(endpoint, index)
    local object = known[id]
    local name = not object
      and objects.is_id(id)
      and accounts.computed_name(endpoint, view, "User", id)
    if name then
      untouched[#untouched + 1], names[#names + 1] = id, name
    elseif object and object.type == "User" then
      entries[id] = objects.entry(endpoint, view, object, true) or gone_entry(view, object)
    end
  end
  local list
  list, message, err = M.identify(endpoint, view, "User", names)
  if not list then
    return nil, message, err
  end
  for index, item in ipairs(list) do
    if item.id == untouched[index] then
      local object = item.object or objects.new(endpoint, "User", names[index])
      entries[item.id] = objects.entry(endpoint, view, object, item.object ~= nil) or nil
    end
  end
  return entries
end

-- Applies what was written since to a list of ids; `field` says which end of the membership is listed.
local function apply_written(endpoint, list, written, field)
  local present = {}
  for _, entry in ipairs(written) do
    present[entry[field]] = entry.present
  end
  local kept, seen = {}, {}
  for index, item in ipairs(list) do
    accounts.pause(endpoint, index)
    seen[item.id] = true
    if present[item.id] ~= false then
      kept[#kept + 1] = item
    end
  end
  local added = {}
  for _, entry in ipairs(written) do
    if entry.present and not seen[entry[field]] then
      added[#added + 1] = entry[field]
    end
  end
  return kept, added
end

-- Those that the directory does not list yet: their names, where they still exist.
local function add_known(endpoint, view, kind, kept, added)
  if #added == 0 then
    return kept
  end
  local known, message, err = known_by_id(endpoint, added)
  if not known then
    return nil, message, err
  end
  for _, id in ipairs(added) do
    local object = known[id]
    local name
    if object then
      name = object.state ~= "tombstone" and object.name or nil
    else
      name = accounts.computed_name(endpoint, view, kind, id)
    end
    if name then
      kept[#kept + 1] = { id = id, name = name, object = object }
    end
  end
  return kept
end

local function shown(endpoint, list, kind)
  local values = json.list {}
  for index, item in ipairs(list) do
    accounts.pause(endpoint, index)
    values[index] = { value = item.id, display = item.name, type = kind }
  end
  return values
end

--- The ids of a group's members.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry of the group
---@return {id: string, name: string}[]|nil
---@return string? message
---@return lastpass.Error? err
function M.list(endpoint, view, entry)
  local addresses = {}
  local group = entry.has_group and view.snapshot:group(entry.object.account)
  for index, address in ipairs(group and group:members() or {}) do
    addresses[index] = address
  end
  local list, message, err = M.identify(endpoint, view, "User", addresses)
  if not list then
    return nil, message, err
  end
  local written
  written, message, err = written_since(endpoint, view, { group = entry.object.id })
  if not written then
    return nil, message, err
  end
  local kept, added = apply_written(endpoint, list, written, "user")
  return add_known(endpoint, view, "User", kept, added)
end

--- The members of a group, as they are shown.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry of the group
---@return table[]|nil
---@return string? message
---@return lastpass.Error? err
function M.of_group(endpoint, view, entry)
  local list, message, err = M.list(endpoint, view, entry)
  if not list then
    return nil, message, err
  end
  return shown(endpoint, list, "User")
end

--- What the groups of several users are made of, read at once.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entries lastpass.inbound.Entry[] of users
---@return table|nil prepared for `groups_of`
---@return string? message
---@return lastpass.Error? err
function M.prepare(endpoint, view, entries)
  local names, seen, prepared = {}, {}, { groups = {}, written = {} }
  for _, entry in ipairs(entries) do
    for _, name in ipairs(entry.user and entry.user.groups or {}) do
      if not seen[name] then
        seen[name], names[#names + 1] = true, name
      end
    end
  end
  local list, message, err = M.identify(endpoint, view, "Group", names)
  if not list then
    return nil, message, err
  end
  for index, item in ipairs(list) do
    prepared.groups[names[index]] = item
  end
  for first = 1, #entries, CHUNK do
    local ids = {}
    for index = first, math.min(first + CHUNK - 1, #entries) do
      ids[#ids + 1] = entries[index].object.id
    end
    local written
    written, message, err = written_since(endpoint, view, { users = ids })
    if not written then
      return nil, message, err
    end
    for _, one in ipairs(written) do
      prepared.written[one.user] = prepared.written[one.user] or {}
      table.insert(prepared.written[one.user], one)
    end
  end
  return prepared
end

--- The groups of a user, as they are shown.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry of the user
---@param prepared? table of `prepare`
---@return table[]|nil
---@return string? message
---@return lastpass.Error? err
function M.groups_of(endpoint, view, entry, prepared)
  local message, err
  if not prepared then
    prepared, message, err = M.prepare(endpoint, view, { entry })
    if not prepared then
      return nil, message, err
    end
  end
  local list = {}
  for index, name in ipairs(entry.user and entry.user.groups or {}) do
    list[index] = prepared.groups[name]
  end
  local kept, added =
    apply_written(endpoint, list, prepared.written[entry.object.id] or {}, "group")
  list, message, err = add_known(endpoint, view, "Group", kept, added)
  if not list then
    return nil, message, err
  end
  return shown(endpoint, list, "direct")
end

--- The names of the groups that somebody who is not in LastPass yet is to be in.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry
---@return string[]|nil
---@return string? message
---@return lastpass.Error? err
function M.pending_groups(endpoint, view, entry)
  local written, message, err = endpoint:call_journal("scim_members", {
    connection = endpoint.store_name,
    user = entry.object.id,
  })
  if not written then
    return nil, message, err
  end
  local ids = {}
  for _, one in ipairs(written) do
    if one.present then
      ids[#ids + 1] = one.group
    end
  end
  local names = json.list {}
  for _, id in ipairs(ids) do
    local group
    group, message, err = objects.by_id(endpoint, view, "Group", id)
    if group == nil then
      return nil, message, err
    elseif group then
      names[#names + 1] = group.address
    end
  end
  table.sort(names)
  return names
end

return M
