--- Faults of LastPass MFA's answers, beside those that every surface knows (lastpass.sandbox.faults).
-- @module lastpass.sandbox.mfa.spoil
local json = require "lastpass.json"

local M = {}

--- An envelope as faults want it: `wrong_user`: another Username; `auth_status`: any
-- value; `no_status`; `no_value`.
---@param envelope table
---@param effects table|nil
---@return table envelope
function M.envelope(envelope, effects)
  local value = envelope.Value
  if not effects or value == json.null then
    return envelope
  elseif effects.no_value then
    envelope.Value = nil
    return envelope
  end
  if effects.wrong_user then
    value.Username = effects.wrong_user == true and "somebody.else@example.com"
      or effects.wrong_user
  end
  if effects.auth_status ~= nil then
    value.AuthStatus = effects.auth_status
  elseif effects.no_status then
    value.AuthStatus = nil
  end
  return envelope
end

--- What the journal calls an answer: of what a caller can write, nothing.
function M.class(status)
  return type(status) == "string" and #status <= 40 and status or "other"
end

return M
