--- How fast a company is asked: one limiter for all clients of a company in this process; what it does when there is
-- something to limit is in `lastpass.limiter.slots`, loaded then. Also whether a failure may be other the next time,
-- and how long to wait until then.
-- @module lastpass.limiter
---@class lastpass.Limiter
local methods = {}
local limiter_mt = { __name = "lastpass.Limiter", __index = methods }

local limiters = {}

local M = {}

--- The limiter of a company at one of its interfaces.
---@param url string
---@param account? string|number the account number, when the address is the same for all companies
---@param journal? string where processes share the company's rate: the option `journal` of its clients
---@return lastpass.Limiter
function M.of(url, account, journal)
  local name = ("%s %.0f"):format(url, tonumber(account) or 0)
  local one = limiters[name] or { _next = {}, _blocked_until = 0, _name = name }
  limiters[name], one._journal = setmetatable(one, limiter_mt), journal or one._journal
  return one
end

--- Waits until this request may go.
---@param command string
---@param rate number|nil requests per second
---@param on_wait fun(wait: table)|nil called with {command, seconds, reason} before a wait
function methods:acquire(command, rate, on_wait)
  if rate or command == "updateemail" or package.loaded["lastpass.limiter.slots"] then
    require("lastpass.limiter.slots").acquire(self, command, rate, on_wait)
  end
end

--- Lets every request to this company wait, and asks it more slowly from then on.
---@param seconds number
---@param rate? number requests per second, when an option said it
function methods:back_off(seconds, rate)
  require("lastpass.limiter.slots").back_off(self, seconds, rate)
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
