--- The ids of the unified directory (unified-directory §3). None of them shows an address.
-- @module lastpass.unified.ids
local base64url = require("lastpass.text.base64").url
local digests = require "lastpass.unified.digests"
local email = require "lastpass.email"

local M = {}

local DIGITS = 24

--- The number of an account as text.
---@param tenant table cid: number or digits
---@return string
function M.account(tenant)
  local cid = tenant.cid
  return type(cid) == "number" and ("%.0f"):format(cid) or tostring(cid)
end

--- A user who is only invited and has no number yet.
---@param cid string
---@param address string
---@return string
function M.invited(cid, address)
  return "inv_" .. digests.sha256_hex(cid .. "\0" .. email.fold(address), DIGITS)
end

--- A group: all it has is a name, which may hold characters that do not belong into a URL.
---@param name string
---@return string
function M.group(name)
  return "grp_" .. base64url.encode(name)
end

--- The name of a group's id.
---@param id string
---@return string|nil
function M.group_name(id)
  local text = id:match "^grp_(.+)$"
  return text and base64url.decode(text)
end

--- A role that a user has, in the account or in a shared folder.
---@param role string
---@param user string
---@param workspace string "" for none
---@param group string "" for none
---@return string
function M.role_assignment(role, user, workspace, group)
  local text = table.concat({ role, user, workspace, group }, "\0")
  return "ra_" .. digests.sha256_hex(text, DIGITS)
end

--- An event. LastPass gives it no id: its five fields are one, with the number among equal events.
---@param event lastpass.Event
---@param number integer 1 for the first of equal events within a second
---@return string
function M.activity(event, number)
  local parts = { event.local_time, event.username, event.ip_address, event.action, event.data }
  if number > 1 then
    parts[#parts + 1] = ("%d"):format(number)
  end
  return "act_" .. digests.sha256_hex(table.concat(parts, "\0"), DIGITS)
end

return M
