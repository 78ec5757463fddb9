--- Steps for groups that are declared with all their members, and which groups are managed at all.
-- @module lastpass.plan.steps.groups
local draft = require "lastpass.plan.steps.draft"
local email_room = require "lastpass.email"
local json = require "lastpass.json"

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

local function fold_set(addresses)
  local set = {}
  for _, address in ipairs(addresses) do
    set[email_room.fold(address)] = address
  end
  return set
end

-- Merges a change of groups into the step that the person may have already.
local function change_group(work, subject, field, name, origin)
  local step = work.done["groups\0" .. email_room.fold(subject)]
  if not step then
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

--- Members of groups that are declared as a whole, as far as their own groups are not declared; those
-- whose are have been compared already.
---@param work table a draft
function M.exact(work)
  local names, wanted = {}, work.declared.wanted
  for name in pairs(work.declared.groups) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local group = work.declared.groups[name]
    local members = fold_set(group.members)
    local present = {}
    for _, address in ipairs(work.rows:members(name) or {}) do
      present[email_room.fold(address)] = address
    end
    for _, address in ipairs(group.members) do
      local key = email_room.fold(address)
      local row = wanted:find(key)
      local groups = row and select(3, wanted:row(row))
      if image_of(work, address).status == "absent" and not row then
        work.problems[#work.problems + 1] = {
          code = "no_such_user",
          subject = address,
          reason = ("is declared a member of %s and is not in the directory"):format(name),
          origin = group.origin,
        }
      elseif groups == nil and not present[key] then
        local status = image_of(work, address).status
        if status == "invited" then
          work.waiting = work.waiting + 1
        elseif status ~= "absent" then
          change_group(work, address, "join", name, group.origin)
        end
      end
    end
    for key, address in pairs(present) do
      local row = wanted:find(key)
      local groups = row and select(3, wanted:row(row))
      if not members[key] and groups == nil then
        change_group(work, address, "leave", name, group.origin)
      end
    end
  end
end

--- Members that a group word names join the groups of people whose groups are declared elsewhere.
---@param work table a draft
function M.merge(work)
  local wanted = work.declared.wanted
  for name, group in pairs(work.declared.groups) do
    work.declared.managed[name] = true
    for _, address in ipairs(group.members) do
      local row = wanted:find(email_room.fold(address))
      if row and select(3, wanted:row(row)) ~= nil then
        wanted:add_groups(row, { name })
      end
    end
  end
end

--- The names of the groups whose memberships are compared.
---@param work table a draft
---@return string[]
function M.managed(work)
  local only = work.declared.settings.only
  if only then
    work.only = {}
    for _, name in ipairs(only) do
      work.only[name] = true
    end
    return only
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
