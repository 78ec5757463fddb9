--- Timers of a worker, which survive what they run.
-- @module lastpass.nginx.timers
local M = {}

--- Calls a function soon, and then every so many seconds. What it raises is logged.
---@param seconds number
---@param what string for the log
---@param fn fun(premature: boolean)
function M.every(seconds, what, fn)
  local function guarded(premature)
    local ok, message = pcall(fn, premature)
    if not ok then
      ngx.log(ngx.ERR, "lastpass: ", what, ": ", tostring(message))
    end
  end
  assert(ngx.timer.at(0, guarded))
  assert(ngx.timer.every(seconds, guarded))
end

return M
