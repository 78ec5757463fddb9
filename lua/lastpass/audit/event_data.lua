--- Whom and what an event is about: its Data, read as its action writes it (enterprise-api §8.2).
-- @module lastpass.audit.event_data
local core = require "lastpass.core"

local M = {}

---@class lastpass.EventTarget
---@field kind string  "user", "group", "folder", "item", "policy" or "site"
---@field value string

--- The kinds of targets.
M.kinds = { "user", "group", "folder", "item", "policy", "site" }

--- Reads an event's Data.
---@param form string how: field `data` of an action, one of the forms of the core
---@param text string the Data
---@return lastpass.EventTarget[] targets in their order; none when the text says nothing
function M.read(form, text)
  local flat, targets = core.event_targets(form, text), {}
  for position = 1, #flat, 2 do
    targets[#targets + 1] = { kind = flat[position], value = flat[position + 1] }
  end
  return targets
end

return M
