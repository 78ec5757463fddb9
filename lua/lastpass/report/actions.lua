--- Audit events by what they mean for reports, and whom they name (enterprise-api §8).
-- @module lastpass.report.actions
local actions = require "lastpass.audit.actions"
local email = require "lastpass.email"
local key = require("lastpass.email").fold

local M = {}

-- "Deactivating user" only says that it was begun.
local meanings = {
  user_invited = "invited",
  user_created = "invited",
  user_activation_required = "invited",
  user_reinvited = "invited",
  user_provisioned = "invited",
  user_disabled = "ended",
  user_removed = "ended",
  user_deleted = "ended",
  user_deprovisioned = "ended",
  user_enabled = "returned",
}

--- What an event means: "invited", "ended", "returned", or nil for anything else.
---@param event lastpass.Event
---@return string|nil
function M.meaning(event)
  return meanings[actions.find(event.action).id]
end

--- The addresses that an event's data names, folded. The form of the data depends on the action:
-- one address, several with commas, or among quoted texts (§8.2).
---@param data string
---@return string[]
function M.addresses(data)
  local list = {}
  for word in data:gmatch "[^%s,;'\"()<>]+" do
    local address = word:find("@", 1, true) and email.check(word)
    if address then
      list[#list + 1] = key(address)
    end
  end
  return list
end

return M
