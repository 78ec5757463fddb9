--- A client of lastpass.mfa.radius for a peer, whose clock leaps to the end when the peer has done what was waited for.
local lastpass = require "lastpass"
local loop = require "lastpass.transport.loop"
local radius = require "lastpass.mfa.radius"

local M = {}

--- Makes one.
---@param port integer|integer[]
---@param secret string
---@param options? table of the client; `leap_after`: so many replies that were dropped end the wait
---@return table client
---@return table[] events
function M.new(port, secret, options)
  local events, leap_after = {}, math.huge
  local given = {
    servers = {},
    timeout = 60,
    retransmit = false,
    limits = false,
    timer = function()
      return loop.now() + (#events >= leap_after and 1000 or 0)
    end,
    on_event = function(event)
      events[#events + 1] = event
    end,
  }
  for index, one in ipairs(type(port) == "table" and port or { port }) do
    given.servers[index] =
      { host = "127.0.0.1", port = one, secret = lastpass.secret.value(secret) }
  end
  for name, value in pairs(options or {}) do
    if name == "leap_after" then
      leap_after = value
    else
      given[name] = value
    end
  end
  return radius.new(given), events
end

return M
