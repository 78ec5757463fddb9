--- What is left of a lease, as its owner sees it: counted from before it was asked for, so that it is over here before it is
-- over by the database's clock. Clocks of machines are compared with themselves alone.
-- @module lastpass.store.lease
local scheduler = require "lastpass.transport.scheduler"
local time = require "lastpass.time"

local M = {}

---@class lastpass.store.Moment
---@field monotonic number a clock that is never set, and stands still while the machine sleeps
---@field wall number      one that does neither

--- This moment, by both clocks.
---@return lastpass.store.Moment
function M.moment()
  return { monotonic = scheduler.now(), wall = time.now() }
end

--- Seconds that are left.
---@param lease number seconds that it lasts
---@param since lastpass.store.Moment when it was asked for
---@return number
function M.left(lease, since)
  local now = M.moment()
  return lease - math.max(now.monotonic - since.monotonic, now.wall - since.wall)
end

return M
