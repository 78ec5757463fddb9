--- The names that things have outside (unified-directory §3). None of them shows an address.
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

--- Somebody who is only invited, and has no number yet.
---@param cid string
---@param address string
---@return string
function M.invited(cid, address)
  return "inv_" .. digests.sha256_hex(cid .. "\0" .. email.fold(address), DIGITS)
end

--- A group: all it has is a name, which may hold what does not belong into an address.
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

--- A role that somebody has, somewhere.
---@param role string
---@param user string
---@param workspace string "" for none
---@param group string "" for none
---@return string
function M.role_assignment(role, user, workspace, group)
  local text = table.concat({ role, user, workspace, group }, "\0")
  return "ra_" .. digests.sha256_hex(text, DIGITS)
end

--- An event. LastPass gives none: the five texts are the name, and the turn among equal ones.
---@param event lastpass.Event
---@param turn integer 1 for the first of equal events within a second
---@return string
function M.activity(event, turn)
  local parts = { event.local_time, event.username, event.ip_address, event.action, event.data }
  if turn > 1 then
    parts[#parts + 1] = ("%d"):format(turn)
  end
  return "act_" .. digests.sha256_hex(table.concat(parts, "\0"), DIGITS)
end

return M
