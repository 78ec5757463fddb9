--- The figures of a whole directory: standings, multifactor, groups. Counted while the index is made.
-- @module lastpass.nginx.dashboard.tally
local coverage = require "lastpass.report.coverage"
local fold = require("lastpass.unified.texts").fold
local mfa = require "lastpass.report.mfa"
local statistics = require "lastpass.report.statistics"

---@class lastpass.nginx.dashboard.Tally
---@field by_standing table[] classes with counts
---@field by_mfa table[]      classes with counts, of those who can log in
---@field methods table[]     {name, count}, of those who can log in
---@field can_log_in integer
---@field groups table[]      {name, key, members, can_log_in, without}
local methods = {}
local tally_mt = { __index = methods }

local M = {}

-- Classes that have a meaning without a roster and without events.
local shown = {
  active = true,
  empty_vault = true,
  never_logged_in = true,
  invited = true,
  disabled = true,
}

--- The classes of people here: those of the report on coverage that the directory alone tells.
M.standings = {}
for _, class in ipairs(coverage.classes) do
  if shown[class[1]] then
    M.standings[#M.standings + 1] = class
  end
end

--- The title of a standing.
---@param name string
---@return string|nil
function M.standing_title(name)
  for _, class in ipairs(M.standings) do
    if class[1] == name then
      return class[2]
    end
  end
end

--- Begins to count.
---@return lastpass.nginx.dashboard.Tally
function M.new()
  local by_standing, standing_class = statistics.classes(M.standings)
  local by_mfa, mfa_class = statistics.classes(mfa.classes)
  return setmetatable({
    by_standing = by_standing,
    by_mfa = by_mfa,
    methods = {},
    can_log_in = 0,
    groups = {},
    _standing_class = standing_class,
    _mfa_class = mfa_class,
    _methods = {},
    _groups = {},
  }, tally_mt)
end

local function group_of(self, name)
  local group = self._groups[name]
  if not group then
    group = { name = name, key = fold(name), members = 0, can_log_in = 0, without = 0 }
    self._groups[name] = group
    self.groups[#self.groups + 1] = group
  end
  return group
end

local function count_mfa(self, user, method)
  self.can_log_in = self.can_log_in + 1
  local class = self._mfa_class[mfa.class_of(user.admin, method ~= nil)]
  class.count = class.count + 1
  if method then
    self._methods[method] = (self._methods[method] or 0) + 1
  end
end

--- Counts somebody.
---@param user lastpass.User
---@param standing string their class
function methods:add(user, standing)
  local method, can_log_in = user.mfa, user.status == "active"
  self._standing_class[standing].count = self._standing_class[standing].count + 1
  if can_log_in then
    count_mfa(self, user, method)
  end
  local names = user.groups
  for place = 1, #names do
    local group = group_of(self, names[place])
    group.members = group.members + 1
    group.can_log_in = group.can_log_in + (can_log_in and 1 or 0)
    group.without = group.without + (can_log_in and not method and 1 or 0)
  end
end

--- Everybody is counted.
---@param group_names string[] all groups; some may have nobody
---@return lastpass.nginx.dashboard.Tally self
function methods:finish(group_names)
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
  statistics.sort(self.methods, "-count", "name")
  return self
end

--- The group of that name.
---@param name string the case of letters says nothing, unless two names differ by it
---@return table|nil
function methods:group(name)
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

return M
