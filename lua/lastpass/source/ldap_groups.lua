--- Who is in which group of a directory: groups within groups are followed up, in circles too.
-- @module lastpass.source.ldap_groups
local errors = require "lastpass.error"
local ldap_search = require "lastpass.source.ldap_search"

local M = {}

local DEFAULT_FILTER = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
  .. "(objectClass=groupOfMembers)(objectClass=group)(objectClass=posixGroup))"

-- Where groups of a class name their members: RFC 4519 §3.5 and §3.6, RFC 2307 §4, [MS-ADSC] group.
local member_of_class = {
  groupofnames = "member",
  groupofmembers = "member",
  group = "member",
  groupofuniquenames = "uniquemember",
  posixgroup = "memberuid",
}

local MEMBER_ATTRIBUTES = { "member", "uniquemember", "memberuid" }

local groups = {}
local groups_mt = { __index = groups, __name = "lastpass.source.ldap_groups" }

-- One text for all spellings of an entry's name; what is no such name stays as it is.
local function key_of_dn(self, dn)
  return self._connection:dn(dn) or dn:lower()
end

local function fail_groups(self, code, message, hint)
  return errors.fail("argument", code, self._where .. ": " .. message, { hint = hint })
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
  local hint = "see the options 'name' and 'filter' of 'groups'"
  return fail_groups(self, "unnamed_group", message, hint)
end

-- Two groups of one name would be made one, and people moved between them.
local function add_name(self, name, dn, key)
  local folded = name:lower()
  local other = self._by_name[folded]
  if other and other.key ~= key then
    local message = ("two groups are called '%s': %s and %s"):format(name, other.dn, dn)
    local hint = "narrow 'base' or 'filter' of 'groups', or choose another 'name'"
    return fail_groups(self, "duplicate_group", message, hint)
  end
  self._by_name[folded] = { key = key, dn = dn }
  return name
end

