--- Who asks. LastPass knows no current user: the account's hash acts for the company, and whoever
-- asks here is the bearer of a token (unified-directory §5.1).
-- @module lastpass.unified.me
local json = require "lastpass.json"
local lists = require "lastpass.unified.lists"

local M = {
  name = "me",
  what = "identity",
  is_live = true, -- not of the directory that was read
  collection = { list = true },
  item = {},
  scalars = { id = true, name = true, username = true, status = true, user_type = true },
  filters = {},
}

local null = json.null

--- The identity of the token.
---@param call lastpass.unified.Call
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.list(call)
  local scopes = json.list {}
  for name in pairs(call.grant.scopes or {}) do
    scopes[#scopes + 1] = name
  end
  table.sort(scopes)
  local identity = {
    id = call.cid,
    external_id = null,
    identifiers = {},
    name = call.grant.name or null,
    first_name = null,
    last_name = null,
    title = null,
    username = null,
    emails = json.list {},
    phones = json.list {},
    status = "active",
    is_email_verified = null,
    is_2fa_enabled = null,
    roles = json.list {},
    organizations = json.list {
      { id = call.cid, name = call.settings.company_name or null },
    },
    user_type = "service-account",
    licenses = json.list {},
    groups = json.list {},
    workspaces = json.list {},
    avatar = null,
    timezone = null,
    bio = null,
    languages = json.list {},
    urls = json.list {},
    created_at = null,
    updated_at = null,
    last_login_at = null,
    last_active_at = null,
    remote_data = { cid = call.cid, tenant = call.tenant.name, scopes = scopes },
  }
  return lists.of(call, M, { identity })
end

return M
