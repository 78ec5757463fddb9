--- Groups: names with members (unified-directory §5.1). The API makes, renames and deletes none.
-- @module lastpass.unified.groups
local filters = require "lastpass.unified.filters"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local kept_room = require "lastpass.unified.kept"
local lists = require "lastpass.unified.lists"

local M = {
  name = "groups",
  what = "group",
  collection = { list = true },
  item = { get = true },
  custom = {
    ["add-user"] = "lastpass.unified.group_writes",
    ["remove-user"] = "lastpass.unified.group_writes",
  },
  scalars = {
    id = true,
    name = true,
    description = true,
    organization = true,
    group_type = true,
    created_at = true,
    updated_at = true,
  },
}

-- The shared folders that a group has rights to.
local function workspaces_of(entry, call)
  return call:workspaces().of_group[entry.name] or {}
end

M.filters = {
  name = filters.text "name",
  organization_id = filters.organization,
  workspace = { kind = "exact", value = workspaces_of },
  workspace_id = { kind = "exact", value = workspaces_of },
}
M.filters.organization = M.filters.organization_id

--- A group as the unified directory shows one.
---@param name string
---@param members string[]|nil
---@param cid string
---@return table
function M.object(name, members, cid)
  return {
    id = ids.group(name),
    name = name,
    description = json.null,
    organization = cid,
    group_type = "group",
    created_at = json.null,
    updated_at = json.null,
    remote_data = { name = name, members = json.list(members or {}) },
  }
end

--- A page of them as the reply of getuserdata has it.
---@param items table[]
---@return table
function M.raw(items)
  local groups = {}
  for _, item in ipairs(items) do
    groups[item.remote_data.name] = item.remote_data.members
  end
  return { Groups = groups }
end

local function names_of(call, kept)
  return kept_room.once(kept, "groups", function()
    local names = {}
    for place, name in ipairs(call.view.snapshot:group_names()) do
      names[place] = { id = ids.group(name), name = name }
    end
    table.sort(names, function(a, b)
      return a.id < b.id
    end)
    return names
  end)
end

local function members_of(call, name)
  local group = call.view.snapshot:group(name)
  return group and group._members
end

--- The groups.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  local kept, problem = call:kept()
  local ok
  if kept then
    ok, problem = call:prepare_workspaces()
  end
  if not ok then
    return nil, problem
  end
  return lists.of(call, M, names_of(call, kept), function(entry)
    local members = call.output.with_record and members_of(call, entry.name)
    return M.object(entry.name, members or nil, call.cid)
  end)
end

--- One group.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.get(call)
  local view, problem = call:directory()
  if not view then
    return nil, problem
  end
  local name = ids.group_name(call.id)
  local members = name and members_of(call, name)
  return lists.single(call, members and M.object(name, members, call.cid))
end

return M
