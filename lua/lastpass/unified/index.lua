--- Everybody of a directory in the order of their ids: people by number, then those who are only
-- invited (unified-directory §7.1).
-- @module lastpass.unified.index
local core = require "lastpass.core"
local ids = require "lastpass.unified.ids"
local kept_room = require "lastpass.unified.kept"
local order = require "lastpass.unified.order"
local user_object = require "lastpass.directory.user"

---@class lastpass.unified.Index
---@field ids string[]        in order
---@field numbered integer    how many of them are numbers
local methods = {}
local index_mt = { __index = methods }

local M = {}

local PIECE = 2048

local function invited_of(snapshot, cid)
  local list = {}
  for _, address in ipairs(snapshot._invited) do
    list[#list + 1] = { id = ids.invited(cid, address), address = address }
  end
  table.sort(list, function(a, b)
    return a.id < b.id
  end)
  return list
end

local function numbered_of(rows, pause)
  local list, count = {}, #rows
  for row = 1, count do
    list[row] = { core.user_id(rows, row), row }
    if row % PIECE == 0 then
      pause()
    end
  end
  return order.sort(list, function(a, b)
    return order.number_before(a[1], b[1])
  end, pause)
end

local function build(tenant, view, pause)
  local snapshot = view.snapshot
  local cid, names, rows, addresses = ids.account(tenant), {}, {}, {}
  for place, entry in ipairs(numbered_of(snapshot._rows, pause)) do
    names[place], rows[place] = entry[1], entry[2]
  end
  local numbered = #names
  for _, entry in ipairs(invited_of(snapshot, cid)) do
    names[#names + 1] = entry.id
    addresses[#names] = entry.address
  end
  return setmetatable({
    ids = names,
    numbered = numbered,
    _cid = cid,
    _snapshot = snapshot,
    _rows = rows,
    _addresses = addresses,
  }, index_mt)
end

--- The index of a view; made once.
---@param tenant table
---@param view table
---@param settings table
---@return lastpass.unified.Index
function M.of(tenant, view, settings)
  local kept = kept_room.of(view, settings)
  return kept_room.once(kept, "index", function()
    return build(tenant, view, kept.pause)
  end)
end

--- The user at a place.
---@param place integer
---@return lastpass.User
function methods:user(place)
  local snapshot = self._snapshot
  if place > self.numbered then
    return snapshot:user(self._addresses[place])
  end
  return user_object.of_row(snapshot._client, snapshot._rows, self._rows[place])
end

--- Whether an id comes before another: numbers first.
---@param a string
---@param b string
---@return boolean
function M.before(a, b)
  local one, other = a:find "^%d+$" ~= nil, b:find "^%d+$" ~= nil
  if one ~= other then
    return one
  elseif one then
    return order.number_before(a, b)
  end
  return a < b
end

--- The place of an id.
---@param id string
---@return integer|nil
function methods:find(id)
  local names = self.ids
  local place = order.first(#names, function(at)
    return not M.before(names[at], id)
  end)
  return names[place] == id and place or nil
end

--- The id of an address, whatever the case of its letters.
---@param address string
---@return string|nil
function methods:id_of(address)
  local rows = self._snapshot._rows
  local row = rows:find(address)
  if row then
    return core.user_id(rows, row)
  end
  local user = self._snapshot:user(address)
  return user and ids.invited(self._cid, user.email) or nil
end

return M
