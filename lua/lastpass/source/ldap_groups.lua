--- Who is in which group of a directory: groups within groups are followed up, in circles too.
-- @module lastpass.source.ldap_groups
local errors = require "lastpass.error"
local ldap_search = require "lastpass.source.ldap_search"

local M = {}

--- The option `groups` of `source.ldap`: where the groups are, and how membership is written down.
---@class lastpass.source.LdapGroups
---@field base? string      default: the base of the people
---@field scope? string     "subtree" (default), "one", "base"
---@field filter? string    default: entries of the usual classes of groups
---@field name? string      attribute with the group's name; default "cn"
---@field member? string    attribute of a group that names its members; default "member"
---@field by? string        attribute of a person that `member` holds ("uid" for memberUid); default:
-- the name of the entry itself (its DN)
---@field member_of? string attribute of people and groups that names their groups, in the place of
-- `member`. With neither `base` nor `filter` no groups are read: the first part of the DN is the name
---@field nested? boolean   a member of a group is in the groups that hold it too; default true

M.known_options = {
  base = "string",
  scope = "string",
  filter = "string",
  name = "string",
  member = "string",
  by = "string",
  member_of = "string",
  nested = "boolean",
}

M.DEFAULT_FILTER = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
  .. "(objectClass=group)(objectClass=posixGroup))"

local groups = {}
local groups_mt = { __index = groups, __name = "lastpass.source.ldap_groups" }

-- One text for all spellings of an entry's name; what is no such name stays as it is.
local function key_of_dn(self, dn)
  return self._connection:dn(dn) or dn:lower()
end

local function fail(self, code, message, hint)
  return errors.fail("argument", code, self._place .. ": " .. message, { hint = hint })
end

