--- Lets a client's calls be counted: its hooks on_request, on_reply, on_retry and on_wait.
-- @module lastpass.nginx.metrics.hooks
local metrics = require "lastpass.nginx.metrics"

local M = {}

-- What counts, and then what was there before.
local function both(first, second)
  if not second then
    return first
  end
  return function(what)
    first(what)
    second(what)
  end
end

--- Adds hooks to the options of a client; hooks that are there already are still called.
---@param options table options of a client; changed
---@param tenant string the label of all counts
---@return table options
function M.add(options, tenant)
  options.on_reply = both(function(reply)
    local labels = { tenant = tenant, command = reply.command }
    metrics.observe("lastpass_call_seconds", labels, reply.seconds)
    labels.outcome = reply.code or "ok"
    metrics.count("lastpass_calls_total", labels)
  end, options.on_reply)
  options.on_retry = both(function(retry)
    metrics.count("lastpass_retries_total", {
      tenant = tenant,
      command = retry.command,
      reason = retry.code,
    })
  end, options.on_retry)
  options.on_wait = both(function(wait)
    local labels = { tenant = tenant, command = wait.command }
    metrics.count("lastpass_waits_total", labels)
    metrics.count("lastpass_wait_seconds_total", labels, wait.seconds)
  end, options.on_wait)
  return options
end

return M
