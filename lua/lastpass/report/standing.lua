--- How far people have come with LastPass: invited, never there, an empty vault, active.
-- @module lastpass.report.standing
local actions = require "lastpass.report.actions"
local statistics = require "lastpass.report.statistics"

local M = {}

--- Everything that is kept in a vault.
---@param user lastpass.User
---@return integer|nil count nil when nothing is known of it
function M.items(user)
  local sum
  for _, name in ipairs { "sites", "notes", "form_fills", "applications", "attachments" } do
    local count = user[name]
    sum = count and (sum or 0) + count or sum
  end
  return sum
end

--- Who was invited within the last days. The directory has invited addresses without a date
-- (enterprise-api §4.8), but an invitation makes an event.
---@param reading lastpass.report.Reading
---@param days number
---@return table<string, number|true>|nil by_address when, by folded address
---@return string? message
---@return lastpass.Error? err
function M.invited_lately(reading, days)
  local events, message, err = reading:admin_events(reading.now - days * statistics.DAY)
  if not events then
    return nil, message, err
  end
  local lately = {}
  for _, event in ipairs(events) do
    if actions.meaning(event) == "invited" then
      for _, address in ipairs(actions.addresses(event.data)) do
        lately[address] = event.time or true
      end
    end
  end
  return lately
end

--- The class of somebody who has an account or an invitation, and is on the roster.
---@param reading lastpass.report.Reading
---@param user lastpass.User
---@param row table key, items
---@param lately table<string, number|true>|nil nil: no invitation counts as expired
---@return string class of `report.coverage`
function M.of(reading, user, row, lately)
  if user.status == "disabled" then
    return "disabled"
  elseif user.status == "invited" then
    if not lately or lately[row.key] then
      return "invited"
    end
    return "invitation_expired"
  elseif reading:never_logged_in(user) then
    return "never_logged_in"
  elseif row.items == 0 then
    return "empty_vault"
  end
  return "active"
end

return M