local function add_parent(self, child, parent)
  local list = self._parents[child] or {}
  list[#list + 1], self._parents[child] = parent, list
end

-- The attributes in which an entry of its classes names members; of a class that is not known, all.
local function member_attributes(attributes)
  local names, seen = {}, {}
  for _, class in ipairs(attributes.objectclass or {}) do
    local name = member_of_class[class:lower()]
    if name and not seen[name] then
      names[#names + 1], seen[name] = name, true
    end
  end
  return #names > 0 and names or MEMBER_ATTRIBUTES
end

-- Values of attributes of people are kept apart from the names of entries.
local function key_of_value(attribute, value)
  return ("\0%s\0%s"):format(attribute, value:lower())
end

local function add_members(self, group, attribute, values)
  local by = nil -- without one the values are names of entries
  if self._member or attribute == "memberuid" then
    by = self._by or attribute == "memberuid" and "uid" or nil
  end
  for _, value in ipairs(values or {}) do
    if by then
      self._person_attributes[by] = true
      add_parent(self, key_of_value(by, value), group)
    else
      -- uniqueMember may have a bit string after the name (RFC 4517 §3.3.21)
      add_parent(self, key_of_dn(self, (value:gsub("#'[01]*'B$", ""))), group)
    end
    self._has_members = true
  end
end

-- Members under another attribute than the one that is asked for would all seem to have left.
local function check_elsewhere(self, dn, attributes)
  if self._elsewhere or #(attributes[self._member] or {}) > 0 then
    return
  end
  for _, name in ipairs(member_attributes(attributes)) do
    if name ~= self._member and #(attributes[name] or {}) > 0 then
      local reason = "the group '%s' has its members in '%s', not in '%s'"
      self._elsewhere = reason:format(dn, name, self._member)
    end
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
  local sid = self._primary and (attributes.objectsid or {})[1]
  if sid then
    self._by_sid[sid] = key
  end
  if self._member_of then
    for _, holder in ipairs(attributes[self._member_of] or {}) do
      add_parent(self, key, key_of_dn(self, holder))
    end
    return true
  end
  if self._member then
    check_elsewhere(self, dn, attributes)
  end
  for _, attribute in ipairs(self._member and { self._member } or member_attributes(attributes)) do
    add_members(self, key, attribute, attributes[attribute])
  end
  return true
end

local function read_groups(self, request, settings)
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

-- All groups that hold a group, worked out once. What was visited is not followed again, so that groups
-- in each other come to an end.
local function holders_of(self, group)
  local known = self._holders[group]
  if known then
    return known
  end
  known = {}
  local visited, followed, next_one = {}, 0, group
  while next_one do
    for _, parent in ipairs(self._parents[next_one] or {}) do
      if not visited[parent] then
        visited[parent] = true
        known[#known + 1] = parent
      end
    end
    followed = followed + 1
    next_one = known[followed]
  end
  self._holders[group] = known
  return known
end

-- The SID of the primary group: that of the person, its last part replaced by primaryGroupID, which is
-- four bytes, the lowest first ([MS-ADA3] primaryGroupID; [MS-DTYP] §2.4.2.2).
local function primary_group(self, attributes)
  local sid = (attributes.objectsid or {})[1]
  local number = tonumber((attributes.primarygroupid or {})[1])
  if not sid or #sid < 12 or not number then
    return nil
  end
  self._has_primary = true
  local bytes = {}
  for index = 1, 4 do
    bytes[index] = string.char(number % 256)
    number = math.floor(number / 256)
  end
  return self._by_sid[sid:sub(1, -5) .. table.concat(bytes)]
end

local function add_groups_of(self, key, list)
  self._read_people[key] = self._parents[key] and true or nil
  for _, group in ipairs(self._parents[key] or {}) do
    list[#list + 1] = group
  end
end

local function direct_groups(self, dn, attributes)
  local list = {}
  if self._member_of then
    for _, holder in ipairs(attributes[self._member_of] or {}) do
      list[#list + 1] = key_of_dn(self, holder)
      self._has_members = true
    end
  else
    add_groups_of(self, key_of_dn(self, dn), list)
    for attribute in pairs(self._person_attributes) do
      for _, value in ipairs(attributes[attribute] or {}) do
        add_groups_of(self, key_of_value(attribute, value), list)
      end
    end
  end
  list[#list + 1] = self._primary and primary_group(self, attributes) or nil
  return list
end

-- Without groups of our own the name is in the entry's name.
local function names_from_dns(self, dns)
  local names = {}
  for _, dn in ipairs(dns) do
    local key, own = self._connection:dn(dn)
    if not key then
      return fail_groups(self, "bad_name", ("'%s' is not the name of a group"):format(dn))
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
    local holders = attributes[self._member_of] or {}
    self._has_members = self._has_members or #holders > 0
    return names_from_dns(self, holders)
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

local NAMES_HINT = "are 'base', 'filter' and 'member' of 'groups' right? If it may be so: "
  .. "groups = { allow_empty = true }"
local NO_GROUP = "no group was found under '%s' with the filter %s"
local NO_MEMBERS = "none of the %d groups has a value of '%s'"
local NOBODY = "nobody has a value of '%s'"
local NO_PERSON = "the groups have members, but none of them is among the people who were read"

-- What looks as if everybody had left their groups, and is rather a wrong name or base.
local function find_fault(self, people)
  if self._elsewhere then
    return "members_elsewhere", self._elsewhere
  elseif self._reads_groups and self.proof.count == 0 then
    return "no_groups", NO_GROUP:format(self._base, self._filter)
  elseif people == 0 then
    return nil
  elseif self._member_of and not self._has_members then
    return "no_members", NOBODY:format(self._member_of)
  elseif not self._has_members then
    local names = self._member or table.concat(MEMBER_ATTRIBUTES, "', '")
    return "no_members", NO_MEMBERS:format(self.proof.count, names)
  elseif not self._member_of and next(self._read_people) == nil then
    return "no_members", NO_PERSON
  elseif self._primary and not self._has_primary then
    return "no_members", NOBODY:format "primaryGroupID"
  end
  return nil
end

--- Counts the members of groups that are neither groups nor were among the people, for the proof, and
-- says whether what was read of the groups can be the truth.
---@param people integer how many were read
---@return boolean|nil
---@return string? message
---@return lastpass.Error? err code "no_groups", "no_members" or "members_elsewhere"
function groups:finish(people)
  if not self._member_of then
    local others = 0
    for key in pairs(self._parents) do
      if not self._names[key] and not self._read_people[key] then
        others = others + 1
      end
    end
    self.proof.other_members = others
  end
  local code, reason
  if not self._allow_empty then
    code, reason = find_fault(self, people)
  end
  if code then
    local message = ("%s: %s"):format(self._where, reason)
    return errors.fail("protocol", code, message, { hint = NAMES_HINT })
  end
  return true
end

--- Attributes of people that are needed to tell their groups.
---@return string[]
function groups:attributes()
  local names = { self._member_of }
  for attribute in pairs(self._person_attributes) do
    names[#names + 1] = attribute
  end
  if self._primary then
    names[#names + 1] = "primaryGroupID"
    names[#names + 1] = "objectSid"
  end
  return names
end

--- Reads the groups of a directory.
---@param connection userdata of `ldap_connection`
---@param options lastpass.source.LdapGroups
---@param settings table {where, base, page_size, timeout, referrals, now, deadline}
---@return table|nil groups with `of`, `finish`, `attributes`, `references` (how many were met), and
-- `proof` {count, pages, other_members}
---@return string? message
---@return lastpass.Error? err code "duplicate_group", "unnamed_group", or as of `ldap_search`
function M.read(connection, options, settings)
  local self = setmetatable({
    proof = { count = 0 },
    references = 0,
    _connection = connection,
    _where = settings.where,
    _name = (options.name or "cn"):lower(),
    _base = options.base or settings.base,
    _filter = options.filter or DEFAULT_FILTER,
    _member = options.member and options.member:lower(), -- nil: what goes with the class
    _member_of = options.member_of and options.member_of:lower(),
    _by = options.by and options.by:lower(),
    _nested = options.nested ~= false,
    _primary = options.primary,
    _allow_empty = options.allow_empty,
    _reads_groups = not options.member_of or options.base ~= nil or options.filter ~= nil,
    _names = {}, -- key of a group -> its name
    _by_name = {}, -- name in lower case -> the group that has it
    _parents = {}, -- key of a person or group -> keys of the groups that name it
    _holders = {}, -- key of a group -> keys of all groups that hold it
    _read_people = {}, -- keys of people that were read and are in a group
    _by_sid = {}, -- objectSid of a group -> its key
    _person_attributes = {}, -- set of those that members are found by
  }, groups_mt)
  if not self._reads_groups then
    self.proof = nil
    return self
  end
  local attributes = { self._name, self._member_of or self._member }
  if not self._member_of then
    attributes[#attributes + 1] = "objectClass"
    for _, name in ipairs(MEMBER_ATTRIBUTES) do
      attributes[#attributes + 1] = name ~= self._member and name or nil
    end
  end
  attributes[#attributes + 1] = self._primary and "objectSid" or nil
  local ok, message, err = read_groups(self, {
    base = self._base,
    scope = options.scope,
    filter = self._filter,
    attributes = attributes,
    page_size = settings.page_size,
  }, settings)
  if not ok then
    return nil, message, err
  end
  return self
end

return M
