--- Failures of SCIM: the RFC's error types and what they are called here (scim §2.12).
-- @module lastpass.scim.failure
local errors = require "lastpass.error"

local M = {}

-- By scimType: the code of the error, and its HTTP status when that is not 400.
local types = {
  invalidFilter = { code = "invalid_filter" },
  invalidPath = { code = "invalid_path" },
  invalidSyntax = { code = "invalid_syntax" },
  invalidValue = { code = "invalid_value" },
  noTarget = { code = "no_target" },
  mutability = { code = "mutability" },
  tooMany = { code = "too_many" },
  uniqueness = { code = "uniqueness", status = 409 },
}

--- A failure that a server answers with, and a client is given before it sends anything.
---@param scim_type string an error type of RFC 7644 §3.12
---@param message string for whoever administers the client
---@param fields? table further fields of the error
---@return nil
---@return string message
---@return lastpass.Error err with `status` and `scim_type`
function M.fail(scim_type, message, fields)
  local known = types[scim_type]
  local all = { status = known.status or 400, scim_type = scim_type }
  for name, value in pairs(fields or {}) do
    all[name] = value
  end
  return errors.fail("argument", known.code, message, all)
end

return M
