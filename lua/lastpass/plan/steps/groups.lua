--- Steps for groups that are declared with all their members, and which groups are managed at all.
-- @module lastpass.plan.steps.groups
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local unicode = require "lastpass.unicode"

local M = {}

local key_of = email.fold

-- Every group that the company or the playbook has, as a set.
local function known_groups(declared, rows)
  local known = {}
  for _, list in ipairs { rows:group_names(), declared.desired:group_names() } do
    for _, name in ipairs(list) do
      known[name] = true
    end
  end
  for _, set in ipairs { declared.groups, declared.managed } do
    for name in pairs(set) do
      known[name] = true
    end
  end
  return known
end

local function names_like(pattern, known)
  local names = {}
  pattern = "^" .. pattern:gsub("%p", "%%%0"):gsub("%%%*", ".*") .. "$"
  for name in pairs(known) do
    if name:find(pattern) then
      names[#names + 1] = name
    end
  end
  return names
end

local UNKNOWN_ONLY = "%s: only: neither the company nor the playbook has a group '%s'%s"
local UNMATCHED = "'only' lists '%s', and neither the company nor the playbook has such a group"

--- Finds the groups that `only` means, and keeps them as `declared.only`.
---@param declared lastpass.plan.Declared
---@param rows userdata of core.snapshot
---@return boolean|nil ok
---@return string? message when it names a group that does not exist, and there is one of nearly that name
function M.resolve_only(declared, rows)
  local given = declared.settings.only
  if not given then
    return true
  end
  local known, seen = known_groups(declared, rows), {}
  declared.only, declared.only_unmatched = {}, {}
  for _, name in ipairs(given) do
    local names = { name }
    if not known[name] then
      if name:find("*", 1, true) then
        names = names_like(name, known)
      else
        local near = errors.did_you_mean(name, errors.names_of(known))
        if near ~= "" then
          return nil, UNKNOWN_ONLY:format(declared.only_origin, name, near)
        end
        names = {}
      end
      if #names == 0 then -- perhaps one that has lost its last member, which the API does not name
        table.insert(declared.only_unmatched, name)
      end
    end
    for _, one in ipairs(names) do
      if not seen[one] then
        seen[one] = true
        table.insert(declared.only, one)
      end
    end
  end
  return true
end

-- Of declared groups those that are managed, sorted.
local function only_managed(builder, groups)
  local list = json.list {}
  for _, name in ipairs(groups or {}) do
    if not builder.only or builder.only[name] then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- How many people are declared to be in each group, and whether anybody's groups are, be they none.
local function declared_members(declared)
  local counts, desired, is_declared = {}, declared.desired, next(declared.groups) ~= nil
  for row = 1, #desired do
    local _, _, groups = desired:row(row)
    is_declared = is_declared or groups ~= nil
    for _, name in ipairs(groups or {}) do
      counts[name] = (counts[name] or 0) + 1
    end
  end
  for name, group in pairs(declared.groups) do
    for _, address in ipairs(group.members) do
      local row = desired:find(address)
      local groups = row and select(3, desired:row(row))
      local is_counted = false
      for _, one in ipairs(groups or {}) do
        is_counted = is_counted or one == name
      end
      counts[name] = (counts[name] or 0) + (is_counted and 0 or 1)
    end
    counts[name] = counts[name] or 0
  end
  return counts, is_declared
end

local NOT_LISTED = "group '%s' is declared for %d %s, but 'only' does not list it: it is left alone"
local MORE = "%d more groups are declared, and 'only' does not list them: they are left alone"
local UNUSED = "'only' lists %s, and the playbook declares nobody in %s: "
  .. "its members leave it where their groups are declared"
local NOTHING = "'only' is given, but the playbook declares nobody's groups: it has no effect"

--- Notes what `only` leaves out, and what it names in vain.
---@param builder lastpass.plan.Builder
function M.note_only(builder)
  local declared = builder.declared
  if not builder.only then
    return
  end
  for _, pattern in ipairs(declared.only_unmatched) do
    builder:warn(UNMATCHED, pattern)
  end
  local counts, is_declared = declared_members(declared)
  local unlisted, unused = {}, {}
  for name, count in pairs(counts) do
    if not builder.only[name] then
      local people = count == 1 and "person" or "people"
      unlisted[#unlisted + 1] = NOT_LISTED:format(name, count, people)
    end
  end
  builder:warn_of_each(unlisted, MORE)
  if not is_declared then
    return builder:warn(NOTHING)
  end
  for _, name in ipairs(declared.settings.only) do
    if builder.only[name] and not counts[name] and not declared.managed[name] then
      unused[#unused + 1] = ("'%s'"):format(name)
    end
  end
  if #unused > 0 then
    table.sort(unused)
    builder:warn(UNUSED, table.concat(unused, ", "), #unused == 1 and "it" or "them")
  end
end

-- The names of groups that are declared with all their members and are managed, sorted.
local function managed_words(builder)
  local names = json.list {}
  for name in pairs(builder.declared.groups) do
    names[#names + 1] = name
  end
  return only_managed(builder, names)
end

-- Merges a change of groups into the step that the user may have already.
local function change_group(builder, subject, field, name, origin)
  local is_new = not builder:step_of("groups", subject)
  if is_new and field == "leave" and builder:is_beyond("groups", "group") then
    return
  end
  local step = builder:groups_step(subject, {
    reason = ("the members of %s are declared"):format(name),
    rule = "group",
    origin = origin,
  })
  builder:add_group(step, field, name)
end

-- Whether the comparison in the core has not looked at the groups of somebody.
local function is_open(builder, row)
  if not row then
    return true
  end
  local _, _, groups = builder.declared.desired:row(row)
  return groups == nil and not builder:row_in_doubt(row)
end

-- Whoever is declared inactive gets nothing new.
local function is_inactive(builder, row)
  return row ~= nil and select(4, builder.declared.desired:row(row)) == false
end

-- Who a member is in the directory: they may have another address there.
local function member_of(builder, address)
  local row = builder.declared.desired:find(address)
  return row and builder:subject_of(row) or address, row
end

local NO_MEMBER = "is declared a member of %s and is not in the directory%s"

-- Who a member may be meant to be, for people.
local function resembled(builder, address)
  local user = builder.snapshot:user(unicode.skeleton(address) or address)
  return user and ("; it looks like " .. unicode.shown(user.email, address)) or ""
end

local function join_members(builder, name, group, present)
  local members, unknown = {}, 0
  for index, address in ipairs(group.members) do
    local subject, row = member_of(builder, address)
    local key = key_of(subject)
    members[key], members[key_of(address)] = true, true
    local status = builder:state_of(subject).status
    if status == "absent" and not row then
      builder:problem(
        "no_such_user",
        address,
        NO_MEMBER:format(name, resembled(builder, address)),
        group.origins[index] or group.origin
      )
      unknown = unknown + 1
    elseif
      present[key]
      or not is_open(builder, row)
      or is_inactive(builder, row)
      or builder:in_doubt(subject)
    then
      members[key] = true -- nothing to do, or nothing that is certain
    elseif status == "invited" then
      builder.waiting = builder.waiting + 1
    elseif status ~= "absent" then
      change_group(builder, subject, "join", name, group.origin)
    end
  end
  builder.unknown_members[name] = unknown > 0 and unknown or nil
  return members
end

local function is_going(builder, subject)
  for _, kind in ipairs { "uninvite", "remove", "delete" } do
    if builder:step_of(kind, subject) then
      return true
    end
  end
  return false
end

local function leave_group(builder, name, group, members, subject)
  local user = builder.rows:find(subject)
  if
    not members[key_of(subject)]
    and is_open(builder, builder:row_of(subject))
    and not (user and builder:user_in_doubt(user) or builder:in_doubt(subject))
    and not is_going(builder, subject)
  then
    change_group(builder, subject, "leave", name, group.origin)
  end
end

--- Members of groups that are declared as a whole, as far as their own groups are not declared; those
-- whose are have been compared already.
---@param builder lastpass.plan.Builder
function M.exact(builder)
  for _, name in ipairs(managed_words(builder)) do
    local group = builder.declared.groups[name]
    local list, present = builder.rows:members(name) or {}, {}
    for _, address in ipairs(list) do
      present[key_of(address)] = true
    end
    local members = join_members(builder, name, group, present)
    for _, address in ipairs(list) do
      leave_group(builder, name, group, members, address)
    end
  end
end

--- Members that a group word names join the groups of people whose groups are declared elsewhere, and
-- are mentioned.
---@param builder lastpass.plan.Builder
function M.merge(builder)
  local desired = builder.declared.desired
  for _, name in ipairs(managed_words(builder)) do
    builder.declared.managed[name] = true
    for _, address in ipairs(builder.declared.groups[name].members) do
      local row = desired:find(address)
      if row and select(3, desired:row(row)) ~= nil then
        desired:add_groups(row, { name })
      end
    end
  end
end

--- Everybody whom a group word names: they are not missing, whatever groups are managed.
---@param builder lastpass.plan.Builder
---@return table<string, true> keys of addresses
function M.mentioned(builder)
  local mentioned = {}
  for _, group in pairs(builder.declared.groups) do
    for _, address in ipairs(group.members) do
      mentioned[key_of(address)] = true
    end
  end
  return mentioned
end

--- The groups that a new person begins with.
---@param builder lastpass.plan.Builder
---@param row integer of the desired state
---@return string[]
function M.of_new(builder, row)
  local address, _, groups = builder.declared.desired:row(row)
  if groups then
    return only_managed(builder, groups) -- the group words are among them
  end
  local names = json.list {}
  for _, name in ipairs(managed_words(builder)) do
    for _, member in ipairs(builder.declared.groups[name].members) do
      if key_of(member) == key_of(address) then
        names[#names + 1] = name
        builder:count_member(name, 1)
        break
      end
    end
  end
  return names
end

--- The names of the groups whose memberships are compared.
---@param builder lastpass.plan.Builder
---@return string[]
function M.managed(builder)
  if builder.only then
    return builder.declared.only
  end
  local names, seen = {}, {}
  for _, name in ipairs(builder.declared.desired:group_names()) do
    names[#names + 1], seen[name] = name, true
  end
  for name in pairs(builder.declared.managed) do
    if not seen[name] then
      names[#names + 1] = name
    end
  end
  return names
end

return M
