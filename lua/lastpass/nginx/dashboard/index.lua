--- Everybody of a directory, prepared for looking up: what is searched, what is filtered by, and the
-- figures of the whole: login status, multifactor, groups. Made once for each version of a directory,
-- in pieces.
-- @module lastpass.nginx.dashboard.index
local accounts = require "lastpass.report.accounts"
local fold = require("lastpass.unified.texts").fold
local mfa = require "lastpass.report.mfa"
local order = require "lastpass.unified.order"
local values = require "lastpass.report.values"

local M = {}

local PIECE = 512

---@class lastpass.nginx.dashboard.Counts
---@field by_status table[]  classes of login status with counts
---@field by_mfa table[]     classes with counts, of those who can log in
---@field methods table[]    {name, count}, of those who can log in
---@field can_log_in integer
---@field groups table[]     {name, key, members, can_log_in, without}
local count_methods = {}
local counts_mt = { __index = count_methods }

--- The classes of people here: the login statuses that need no events.
M.statuses = {}
local status_titles = {}
for _, status in ipairs(accounts.login_statuses) do
  if not status.needs_events then
    M.statuses[#M.statuses + 1] = status
    status_titles[status[1]] = status[2]
  end
end

--- The title of a login status.
---@param name string
---@return string|nil
function M.status_title(name)
  return status_titles[name]
end

--- Begins to count.
---@return lastpass.nginx.dashboard.Counts
function M.counts()
  local by_status, status_class = values.classes(M.statuses)
  local by_mfa, mfa_class = values.classes(mfa.classes)
  return setmetatable({
    by_status = by_status,
    by_mfa = by_mfa,
    methods = {},
    can_log_in = 0,
    groups = {},
    _status_class = status_class,
    _mfa_class = mfa_class,
    _methods = {},
    _groups = {},
  }, counts_mt)
end

local function group_of(counts, name)
  local group = counts._groups[name]
  if not group then
    group = { name = name, key = fold(name), members = 0, can_log_in = 0, without = 0 }
    counts._groups[name] = group
    counts.groups[#counts.groups + 1] = group
  end
  return group
end

local function count_mfa(counts, user, method)
  counts.can_log_in = counts.can_log_in + 1
  local class = counts._mfa_class[mfa.class_of(user.admin, method ~= nil)]
  class.count = class.count + 1
  if method then
    counts._methods[method] = (counts._methods[method] or 0) + 1
  end
end

--- Counts somebody.
---@param user lastpass.User
---@param status string their login status
function count_methods:add(user, status)
  local method, can_log_in = user.mfa, user.status == "active"
  self._status_class[status].count = self._status_class[status].count + 1
  if can_log_in then
    count_mfa(self, user, method)
  end
  local names = user.groups
  for position = 1, #names do
    local group = group_of(self, names[position])
    group.members = group.members + 1
    group.can_log_in = group.can_log_in + (can_log_in and 1 or 0)
    group.without = group.without + (can_log_in and not method and 1 or 0)
  end
end

--- Everybody is counted.
---@param group_names string[] all groups; some may have nobody
function count_methods:finish(group_names)
  for _, name in ipairs(group_names) do
    group_of(self, name)
  end
  table.sort(self.groups, function(a, b)
    if a.key ~= b.key then
      return a.key < b.key
    end
    return a.name < b.name
  end)
  for name, count in pairs(self._methods) do
    self.methods[#self.methods + 1] = { name = name, count = count }
  end
  values.sort(self.methods, "-count", "name")
end

--- The group of that name.
---@param name string in any case of letters, unless two names differ by it
---@return table|nil
function count_methods:group(name)
  local key, found = fold(name), nil
  for _, group in ipairs(self.groups) do
    if group.name == name then
      return group
    elseif group.key == key then
      found = found or group
    end
  end
  return found
end

---@class lastpass.nginx.dashboard.Index
---@field count integer
---@field email string[]      folded
---@field name string[]       what names are sorted by, folded; the address where there is none
---@field status string[]     login status
---@field mfa (string|false)[]
---@field admin boolean[]
---@field last_login (number|false)[]
---@field counts lastpass.nginx.dashboard.Counts the figures of the whole
local methods = {}
local index_mt = { __index = methods }

-- Two accounts whose addresses differ by the case of letters are distinguished by it.
local function duplicates_of(snapshot)
  local duplicates = {}
  for _, row in ipairs(snapshot:rows():duplicates()) do
    duplicates[row] = true
  end
  return duplicates
end

local function add_user(self, user)
  local position = self.count + 1
  local fullname, status = user.fullname, accounts.login_status(user)
  self.count = position
  self.email[position] = fold(user.email)
  if self._duplicates[position] then
    self._ties[position] = self.email[position] .. "\0" .. user.email
  end
  self.name[position] = fullname and fullname ~= "" and fold(fullname) or self.email[position]
  self.status[position] = status
  self.mfa[position] = user.mfa or false
  self.admin[position] = user.admin or false
  self.last_login[position] = user.last_login or false
  self.counts:add(user, status)
end

--- Makes the index.
---@param snapshot lastpass.Snapshot
---@param pause fun() lets others run
---@return lastpass.nginx.dashboard.Index
function M.build(snapshot, pause)
  local self = setmetatable({
    count = 0,
    email = {},
    name = {},
    status = {},
    mfa = {},
    admin = {},
    last_login = {},
    counts = M.counts(),
    _snapshot = snapshot,
    _duplicates = duplicates_of(snapshot),
    _ties = {},
    _orders = {},
  }, index_mt)
  for user in snapshot:users() do
    add_user(self, user)
    if self.count % PIECE == 0 then
      pause()
    end
  end
  self.counts:finish(snapshot:group_names())
  return self
end

--- The person at a position.
---@param position integer
---@return lastpass.User
function methods:user(position)
  local snapshot = self._snapshot
  local numbered = snapshot:count()
  if position <= numbered then
    return snapshot:user_at(position)
  end
  return snapshot:user(snapshot:invited_addresses()[position - numbered])
end

--- The addresses of the members of a group.
---@param name string exact
---@return string[]
function methods:members(name)
  local group = self._snapshot:group(name)
  return group and group:members() or {}
end

--- The addresses of those who are only invited.
---@return string[]
function methods:invited()
  return self._snapshot:invited_addresses()
end

--- What a position is sorted by, for each order.
M.orders = {
  name = function(self, position)
    return self.name[position]
  end,
  email = function(self, position)
    return self.email[position]
  end,
  -- those who never were come before everybody else
  last_login = function(self, position)
    return self.last_login[position] or -1
  end,
}

--- What decides between people whose names are equal.
---@param position integer
---@return string text nobody else has it
function methods:tie(position)
  return self._ties[position] or self.email[position]
end

--- Everybody's position, in order; equal ones by address.
---@param name string of `orders`
---@param pause fun()
---@return integer[]
function methods:ordered(name, pause)
  if not self._orders[name] then
    local list, key, keys, ties = {}, M.orders[name], {}, {}
    for position = 1, self.count do
      list[position], keys[position] = position, key(self, position)
      ties[position] = self:tie(position)
      if position % PIECE == 0 then
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
