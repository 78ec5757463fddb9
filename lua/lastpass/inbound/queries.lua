--- Reads for identity providers: one resource, and lists. What an index answers is not searched for.
-- @module lastpass.inbound.queries
local filters = require "lastpass.scim.filter"
local members = require "lastpass.inbound.members"
local objects = require "lastpass.inbound.objects"
local resources = require "lastpass.inbound.resources"
local scim_server = require "lastpass.scim.server"

local M = {}

-- Objects of one query of the journal.
local PAGE = 1000

--- One resource by its id.
---@param endpoint lastpass.inbound.Endpoint
---@param kind "User"|"Group"
---@param id string
---@param wants? fun(name: string): boolean
---@return table|nil resource nil alone when there is none
---@return string? message
---@return lastpass.Error? err
function M.find(endpoint, kind, id, wants)
  local view, message, err = objects.view(endpoint)
  if not view then
    return nil, message, err
  end
  local entry
  entry, message, err = objects.by_id(endpoint, view, kind, id)
  if not entry then
    return entry or nil, message, err
  end
  return resources.show(endpoint, view, entry, wants)
end

-- ---- by an index ----

local function by_name(endpoint, view, kind, name)
  if type(name) ~= "string" or name == "" then
    return {}
  end
  local entry, message, err = objects.by_name(endpoint, view, kind, name)
  if entry == nil then
    return nil, message, err
  end
  return { entry or nil }
end

local indexes = { User = {}, Group = {} }

indexes.User.userName = function(endpoint, view, value)
  return by_name(endpoint, view, "User", value)
end

