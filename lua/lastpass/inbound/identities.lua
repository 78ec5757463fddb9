--- Which objects of the journal accounts of the directory are, and which ids they have.
-- @module lastpass.inbound.identities
local accounts = require "lastpass.inbound.accounts"
local objects = require "lastpass.inbound.objects"

local M = {}

--- So many names fit into one query of the journal.
M.AT_ONCE = 500

-- Objects of the journal, in portions: `field` names the list of `scim_objects` that `values` are.
local function load_objects(endpoint, field, values, wanted, take)
  for first = 1, #values, M.AT_ONCE do
    wanted.connection = endpoint.store_name
    wanted[field] = accounts.slice(values, first, M.AT_ONCE)
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

-- Adds an object by its key; a new address that has come into force leads to it as well.
local function add_by_account(known, object)
  known[object.account] = object
  if object.alias and not known[object.alias] then
    known[object.alias] = object
  end
end

local function known_by_account(endpoint, kind, keys)
  local known = {}
  local wanted = { type = kind, live = true }
  local ok, message, err = load_objects(endpoint, "accounts", keys, wanted, function(object)
    add_by_account(known, object)
  end)
  return ok and known, message, err
end

--- Objects of the journal by their ids.
---@param endpoint lastpass.inbound.Endpoint
---@param ids string[]
---@return table<string, lastpass.store.ScimObject>|nil
---@return string? message
---@return lastpass.Error? err
function M.by_id(endpoint, ids)
  local known = {}
  local ok, message, err = load_objects(endpoint, "ids", ids, {}, function(object)
    known[object.id] = object
  end)
  return ok and known, message, err
end

-- An address that somebody else had before has an id of its own (`objects.by_name`).
local function replace_taken(endpoint, view, kind, list, taken)
  for _, item in ipairs(list) do
    if not item.object and taken[item.id] then
      local entry, message, err = objects.by_name(endpoint, view, kind, item.name)
      if entry == nil then
        return nil, message, err
      elseif entry then
        item.id, item.object = entry.object.id, entry.object
      end
    end
  end
  return list
end

--- The keys of accounts.
---@param kind "User"|"Group"
---@param names string[] addresses or names
---@return string[]
function M.keys(kind, names)
  local keys = {}
  for index, name in ipairs(names) do
    keys[index] = accounts.key(kind, name)
  end
  return keys
end

local function items_of(endpoint, kind, names, keys, known)
  local list, unknown = {}, {}
  for index, name in ipairs(names) do
    accounts.pause(endpoint, index)
    local object = known[keys[index]]
    local id = object and object.id or accounts.computed_id(endpoint, kind, name)
    list[index] = { id = id, name = object and object.name or name, object = object }
    unknown[#unknown + 1] = not object and id or nil
  end
  return list, unknown
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
  local keys = M.keys(kind, names)
  local known, message, err = known_by_account(endpoint, kind, keys)
  if not known then
    return nil, message, err
  end
  local list, unknown = items_of(endpoint, kind, names, keys, known)
  local taken
  taken, message, err = M.by_id(endpoint, unknown)
  if not taken then
    return nil, message, err
  end
  return replace_taken(endpoint, view, kind, list, taken)
end

--- The same of what was read already.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param kind "User"|"Group"
---@param names string[]
---@param with_accounts lastpass.store.ScimObject[] that live, of the names' keys
---@param with_ids lastpass.store.ScimObject[] that have the ids which the names would have
---@return table[]|nil list
---@return string? message
---@return lastpass.Error? err
function M.assemble(endpoint, view, kind, names, with_accounts, with_ids)
  local known, taken = {}, {}
  for _, object in ipairs(with_accounts) do
    add_by_account(known, object)
  end
  for _, object in ipairs(with_ids) do
    taken[object.id] = object
  end
  local list = items_of(endpoint, kind, names, M.keys(kind, names), known)
  return replace_taken(endpoint, view, kind, list, taken)
end

return M
