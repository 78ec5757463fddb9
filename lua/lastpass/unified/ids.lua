--- The ids of the unified directory (unified-directory §3), none of which shows an address; and all users of a
-- directory in the order of their ids: accounts by number, then those who are only invited (§7.1).
-- @module lastpass.unified.ids
local base64url = require("lastpass.text.base64").url
local caches = require "lastpass.unified.cache"
local core = require "lastpass.core"
local digest = require "lastpass.digest"
local email = require "lastpass.email"
local order = require "lastpass.unified.order"
local users = require "lastpass.directory.user"

local M = {}

local DIGITS = 24
local PIECE = 2048 -- users between pauses

--- The number of an account as text.
---@param tenant table cid: number or digits
---@return string
function M.account(tenant)
  local cid = tenant.cid
  return type(cid) == "number" and ("%.0f"):format(cid) or tostring(cid)
end

--- A user who is only invited and has no number yet.
---@param cid string
---@param address string
---@return string
function M.invited(cid, address)
  return "inv_" .. digest.hex(cid .. "\0" .. email.fold(address), DIGITS)
end

--- A user.
---@param user lastpass.User
---@param cid string
---@return string
function M.user(user, cid)
  local rows, row = users.row_of(user)
  return rows and core.user_id(rows, row) or M.invited(cid, user.email)
end

--- A group: all it has is a name, which may hold characters that do not belong into a URL.
---@param name string
---@return string
function M.group(name)
  return "grp_" .. base64url.encode(name)
end

--- The name of a group's id.
---@param id string
---@return string|nil
function M.group_name(id)
  local text = id:match "^grp_(.+)$"
  return text and base64url.decode(text)
end

--- A role that a user has, in the account or in a shared folder.
---@param role string
---@param user string
---@param workspace string "" for none
---@param group string "" for none
---@return string
function M.role_assignment(role, user, workspace, group)
  local text = table.concat({ role, user, workspace, group }, "\0")
  return "ra_" .. digest.hex(text, DIGITS)
end

--- An event. LastPass gives it no id: its five fields are one, with the number among equal events.
---@param event lastpass.Event
---@param number integer 1 for the first of equal events within a second
---@return string
function M.activity(event, number)
  local parts = { event.local_time, event.username, event.ip_address, event.action, event.data }
  if number > 1 then
    parts[#parts + 1] = ("%d"):format(number)
  end
  return "act_" .. digest.hex(table.concat(parts, "\0"), DIGITS)
end

---@class lastpass.unified.Index
---@field ids string[]        in order
---@field numbered integer    how many of them are numbers
local methods = {}
local index_mt = { __index = methods }

local function sorted_invitations(snapshot, cid)
  local list = {}
  for _, address in ipairs(snapshot:invited_addresses()) do
    list[#list + 1] = { id = M.invited(cid, address), address = address }
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
  local cid, names, rows, addresses = M.account(tenant), {}, {}, {}
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
function M.index(tenant, view, settings)
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
  local user = self._snapshot:user(address)
  return user and M.user(user, self._cid) or nil
end

return M
