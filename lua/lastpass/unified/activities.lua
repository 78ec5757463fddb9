--- Activities: audit events, newest first (unified-directory §5.4). They are read when they are asked
-- for, in windows that grow until a page is full.
-- @module lastpass.unified.activities
local audit = require "lastpass.audit"
local cursor = require "lastpass.unified.cursor"
local events_module = require "lastpass.directory.events"
local filters = require "lastpass.unified.filters"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local lists = require "lastpass.unified.lists"
local problems = require "lastpass.unified.problems"
local query = require "lastpass.unified.query"
local texts = require "lastpass.unified.texts"
local time = require "lastpass.time"

local M = {}

local null = json.null

local DAY = 24 * 60 * 60
local LONGEST_SPAN = 366 * DAY
local DEFAULT_SPAN = 7 * DAY
local FIRST_WINDOW = 60 * 60

local NOT_FOUND = "there is no activity with that id in this span of time; ask with the "
  .. "created_at of the list it came from"

-- What events are called in the unified directory; names that are not listed, and those in other languages,
-- stay as they are.
local labels_by_name = {
  login = { "Log in", "Login", "LastPass Login", "SAML Login", "Login to Admin Console" },
  login_failed = { "Failed Login Attempt" },
  user_invited = { "Employee Invited", "Re-invite User" },
  user_created = { "Employee Account Created", "Created LastPass Account", "User provisioned" },
  user_deactivated = { "Deactivated User", "Deactivating User" },
  user_deleted = { "Employee Account Deleted", "Remove User From Company", "User deprovisioned" },
  user_updated = {
    "Reactivated User",
    "Make Admin",
    "Remove Admin",
    "Require Password Change",
    "Username Changed",
    "Master Password Changed",
  },
  exported = { "Data export", "Data printed" },
  create = {
    "Add Policy",
    "Create Group",
    "Created Shared Folder",
    "Site Added",
    "Add Secure Note",
  },
  destroy = {
    "Delete Policy",
    "Delete Group",
    "Deleted Shared Folder",
    "Permanently Deleted Shared Folder",
    "Deleted Sites",
  },
  updated = {
    "Edit Policy",
    "Rename Group",
    "Renamed Shared Folder",
    "Update Folder Permissions",
    "Site Changed",
    "Edit Secure Note",
  },
}

local name_by_label = {}
for name, labels in pairs(labels_by_name) do
  for _, label in ipairs(labels) do
    name_by_label[label:lower()] = name
  end
end

-- Calls of this API have no person behind them.
local function actor_of(event, index)
  local name = event.username
  if name == "" or name:upper() == "API" then
    return { type = "system" }
  end
  local id = name:find("@", 1, true) and index:id_of(name)
  return { type = "user", user = id and { id = id } or nil }
end

local entity_types = { user = "user", folder = "workspace", group = "group" }

-- What the event is about, where it names one item only.
local function entity_of(event, index)
  local action = audit.find(event.action)
  local targets = audit.targets(action.data, event.data)
  local target = #targets == 1 and targets[1]
  local kind = target and entity_types[target.kind]
  if not kind then
    return null, null
  elseif kind == "user" then
    return index:id_of(target.value) or null, kind
  elseif kind == "group" then
    return ids.group(target.value), kind
  end
  return target.value, kind
end

-- An event as the unified directory shows one; `number` counts equal events of one second.
local function new_item(call, event, number, index)
  local entity, entity_type = entity_of(event, index)
  local description, data = event.action, call.settings.redact(event.data)
  if data ~= "" then
    description = description .. ": " .. data
  end
  local ip_address = event.ip_address ~= "" and event.ip_address or null
  return {
    at = event.time or 0,
    object = {
      id = ids.activity(event, number),
      actor = actor_of(event, index),
      organization = call.cid,
      group = null,
      description = texts.clean(description),
      action = name_by_label[event.action:lower()] or event.action,
      entity = entity,
      entity_type = entity_type,
      context = { ip_address = ip_address, user_agent = null },
      created_at = event.time and time.iso(event.time) or null,
      remote_data = {
        Time = event.local_time,
        Username = event.username,
        IP_Address = event.ip_address,
        Action = event.action,
        Data = data,
      },
    },
  }
end

