--- Reads for identity providers: one resource, and lists. What an index answers is not searched for.
-- @module lastpass.inbound.queries
local accounts = require "lastpass.inbound.accounts"
local filters = require "lastpass.scim.filter"
local identities = require "lastpass.inbound.identities"
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
  for _, name in ipairs(accounts.spellings(endpoint, view, value)) do
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
    for index, object in ipairs(list) do
      accounts.pause(endpoint, index)
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

-- Where an object stands in the directory: its new address counts as well, once the directory has it.
local function position_of(list, object)
  return list.positions[object.account] or object.alias and list.positions[object.alias]
end

-- What differs from the directory: by position the entries of objects; the positions that are hidden, by position and in
-- order; those that the directory does not have, by id.
local function find_unseen(endpoint, view, kind)
  local live, deleted, err = load_unseen(endpoint, view, kind)
  if not live then
    return nil, deleted, err
  end
  local list = accounts.list(endpoint, view, kind)
  local unseen = { list = list, entries = {}, is_hidden = {}, hidden = {}, absent = {} }
  local count = 0
  for _, object in pairs(live) do
    count = count + 1
    accounts.pause(endpoint, count)
    local position, entry = position_of(list, object), objects.entry(endpoint, view, object, true)
    if position and entry then
      unseen.entries[position] = entry
    elseif position then
      unseen.is_hidden[position] = true
    elseif entry then
      unseen.absent[#unseen.absent + 1] = entry
    end
  end
  for account, object in pairs(deleted) do
    local position = not live[account] and list.positions[account]
    if position and not unseen.entries[position] and objects.hides(endpoint, view, object) then
      unseen.is_hidden[position] = true
    end
  end
  for position in pairs(unseen.is_hidden) do
    unseen.hidden[#unseen.hidden + 1] = position
  end
  table.sort(unseen.hidden)
  table.sort(unseen.absent, function(a, b)
    return a.object.id < b.object.id
  end)
  return unseen
end

-- A part of everything, in an order that stays: as the directory has it, then what only the journal has. Gives {name,
-- entry}: `entry` is nil where the object was not looked at yet.
local function slice(unseen, start, count)
  local part, list, hidden = {}, unseen.list, unseen.hidden
  local total = #list.names - #hidden + #unseen.absent
  local position = start
  for _, one in ipairs(hidden) do
    position = one <= position and position + 1 or position
  end
  while #part < count and position <= #list.names do
    if not unseen.is_hidden[position] then
      part[#part + 1] = { name = list.names[position], entry = unseen.entries[position] }
    end
    position = position + 1
  end
  local at = math.max(start - (#list.names - #hidden), 1)
  while #part < count and unseen.absent[at] do
    part[#part + 1] = { name = unseen.absent[at].object.name, entry = unseen.absent[at] }
    at = at + 1
  end
  return part, total
end

-- Completes the entries of a list {name, entry}.
local function complete(endpoint, view, kind, list)
  local names, positions = {}, {}
  for position, item in ipairs(list) do
    if not item.entry then
      names[#names + 1], positions[#positions + 1] = item.name, position
    end
  end
  local found, message, err = identities.identify(endpoint, view, kind, names)
  if not found then
    return nil, message, err
  end
  for index, one in ipairs(found) do
    accounts.pause(endpoint, index)
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
    accounts.pause(endpoint, index)
    list[index], message, err = resources.show(endpoint, view, entry, wants, more)
    if not list[index] then
      return nil, message, err
    end
  end
  return list
end

-- Completes a part of everything: entries.
local function complete_part(endpoint, view, kind, part)
  local list, message, err = complete(endpoint, view, kind, part)
  if not list then
    return nil, message, err
  end
  local entries = {}
  for _, item in ipairs(list) do
    entries[#entries + 1] = item.entry or nil
  end
  return entries
end

-- Without filter and order only the page itself is made.
local function plain_page(endpoint, view, kind, query)
  local unseen, message, err = find_unseen(endpoint, view, kind)
  if not unseen then
    return nil, message, err
  end
  local part, total = slice(unseen, query.start, query.count)
  local entries, shown
  entries, message, err = complete_part(endpoint, view, kind, part)
  if entries then
    shown, message, err = show_all(endpoint, view, kind, entries, query.wants)
  end
  if not shown then
    return nil, message, err
  end
  return { resources = shown, total = total }
end

-- So many are looked up at once while everything is searched.
local CHUNK = 500

-- Raised inside an iterator, which has no other way to fail.
local failure_mt = { __name = "lastpass.inbound.failure" }

local function check(value, message, err)
  if value == nil then
    error(setmetatable({ message = message, err = err }, failure_mt), 0)
  end
  return value
end

-- Everything, an entry at a time, with what it can be made from again: nobody keeps them all.
local function walk(endpoint, view, kind)
  local unseen = check(find_unseen(endpoint, view, kind))
  local part, again, start, index = {}, {}, 1, 0
  local function read_more()
    part, again = slice(unseen, start, CHUNK), {}
    for position, item in ipairs(part) do
      again[position] = { name = item.name, entry = item.entry }
    end
    check(complete(endpoint, view, kind, part))
    start, index = start + CHUNK, 0
    return part[1] ~= nil
  end
  return function()
    while part[index + 1] or read_more() do
      index = index + 1
      if part[index].entry then
        return part[index].entry, again[index]
      end
    end
  end
end

local function each(list)
  local position = 0
  return function()
    position = position + 1
    return list[position], { entry = list[position] }
  end
end

-- Members, groups and versions are dear: for a search they are made where the filter or the order asks for them.
local function asked_by(query)
  local text = query.filter and filters.print(query.filter) or ""
  text = text .. " " .. (query.sort_by or "")
  local function wants(name)
    return name ~= "members" and name ~= "groups" or text:find(name, 1, true) ~= nil
  end
  return wants, { is_plain = not text:lower():find("meta", 1, true) }
end

-- Searches in what is cheap to make; what is found is made whole.
local function search(endpoint, view, kind, list, query)
  local wants, more = asked_by(query)
  local position = 0
  local next_entry = list and each(list) or walk(endpoint, view, kind)
  return scim_server.page(function()
    local entry, again = next_entry()
    if not entry then
      return nil
    end
    position = position + 1
    accounts.pause(endpoint, position)
    return check(resources.show(endpoint, view, entry, wants, more)), again
  end, query, endpoint.pause)
end

local function page(endpoint, view, kind, list, query)
  local ok, result = pcall(search, endpoint, view, kind, list, query)
  if not ok and getmetatable(result) == failure_mt then
    return nil, result.message, result.err
  elseif not ok then
    error(result, 0)
  end
  local entries, message, err = complete_part(endpoint, view, kind, result.resources)
  if entries then
    result.resources, message, err = show_all(endpoint, view, kind, entries, query.wants)
  end
  if not entries or not result.resources then
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
  end
  return page(endpoint, view, kind, list, query)
end

return M
