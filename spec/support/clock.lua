--- A clock for specs: while it is installed, sleeping takes no time and is written down. Calls in
-- tasks sleep in virtual time as well, in the order in which they are due.
local loop = require "lastpass.transport.loop"

local M = {}

local methods = {}
methods.__index = methods

--- Takes the loop's clock over.
---@return table clock `slept`: seconds of each sleep
function M.install()
  local clock = setmetatable({
    slept = {},
    ahead = 0,
    real_now = loop.now,
    real_sleep = loop.sleep,
  }, methods)
  function loop.now()
    return clock.real_now() + clock.ahead
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
