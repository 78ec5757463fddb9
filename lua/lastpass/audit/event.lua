--- What an audit event means, beside what the wire says of it.
-- @module lastpass.audit.event
local actions = require "lastpass.audit.actions"
local event_data = require "lastpass.audit.event_data"

local M = {}

local fields = {}

for _, name in ipairs { "id", "category", "verb", "outcome", "severity" } do
  fields[name] = function(event)
    return actions.find(event.action)[name]
  end
end

--- The name as the wire has it.
function fields.label(event)
  return event.action
end

--- Whom and what it is about.
function fields.targets(event)
  return event_data.read(actions.find(event.action).data, event.data)
end

--- A field of an event that is made on demand: id, label, category, verb, outcome, severity, targets.
---@param event lastpass.Event
---@param name string
---@return any value nil for an unknown name
function M.field(event, name)
  local field = fields[name]
  return field and field(event)
end

return M
