--- A bulk of changes as single requests, several under way at once where they do not depend on each other.
-- @module lastpass.scim.bulk_single
local errors = require "lastpass.error"
local parallel = require "lastpass.parallel"
local resource = require "lastpass.scim.resource"

local M = {}

local statuses = { POST = 201, PUT = 200, PATCH = 200, DELETE = 204 }

-- A copy with ids in the place of references; those that are not known yet are left out of lists of members.
local function resolve(value, ids, dropped)
  if type(value) == "string" then
    local name = value:match "^bulkId:(.+)$"
    return name and ids[name] or value
  elseif type(value) ~= "table" then
    return value
  end
  local copy = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do
    if type(key) ~= "number" then
      copy[key] = resolve(item, ids, dropped)
    end
  end
  for _, item in ipairs(value) do
    local name = dropped and type(item) == "table" and tostring(item.value):match "^bulkId:(.+)$"
    if name and not ids[name] then
      dropped[#dropped + 1] = name
    else
      copy[#copy + 1] = resolve(item, ids, dropped)
    end
  end
  return copy
end

local senders = {
  POST = function(client, entry, data)
    return client:create(entry.type, data)
  end,
  PUT = function(client, entry, data, id)
    return client:replace(entry.type, id, data, { version = entry.version })
  end,
  PATCH = function(client, entry, data, id)
    return client:patch(entry.type, id, data, { version = entry.version })
  end,
  DELETE = function(client, entry, _, id)
    return client:delete(entry.type, id, { version = entry.version })
  end,
}

local function execute(run, entry, dropped)
  local id = entry.id and resolve(entry.id, run.ids)
  local data = entry.resource or entry.operations
  data = data and resolve(data, run.ids, dropped)
  local done, _, err = senders[entry.method](run.client, entry, data, id)
  local result = { method = entry.method, bulk_id = entry.bulk_id, id = id, ok = done ~= nil }
  if done then
    result.status = statuses[entry.method]
    result.id = type(done) == "table" and done.id or id
    result.version = type(done) == "table" and resource.version(done) or nil
    run.ids[entry.bulk_id] = result.id
  else
    result.status, result.err = err.status, err
    run.failures = run.failures + 1
    run.failed[entry.bulk_id] = true
  end
  run.results[entry.index] = result
end

-- What names an operation that failed cannot be carried out.
local function give_up(run, entry)
  local _, _, err = errors.fail(
    "conflict",
    "unresolved",
    ("operation %d names something that was not created"):format(entry.index),
    { status = 412 }
  )
  run.results[entry.index] = {
    method = entry.method,
    bulk_id = entry.bulk_id,
    id = entry.id,
    ok = false,
    status = 412,
    err = err,
  }
  run.failures, run.failed[entry.bulk_id] = run.failures + 1, true
end

-- Those whose references are known, and of several on one resource the first.
local function ready_ones(run)
  local ready, touched = {}, {}
  for _, entry in ipairs(run.entries) do
    if not run.results[entry.index] then
      local is_ready = true
      for _, name in ipairs(entry.needs) do
        if run.failed[name] then
          give_up(run, entry)
        end
        is_ready = is_ready and run.ids[name] ~= nil
      end
      local target = entry.id and entry.type .. " " .. resolve(entry.id, run.ids)
      if is_ready and not run.results[entry.index] and not (target and touched[target]) then
        ready[#ready + 1] = entry
      end
      if target then
        touched[target] = true
      end
    end
  end
  return ready
end

local function is_over(run)
  return run.most_failures and run.failures >= run.most_failures
end

local function execute_ready(run, ready)
  local at_once = run.most_failures and 1 or run.client._options.in_flight
  parallel(at_once, function(spawn)
    for _, entry in ipairs(ready) do
      if at_once == 1 and is_over(run) then
        return
      elseif at_once == 1 then
        execute(run, entry)
      else
        spawn(execute, run, entry)
      end
    end
  end)
end

-- A circle: a group is created without the members that do not exist yet, which come in at the end.
local function break_circle(run)
  for _, entry in ipairs(run.entries) do
    if not run.results[entry.index] and entry.method == "POST" and entry.type == "Group" then
      local dropped = {}
      execute(run, entry, dropped)
      run.late[#run.late + 1] = { entry = entry, names = dropped }
      return true
    end
  end
  return false
end

local function add_late(run)
  for _, late in ipairs(run.late) do
    local result, members = run.results[late.entry.index], {}
    for _, name in ipairs(late.names) do
      members[#members + 1] = run.ids[name]
    end
    if result.ok and #members > 0 then
      local done, _, err = run.client:add_members(result.id, members)
      if not done then
        result.ok, result.status, result.err = false, err.status, err
      end
    end
  end
end

--- Executes prepared operations one by one.
---@param client lastpass.scim.Client
---@param entries table[] of `lastpass.scim.bulk`
---@param options table fail_on_errors
---@return lastpass.scim.BulkResult[] results
function M.run(client, entries, options)
  local run = {
    client = client,
    entries = entries,
    most_failures = options.fail_on_errors,
    ids = {},
    failed = {},
    failures = 0,
    results = {},
    late = {},
  }
  repeat
    local ready = ready_ones(run)
    if #ready > 0 then
      execute_ready(run, ready)
    end
    local goes_on = #ready > 0 or break_circle(run)
  until not goes_on or is_over(run)
  add_late(run)
  for index, entry in ipairs(entries) do
    run.results[index] = run.results[index]
      or { method = entry.method, bulk_id = entry.bulk_id, id = entry.id, ok = false }
  end
  return run.results
end

return M
