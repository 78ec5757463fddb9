--- What stands before a request to a RADIUS server, and after it: how often a phone may ring and how often a code may be wrong,
-- counted together with every other entry point that shares the state (mfa §7, §8).
-- @module lastpass.mfa.radius.guards
local limits = require "lastpass.mfa.limits"
local lockout = require "lastpass.mfa.lockout"

local M = {}

---@class lastpass.mfa.radius.Ticket
---@field slots? string[]  what was counted for a request to a phone
---@field attempt? lastpass.mfa.Attempt at a code

-- What `lastpass.mfa.limits` asks of a client.
local function adapter_of(settings)
  return {
    option = function(_, name)
      return settings[name]
    end,
    now = function()
      return settings.clock()
    end,
  }
end

--- Counts a request that is about to be sent.
---@param settings table state, limits, clock
---@param given table user, ip
---@param kind table may_ring, has_code; challenge: the name of one that is answered
---@return lastpass.mfa.Ticket|nil
---@return lastpass.mfa.Result|string|nil refusal nothing is to be sent; or a message
---@return lastpass.Error? err with a message: the state does not answer
function M.begin(settings, given, kind)
  local ticket = {}
  if kind.has_code then
    local attempt, message, err = lockout.begin {
      state = settings.state,
      user = given.user,
      challenge = kind.challenge,
      address = given.ip and given.ip:sub(1, 100),
      now = settings.clock(),
    }
    if not attempt then
      return nil, message, err
    elseif attempt.refusal then
      return nil, attempt.refusal
    end
    ticket.attempt = attempt
  end
  if kind.may_ring and settings.limits then
    local slots, refusal = limits.take(adapter_of(settings), given.user)
    if not slots then
      local ok, message, err = true, nil, nil
      if ticket.attempt then
        ok, message, err = ticket.attempt:withdraw()
      end
      return nil, ok and refusal or message, err
    end
    ticket.slots = slots
  end
  return ticket
end

-- A server may answer a wrong code by asking for another one: that is counted as a denial is. A code that nobody looked at
-- was no attempt.
local function settle_attempt(attempt, outcome)
  if outcome == "approved" then
    return attempt:succeeded()
  elseif outcome == "denied" or outcome == "pending" then
    return attempt:failed()
  end
  return attempt:withdraw()
end

--- Records what came of it.
---@param settings table
---@param ticket lastpass.mfa.Ticket
---@param user string
---@param outcome string
---@param delivered boolean whether a server may have got the request
---@return any|nil ok
---@return string? message
---@return lastpass.Error? err of the state
function M.finish(settings, ticket, user, outcome, delivered)
  if ticket.slots then
    if not delivered then
      limits.give_back(adapter_of(settings), ticket.slots)
    elseif outcome == "denied" and settings.server_mode == "lp" then
      -- with a password in the request a denial does not say that a phone has rung
      limits.rest(adapter_of(settings), user)
    end
  end
  if not ticket.attempt then
    return true
  end
  return settle_attempt(ticket.attempt, outcome)
end

return M
