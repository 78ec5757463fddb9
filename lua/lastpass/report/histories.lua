--- When log-ins were ended and given back, by audit events.
-- @module lastpass.report.histories
local actions = require "lastpass.report.actions"

local M = {}

---@class lastpass.report.History
---@field ended number|nil   UTC: the end that still holds
---@field by string|nil      who ended it
---@field returned integer   how often the log-in was given back

--- Follows events, oldest first.
---@param events lastpass.Event[]
---@return table<string, lastpass.report.History> by folded address
function M.of(events)
  local by_address = {}
  for _, event in ipairs(events) do
    local meaning = event.time and actions.meaning(event)
    if meaning == "ended" or meaning == "returned" then
      for _, address in ipairs(actions.addresses(event.data)) do
        local history = by_address[address] or { returned = 0 }
        by_address[address] = history
        if meaning == "returned" then
          history.ended, history.by = nil, nil
          history.returned = history.returned + 1
        elseif not history.ended then
          history.ended, history.by = event.time, event.username
        end
      end
    end
  end
  return by_address
end

return M
