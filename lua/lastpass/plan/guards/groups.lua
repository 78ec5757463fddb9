--- Guards that hold memberships: what LastPass would not take, and names that are spelled otherwise.
-- @module lastpass.plan.guards.groups
local draft = require "lastpass.plan.steps.draft"
local holding = require "lastpass.plan.guards.holding"
local json = require "lastpass.json"
local unicode = require "lastpass.unicode"

local M = {}

--- LastPass's own limits, as its admin console states them.
M.MAX_GROUP_MEMBERS = 2000
M.MAX_GROUPS = 1000

-- Who cannot join a group does not leave others either: they would be left with less than before.
local function hold_join(step, work, code, why, name)
  local kept = json.list {}
  for _, group in ipairs(step.after.join) do
    if group ~= name then
      kept[#kept + 1] = group
    end
  end
  if #kept == 0 then
    return draft.hold(work, step, code, why)
  end
  local held = { join = json.list { name }, leave = step.after.leave }
  holding.part(work, step, code, why, held)
  step.after = { join = kept, leave = json.list {} }
end

local function hold_group(work, name, code, why)
  for _, step in ipairs(holding.open_steps(work)) do
    for _, group in ipairs(step.after and step.after.join or {}) do
      if group == name and step.kind == "groups" then
        hold_join(step, work, code, why, name)
        break
      end
    end
    if step.kind == "create" then
      for _, group in ipairs(step.after.groups) do
        if group == name then
          draft.hold(work, step, code, why)
          break
        end
      end
    end
  end
end

local function joined_groups(work)
  local names, seen = {}, {}
  for _, step in ipairs(holding.open_steps(work)) do
    local joined = step.kind == "create" and step.after.groups
      or step.kind == "groups" and step.after.join
      or {}
    for _, name in ipairs(joined) do
      if not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

-- What a reader would take for the same name: letters in the other case, and what looks the same.
local function spellings_of(name)
  return unicode.key((name:gsub("%s+", " "))), unicode.skeleton(name) or name
end

local function note_spelling(spelled, name)
  local folded, skeleton = spellings_of(name)
  spelled[folded], spelled[skeleton] = spelled[folded] or name, spelled[skeleton] or name
end

local TOO_LARGE = "group '%s' would have %d members; LastPass allows %d"
local OTHER_SPELLING = "there is no group '%s', but one named '%s'"
local CONTROL = "there is no group '%s', and its name has a control character or a line end"
local TOO_MANY = "group '%s' would be number %d; LastPass allows %d"
local NEW_GROUP = "group '%s' is new; whether LastPass makes a group that is only named is unknown"

local function check_sizes(work, names)
  local sizes = work.changes:group_sizes(names)
  for _, name in ipairs(names) do
    local size = sizes[name] + (work.more_members[name] or 0)
    if size > M.MAX_GROUP_MEMBERS then
      hold_group(work, name, "group_too_large", TOO_LARGE:format(name, size, M.MAX_GROUP_MEMBERS))
    end
  end
end

local function check_names(work, names)
  local present, spelled, count = {}, {}, 0
  for _, name in ipairs(work.rows:group_names()) do
    present[name] = true
    note_spelling(spelled, name)
    count = count + 1
  end
  for _, name in ipairs(names) do
    local folded, skeleton = spellings_of(name)
    local near = not present[name] and (spelled[folded] or spelled[skeleton])
    if near then
      local why = OTHER_SPELLING:format(unicode.shown(name, near), unicode.shown(near, name))
      hold_group(work, name, "group_spelling", why)
    elseif not present[name] and name:find "%c" then
      hold_group(work, name, "group_spelling", CONTROL:format(name))
    elseif not present[name] then
      count = count + 1
      if count > M.MAX_GROUPS then
        hold_group(work, name, "too_many_groups", TOO_MANY:format(name, count, M.MAX_GROUPS))
      else
        work.warnings[#work.warnings + 1] = NEW_GROUP:format(name)
      end
      note_spelling(spelled, name) -- a second new one is spelled otherwise
    end
  end
end

--- Holds what LastPass would refuse, and memberships of groups that are there by another spelling.
---@param work table of `steps.compute`
function M.check(work)
  local names = joined_groups(work)
  if #names > 0 then
    check_sizes(work, names)
    check_names(work, names)
  end
end

return M
