--- What the writes of a gateway did lately, counted in a `lua_shared_dict` for the limits of a day, a week and a month.
-- @module lastpass.nginx.gateway.counts
local dicts = require "lastpass.nginx.dicts"

local M = {}

local HOUR = 60 * 60
local DAY = 24 * HOUR

-- What was done is counted by hours and by days in a `lua_shared_dict`, so the oldest hour, or day, counts whole. Each
-- unit has the longest span that it is counted for.
local units = {
  { mark = "h", seconds = HOUR, longest = DAY },
  { mark = "d", seconds = DAY, longest = 31 * DAY },
}

local function count_key(tenant, name, unit, number)
  return ("done %s %s %s%d"):format(tenant, name, unit.mark, number)
end

local function subtract(dict, list)
  for _, one in ipairs(list) do
    dict:incr(one.key, -one.count)
  end
end

--- Counts changes that are about to be made.
---@param dict table of `ngx.shared`
---@param tenant string
---@param counts table<string, integer> of `lastpass.plan.guards.single.count`
---@param now number epoch seconds
---@return table|nil reservation for `give_back`; nil when the dict is full: then nothing is counted
function M.reserve(dict, tenant, counts, now)
  local reserved = {}
  for name, count in pairs(counts) do
    for _, unit in ipairs(units) do
      local key = count_key(tenant, name, unit, math.floor(now / unit.seconds))
      if not dicts.count(dict, key, count, unit.longest + unit.seconds) then
        subtract(dict, reserved)
        return nil
      end
      reserved[#reserved + 1] = { key = key, count = count }
    end
  end
  return { dict = dict, reserved = reserved }
end

--- Subtracts changes again that were surely not made.
---@param reservation table
function M.give_back(reservation)
  subtract(reservation.dict, reservation.reserved)
end

--- How much of a limit was done within a span.
---@param dict table of `ngx.shared`
---@param tenant string
---@param name string of a limit
---@param seconds number of the span
---@param now number epoch seconds
---@return integer
function M.lately(dict, tenant, name, seconds, now)
  local unit = seconds <= units[1].longest and units[1] or units[2]
  local sum, last = 0, math.floor(now / unit.seconds)
  for back = 0, math.ceil(seconds / unit.seconds) do
    sum = sum + (dict:get(count_key(tenant, name, unit, last - back)) or 0)
  end
  return sum
end

return M