-- A group's name: the value of its attribute; of several the one that is in the entry's own name.
local function name_of(self, dn, attributes)
  local names = attributes[self._name] or {}
  if #names == 1 then
    return names[1]
  end
  local _, own = self._connection:dn(dn)
  for _, name in ipairs(names) do
    if name == own then
      return name
    end
  end
  local message = ("the group '%s' has %d values of '%s'"):format(dn, #names, self._name)
  return fail(self, "unnamed_group", message, "see the options 'name' and 'filter' of 'groups'")
end

-- Two groups of one name would be made one, and people moved between them.
local function add_name(self, name, dn, key)
  local folded = name:lower()
  local other = self._by_name[folded]
  if other and other.key ~= key then
    local message = ("two groups are called '%s': %s and %s"):format(name, other.dn, dn)
    local hint = "narrow 'base' or 'filter' of 'groups', or choose another 'name'"
    return fail(self, "duplicate_group", message, hint)
  end
  self._by_name[folded] = { key = key, dn = dn }
  return name
end

local function add_parent(self, child, parent)
  local list = self._parents[child]
  if list then
    list[#list + 1] = parent
  else
    self._parents[child] = { parent }
  end
end

local function add_group(self, dn, attributes)
  local key = key_of_dn(self, dn)
  local name, message, err = name_of(self, dn, attributes)
  if name then
    name, message, err = add_name(self, name, dn, key)
  end
  if not name then
    return nil, message, err
  end
  self._names[key] = name
  if self._member_of then
    for _, holder in ipairs(attributes[self._member_of] or {}) do
      add_parent(self, key, key_of_dn(self, holder))
    end
    return true
  end
  for _, member in ipairs(attributes[self._member] or {}) do
    add_parent(self, self._by and member:lower() or key_of_dn(self, member), key)
  end
  return true
end

local function read_all(self, request, settings)
  local search = ldap_search.new(self._connection, request, settings)
  local dn, attributes, err = search:next()
  while dn do
    local ok, message
    ok, message, err = add_group(self, dn, attributes)
    if not ok then
      return nil, message, err
    end
    self.proof.count = self.proof.count + 1
    dn, attributes, err = search:next()
  end
  self.proof.pages, self.references = search.pages, #search.references
  if err then
    return nil, attributes, err
  end
  return true
end

-- All groups that hold a group, worked out once. What was met is not followed again, so that groups
-- in each other come to an end.
local function holders_of(self, group)
  local known = self._holders[group]
  if known then
    return known
  end
  known = {}
  local met, followed, next_one = {}, 0, group
  while next_one do
    for _, parent in ipairs(self._parents[next_one] or {}) do
      if not met[parent] then
        met[parent] = true
        known[#known + 1] = parent
      end
    end
    followed = followed + 1
    next_one = known[followed]
  end
  self._holders[group] = known
  return known
end

local function direct_groups(self, dn, attributes)
  if self._member_of then
    local list = {}
    for _, holder in ipairs(attributes[self._member_of] or {}) do
      list[#list + 1] = key_of_dn(self, holder)
    end
    return list
  elseif not self._by then
    local key = key_of_dn(self, dn)
    self._met[key] = self._parents[key] and true or nil
    return self._parents[key] or {}
  end
  local list = {}
  for _, value in ipairs(attributes[self._by] or {}) do
    local key = value:lower()
    self._met[key] = self._parents[key] and true or nil
    for _, group in ipairs(self._parents[key] or {}) do
      list[#list + 1] = group
    end
  end
  return list
end

-- Without groups of our own the name is in the entry's name.
local function names_from_dns(self, dns)
  local names = {}
  for _, dn in ipairs(dns) do
    local key, own = self._connection:dn(dn)
    if not key then
      return fail(self, "bad_name", ("'%s' is not the name of a group"):format(dn))
    end
    local name, message, err = add_name(self, own, dn, key)
    if not name then
      return nil, message, err
    end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- The names of a person's groups.
---@param dn string
---@param attributes table<string, string[]>
---@return string[]|nil names sorted
---@return string? message
---@return lastpass.Error? err code "duplicate_group", "bad_name"
function groups:of(dn, attributes)
  if not self._reads_groups then
    return names_from_dns(self, attributes[self._member_of] or {})
  end
  local names, met = {}, {}
  local function add(group)
    if not met[group] then
      met[group] = true
      names[#names + 1] = self._names[group]
    end
  end
  for _, group in ipairs(direct_groups(self, dn, attributes)) do
    add(group)
    for _, holder in ipairs(self._nested and holders_of(self, group) or {}) do
      add(holder)
    end
  end
  table.sort(names)
  return names
end

--- Counts the members of groups that are neither groups nor were among the people, for the proof.
function groups:finish()
  if self._member_of then
    return
  end
  local others = 0
  for key in pairs(self._parents) do
    if not self._names[key] and not self._met[key] then
      others = others + 1
    end
  end
  self.proof.other_members = others
end

--- Attributes of people that are needed to tell their groups.
---@return string[]
function groups:attributes()
  return { self._member_of or self._by }
end

--- Reads the groups of a directory.
---@param connection userdata of `ldap_connection`
---@param options lastpass.source.LdapGroups
---@param settings table {place, base, page_size, timeout, referrals, now, deadline}
---@return table|nil groups with `of`, `finish`, `attributes`, `references` (how many were met), and
-- `proof` {count, pages, other_members}
---@return string? message
---@return lastpass.Error? err code "duplicate_group", "unnamed_group", or as of `ldap_search`
function M.read(connection, options, settings)
  local self = setmetatable({
    proof = { count = 0 },
    references = 0,
    _connection = connection,
    _place = settings.place,
    _name = (options.name or "cn"):lower(),
    _member = (options.member or "member"):lower(),
    _member_of = options.member_of and options.member_of:lower(),
    _by = options.by and options.by:lower(),
    _nested = options.nested ~= false,
    _reads_groups = not options.member_of or options.base ~= nil or options.filter ~= nil,
    _names = {}, -- key of a group -> its name
    _by_name = {}, -- name in lower case -> the group that has it
    _parents = {}, -- key of a person or group -> keys of the groups that name it
    _holders = {}, -- key of a group -> keys of all groups that hold it
    _met = {}, -- keys of people that were read
  }, groups_mt)
  if not self._reads_groups then
    self.proof = nil
    return self
  end
  local ok, message, err = read_all(self, {
    base = options.base or settings.base,
    scope = options.scope,
    filter = options.filter or M.DEFAULT_FILTER,
    attributes = { self._name, self._member_of or self._member },
    page_size = settings.page_size,
  }, settings)
  if not ok then
    return nil, message, err
  end
  return self
end

return M
