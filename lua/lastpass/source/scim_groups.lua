--- Who is in which group of a SCIM server: read from the groups' members; groups within groups are followed up.
-- @module lastpass.source.scim_groups
local errors = require "lastpass.error"
local pages = require "lastpass.scim.pages"
local parallel = require "lastpass.parallel"
local waiting = require "lastpass.transport.scheduler"

local M = {}

---@class lastpass.source.ScimMemberships
---@field proof table {count, other_members}
local memberships = {}
local memberships_mt = { __index = memberships, __name = "lastpass.source.scim_groups" }

local NAMES_HINT = "may the token read the members of groups? If it may be so: "
  .. "groups = { allow_empty = true }"

local function fail(self, kind, code, message, hint)
  return errors.fail(kind, code, ("%s: %s"):format(self._where, message), { hint = hint })
end

-- Two groups of one name would be made one, and people moved between them.
local function add_name(self, group)
  local name = group.displayName
  if type(name) ~= "string" or name == "" then
    local message = ("the group %s has no displayName"):format(group.id)
    return fail(self, "argument", "unnamed_group", message, "see the option 'filter' of 'groups'")
  end
  local other = self._by_name[name:lower()]
  if other then
    local message = ("two groups are called '%s': %s and %s"):format(name, other, group.id)
    return fail(self, "argument", "duplicate_group", message, "narrow 'filter' of 'groups'")
  end
  self._by_name[name:lower()], self._names[group.id] = group.id, name
  return true
end

local function add_members(self, group)
  for _, member in ipairs(group.members or {}) do
    local id = type(member) == "table" and member.value
    if type(id) ~= "string" or id == "" then
      local message = ("a member of the group '%s' has no id"):format(group.displayName)
      return fail(self, "protocol", "bad_member", message)
    end
    local holders = self._holders[id] or {}
    holders[#holders + 1], self._holders[id] = group.id, holders
    self._has_members = true
  end
  return true
end

-- Some servers leave members out of a list: a group that shows none is asked for by itself.
local function complete_members(self, client, groups)
  local failure
  local function ask_for(position)
    local whole, message, err = client:get("Group", groups[position].id)
    if whole then
      groups[position] = whole
    elseif err.code ~= "not_found" then -- deleted meanwhile
      failure = failure or { message, err }
    end
  end
  local number = waiting.can_wait_in_pcall() and client:option "in_flight" or 1
  parallel(number, function(spawn)
    for position, group in ipairs(groups) do
      if failure then
        return
      elseif #(group.members or {}) == 0 and number == 1 then
        ask_for(position)
      elseif #(group.members or {}) == 0 then
        spawn(ask_for, position)
      end
    end
  end)
  if failure then
    return fail(self, failure[2].kind, failure[2].code, failure[1], failure[2].hint)
  end
  return true
end

local function list_groups(client, wanted)
  return pages.collect(function()
    return client:list("Group", { filter = wanted.filter })
  end)
end

-- The ids of all groups that hold a group, worked out once. What was visited is not followed again, so that groups
-- in each other come to an end.
local function holders_of(self, id)
  local known = self._all_holders[id]
  if known then
    return known
  end
  known = {}
  local visited, followed, current = {}, 0, id
  while current do
    for _, holder in ipairs(self._holders[current] or {}) do
      if not visited[holder] then
        visited[holder] = true
        known[#known + 1] = holder
      end
    end
    followed = followed + 1
    current = known[followed]
  end
  self._all_holders[id] = known
  return known
end

--- The names of a user's groups.
---@param id string of the user
---@return string[] names sorted
function memberships:of(id)
  local names, seen = {}, {}
  local function add(group)
    if not seen[group] then
      seen[group] = true
      names[#names + 1] = self._names[group]
    end
  end
  for _, group in ipairs(self._holders[id] or {}) do
    add(group)
    for _, holder in ipairs(self._nested and holders_of(self, group) or {}) do
      add(holder)
    end
  end
  self._read_users[id] = self._holders[id] and true or nil
  table.sort(names)
  return names
end

-- What looks as if everybody had left their groups, and is rather a wrong filter or a token that sees little.
local function find_fault(self, users)
  if self.proof.count == 0 then
    return "no_groups", "no group was found"
  elseif users == 0 then
    return nil
  elseif not self._has_members then
    return "no_members", ("none of the %d groups has a member"):format(self.proof.count)
  elseif next(self._read_users) == nil then
    return "no_members",
      "the groups have members, but none of them is among the users who were read"
  end
  return nil
end

--- Counts the members that are neither groups nor were among the users, for the proof, and says whether what was
-- read can be the truth.
---@param users integer how many were read
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "no_groups" or "no_members"
function memberships:finish(users)
  local others = 0
  for id in pairs(self._holders) do
    others = others + ((self._names[id] or self._read_users[id]) and 0 or 1)
  end
  self.proof.other_members = others
  local code, reason
  if not self._allow_empty then
    code, reason = find_fault(self, users)
  end
  if code then
    return fail(self, "protocol", code, reason, NAMES_HINT)
  end
  return true
end

--- Reads all groups and their members.
---@param client lastpass.scim.Client
---@param wanted table filter, nested, allow_empty: option `groups` of `source.scim`
---@param where string for messages
---@return lastpass.source.ScimMemberships|nil
---@return string? message
---@return lastpass.Error? err codes "unnamed_group", "duplicate_group", "bad_member", and those of reading
function M.read(client, wanted, where)
  local self = setmetatable({
    proof = { count = 0 },
    _where = where,
    _nested = wanted.nested ~= false,
    _allow_empty = wanted.allow_empty,
    _names = {}, -- id of a group -> its name
    _by_name = {}, -- name in lower case -> id
    _holders = {}, -- id of a member -> ids of the groups that name it
    _all_holders = {}, -- id of a group -> ids of all groups that hold it
    _read_users = {}, -- ids of users that were read and are in a group
  }, memberships_mt)
  local groups, message, err = list_groups(client, wanted)
  if not groups then
    return nil, message, err
  end
  local ok
  ok, message, err = complete_members(self, client, groups)
  for _, group in ipairs(ok and groups or {}) do
    ok, message, err = add_name(self, group)
    if ok then
      ok, message, err = add_members(self, group)
    end
    if not ok then
      break
    end
  end
  if not ok then
    return nil, message, err
  end
  self.proof.count = #groups
  return self
end

return M
