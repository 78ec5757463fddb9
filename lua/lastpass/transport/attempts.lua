--- A request of a client, with its slot in time and its hooks, and again where that is safe.
-- @module lastpass.transport.attempts
local limiter = require "lastpass.limiter"
local loop = require "lastpass.transport.scheduler"

local M = {}

--- Whether nothing of the request can have reached the server, or it said that it did nothing.
---@param err lastpass.Error
---@return boolean
function M.is_untouched(err)
  return err.status == 429 or limiter.is_unsent(err)
end

local function attempt_once(options, lim, command, attempt, send)
  local _, refusal, reason = lim:acquire(command, options.rate, options.on_wait)
  if refusal then
    return nil, refusal, reason
  end
  local begun = options.on_reply and loop.now()
  local reply, message, err = send(attempt)
  if options.on_reply then
    options.on_reply {
      command = command,
      attempt = attempt,
      seconds = loop.now() - begun,
      status = reply and reply.status or err.status,
      code = err and err.code,
    }
  end
  if err and err.kind == "throttled" and (err.retry_after or 0) <= limiter.LONGEST_WAIT then
    lim:back_off(err.retry_after or 0, options.rate)
  end
  return reply, message, err
end

--- Waits before a further attempt, and says so.
---@param options table on_retry
---@param command string
---@param attempt integer how many were made
---@param err lastpass.Error why
function M.wait(options, command, attempt, err)
  local pause = err.retry_after or limiter.pause(attempt)
  if options.on_retry then
    options.on_retry {
      command = command,
      attempt = attempt,
      message = err.message,
      code = err.code,
      seconds = pause,
    }
  end
  loop.sleep(pause)
end

--- Makes attempts until one succeeds, or no further one is allowed.
---@param options table rate, retries, on_wait, on_retry, on_reply
---@param lim lastpass.Limiter
---@param request table command; once (true: never again), repeatable (true: also when it may have arrived)
---@param send fun(attempt: integer): table|nil, string?, lastpass.Error? gives a reply with its status
---@return table|nil reply
---@return string? message of the last attempt
---@return lastpass.Error? err
---@return boolean? is_lost an attempt may have been carried out
function M.run(options, lim, request, send)
  local attempt, is_lost = 0, false
  while true do
    attempt = attempt + 1
    local reply, message, err = attempt_once(options, lim, request.command, attempt, send)
    if reply then
      return reply
    end
    is_lost = is_lost or err.uncertain or false
    local may_repeat = not request.once and (request.repeatable or M.is_untouched(err))
    if attempt > options.retries or not may_repeat or not limiter.is_passing(err) then
      return nil, message, err, is_lost
    end
    M.wait(options, request.command, attempt, err)
  end
end

return M
