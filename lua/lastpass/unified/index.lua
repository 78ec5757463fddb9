--- All users of a directory in the order of their ids: accounts by number, then those who are only
-- invited (unified-directory §7.1).
-- @module lastpass.unified.index
local core = require "lastpass.core"
local ids = require "lastpass.unified.ids"
local caches = require "lastpass.unified.cache"
local order = require "lastpass.unified.order"

---@class lastpass.unified.Index
---@field ids string[]        in order
---@field numbered integer    how many of them are numbers
local methods = {}
local index_mt = { __index = methods }

local M = {}

local PIECE = 2048

local function sorted_invitations(snapshot, cid)
  local list = {}
  for _, address in ipairs(snapshot:invited_addresses()) do
    list[#list + 1] = { id = ids.invited(cid, address), address = address }
  end
  table.sort(list, function(a, b)
    return a.id < b.id
  end)
  return list
end

local function sorted_accounts(rows, pause)
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
  for position, entry in ipairs(sorted_accounts(snapshot:rows(), pause)) do
    names[position], rows[position] = entry[1], entry[2]
  end
  local numbered = #names
  for _, entry in ipairs(sorted_invitations(snapshot, cid)) do
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
  local cache = caches.of(view, settings)
  return caches.once(cache, "index", function()
    return build(tenant, view, cache.pause)
  end)
end

--- The user at a position.
---@param position integer
---@return lastpass.User
function methods:user(position)
  local snapshot = self._snapshot
  if position > self.numbered then
    return snapshot:user(self._addresses[position])
  end
  return snapshot:user_at(self._rows[position])
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

--- The position of an id.
---@param id string
---@return integer|nil
function methods:find(id)
  local names = self.ids
  local position = order.first(#names, function(at)
    return not M.before(names[at], id)
  end)
  return names[position] == id and position or nil
end

--- The id of an address, in upper or lower case.
---@param address string
---@return string|nil
function methods:id_of(address)
  local rows = self._snapshot:rows()
  local row = rows:find(address)
  if row then
    return core.user_id(rows, row)
  end
  local user = self._snapshot:user(address)
  return user and ids.invited(self._cid, user.email) or nil
end

return M
