--- Reads activities newest first, in windows that grow until more than a page is there.
-- @module lastpass.unified.activity_reader
local activity_object = require "lastpass.unified.activity_object"
local events_room = require "lastpass.directory.events"
local problems = require "lastpass.unified.problems"

local M = {}

local FIRST_WINDOW = 60 * 60

-- Newest first; equal events within a second are told apart by their turn.
local function items_of(call, events, index)
  local items, turns = {}, {}
  for place = #events, 1, -1 do
    local event = events[place]
    local same = event.local_time
      .. "\0"
      .. table.concat({ event.username, event.ip_address, event.action, event.data }, "\0")
    turns[same] = (turns[same] or 0) + 1
    items[#items + 1] = activity_object.of(call, event, turns[same], index)
  end
  table.sort(items, function(a, b)
    if a.at ~= b.at then
      return a.at > b.at
    end
    return a.object.id > b.object.id
  end)
  return items
end

local function is_behind(item, keys)
  if not keys then
    return true
  end
  local at = tonumber(keys[1])
  return item.at < at or item.at == at and item.object.id < keys[2]
end

local function read_window(call, from, to)
  local events, message, err = events_room.read(call.tenant:client(), { from = from, to = to })
  if not events then
    return problems.of(message, err)
  end
  return events
end

--- Reads windows from the newest on, each four times as long as the last, until more than a page is
-- there.
---@param call lastpass.unified.Call
---@param span table from, to (epoch seconds), keys (of a cursor, or nil)
---@param index lastpass.unified.Index
---@param test fun(item: table): boolean
---@return table[]|nil items as `activity_object.of` makes them
---@return lastpass.unified.Problem? problem
function M.collect(call, span, index, test)
  local from, to, keys = span.from, span.to, span.keys
  local found, window = {}, FIRST_WINDOW
  while to >= from do
    local start = math.max(from, to - window)
    local events, problem = read_window(call, start, to)
    if not events then
      return nil, problem
    end
    for _, item in ipairs(items_of(call, events, index)) do
      -- a second belongs to one window only
      if (item.at > start or start == from) and item.at <= to and is_behind(item, keys) then
        if test(item) then
          found[#found + 1] = item
        end
      end
    end
    if #found > call.output.limit then
      break
    end
    if start == from then
      break
    end
    to, window = start, window * 4
  end
  return found
end

--- Reads one window whole.
---@param call lastpass.unified.Call
---@param from integer epoch seconds
---@param to integer
---@param index lastpass.unified.Index
---@return table[]|nil items
---@return lastpass.unified.Problem? problem
function M.window(call, from, to, index)
  local events, problem = read_window(call, from, to)
  if not events then
    return nil, problem
  end
  return items_of(call, events, index)
end

return M
