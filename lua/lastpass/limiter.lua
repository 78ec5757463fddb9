--- How fast a company is asked. One limiter for all clients of a company in this process: it spaces
-- requests by the option `rate`, keeps the vendor's own limit of `updateemail` (10 per second,
-- enterprise-api §6), and makes all requests wait while the server says to. Also whether a failure may be
-- other the next time, and how long to wait until then.
-- @module lastpass.limiter
local loop = require "lastpass.transport.scheduler"

---@class lastpass.Limiter
local methods = {}
local limiter_mt = { __name = "lastpass.Limiter", __index = methods }

-- LastPass allows 10; one fewer, because requests draw together on their way.
local EMAIL_CHANGES_PER_SECOND = 9

local limiters = {}

local M = {}

--- The limiter of a company at one of its interfaces.
---@param url string
---@param account? string|number the account number, when the address is the same for all companies
---@return lastpass.Limiter
function M.of(url, account)
  local name = ("%s %.0f"):format(url, tonumber(account) or 0)
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

M.LONGEST_WAIT = 120 -- seconds; a server that asks for more is answered with a failure

local permanent = { -- the same would come again
  tls_certificate = true,
  ca_file = true,
  bad_url = true,
  would_block = true,
  reply_too_large = true,
}

--- Whether a failure may be other the next time; what that takes for a write is for the caller to know.
---@param err lastpass.Error
---@return boolean
function M.is_passing(err)
  if permanent[err.code] or (err.retry_after and err.retry_after > M.LONGEST_WAIT) then
    return false
  end
  return err.kind == "throttled"
    or (err.kind == "transport" and (not err.status or err.status >= 500))
    or (err.kind == "protocol" and err.code == "cut_short")
end

--- Whether no byte of the request can have reached the server.
---@param err lastpass.Error
---@return boolean
function M.is_unsent(err)
  return err.kind == "transport" and not (err.sent or err.begun or err.status)
end

local FIRST_PAUSE = 0.5 -- seconds before the second attempt
local LONGEST_PAUSE = 30

--- How long to wait before the next attempt, when the server does not say: longer each time, and at random, so
-- that many clients do not come back together.
---@param attempt integer how many were made
---@return number seconds
function M.pause(attempt)
  local pause = math.min(FIRST_PAUSE * 2 ^ (attempt - 1), LONGEST_PAUSE)
  return pause * (0.5 + math.random() / 2)
end

--- How long a response asks to wait: "30", or a date (RFC 9110 §10.2.3). Anything else counts as nothing said.
---@param response lastpass.Response
---@return number|nil seconds
function M.retry_after(response)
  local value = response.headers and response.headers["retry-after"]
  if not value or value:match "^%d+$" then
    return value and tonumber(value)
  end
  local date = value:match "%a" and require("lastpass.curl").date(value)
  return date and math.max(date - os.time(), 0) or nil
end

return M
