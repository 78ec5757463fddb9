--- How much was done through the gateway lately, by company and limit: what the limits of a day, a week and
-- a month go by. Kept by hours and by days in a `lua_shared_dict`, so the oldest hour, or day, counts whole.
-- Steps are counted before they are made, and taken off again when they surely were not.
-- @module lastpass.nginx.gateway.counts
local dicts = require "lastpass.nginx.dicts"

local M = {}

local HOUR = 60 * 60
local DAY = 24 * HOUR

-- The unit that a span is counted in, and for how long its numbers are needed.
local units = {
  { mark = "h", seconds = HOUR, longest = DAY },
  { mark = "d", seconds = DAY, longest = 31 * DAY },
}

local function key_of(tenant, name, unit, number)
  return ("done %s %s %s%d"):format(tenant, name, unit.mark, number)
end

local function take_off(dict, list)
  for _, one in ipairs(list) do
    dict:incr(one.key, -one.count)
  end
end

--- Counts steps that are about to be made.
---@param dict table of `ngx.shared`
---@param tenant string
---@param steps table<string, integer> by name of a limit
---@param now number epoch seconds
---@return table|nil reservation for `give_back`; nil when there is no room: then nothing is counted
function M.reserve(dict, tenant, steps, now)
  local counted = {}
  for name, count in pairs(steps) do
    for _, unit in ipairs(units) do
      local key = key_of(tenant, name, unit, math.floor(now / unit.seconds))
      if not dicts.count(dict, key, count, unit.longest + unit.seconds) then
        take_off(dict, counted)
        return nil
      end
      counted[#counted + 1] = { key = key, count = count }
    end
  end
  return { dict = dict, counted = counted }
end

--- Takes steps off again.
---@param reservation table
function M.give_back(reservation)
  take_off(reservation.dict, reservation.counted)
end

--- What was done of a limit within a span.
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
    sum = sum + (dict:get(key_of(tenant, name, unit, last - back)) or 0)
  end
  return sum
end

return M
