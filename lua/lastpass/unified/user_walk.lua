--- Which users a list shows, in which order; found once for a view, as a list of places.
-- @module lastpass.unified.user_walk
local cursor = require "lastpass.unified.cursor"
local filters_room = require "lastpass.unified.filters"
local index_room = require "lastpass.unified.index"
local kept_room = require "lastpass.unified.kept"
local order = require "lastpass.unified.order"
local user_filters = require "lastpass.unified.user_filters"

local M = {}

local PIECE = 512
local SELECTIONS = 16

-- The places of those who are wanted, and what they are sorted by.
local function select_from(call, index, filters, sort, pause)
  local places, keys = {}, {}
  for place = 1, #index.ids do
    local entry = { user = index:user(place), id = index.ids[place] }
    if filters.test(entry, call) then
      places[#places + 1] = place
      keys[place] = sort.key and sort.key(entry, call)
    end
    if place % PIECE == 0 then
      pause()
    end
  end
  return places, keys
end

-- Whether one stands before another: by key, then by id.
local function comparison(sort)
  return function(key_a, id_a, key_b, id_b)
    if key_a ~= key_b then
      if sort.descending then
        return key_a > key_b
      end
      return key_a < key_b
    end
    return index_room.before(id_a, id_b)
  end
end

local function selection(call, index, filters, sort, kept)
  local places, keys = select_from(call, index, filters, sort, kept.pause)
  if sort.key then
    local before, names = comparison(sort), index.ids
    places = order.sort(places, function(a, b)
      return before(keys[a], names[a], keys[b], names[b])
    end, kept.pause)
  end
  return { places = places, keys = keys }
end

local function walk_by_key(walk, index, chosen, sort)
  local before, names = comparison(sort), index.ids
  walk.keys_at = function(at)
    local place = chosen.places[at]
    return { names[place], concealed = chosen.keys[place] }
  end
  walk.is_after = function(at, keys)
    local place = chosen.places[at]
    return before(keys.concealed or "", keys[1] or "", chosen.keys[place], names[place])
  end
  return walk
end

local function walk_by_id(walk, index, place_at)
  local names = index.ids
  walk.keys_at = function(at)
    return { names[place_at(at)] }
  end
  walk.is_after = function(at, keys)
    return index_room.before(keys[1] or "", names[place_at(at)])
  end
  return walk
end

local function same(at)
  return at
end

--- The walk that a request asks for.
---@param call lastpass.unified.Call
---@param index lastpass.unified.Index
---@return lastpass.unified.Walk|nil walk
---@return fun(at: integer): integer|lastpass.unified.Problem place_at its places in the index
function M.of(call, index)
  local filters, problem = filters_room.read(call.query, user_filters.known)
  local sort
  if filters then
    sort, problem = user_filters.sort(call.output.sort)
  end
  if not sort then
    return nil, problem
  end
  local walk = {
    resource = "users",
    digest = cursor.digest { call.cid, "users", filters.canonical, sort.name or "id" },
    count = #index.ids,
  }
  if filters.count == 0 and not sort.key then
    return walk_by_id(walk, index, same), same
  end
  local kept = call:kept()
  local chosen = kept_room.among(kept, "selections", walk.digest, SELECTIONS, function()
    return selection(call, index, filters, sort, kept)
  end)
  walk.count = #chosen.places
  local function place_at(at)
    return chosen.places[at]
  end
  if sort.key then
    return walk_by_key(walk, index, chosen, sort), place_at
  end
  return walk_by_id(walk, index, place_at), place_at
end

return M
