--- What a command gets: the company, the clock, who is calling, and the audit log to write to.
-- @module lastpass.sandbox.context
local time = require "lastpass.time"

local M = {}

local methods = {}
local context_mt = { __name = "lastpass.sandbox.context", __index = methods }

--- Makes the context of one request.
---@param tenant table
---@param peer string the caller's address
---@return table context
function M.new(tenant, peer)
  return setmetatable({
    tenant = tenant,
    state = tenant.state,
    events = tenant.events,
    settings = tenant.settings,
    clock = tenant.clock,
    zone = tenant.zone,
    rates = tenant.rates,
    peer = peer,
  }, context_mt)
end

--- Writes the audit event of something that this API did.
---@param kind string of lastpass.sandbox.events
---@param data string
function methods:audit(kind, data)
  local now = self.clock:microseconds()
  self.events:append(now, kind, data, self.settings.api_username, self.peer)
end

--- Now, as the account writes times.
---@return string
function methods:account_time()
  return time.format_civil((self.zone:to_local(self.clock:seconds())))
end

return M