-- SCIM compares names of groups without regard to case (scim §4.12); LastPass does not, so there may be several.
indexes.Group.displayName = function(endpoint, view, value)
  local list, message, err = by_name(endpoint, view, "Group", value)
  if not list or list[1] then
    return list, message, err
  end
  for _, name in ipairs(objects.groups(endpoint, view).by_key[endpoint.key(value)] or {}) do
    local entry
    entry, message, err = objects.by_name(endpoint, view, "Group", name)
    if entry == nil then
      return nil, message, err
    end
    list[#list + 1] = entry or nil
  end
  return list[1] and list or nil -- perhaps one that only the journal has
end

local function by_external_id(endpoint, view, value, kind)
  return objects.by_external_id(endpoint, view, kind, value)
end

local function by_id(endpoint, view, value, kind)
  local entry, message, err = objects.by_id(endpoint, view, kind, value)
  if entry == nil then
    return nil, message, err
  end
  return { entry or nil }
end

for kind in pairs(indexes) do
  indexes[kind].externalId, indexes[kind].id = by_external_id, by_id
end

-- ---- everything ----

-- Users of a directory, in its order; made once for each read of it.
local function addresses_in(endpoint, view)
  local known = endpoint.addresses
  if known and known.snapshot == view.snapshot then
    return known
  end
  known = { snapshot = view.snapshot, names = {}, keys = {}, present = {} }
  for user in view.snapshot:users() do
    local position = #known.names + 1
    local key = endpoint.key(user.email)
    known.names[position], known.keys[position], known.present[key] = user.email, key, true
  end
  endpoint.addresses = known
  return known
end

local function names_in(endpoint, view, kind)
  if kind == "User" then
    return addresses_in(endpoint, view)
  end
  local groups = objects.groups(endpoint, view)
  return { names = groups.names, keys = groups.names, present = groups.present }
end

-- Objects that the directory may not show as they are: by account those that live, and the latest deleted one of each.
local function load_unseen(endpoint, view, kind)
  local live, deleted, after = {}, {}, nil
  local since = kind == "User" and (endpoint.is_shadow and 0 or view.read_at - objects.OVERLAY)
  repeat
    local list, message, err = endpoint:call_journal("scim_objects", {
      connection = endpoint.store_name,
      type = kind,
      unseen_since = since and math.max(since, 0) or nil,
      after = after,
      limit = PAGE,
    })
    if not list then
      return nil, message, err
    end
    for _, object in ipairs(list) do
      local known = deleted[object.account]
      if object.state ~= "tombstone" then
        live[object.account] = object
      elseif not known or known.generation < object.generation then
        deleted[object.account] = object
      end
    end
    after = list[PAGE] and list[PAGE].id
  until not after
  return live, deleted
end

-- Those that the directory does not have, by id.
local function absent_objects(live, present)
  local list = {}
  for account, object in pairs(live) do
    if not present[account] and not present[object.alias or ""] then
      list[#list + 1] = object
    end
  end
  table.sort(list, function(a, b)
    return a.id < b.id
  end)
  return list
end

-- Goes through everything, in an order that stays: as the directory has it, then what only the journal has. Calls
-- visit(name, entry): `entry` is nil where the object was not looked at yet.
local function walk(endpoint, view, kind, visit)
  local live, deleted, err = load_unseen(endpoint, view, kind)
  if not live then
    return nil, deleted, err
  end
  local known = names_in(endpoint, view, kind)
  for position, name in ipairs(known.names) do
    local account = known.keys[position]
    local object, gone = live[account], deleted[account]
    if object then
      local entry = objects.entry(endpoint, view, object, true)
      if entry then
        visit(name, entry)
      end
    elseif not gone or not objects.hides(endpoint, view, gone) then
      visit(name)
    end
  end
  for _, object in ipairs(absent_objects(live, known.present)) do
    local entry = objects.entry(endpoint, view, object, true)
    if entry then
      visit(object.name, entry)
    end
  end
  return true
end

-- Completes the entries of a list {name, entry}.
local function complete(endpoint, view, kind, list)
  local names, positions = {}, {}
  for position, item in ipairs(list) do
    if not item.entry then
      names[#names + 1], positions[#positions + 1] = item.name, position
    end
  end
  local found, message, err = members.identify(endpoint, view, kind, names)
  if not found then
    return nil, message, err
  end
  for index, one in ipairs(found) do
    local object = one.object or objects.new(endpoint, kind, names[index])
    list[positions[index]].entry = objects.entry(endpoint, view, object, one.object ~= nil)
  end
  return list
end

-- ---- lists ----

-- The entries of a page as resources.
local function show_all(endpoint, view, kind, entries, wants)
  local more, message, err = {}
  if kind == "User" and wants "groups" then
    more.prepared, message, err = members.prepare(endpoint, view, entries)
    if not more.prepared then
      return nil, message, err
    end
  end
  local list = {}
  for index, entry in ipairs(entries) do
    list[index], message, err = resources.show(endpoint, view, entry, wants, more)
    if not list[index] then
      return nil, message, err
    end
  end
  return list
end

-- Without filter and order only the page itself is made.
local function plain_page(endpoint, view, kind, query)
  local wanted, total = {}, 0
  local ok, message, err = walk(endpoint, view, kind, function(name, entry)
    total = total + 1
    if total >= query.start and #wanted < query.count then
      wanted[#wanted + 1] = { name = name, entry = entry }
    end
  end)
  local list
  if ok then
    list, message, err = complete(endpoint, view, kind, wanted)
  end
  if not list then
    return nil, message, err
  end
  local entries = {}
  for _, item in ipairs(list) do
    entries[#entries + 1] = item.entry or nil
  end
  local shown
  shown, message, err = show_all(endpoint, view, kind, entries, query.wants)
  if not shown then
    return nil, message, err
  end
  return { resources = shown, total = total }
end

-- So many are looked up at once while everything is searched.
local CHUNK = 500

local function all_entries(endpoint, view, kind)
  local everything = {}
  local ok, message, err = walk(endpoint, view, kind, function(name, entry)
    everything[#everything + 1] = { name = name, entry = entry }
  end)
  if not ok then
    return nil, message, err
  end
  local entries = {}
  for first = 1, #everything, CHUNK do
    local part = {}
    for index = first, math.min(first + CHUNK - 1, #everything) do
      part[#part + 1] = everything[index]
    end
    ok, message, err = complete(endpoint, view, kind, part)
    if not ok then
      return nil, message, err
    end
    for _, item in ipairs(part) do
      entries[#entries + 1] = item.entry or nil
    end
  end
  return entries
end

-- Raised inside an iterator, which has no other way to fail.
local failure_mt = { __name = "lastpass.inbound.failure" }

local PLAIN = { is_plain = true }

-- Members and groups are dear: for a search they are made where the filter or the order asks for them.
local function asked_by(query)
  local text = query.filter and filters.print(query.filter) or ""
  text = text .. " " .. (query.sort_by or "")
  return function(name)
    return name ~= "members" and name ~= "groups" or text:find(name, 1, true) ~= nil
  end
end

-- Searches in what is cheap to make; what is found is made whole.
local function search(endpoint, view, list, query)
  local wants, entry_of, position = asked_by(query), {}, 0
  local result = scim_server.page(function()
    position = position + 1
    if not list[position] then
      return nil
    end
    local resource, message, err = resources.show(endpoint, view, list[position], wants, PLAIN)
    if not resource then
      error(setmetatable({ message = message, err = err }, failure_mt), 0)
    end
    entry_of[resource] = list[position]
    return resource
  end, query)
  for index, resource in ipairs(result.resources) do
    result.resources[index] = entry_of[resource]
  end
  return result
end

local function page(endpoint, view, kind, list, query)
  local ok, result = pcall(search, endpoint, view, list, query)
  if not ok and getmetatable(result) == failure_mt then
    return nil, result.message, result.err
  elseif not ok then
    error(result, 0)
  end
  local message, err
  result.resources, message, err = show_all(endpoint, view, kind, result.resources, query.wants)
  if not result.resources then
    return nil, message, err
  end
  return result
end

--- A list.
---@param endpoint lastpass.inbound.Endpoint
---@param kind "User"|"Group"
---@param query lastpass.scim.Query
---@return table|nil result
---@return string? message
---@return lastpass.Error? err
function M.query(endpoint, kind, query)
  local view, message, err = objects.view(endpoint)
  if not view then
    return nil, message, err
  end
  local index = query.equals and indexes[kind][query.equals.attribute]
  local list
  if index then
    list, message, err = index(endpoint, view, query.equals.value, kind)
    if not list and err then
      return nil, message, err
    end
  end
  if not list and not query.test and not query.sort_path and not query.cursor then
    return plain_page(endpoint, view, kind, query)
  elseif not list then
    list, message, err = all_entries(endpoint, view, kind)
  end
  if not list then
    return nil, message, err
  end
  return page(endpoint, view, kind, list, query)
end

return M
