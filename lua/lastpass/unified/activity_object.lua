--- An audit event as the unified directory shows one (unified-directory §5.4).
-- @module lastpass.unified.activity_object
local action_names = require "lastpass.unified.action_names"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local texts = require "lastpass.unified.texts"
local time = require "lastpass.time"

local M = {}

local null = json.null

local function or_null(text)
  return text ~= "" and text or null
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

local kinds = { user = "user", folder = "workspace", group = "group" }

-- Only where the event names one thing.
local function entity_of(event, index)
  local targets = action_names.targets(event)
  local target = #targets == 1 and targets[1]
  local kind = target and kinds[target.kind]
  if not kind then
    return null, null
  elseif kind == "user" then
    return index:id_of(target.value) or null, kind
  elseif kind == "group" then
    return ids.group(target.value), kind
  end
  return target.value, kind
end

--- An activity.
---@param call table cid, settings
---@param event lastpass.Event
---@param turn integer among equal events of one second
---@param index lastpass.unified.Index
---@return table item {object, at (epoch seconds)}
function M.of(call, event, turn, index)
  local entity, entity_type = entity_of(event, index)
  local description, data = event.action, call.settings.redact(event.data)
  if data ~= "" then
    description = description .. ": " .. data
  end
  return {
    at = event.time or 0,
    object = {
      id = ids.activity(event, turn),
      actor = actor_of(event, index),
      organization = call.cid,
      group = null,
      description = texts.clean(description),
      action = action_names.of(event.action),
      entity = entity,
      entity_type = entity_type,
      context = { ip_address = or_null(event.ip_address), user_agent = null },
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

return M