-- The events of a window, newest first.
local function read_window(call, from, to, index)
  local events, message, err = events_module.read(call.tenant:client(), { from = from, to = to })
  if not events then
    return call:fail(message, err)
  end
  local items, numbers = {}, {}
  for position = #events, 1, -1 do
    local event = events[position]
    local same = table.concat({
      event.local_time,
      event.username,
      event.ip_address,
      event.action,
      event.data,
    }, "\0")
    numbers[same] = (numbers[same] or 0) + 1
    items[#items + 1] = new_item(call, event, numbers[same], index)
  end
  table.sort(items, function(a, b)
    if a.at ~= b.at then
      return a.at > b.at
    end
    return a.object.id > b.object.id
  end)
  return items
end

local function is_after(item, keys)
  if not keys then
    return true
  end
  local at = tonumber(keys[1])
  return item.at < at or item.at == at and item.object.id < keys[2]
end

-- Reads windows from the newest on, each four times as long as the last, until more than a page matches.
local function read_page(call, from, to, keys, index, test)
  local matching, window = {}, FIRST_WINDOW
  while to >= from do
    local start = math.max(from, to - window)
    local items, problem = read_window(call, start, to, index)
    if not items then
      return nil, problem
    end
    for _, item in ipairs(items) do
      -- a second belongs to one window only
      local is_within = (item.at > start or start == from) and item.at <= to
      if is_within and is_after(item, keys) and test(item) then
        matching[#matching + 1] = item
      end
    end
    if #matching > call.output.limit or start == from then
      break
    end
    to, window = start, window * 4
  end
  return matching
end

local function exact(name)
  return {
    kind = "exact",
    value = function(item)
      return item.object[name]
    end,
  }
end

--- What `activities?…` may name, beside `actor`.
M.filters = {
  created_at = {
    kind = "time",
    value = function(item)
      return item.at
    end,
  },
  action = exact "action",
  entity_type = exact "entity_type",
  organization_id = filters.organization,
}

-- `actor[type]`, `actor[user][id]`: an object that no other resource has.
local function read_actor(tree)
  local expected = tree.actor
  if expected == nil then
    return function()
      return true
    end
  elseif type(expected) ~= "table" then
    return query.bad("actor", "must be an object: actor[type] or actor[user][id]")
  end
  local user = type(expected.user) == "table" and expected.user.id or nil
  for name in pairs(expected) do
    if name ~= "type" and name ~= "user" or name == "user" and type(user) ~= "string" then
      return query.bad("actor", "knows actor[type] and actor[user][id]")
    end
  end
  return function(item)
    local actor = item.object.actor
    return (not expected.type or actor.type == expected.type)
      and (not user or actor.user ~= nil and actor.user.id == user)
  end
end

-- The test of all filters, and their text for cursors.
local function read_filters(call)
  local tree = {}
  for name, value in pairs(call.query) do
    tree[name] = name ~= "actor" and value or nil
  end
  local filter, problem = filters.read(tree, M.filters)
  local is_actor
  if filter then
    is_actor, problem = read_actor(call.query)
  end
  if not is_actor then
    return nil, problem
  end
  return function(item)
    return filter.test(item, call) and is_actor(item)
  end,
    filters.canonical(call.query, { "actor" }, filter.canonical)
end

-- The span that is asked for; the API's limits are whole seconds and belong to it.
local function read_span(call)
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

-- Reads what follows the cursor; the walk begins at its first item.
local function read_walk(call)
  local test, canonical = read_filters(call)
  local problem = canonical
  local ok = test
  if test then
    ok, problem = lists.check_sort(call)
  end
  if not ok then
    return nil, problem
  end
  local walk = {
    resource = "activities",
    digest = cursor.digest { call.cid, "activities", canonical, "newest" },
  }
  local keys
  if call.output.cursor then
    keys, problem = cursor.read(call.settings, walk, call.output.cursor, call.now)
    if not keys then
      return nil, problem
    end
  end
  local from, to = read_span(call)
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
  walk.items, problem = read_page(call, from, to, keys, index, test)
  walk.from = from
  return walk.items and walk, problem
end

--- Lists activities, newest first; without a span those of the last seven days.
---@param call lastpass.unified.Call
---@param resource lastpass.unified.Resource
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call, resource)
  local walk, problem = read_walk(call)
  if not walk then
    return nil, problem
  end
  local items = walk.items
  walk.count = #items
  walk.keys_at = function(position)
    local item = items[position]
    return { ("%d"):format(item.at), item.object.id, ("%d"):format(walk.from) }
  end
  walk.is_after = function()
    return true
  end
  return lists.answer(call, resource, walk, function(position)
    local object = items[position].object
    if not call.output.with_record then
      object.remote_data = nil
    end
    return object
  end)
end

--- The activity of an id, searched within the span that the request names.
---@param call lastpass.unified.Call
---@return table|nil activity
---@return lastpass.unified.Problem? problem
function M.find(call)
  local from, to = read_span(call)
  if not from then
    return nil, to
  end
  local index, problem = call:index()
  local items
  if index then
    items, problem = read_window(call, from, to, index)
  end
  if not items then
    return nil, problem
  end
  for _, item in ipairs(items) do
    if item.object.id == call.id then
      return item.object
    end
  end
  return problems.fail(404, NOT_FOUND)
end

return M
