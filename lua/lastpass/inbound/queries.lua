--- Reads for identity providers: one resource, and lists. What an index answers is not searched for.
-- @module lastpass.inbound.queries
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
  local key = endpoint.key(value)
  for _, name in ipairs(view.snapshot:group_names()) do
    if endpoint.key(name) == key then
      local entry
      entry, message, err = objects.by_name(endpoint, view, "Group", name)
      if entry == nil then
        return nil, message, err
      end
      list[#list + 1] = entry or nil
    end
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

-- All objects of a type: by account those that live, and the latest deleted one of each account.
local function load_objects(endpoint, kind)
  local live, deleted, after = {}, {}, nil
  repeat
    local list, message, err = endpoint:call_journal("scim_objects", {
      connection = endpoint.store_name,
      type = kind,
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

local function names_in(view, kind)
  if kind == "Group" then
    return view.snapshot:group_names()
  end
  local names = {}
  for user in view.snapshot:users() do
    names[#names + 1] = user.email
  end
  return names
end

-- What somebody asks for who comes across an account: its object, an id of its own, or nothing.
local function entry_of(endpoint, view, kind, name, live, deleted)
  local account = objects.key(kind, name)
  local object, gone = live[account], deleted[account]
  if object then
    return objects.entry(endpoint, view, object, true)
  elseif gone and objects.hides(endpoint, view, gone) then
    return false
  elseif gone then
    local entry = objects.by_name(endpoint, view, kind, name)
    return entry
  end
  return objects.entry(endpoint, view, objects.new(endpoint, kind, name), false)
end

-- Entries in an order that stays: as the directory has them, then those that only the journal has, by id.
local function all_entries(endpoint, view, kind)
  local live, deleted, err = load_objects(endpoint, kind)
  if not live then
    return nil, deleted, err
  end
  local names, seen, rest = names_in(view, kind), {}, {}
  for _, name in ipairs(names) do
    seen[objects.key(kind, name)] = true
  end
  for account, object in pairs(live) do
    if not seen[account] then
      rest[#rest + 1] = object
    end
  end
  table.sort(rest, function(a, b)
    return a.id < b.id
  end)
  local position, count = 0, #names
  return function()
    while position < count + #rest do
      position = position + 1
      local entry
      if position <= count then
        entry = entry_of(endpoint, view, kind, names[position], live, deleted)
      elseif not (rest[position - count].alias and seen[rest[position - count].alias]) then
        entry = objects.entry(endpoint, view, rest[position - count], true)
      end
      if entry then
        return entry
      end
    end
    return nil
  end
end

-- ---- lists ----

-- Without filter and order only the page itself is made.
local function plain_page(endpoint, view, entries, query)
  local result, position = { resources = {}, total = 0 }, 0
  for entry in entries do
    position = position + 1
    if position >= query.start and #result.resources < query.count then
      local resource, message, err = resources.show(endpoint, view, entry, query.wants)
      if not resource then
        return nil, message, err
      end
      result.resources[#result.resources + 1] = resource
    end
  end
  result.total = position
  return result
end

-- Raised inside an iterator, which has no other way to fail.
local failure_mt = { __name = "lastpass.inbound.failure" }

local function shown_entries(endpoint, view, entries, wants)
  return function()
    local entry = entries()
    if not entry then
      return nil
    end
    local resource, message, err = resources.show(endpoint, view, entry, wants)
    if not resource then
      error(setmetatable({ message = message, err = err }, failure_mt), 0)
    end
    return resource
  end
end

local function page(endpoint, view, entries, query)
  local ok, result =
    pcall(scim_server.page, shown_entries(endpoint, view, entries, query.wants_all), query)
  if ok then
    return result
  elseif getmetatable(result) == failure_mt then
    return nil, result.message, result.err
  end
  error(result, 0)
end

local function each(list)
  local position = 0
  return function()
    position = position + 1
    return list[position]
  end
end

-- Members and groups are dear: they are made when they are shown, or when the filter asks for them.
local function wants_of(query)
  local text = query.filter and require("lastpass.scim.filter").print(query.filter) or ""
  text = text .. " " .. (query.sort_by or "")
  return function(name)
    if name == "members" or name == "groups" then
      return query.wants(name) or text:find(name, 1, true) ~= nil
    end
    return true
  end
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
  local entries
  if list then
    entries = each(list)
  else
    entries, message, err = all_entries(endpoint, view, kind)
  end
  if not entries then
    return nil, message, err
  elseif not query.test and not query.sort_path and not query.cursor then
    return plain_page(endpoint, view, entries, query)
  end
  query.wants_all = wants_of(query)
  return page(endpoint, view, entries, query)
end

return M
