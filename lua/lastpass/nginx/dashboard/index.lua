--- Everybody of a directory, prepared for looking up: what is searched, what is filtered by, and the
-- figures of the whole. Made once for each version of a directory, in pieces.
-- @module lastpass.nginx.dashboard.index
local core = require "lastpass.core"
local fold = require("lastpass.unified.texts").fold
local order = require "lastpass.unified.order"
local standing = require "lastpass.report.standing"
local tally = require "lastpass.nginx.dashboard.tally"
local user_object = require "lastpass.directory.user"

---@class lastpass.nginx.dashboard.Index
---@field count integer
---@field email string[]      folded
---@field name string[]       what names are sorted by, folded; the address where there is none
---@field standing string[]   class of `tally.standings`
---@field mfa (string|false)[]
---@field admin boolean[]
---@field last_login (number|false)[] in the account's zone: good for order only
---@field tally lastpass.nginx.dashboard.Tally the figures of the whole
local methods = {}
local index_mt = { __index = methods }

local M = {}

local PIECE = 512

-- Two accounts whose addresses differ by the case of letters are told apart by it.
local function twins_of(snapshot)
  local twins = {}
  for _, row in ipairs(snapshot._rows:twins()) do
    twins[row] = true
  end
  return twins
end

local function begin(snapshot)
  return setmetatable({
    count = 0,
    email = {},
    name = {},
    standing = {},
    mfa = {},
    admin = {},
    last_login = {},
    tally = tally.new(),
    _snapshot = snapshot,
    _twins = twins_of(snapshot),
    _ties = {},
    _orders = {},
  }, index_mt)
end

local reading = {} -- what `standing.of` asks

--- Whether somebody never signed in: a snapshot knows nothing beyond the user's own row.
---@return boolean?
function reading.never_logged_in(_, user)
  return user.never_logged_in
end

--- The standing of somebody.
---@param user lastpass.User
---@return string class of `tally.standings`
function M.standing_of(user)
  return standing.of(reading, user, { items = standing.items(user) }, nil)
end

local function last_login_of(user)
  local rows = rawget(user, "_snapshot")
  return rows and core.user_value(rows, user._row, core.user_fields.last_login) or false
end

local function add(self, user)
  local place = self.count + 1
  local fullname, class = user.fullname, M.standing_of(user)
  self.count = place
  self.email[place] = fold(user.email)
  if self._twins[place] then
    self._ties[place] = self.email[place] .. "\0" .. user.email
  end
  self.name[place] = fullname and fullname ~= "" and fold(fullname) or self.email[place]
  self.standing[place] = class
  self.mfa[place] = user.mfa or false
  self.admin[place] = user.admin or false
  self.last_login[place] = last_login_of(user)
  self.tally:add(user, class)
end

--- Makes the index.
---@param snapshot lastpass.Snapshot
---@param pause fun() lets others run
---@return lastpass.nginx.dashboard.Index
function M.build(snapshot, pause)
  local self = begin(snapshot)
  for user in snapshot:users() do
    add(self, user)
    if self.count % PIECE == 0 then
      pause()
    end
  end
  self.tally:finish(snapshot:group_names())
  return self
end

--- The person at a place.
---@param place integer
---@return lastpass.User
function methods:user(place)
  local snapshot = self._snapshot
  local numbered = snapshot:count()
  if place <= numbered then
    return user_object.of_row(snapshot._client, snapshot._rows, place)
  end
  return snapshot:user(snapshot._invited[place - numbered])
end

--- The addresses of the members of a group.
---@param name string exact
---@return string[]
function methods:members(name)
  local group = self._snapshot:group(name)
  return group and group:members() or {}
end

--- What a place is sorted by, for each order.
M.orders = {
  name = function(self, place)
    return self.name[place]
  end,
  email = function(self, place)
    return self.email[place]
  end,
  -- those who never were come before everybody else
  last_login = function(self, place)
    return self.last_login[place] or -1
  end,
}

--- The addresses of those who are only invited.
---@return string[]
function methods:invited()
  return self._snapshot._invited
end

--- What decides between people whose names are equal.
---@param place integer
---@return string text nobody else has it
function methods:tie(place)
  return self._ties[place] or self.email[place]
end

--- Everybody's place, in order; equal ones by address.
---@param name string of `orders`
---@param pause fun()
---@return integer[]
function methods:ordered(name, pause)
  if not self._orders[name] then
    local list, key, keys, ties = {}, M.orders[name], {}, {}
    for place = 1, self.count do
      list[place], keys[place], ties[place] = place, key(self, place), self:tie(place)
      if place % PIECE == 0 then
        pause()
      end
    end
    self._orders[name] = order.sort(list, function(a, b)
      if keys[a] ~= keys[b] then
        return keys[a] < keys[b]
      end
      return ties[a] < ties[b]
    end, pause)
  end
  return self._orders[name]
end

return M
