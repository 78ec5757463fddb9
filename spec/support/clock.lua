--- A clock for specs: while it is installed, sleeping takes no time and is written down. Calls in
-- tasks sleep in virtual time as well, in the order in which they are due.
local loop = require "lastpass.transport.loop"

local M = {}

local methods = {}
methods.__index = methods

--- Takes the loop's clock over.
---@param options? table frozen: no time passes but that of sleeps
---@return table clock `slept`: seconds of each sleep
function M.install(options)
  local clock = setmetatable({
    slept = {},
    ahead = 0,
    real_now = loop.now,
    real_sleep = loop.sleep,
  }, methods)
  local started = options and options.frozen and loop.now()
  function loop.now()
    return (started or clock.real_now()) + clock.ahead
  end
  function loop.sleep(seconds)
    clock.slept[#clock.slept + 1] = seconds
    clock.ahead = clock.ahead + math.max(seconds, 0)
  end
  return clock
end

--- Gives the real clock back.
function methods:remove()
  loop.now, loop.sleep = self.real_now, self.real_sleep
end

--- All sleeps together.
function methods:total()
  local sum = 0
  for _, seconds in ipairs(self.slept) do
    sum = sum + seconds
  end
  return sum
end

return M
