--- Steps for groups that are declared with all their members, and which groups are managed at all.
-- @module lastpass.plan.steps.groups
local draft = require "lastpass.plan.steps.draft"
local json = require "lastpass.json"
local key_of = require "lastpass.directory.key"

local M = {}

local add, image_of, with = draft.add, draft.image_of, draft.with

local NOT_LISTED = "group '%s' is declared, but 'only' does not list it: it is left alone"

--- Of declared groups those that are managed, sorted.
---@param work table a draft
---@param groups string[]|nil
---@return string[]
function M.only_managed(work, groups)
  local kept = json.list {}
  for _, name in ipairs(groups or {}) do
    if not work.only or work.only[name] then
      kept[#kept + 1] = name
    elseif not work.warned[name] then
      work.warned[name] = true
      work.warnings[#work.warnings + 1] = NOT_LISTED:format(name)
    end
  end
  table.sort(kept)
  return kept
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

local function join(work, name, group, present)
  local members = {}
  for _, address in ipairs(group.members) do
    local subject, row = member_of(work, address)
    local key = key_of(subject)
    members[key], members[key_of(address)] = true, true
    local status = image_of(work, subject).status
    if status == "absent" and not row then
      draft.problem(
        work,
        "no_such_user",
        address,
        ("is declared a member of %s and is not in the directory"):format(name),
        group.origin
      )
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
    return work.declared.settings.only
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
