--- Which users a list shows and in which order (unified-directory §2.3), selected once for a view.
-- @module lastpass.unified.user_filters
local cache = require "lastpass.unified.cache"
local cursor = require "lastpass.unified.cursor"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local filters = require "lastpass.unified.filters"
local ids = require "lastpass.unified.ids"
local order = require "lastpass.unified.order"
local query = require "lastpass.unified.query"
local texts = require "lastpass.unified.texts"
local time = require "lastpass.time"
local user_object = require "lastpass.unified.user_object"

local M = {}

local PIECE = 512 -- users between pauses
local SELECTIONS = 16 -- cached for each view
local LONGEST_KEY = 120 -- bytes of what a list is sorted by; a cursor holds one

-- Each function gets an entry {user, id} and the call.
local value = {
  id = function(entry)
    return entry.id
  end,
  email = function(entry)
    return entry.user.email
  end,
  name = function(entry)
    return user_object.trim_name(entry.user.fullname)
  end,
  first_name = function(entry)
    return (user_object.split_name(entry.user.fullname))
  end,
  last_name = function(entry)
    return (select(2, user_object.split_name(entry.user.fullname)))
  end,
  status = function(entry, call)
    return user_object.status(entry.user, call.settings)
  end,
  mfa = function(entry)
    return user_object.has_mfa(entry.user)
  end,
  role = function(entry)
    return user_object.account_role(entry.user).id
  end,
  user_type = function(entry)
    return entry.user.admin and "admin" or "user"
  end,
  -- Names of groups, and their ids.
  groups = function(entry)
    local list = {}
    for _, name in ipairs(entry.user.groups) do
      list[#list + 1] = name
      list[#list + 1] = ids.group(name)
    end
    return list
  end,
  workspaces = function(entry, call)
    return call:workspaces().of_user[email.fold(entry.user.email)] or {}
  end,
  created_at = function(entry)
    return entry.user.created
  end,
  updated_at = function()
    return nil
  end,
  last_login_at = function(entry)
    return entry.user.last_login
  end,
}

--- What `users?…` may name.
---@type table<string, lastpass.unified.Filter>
M.filters = {
  id = { kind = "exact", value = value.id },
  username = { kind = "address", value = value.email },
  emails = { kind = "address", value = value.email, inner = "email" },
  email = { kind = "address", value = value.email },
  name = { kind = "text", value = value.name },
  first_name = { kind = "text", value = value.first_name },
  last_name = { kind = "text", value = value.last_name },
  status = { kind = "exact", value = value.status },
  is_2fa_enabled = { kind = "truth", value = value.mfa },
  role_id = { kind = "exact", value = value.role },
  user_type = { kind = "exact", value = value.user_type },
  group = { kind = "exact", value = value.groups },
  group_id = { kind = "exact", value = value.groups },
  organization_id = filters.organization,
  workspace = { kind = "exact", value = value.workspaces },
  workspace_id = { kind = "exact", value = value.workspaces },
  created_at = { kind = "time", value = value.created_at },
  updated_at = { kind = "time", value = value.updated_at },
  last_login_at = { kind = "time", value = value.last_login_at },
}

local function iso(at)
  return at and time.iso(at) or ""
end

local function folded(text)
  return text and texts.fold(text) or ""
end

-- What `sort_by` may name: the value, and how it becomes a string.
local sortable = {
  created_at = { value.created_at, iso },
  last_login_at = { value.last_login_at, iso },
  emails = { value.email, folded },
  username = { value.email, folded },
  name = { value.name, folded },
  first_name = { value.first_name, folded },
  last_name = { value.last_name, folded },
  status = { value.status, tostring },
  roles = { value.role, tostring },
}

-- `sort_by=name`, or `-name` for the reverse; an empty table for the order of ids.
local function read_sort(text)
  if not text or text == "id" then
    return {}
  end
  local minus, name = text:match "^(%-?)(.*)$"
  local chosen = sortable[name]
  if not chosen then
    local known = table.concat(errors.names_of(sortable), ", ")
    return query.bad("sort_by", "must be one of id, " .. known)
  end
  return {
    name = text,
    descending = minus == "-",
    key = function(entry, call)
      return chosen[2](chosen[1](entry, call)):sub(1, LONGEST_KEY)
    end,
  }
end

-- Whether one comes before another: by key, then by id.
local function comparison(sort)
  return function(key_a, id_a, key_b, id_b)
    if key_a ~= key_b then
      if sort.descending then
        return key_a > key_b
      end
      return key_a < key_b
    end
    return ids.before(id_a, id_b)
  end
end

-- The positions in the index of the users that match, and what they are sorted by.
local function select_users(call, index, filter, sort, pause)
  local positions, keys = {}, {}
  for position = 1, #index.ids do
    local entry = { user = index:user(position), id = index.ids[position] }
    if filter.test(entry, call) then
      positions[#positions + 1] = position
      keys[position] = sort.key and sort.key(entry, call)
    end
    if position % PIECE == 0 then
      pause()
    end
  end
  if sort.key then
    local before, names = comparison(sort), index.ids
    positions = order.sort(positions, function(a, b)
      return before(keys[a], names[a], keys[b], names[b])
    end, pause)
  end
  return { positions = positions, keys = keys }
end

local function walk_by_key(walk, index, selection, sort)
  local before, names = comparison(sort), index.ids
  walk.keys_at = function(at)
    local position = selection.positions[at]
    return { names[position], concealed = selection.keys[position] }
  end
  walk.is_after = function(at, keys)
    local position = selection.positions[at]
    return before(keys.concealed or "", keys[1] or "", selection.keys[position], names[position])
  end
end

local function walk_by_id(walk, index, position_at)
  local names = index.ids
  walk.keys_at = function(at)
    return { names[position_at(at)] }
  end
  walk.is_after = function(at, keys)
    return ids.before(keys[1] or "", names[position_at(at)])
  end
end

local function unchanged(at)
  return at
end

--- The walk that a request asks for.
---@param call lastpass.unified.Call
---@param index lastpass.unified.Index
---@return lastpass.unified.Walk|nil walk
---@return fun(at: integer): integer|lastpass.unified.Problem position_at positions in the index
function M.walk(call, index)
  local filter, problem = filters.read(call.query, M.filters)
  local sort
  if filter then
    sort, problem = read_sort(call.output.sort)
  end
  if not sort then
    return nil, problem
  end
  local walk = {
    resource = "users",
    digest = cursor.digest { call.cid, "users", filter.canonical, sort.name or "id" },
    count = #index.ids,
  }
  local position_at, selection = unchanged, nil
  if filter.count > 0 or sort.key then
    local cached = call:cache()
    selection = cache.among(cached, "selections", walk.digest, SELECTIONS, function()
      return select_users(call, index, filter, sort, cached.pause)
    end)
    walk.count = #selection.positions
    function position_at(at)
      return selection.positions[at]
    end
  end
  if sort.key then
    walk_by_key(walk, index, selection, sort)
  else
    walk_by_id(walk, index, position_at)
  end
  return walk, position_at
end

return M
