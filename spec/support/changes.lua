--- What core.diff has to say, as plain Lua says it: slowly and without any C, for comparison.
local M = {}

local function fold(text)
  return (text:gsub("[A-Z]", string.lower))
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do
    set[item] = true
  end
  return set
end

-- Names of a set that are in another one but not in a third, sorted.
local function names(of, within, without)
  local list = {}
  for name in pairs(of) do
    if within[name] and not without[name] then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- address, folded -> set of groups, by both sources
local function memberships(directory)
  local groups = {}
  for i, user in ipairs(directory.users) do
    groups[i] = set_of(user.groups)
  end
  local rows = {}
  for i, user in ipairs(directory.users) do
    local key = fold(user.email)
    rows[key] = rows[key] or i
  end
  local outside = {}
  for name, members in pairs(directory.groups) do
    for _, member in ipairs(members) do
      local key = fold(member)
      local set = rows[key] and groups[rows[key]] or outside[key] or {}
      set[name] = true
      if not rows[key] then
        outside[key] = set
      end
    end
  end
  return groups, outside, rows
end

local function find_user(person, directory, rows, same, taken)
  local key = fold(person.email)
  local first = rows[key]
  if not first then
    return nil
  elseif #same[key] == 1 then
    return not taken[first] and first or nil, first
  end
  local exact = {}
  for _, row in ipairs(same[key]) do
    if directory.users[row].email == person.email then
      exact[#exact + 1] = row
    end
  end
  return #exact == 1 and not taken[exact[1]] and exact[1] or nil, first
end

local function describe_user(change, person, user, groups, managed)
  if person.active == false then
    change.disable = not user.disabled or nil
    return
  end
  change.enable = person.active and user.disabled or nil
  change.name = person.fullname and person.fullname ~= (user.fullname or "") or nil
  if person.groups then
    local desired = set_of(person.groups)
    change.joins, change.leaves = names(desired, managed, groups), names(groups, managed, desired)
  end
end

local function describe_member(change, person, invited, groups, managed)
  local desired = set_of(person.groups or {})
  if person.active == false then
    change.uninvite = invited and true or nil
    change.invited = invited
  elseif not invited then
    change.create, change.joins = true, names(desired, managed, {})
  else
    change.invited = invited
    if person.groups then
      change.joins, change.leaves = names(desired, managed, groups), names(groups, managed, desired)
    end
  end
end

local kinds = { "create", "name", "enable", "disable", "uninvite" }

local function is_change(change)
  change.joins, change.leaves = change.joins or {}, change.leaves or {}
  if not change.create then
    change.join = #change.joins > 0 or nil
    change.leave = #change.leaves > 0 or nil
  end
  for _, kind in ipairs(kinds) do
    if change[kind] then
      return true
    end
  end
  return change.duplicate or change.join or change.leave
end

--- The changes, and how many desired people need none.
---@param desired table[] {email, fullname, groups, active}
---@param directory table {users = {{email, fullname, groups, disabled}}, groups = {name = members},
-- invited = {address}}
---@param managed string[]
---@param matched table<integer, integer> desired row -> user row
---@return table[] changes {desired, user, invited, joins, leaves, and true under each kind's name}
---@return integer unchanged
---@return table<string, integer> sizes of groups
function M.expected(desired, directory, managed, matched)
  managed = set_of(managed)
  local groups, outside, rows = memberships(directory)
  local changes, unchanged, taken, claimed, named = {}, 0, {}, {}, {}
  local same, invited, invited_list, wants = {}, {}, {}, {}
  for i, user in ipairs(directory.users) do
    local key = fold(user.email)
    same[key] = same[key] or {}
    table.insert(same[key], i)
  end
  for _, address in ipairs(directory.invited) do
    local key = fold(address)
    if not rows[key] and not invited[key] then
      -- as it was written first, in whatever list
      invited[key] = address
      invited_list[#invited_list + 1] = key
    end
  end
  for _, row in pairs(matched) do
    taken[row] = true
  end
  for i, person in ipairs(desired) do
    local change, key = { desired = i }, fold(person.email)
    wants[key] = true
    local user, first = matched[i], rows[key]
    if user then
      claimed[first or 0] = true
    else
      user, first = find_user(person, directory, rows, same, taken)
    end
    if not user and first then
      change.duplicate, change.user, named[first] = true, first, true
    elseif user then
      taken[user], change.user = true, user
      describe_user(change, person, directory.users[user], groups[user], managed)
    else
      describe_member(change, person, invited[key], outside[key] or {}, managed)
    end
    if is_change(change) then
      changes[#changes + 1] = change
    else
      unchanged = unchanged + 1
    end
  end
  for i, user in ipairs(directory.users) do
    if not taken[i] and not named[i] then
      local duplicate = #same[fold(user.email)] > 1 or claimed[i]
      local change = { user = i, joins = {}, leaves = {} }
      change[duplicate and "duplicate" or "missing"] = true
      changes[#changes + 1] = change
    end
  end
  for _, key in ipairs(invited_list) do
    if not wants[key] then
      local change = { invited = invited[key], joins = {}, leaves = {}, missing_invited = true }
      changes[#changes + 1] = change
    end
  end
  local sizes = {}
  local function count(set, by)
    for name in pairs(set) do
      sizes[name] = (sizes[name] or 0) + by
    end
  end
  for _, set in pairs(groups) do
    count(set, 1)
  end
  for _, set in pairs(outside) do
    count(set, 1)
  end
  for _, change in ipairs(changes) do
    count(set_of(change.joins), 1)
    count(set_of(change.leaves), -1)
    if change.uninvite then
      count(outside[fold(change.invited)] or {}, -1)
    end
  end
  return changes, unchanged, sizes
end

return M
