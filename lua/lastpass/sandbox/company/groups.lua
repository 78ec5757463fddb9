--- The groups of a company: their names, who of the changed people is in which, and a number of each that stays
-- when it is renamed. Who of the seed's people nobody has changed is a member by arithmetic.
-- @module lastpass.sandbox.company.groups
local values = require "lastpass.scim.values"

local M = { methods = {} }

local methods = M.methods

local FIRST_ID = 1001

--- The id that a group of the seed has.
---@param number integer of `group_names`
---@return integer
function M.id_of_seed(number)
  return FIRST_ID + number - 1
end

--- A group.
---@class lastpass.sandbox.Group
---@field id integer       never used again
---@field name string
---@field seeded integer|nil the seed's number, while it has the seed's name
---@field changed table<integer, lastpass.sandbox.Person> by id: members who are not the seed's any more
---@field revision integer counts changes of the group and of its members

-- Under which name a group is found: by itself, and with others whose names differ in case only.
local function set_name(company, group, name)
  company.group_by_name[name] = group
  local key = values.fold(name)
  company.group_by_key[key] = company.group_by_key[key] or {}
  table.insert(company.group_by_key[key], group)
end

local function forget_name(company, group)
  if company.group_by_name[group.name] == group then
    company.group_by_name[group.name] = nil
  end
  local alike = company.group_by_key[values.fold(group.name)] or {}
  for at, other in ipairs(alike) do
    if other == group then
      table.remove(alike, at)
      break
    end
  end
end

local function register(company, name, seeded)
  local group = {
    id = company.next_group_id,
    name = name,
    seeded = seeded,
    changed = {},
    revision = 0,
    created = company.clock:seconds(),
  }
  company.next_group_id = company.next_group_id + 1
  company.group_by_id[group.id] = group
  company.group_list[#company.group_list + 1] = group
  set_name(company, group, name)
  return group
end

--- Registers the groups of a seeded company.
function M.prepare(company)
  company.next_group_id = FIRST_ID
  company.group_list = {} -- in the order in which they were made
  company.group_by_name, company.group_by_id, company.group_by_key = {}, {}, {}
  for number, name in ipairs(company.seeded.group_names) do
    register(company, name, number)
  end
end

--- Whether there is a group of this name.
function methods:has_group(name)
  return self.group_by_name[name] ~= nil
end

--- The groups of a name, whatever its case; that of exactly this name first.
---@param name string
---@return lastpass.sandbox.Group[]
function methods:groups_named(name)
  local exact = self.group_by_name[name]
  local list = { exact }
  for _, group in ipairs(self.group_by_key[values.fold(name)] or {}) do
    list[#list + 1] = group ~= exact and group or nil
  end
  return list
end

--- Makes a group.
---@return lastpass.sandbox.Group
function methods:make_group(name)
  self:touch()
  return register(self, name)
end

--- How many groups there are.
function methods:group_count()
  return #self.group_list
end

--- The names of the groups that the seed gives a person.
---@param index integer
---@return string[]
function M.names_of_seed(company, index)
  local names = {}
  for _, number in ipairs { company.seeded:groups(index) } do
    names[#names + 1] = company.seeded.group_names[number]
  end
  return names
end

local function as_set(names)
  local set = {}
  for _, name in ipairs(names or {}) do
    set[name] = true
  end
  return set
end

--- Notes in which groups a changed person is now.
---@param person lastpass.sandbox.Person
---@param names string[]|nil nil: in none
function M.note(company, person, names)
  local before = person.grouped
  if not before then
    local is_seeded = person.index and not person.invited
    before = as_set(is_seeded and M.names_of_seed(company, person.index) or nil)
  end
  local now = as_set(names)
  for name in pairs(before) do
    local group = not now[name] and company.group_by_name[name]
    if group then
      group.changed[person.id] = nil
      group.revision = group.revision + 1
    end
  end
  for name in pairs(now) do
    local group = company.group_by_name[name]
    if group then
      group.changed[person.id] = person
      group.revision = group.revision + (before[name] and 0 or 1)
    end
  end
  person.grouped = now
end

--- Calls a function with the members of a group whom nobody changed, by growing number.
---@param group lastpass.sandbox.Group
---@param call fun(index: integer)
function methods:each_untouched(group, call)
  if group.seeded then
    local edited, gone = self.edited, self.gone
    self.seeded:each_member(group.seeded, function(index)
      if not edited[index] and not gone[index] then
        call(index)
      end
    end)
  end
end

--- Calls a function with every member of a group: those whom nobody changed as an index, then the others by id.
---@param group lastpass.sandbox.Group
---@param call fun(index: integer|nil, person: lastpass.sandbox.Person|nil)
function methods:each_member(group, call)
  self:each_untouched(group, call)
  local others = {}
  for _, person in pairs(group.changed) do
    others[#others + 1] = person
  end
  table.sort(others, function(a, b)
    return a.id < b.id
  end)
  for _, person in ipairs(others) do
    call(nil, person)
  end
end

-- Gives each member another name for the group, or none.
local function rename_for_members(company, group, name)
  local members = {}
  company:each_member(group, function(index, person)
    members[#members + 1] = person or company.seeded:mail(index)
  end)
  local old = group.name
  for _, member in ipairs(members) do
    local person = type(member) == "table" and member or company:person(member)
    for at, known in ipairs(person.fields.groups) do
      if known == old and name then
        person.fields.groups[at] = name
      elseif known == old then
        table.remove(person.fields.groups, at)
        break
      end
    end
    company:save(person)
  end
end

--- Gives a group another name; it stays the same group.
function methods:rename_group(group, name)
  -- Known by both names while the members change from one to the other, so that they are noted.
  self.group_by_name[name] = group
  rename_for_members(self, group, name)
  forget_name(self, group)
  set_name(self, group, name)
  group.name, group.seeded = name, nil
  group.revision = group.revision + 1
  self:touch()
end

--- Takes a group away, and everybody out of it.
function methods:remove_group(group)
  rename_for_members(self, group, nil)
  forget_name(self, group)
  self.group_by_id[group.id] = nil
  for at, other in ipairs(self.group_list) do
    if other == group then
      table.remove(self.group_list, at)
      break
    end
  end
  self:touch()
end

return M
