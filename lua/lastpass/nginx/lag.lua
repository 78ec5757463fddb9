--- How far the export of events is behind, measured by one worker for all.
-- @module lastpass.nginx.lag
local leases = require "lastpass.nginx.lease"
local metrics = require "lastpass.nginx.metrics"
local threads = require "lastpass.nginx.threads"

local M = {}

--- Measures the lag of the company's `event_cursor`, unless another worker has done so lately.
---@param tenant lastpass.nginx.Tenant
---@param pool string name of the thread_pool
---@param every number seconds
function M.measure(tenant, pool, every)
  if not leases.take("event lag of " .. tenant.name, every - 1) then
    return
  end
  local order = tenant:thread_order()
  order.cursor = tenant.event_cursor
  local answer = threads.order(pool, "events", "lag", order)
  if answer.lag then
    local labels = { tenant = tenant.name, cursor = tenant.event_cursor }
    metrics.set("lastpass_event_lag_seconds", labels, answer.lag)
  elseif answer.outcome == "failed" then
    ngx.log(ngx.WARN, "lastpass: the event lag of ", tenant.name, ": ", answer.message)
  end
end

return M
