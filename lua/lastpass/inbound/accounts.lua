--- The users and groups of one read of the directory: their names, keys and ids. Everything is made once for each read and a
-- piece at a time: whoever needs it goes on where the one before stopped, and others run in between.
-- @module lastpass.inbound.accounts
local digest = require "lastpass.digest"
local email = require "lastpass.email"

local M = {}

-- What is made without a pause.
local PIECE = 16

--- The users or the groups of a directory, in its order.
---@class lastpass.inbound.Accounts
---@field names string[]       addresses or names
---@field keys string[]
---@field positions table<string, integer> by key
---@field ids table<string, string> by id its name, of the first `hashed`
---@field hashed integer
---@field more? fun(): string|nil the names that are not read yet
---@field by_key? table<string, string[]> of groups: all names that are the same but for case (`spellings`)

--- Lets others run now and then, while something long is done.
---@param endpoint lastpass.inbound.Endpoint
---@param count integer how much was done
function M.pause(endpoint, count)
  if count % PIECE == 0 then
    endpoint.pause()
  end
end

--- The key of a user or group: of addresses, case aside (LastPass takes groups by the letter).
---@param kind "User"|"Group"
---@param name string address or name
---@return string
function M.key(kind, name)
  return kind == "User" and email.fold(name) or name
end

--- The id of an account or group.
---@param tenant string
---@param kind "User"|"Group"
---@param account string key
---@param generation integer
---@return string id
function M.id(tenant, kind, account, generation)
  local text = table.concat({ tenant, kind, account, ("%d"):format(generation) }, "\0")
  return digest.to_hex(digest.sha256(text):sub(1, 16))
end

--- A part of a list.
---@param list any[]
---@param first integer
---@param count integer at most
---@return any[]
function M.slice(list, first, count)
  local part = {}
  for index = first, math.min(first + count - 1, #list) do
    part[#part + 1] = list[index]
  end
  return part
end

-- ---- lists ----

local function new_list(more)
  return { names = {}, keys = {}, positions = {}, ids = {}, hashed = 0, more = more }
end

local function addresses_of(snapshot)
  local users = snapshot:users()
  return function()
    local user = users()
    return user and user.email
  end
end

local function each(list)
  local position = 0
  return function()
    position = position + 1
    return list[position]
  end
end

-- The lists of a directory. They go with its view: a request that is still at work with the one before has them there, and
-- nobody else keeps that directory in memory.
local function of_view(endpoint, view)
  local known = view.accounts and view.accounts[endpoint]
  if known then
    return known
  end
  known = endpoint.accounts
  if not known or known.snapshot ~= view.snapshot then
    known = {
      snapshot = view.snapshot,
      User = new_list(addresses_of(view.snapshot)),
      Group = new_list(each(view.snapshot:group_names())),
    }
    endpoint.accounts = known
  end
  view.accounts = view.accounts or {}
  view.accounts[endpoint] = known
  return known
end

-- An account that the directory has in two spellings is one.
local function read_one(kind, list)
  local name = list.more and list.more()
  if not name then
    list.more = nil
    return
  end
  local key = M.key(kind, name)
  if not list.positions[key] then
    local position = #list.names + 1
    list.names[position], list.keys[position], list.positions[key] = name, key, position
  end
end

--- The users or the groups of a directory.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param kind "User"|"Group"
---@return lastpass.inbound.Accounts
function M.list(endpoint, view, kind)
  local list = of_view(endpoint, view)[kind]
  while list.more do
    read_one(kind, list)
    M.pause(endpoint, #list.names)
  end
  return list
end

--- The groups of a directory whose names are the same but for case.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param name string
---@return string[] names
function M.spellings(endpoint, view, name)
  local groups = M.list(endpoint, view, "Group")
  if not groups.by_key then
    groups.by_key = {}
    for _, present in ipairs(groups.names) do
      local key = email.fold(present)
      groups.by_key[key] = groups.by_key[key] or {}
      table.insert(groups.by_key[key], present)
    end
  end
  return groups.by_key[email.fold(name)] or {}
end

-- ---- ids ----

-- Ids stay from one read of the directory to the next; those of accounts that are gone are dropped with the others, once
-- there are many.
local function known_ids(endpoint, kind, count)
  local known = endpoint.ids
  if not known or known.count > 2 * count + 1000 then
    known = { count = 0, User = {}, Group = {} }
    endpoint.ids = known
  end
  return known[kind], known
end

local function hash_one(endpoint, kind, list)
  local position = list.hashed + 1
  local key = list.keys[position]
  local ids, counter = known_ids(endpoint, kind, #list.names)
  if not ids[key] then
    ids[key], counter.count = M.id(endpoint.tenant, kind, key, 0), counter.count + 1
  end
  list.ids[ids[key]], list.hashed = list.names[position], position
end

--- The id of an account that the journal does not know.
---@param endpoint lastpass.inbound.Endpoint
---@param kind "User"|"Group"
---@param name string
---@return string
function M.computed_id(endpoint, kind, name)
  local key = M.key(kind, name)
  return endpoint.ids and endpoint.ids[kind][key] or M.id(endpoint.tenant, kind, key, 0)
end

--- The address or name of an id that the journal does not know. Only the ids themselves tell whose one is: they are made
-- until it is found.
---@param endpoint lastpass.inbound.Endpoint
---@param view table
---@param kind "User"|"Group"
---@param id string
---@return string|nil
function M.computed_name(endpoint, view, kind, id)
  local list = M.list(endpoint, view, kind)
  while not list.ids[id] and list.hashed < #list.names do
    hash_one(endpoint, kind, list)
    M.pause(endpoint, list.hashed)
  end
  return list.ids[id]
end

return M
