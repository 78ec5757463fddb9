--- Activities: audit events, newest first (unified-directory §5.4). They are read when they are asked
-- for, in windows that grow until a page is full.
-- @module lastpass.unified.activities
local activity_reader = require "lastpass.unified.activity_reader"
local cursor = require "lastpass.unified.cursor"
local filters = require "lastpass.unified.filters"
local lists = require "lastpass.unified.lists"
local problems = require "lastpass.unified.problems"
local query = require "lastpass.unified.query"

local M = {
  name = "activities",
  what = "activity in this span of time; ask with the created_at of the list it came from",
  is_live = true, -- not of the directory that was read
  collection = { list = true },
  item = { get = true },
  scalars = {
    id = true,
    organization = true,
    description = true,
    action = true,
    entity = true,
    entity_type = true,
    created_at = true,
  },
}

local DAY = 24 * 60 * 60
local LONGEST_SPAN = 366 * DAY
local DEFAULT_SPAN = 7 * DAY

M.filters = {
  created_at = {
    kind = "time",
    value = function(item)
      return item.at
    end,
  },
  action = {
    kind = "exact",
    value = function(item)
      return item.object.action
    end,
  },
  entity_type = {
    kind = "exact",
    value = function(item)
      return item.object.entity_type
    end,
  },
  organization_id = filters.organization,
}

-- `actor[type]`, `actor[user][id]`: an object that no other resource has.
local function actor_test(tree)
  local actor = tree.actor
  if actor == nil then
    return function()
      return true
    end
  elseif type(actor) ~= "table" then
    return query.bad("actor", "must be an object: actor[type] or actor[user][id]")
  end
  local user = type(actor.user) == "table" and actor.user.id or nil
  for name in pairs(actor) do
    if name ~= "type" and name ~= "user" or name == "user" and type(user) ~= "string" then
      return query.bad("actor", "knows actor[type] and actor[user][id]")
    end
  end
  return function(item)
    local found = item.object.actor
    return (not actor.type or found.type == actor.type)
      and (not user or found.user ~= nil and found.user.id == user)
  end
end

-- The span that is asked for; the API's borders are whole seconds and belong to it.
local function span_of(call)
  local from, to = call.now - DEFAULT_SPAN, call.now
  local given = call.query.created_at and filters.times(call.query.created_at) or {}
  for _, comparison in ipairs(given) do
    local name, at = comparison[1], comparison[2]
    if name == "gt" or name == "gte" then
      from = at - 1
    elseif name == "lt" or name == "lte" then
      to = at + 1
    else
      from, to = at - 1, at + 1
    end
  end
  if call.query.created_at and from > to then
    from = to - DEFAULT_SPAN
  end
  if to - from > LONGEST_SPAN then
    return problems.fail(400, "created_at must name a span of at most 366 days")
  end
  return from, to
end

local function tests_of(call)
  local tree = {}
  for name, value in pairs(call.query) do
    tree[name] = name ~= "actor" and value or nil
  end
  local wanted, problem = filters.read(tree, M.filters)
  if not wanted then
    return nil, problem
  end
  local actor
  actor, problem = actor_test(call.query)
  if not actor then
    return nil, problem
  end
  return function(item)
    return wanted.test(item, call) and actor(item)
  end,
    filters.canonical(call.query, { "actor" }, wanted.canonical)
end

-- Reads what stands behind the cursor; the walk over it begins at its first item.
local function read(call)
  local test, canonical = tests_of(call)
  if not test then
    return nil, canonical
  end
  local ok, problem = lists.check_sort(call)
  if not ok then
    return nil, problem
  end
  local walk = {
    resource = M.name,
    digest = cursor.digest { call.cid, M.name, canonical, "newest" },
  }
  local keys
  if call.output.cursor then
    keys, problem = cursor.read(call.settings, walk, call.output.cursor, call.now)
    if not keys then
      return nil, problem
    end
  end
  local from, to = span_of(call)
  if not from then
    return nil, to
  end
  if keys then
    from, to = tonumber(keys[3]), tonumber(keys[1])
  end
  local index
  index, problem = call:index()
  if not index then
    return nil, problem
  end
  walk.items, problem =
    activity_reader.collect(call, { from = from, to = to, keys = keys }, index, test)
  walk.from = from
  return walk.items and walk, problem
end

--- Lists activities, newest first; those of the last seven days when no span is named.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  local walk, problem = read(call)
  if not walk then
    return nil, problem
  end
  local items = walk.items
  walk.count = #items
  walk.keys_at = function(place)
    local item = items[place]
    return { ("%d"):format(item.at), item.object.id, ("%d"):format(walk.from) }
  end
  walk.is_after = function()
    return true
  end
  return lists.answer(call, M, walk, function(place)
    local object = items[place].object
    if not call.output.with_record then
      object.remote_data = nil
    end
    return object
  end)
end

--- One activity, looked for within the span that the request names.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.get(call)
  local from, to = span_of(call)
  if not from then
    return nil, to
  end
  local index, problem = call:index()
  if not index then
    return nil, problem
  end
  local items
  items, problem = activity_reader.window(call, from, to, index)
  if not items then
    return nil, problem
  end
  for _, item in ipairs(items) do
    if item.object.id == call.id then
      return lists.single(call, item.object)
    end
  end
  return call:not_found()
end

return M
