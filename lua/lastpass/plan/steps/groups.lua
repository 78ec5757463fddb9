--- Steps for groups that are declared with all their members, and which groups are managed at all.
-- @module lastpass.plan.steps.groups
local draft = require "lastpass.plan.steps.draft"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local key_of = require("lastpass.email").fold
local unicode = require "lastpass.unicode"

local M = {}

local add, image_of, with = draft.add, draft.image_of, draft.with

-- Every group that the company or the playbook has, as a set.
local function known_groups(declared, rows)
  local known = {}
  for _, list in ipairs { rows:group_names(), declared.wanted:group_names() } do
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

local function matching(pattern, known)
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
        names = matching(name, known)
      else
        local near = errors.did_you_mean(name, errors.names_of(known))
        if near ~= "" then
          return nil, UNKNOWN_ONLY:format(declared.only_origin, name, near)
        end
        names = {}
      end
      if #names == 0 then -- perhaps one that has lost its last member, which is then not told
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

--- Of declared groups those that are managed, sorted.
---@param work table a draft
---@param groups string[]|nil
---@return string[]
function M.only_managed(work, groups)
  local kept = json.list {}
  for _, name in ipairs(groups or {}) do
    if not work.only or work.only[name] then
      kept[#kept + 1] = name
    end
  end
  table.sort(kept)
  return kept
end

-- How many people are declared to be in each group, and whether anybody's groups are, be they none.
local function declared_members(declared)
  local counts, wanted, is_declared = {}, declared.wanted, next(declared.groups) ~= nil
  for row = 1, #wanted do
    local _, _, groups = wanted:row(row)
    is_declared = is_declared or groups ~= nil
    for _, name in ipairs(groups or {}) do
      counts[name] = (counts[name] or 0) + 1
    end
  end
  for name, group in pairs(declared.groups) do
    for _, address in ipairs(group.members) do
      local row = wanted:find(address)
      local groups = row and select(3, wanted:row(row))
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

local NOTED = 20 -- groups; more would hide the plan
local NOT_LISTED = "group '%s' is declared for %d %s, but 'only' does not list it: it is left alone"
local MORE = "%d more groups are declared, and 'only' does not list them: they are left alone"
local UNUSED = "'only' lists %s, and the playbook declares nobody in %s: "
  .. "whoever is in it leaves it where their groups are declared"
local NOTHING = "'only' is said, and the playbook declares nobody's groups: it has no effect"

local function warn(work, format, ...)
  work.warnings[#work.warnings + 1] = format:format(...)
end

--- Notes what `only` leaves out, and what it names in vain.
---@param work table a draft, before groups are merged into rows
function M.note_only(work)
  local declared = work.declared
  if not work.only then
    return
  end
  for _, pattern in ipairs(declared.only_unmatched) do
    warn(work, UNMATCHED, pattern)
  end
  local counts, is_declared = declared_members(declared)
  local unlisted, unused = {}, {}
  for name in pairs(counts) do
    if not work.only[name] then
      unlisted[#unlisted + 1] = name
    end
  end
  table.sort(unlisted)
  for place = 1, math.min(#unlisted, NOTED) do
    local name = unlisted[place]
    local count = counts[name]
    warn(work, NOT_LISTED, name, count, count == 1 and "person" or "people")
  end
  if #unlisted > NOTED then
    warn(work, MORE, #unlisted - NOTED)
  end
  if not is_declared then
    return warn(work, NOTHING)
  end
  for _, name in ipairs(declared.settings.only) do
    if work.only[name] and not counts[name] and not declared.managed[name] then
      unused[#unused + 1] = ("'%s'"):format(name)
    end
  end
  if #unused > 0 then
    table.sort(unused)
    warn(work, UNUSED, table.concat(unused, ", "), #unused == 1 and "it" or "them")
  end
end

-- The names of groups that are declared with all their members and are managed, sorted.
local function managed_words(work)
  local names = json.list {}
  for name in pairs(work.declared.groups) do
    names[#names + 1] = name
  end
  return M.only_managed(work, names)
end

-- Merges a change of groups into the step that the person may have already.
local function change_group(work, subject, field, name, origin)
  local step = draft.step_of(work, "groups", subject)
  if not step and field == "leave" and draft.is_beyond(work, "groups", "group") then
    return
  elseif not step then
    step = add(
      work,
      "groups",
      subject,
      with({
        reason = ("the members of %s are declared"):format(name),
        rule = "group",
        origin = origin,
      }, { groups = image_of(work, subject).groups }, {
        join = json.list {},
        leave = json.list {},
      })
    )
  end
  for _, present in ipairs(step.after[field]) do
    if present == name then
      return
    end
  end
  table.insert(step.after[field], name)
  table.sort(step.after[field])
  work.more_members[name] = (work.more_members[name] or 0) + (field == "join" and 1 or -1)
end

-- Whether the comparison in the core has not looked at the groups of somebody.
local function is_open(work, row)
  if not row then
    return true
  end
  local _, _, groups = work.declared.wanted:row(row)
  return groups == nil and not draft.row_in_doubt(work, row)
end

-- Whoever is declared inactive gets nothing new.
local function is_inactive(work, row)
  return row ~= nil and select(4, work.declared.wanted:row(row)) == false
end

-- Who a member is in the directory: they may have another address there.
local function member_of(work, address)
  local row = work.declared.wanted:find(address)
  local user = row and draft.user_of(work, row)
  return user and draft.address_of(work, user) or address, row
end

local NO_MEMBER = "is declared a member of %s and is not in the directory%s"

-- Who a member may be meant to be, for people.
local function resembled(work, address)
  local user = work.snapshot:user(unicode.skeleton(address) or address)
  return user and ("; it looks like " .. unicode.shown(user.email, address)) or ""
end

local function join(work, name, group, present)
  local members, unknown = {}, 0
  for place, address in ipairs(group.members) do
    local subject, row = member_of(work, address)
    local key = key_of(subject)
    members[key], members[key_of(address)] = true, true
    local status = image_of(work, subject).status
    if status == "absent" and not row then
      draft.problem(
        work,
        "no_such_user",
        address,
        NO_MEMBER:format(name, resembled(work, address)),
        group.origins[place] or group.origin
      )
      unknown = unknown + 1
    elseif
      present[key]
      or not is_open(work, row)
      or is_inactive(work, row)
      or draft.in_doubt(work, subject)
    then
      members[key] = true -- nothing to do, or nothing that is certain
    elseif status == "invited" then
      work.waiting = work.waiting + 1
    elseif status ~= "absent" then
      change_group(work, subject, "join", name, group.origin)
    end
  end
  work.unknown_members[name] = unknown > 0 and unknown or nil
  return members
end

local function is_going(work, subject)
  for _, kind in ipairs { "uninvite", "remove", "delete" } do
    if draft.step_of(work, kind, subject) then
      return true
    end
  end
  return false
end

local function leave(work, name, group, members, subject)
  local user = work.rows:find(subject)
  if
    not members[key_of(subject)]
    and is_open(work, draft.row_of(work, subject))
    and not (user and draft.user_in_doubt(work, user) or draft.in_doubt(work, subject))
    and not is_going(work, subject)
  then
    change_group(work, subject, "leave", name, group.origin)
  end
end

--- Members of groups that are declared as a whole, as far as their own groups are not declared; those
-- whose are have been compared already.
---@param work table a draft
function M.exact(work)
  for _, name in ipairs(managed_words(work)) do
    local group = work.declared.groups[name]
    local list, present = work.rows:members(name) or {}, {}
    for _, address in ipairs(list) do
      present[key_of(address)] = true
    end
    local members = join(work, name, group, present)
    for _, address in ipairs(list) do
      leave(work, name, group, members, address)
    end
  end
end

--- Members that a group word names join the groups of people whose groups are declared elsewhere, and
-- are mentioned.
---@param work table a draft
function M.merge(work)
  local wanted = work.declared.wanted
  for _, name in ipairs(managed_words(work)) do
    work.declared.managed[name] = true
    for _, address in ipairs(work.declared.groups[name].members) do
      local row = wanted:find(address)
      if row and select(3, wanted:row(row)) ~= nil then
        wanted:add_groups(row, { name })
      end
    end
  end
end

--- Everybody whom a group word names: they are not missing, whatever groups are managed.
---@param work table a draft
---@return table<string, true> keys of addresses
function M.mentioned(work)
  local mentioned = {}
  for _, group in pairs(work.declared.groups) do
    for _, address in ipairs(group.members) do
      mentioned[key_of(address)] = true
    end
  end
  return mentioned
end

--- The groups that a new person begins with.
---@param work table a draft
---@param row integer of the desired state
---@return string[]
function M.of_new(work, row)
  local address, _, groups = work.declared.wanted:row(row)
  if groups then
    return M.only_managed(work, groups) -- the group words are among them
  end
  local names = json.list {}
  for _, name in ipairs(managed_words(work)) do
    for _, member in ipairs(work.declared.groups[name].members) do
      if key_of(member) == key_of(address) then
        names[#names + 1] = name
        work.more_members[name] = (work.more_members[name] or 0) + 1
        break
      end
    end
  end
  return names
end

--- The names of the groups whose memberships are compared.
---@param work table a draft
---@return string[]
function M.managed(work)
  if work.only then
    return work.declared.only
  end
  local names, seen = {}, {}
  for _, name in ipairs(work.declared.wanted:group_names()) do
    names[#names + 1], seen[name] = name, true
  end
  for name in pairs(work.declared.managed) do
    if not seen[name] then
      names[#names + 1] = name
    end
  end
  return names
end

return M
