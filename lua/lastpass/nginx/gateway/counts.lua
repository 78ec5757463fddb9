--- How much was done through the gateway within the last 24 hours, by company and kind of step: what
-- the limits per day go by. Kept by hours in a `lua_shared_dict`, so the oldest hour counts whole.
-- @module lastpass.nginx.gateway.counts
local M = {}

local HOUR = 60 * 60
local HOURS = 24

local function key_of(tenant, kind, hour)
  return ("done %s %s %d"):format(tenant, kind, hour)
end

--- Notes steps.
---@param dict table of `ngx.shared`
---@param tenant string
---@param kind string of `lastpass.plan.kinds`
---@param count integer
---@param now number epoch seconds
function M.note(dict, tenant, kind, count, now)
  local hour = math.floor(now / HOUR)
  dict:incr(key_of(tenant, kind, hour), count, 0, (HOURS + 1) * HOUR)
end

--- Steps of several kinds.
---@param dict table of `ngx.shared`
---@param tenant string
---@param kinds string[]
---@param now number epoch seconds
---@return integer
function M.lately(dict, tenant, kinds, now)
  local sum, hour = 0, math.floor(now / HOUR)
  for _, kind in ipairs(kinds) do
    for back = 0, HOURS do
      sum = sum + (dict:get(key_of(tenant, kind, hour - back)) or 0)
    end
  end
  return sum
end

return M
