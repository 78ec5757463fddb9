--- Faults of LastPass MFA's answers, beside those that every surface knows (lastpass.sandbox.faults).
-- @module lastpass.sandbox.mfa.spoil
local M = {}

local function spoil_value(envelope, effects)
  local value = envelope.Value
  if effects.no_value then
    envelope.Value = nil
  elseif type(value) ~= "table" then
    return
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
end

--- The envelope that says what became of a call, as faults want it: `wrong_user`: another Username; `auth_status`: any value;
-- `no_status`; `no_value`; and the flag that makes it fail with its Value.
---@param envelope table
---@param effects table|nil
---@param flag "outer_fails"|"inner_fails" which of two envelopes it is
---@return table envelope
function M.envelope(envelope, effects, flag)
  if effects then
    spoil_value(envelope, effects)
    envelope.Succeeded = not effects[flag] and envelope.Succeeded
  end
  return envelope
end

--- What the journal calls an answer: of what a caller can write, nothing.
---@param envelope table
---@param status? string
function M.class(envelope, status)
  status = status
    or envelope.Succeeded and type(envelope.Value) == "table" and envelope.Value.AuthStatus
  if type(status) == "string" and #status <= 40 then
    return status
  end
  return envelope.Succeeded and "ok" or "failed"
end

return M
