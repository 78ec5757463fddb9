--- Who is in which group: as the directory has it, with what was written through the endpoint since.
-- @module lastpass.inbound.members
local accounts = require "lastpass.inbound.accounts"
local identities = require "lastpass.inbound.identities"
local json = require "lastpass.json"
local objects = require "lastpass.inbound.objects"

local M = {}

local function since_read(endpoint, view, wanted)
  wanted.connection = endpoint.store_name
  wanted.since = not endpoint.is_shadow and math.max(view.read_at - objects.OVERLAY, 0) or nil
  return wanted
end

local function written_since(endpoint, view, wanted)
  return endpoint:call_journal("scim_members", since_read(endpoint, view, wanted))
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
  local known, message, err = identities.by_id(endpoint, ids)
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
  list, message, err = identities.identify(endpoint, view, "User", names)
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
  local known, message, err = identities.by_id(endpoint, added)
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
  local list, message, err = identities.identify(endpoint, view, "User", addresses)
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

local function add_written(prepared, written)
  for _, one in ipairs(written) do
    prepared.written[one.user] = prepared.written[one.user] or {}
    table.insert(prepared.written[one.user], one)
  end
end

-- Each group once.
local function group_names(entries)
  local names, seen = {}, {}
  for _, entry in ipairs(entries) do
    for _, name in ipairs(entry.user and entry.user.groups or {}) do
      if not seen[name] then
        seen[name], names[#names + 1] = true, name
      end
    end
  end
  return names
end

--- What is to be read of the journal for the groups of one user, so that it can be read together with something else.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry
---@return table[]|nil calls as of `journal:batch`; nil: there is none, or too much of it
function M.reading(endpoint, view, entry)
  local names, ids = group_names { entry }, {}
  if #names == 0 or #names > identities.AT_ONCE then
    return nil
  end
  for index, name in ipairs(names) do
    ids[index] = accounts.computed_id(endpoint, "Group", name)
  end
  local connection = endpoint.store_name
  local groups = { connection = connection, type = "Group", live = true }
  groups.accounts = identities.keys("Group", names)
  return {
    { method = "scim_objects", groups },
    { method = "scim_objects", { connection = connection, ids = ids } },
    { method = "scim_members", since_read(endpoint, view, { users = { entry.object.id } }) },
  }
end

--- What `reading` has read.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entry lastpass.inbound.Entry
---@param read table[] one value for each call
---@return table|nil prepared for `groups_of`
---@return string? message
---@return lastpass.Error? err
function M.prepare_read(endpoint, view, entry, read)
  local names, prepared = group_names { entry }, { groups = {}, written = {} }
  add_written(prepared, read[3])
  local list, message, err = identities.assemble(endpoint, view, "Group", names, read[1], read[2])
  for index, item in ipairs(list or {}) do
    prepared.groups[names[index]] = item
  end
  return list and prepared, message, err
end

--- What the groups of several users are made of, read at once.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param entries lastpass.inbound.Entry[] of users
---@return table|nil prepared for `groups_of`
---@return string? message
---@return lastpass.Error? err
function M.prepare(endpoint, view, entries)
  local calls = #entries == 1 and M.reading(endpoint, view, entries[1])
  if calls then
    local read, message, err = endpoint:call_journals(calls)
    if not read then
      return nil, message, err
    end
    return M.prepare_read(endpoint, view, entries[1], read)
  end
  local names, prepared = group_names(entries), { groups = {}, written = {} }
  local list, message, err = identities.identify(endpoint, view, "Group", names)
  if not list then
    return nil, message, err
  end
  for index, item in ipairs(list) do
    prepared.groups[names[index]] = item
  end
  for first = 1, #entries, identities.AT_ONCE do
    local ids = {}
    for index, entry in ipairs(accounts.slice(entries, first, identities.AT_ONCE)) do
      ids[index] = entry.object.id
    end
    local written
    written, message, err = written_since(endpoint, view, { users = ids })
    if not written then
      return nil, message, err
    end
    add_written(prepared, written)
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
