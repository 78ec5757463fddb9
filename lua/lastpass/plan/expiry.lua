--- How long a plan may be applied.
-- @module lastpass.plan.expiry
local M = {}

local DAY = 24 * 60 * 60 -- seconds

--- The option `expires_in` as `errors.check_options` wants it.
---@param value any
---@return boolean ok
---@return string expected
function M.check(value)
  return type(value) == "number" and value >= 1 and value <= 366 * DAY, "from 1 second to a year"
end

--- Writes into a plan's body when it was made and when it ends.
---@param body table
---@param now integer epoch seconds
---@param expires_in? number seconds, default a day
function M.stamp(body, now, expires_in)
  body.created = now
  body.expires = now + math.floor(expires_in or DAY)
end

return M
