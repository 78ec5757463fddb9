--- How fast a company is asked. One limiter for all clients of a company in this process: it spaces
-- requests by the option `rate`, keeps the vendor's own limit of `updateemail` (10 per second,
-- enterprise-api §6), and makes all requests wait while the server says to.
-- @module lastpass.enterprise.limiter
local loop = require "lastpass.transport.scheduler"

---@class lastpass.Limiter
local methods = {}
local limiter_mt = { __name = "lastpass.Limiter", __index = methods }

-- LastPass allows 10; one fewer, because requests draw together on their way.
local EMAIL_CHANGES_PER_SECOND = 9

local limiters = {}

local M = {}

--- The limiter of a company.
---@param url string
---@param cid string|number
---@return lastpass.Limiter
function M.of(url, cid)
  local name = ("%s %.0f"):format(url, tonumber(cid))
  limiters[name] = limiters[name] or setmetatable({ _next = {}, _blocked_until = 0 }, limiter_mt)
  return limiters[name]
end

-- The first free slot of one queue from `from` on; takes it.
local function reserve(self, queue, rate, from)
  local at = math.max(self._next[queue] or 0, from)
  self._next[queue] = at + 1 / rate
  return at
end

-- When this request may go, and why not at once. Slots are given from the end of a back-off on, so
-- that the requests that wait do not leave all together.
local function next_slot(self, command, rate, now)
  local from = math.max(now, self._blocked_until)
  local at, reason = from, from > now and "the server asked to wait" or nil
  if rate then
    local slot = reserve(self, "all", rate, from)
    if slot > at then
      at, reason = slot, "the option rate"
    end
  end
  if command == "updateemail" then
    local slot = reserve(self, "updateemail", EMAIL_CHANGES_PER_SECOND, from)
    if slot > at then
      at, reason = slot, "LastPass allows 10 changes of e-mail address a second"
    end
  end
  return at, reason
end

--- Waits until this request may go.
---@param command string
---@param rate number|nil requests per second
---@param on_wait fun(wait: table)|nil called with {command, seconds, reason} before a wait
function methods:acquire(command, rate, on_wait)
  if not rate and command ~= "updateemail" and self._blocked_until == 0 then
    return
  end
  repeat
    local now = loop.now()
    local at, reason = next_slot(self, command, rate, now)
    if at > now then
      if on_wait then
        on_wait { command = command, seconds = at - now, reason = reason }
      end
      loop.sleep(at - now)
    end
  until self._blocked_until <= loop.now() -- another call may have met a 429 meanwhile
end

--- Lets every request to this company wait.
---@param seconds number
function methods:back_off(seconds)
  self._blocked_until = math.max(self._blocked_until, loop.now() + seconds)
end

return M
