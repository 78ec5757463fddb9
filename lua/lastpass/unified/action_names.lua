--- What an audit event is called in the unified directory; names that are not listed, and those in
-- other languages, stay as they are (unified-directory §5.4).
-- @module lastpass.unified.action_names
local actions = require "lastpass.audit.actions"

local M = {}

local by_name = {
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

local unified

local function load()
  unified = {}
  for name, labels in pairs(by_name) do
    for _, label in ipairs(labels) do
      unified[label:lower()] = name
    end
  end
end

--- The unified name of an event's action.
---@param label string as the wire has it
---@return string
function M.of(label)
  if not unified then
    load()
  end
  return unified[label:lower()] or label
end

--- Whom and what an event is about.
---@param event lastpass.Event
---@return table[] targets {kind, value}
function M.targets(event)
  local action = actions.find(event.action)
  return require("lastpass.audit.event_data").read(action.data, event.data)
end

return M
