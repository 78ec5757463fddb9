--- The worker of an nginx that has one.
-- @module bench.work.worker
local M = {}

local function read(name)
  local file = assert(io.open(name))
  local text = file:read "*a"
  file:close()
  return text
end

--- What it has spent of its processor: other programs on the machine disturb that less than a clock.
---@param server table of `spec.support.nginx`
---@return number seconds
function M.spent(server)
  local children = read(("/proc/%d/task/%d/children"):format(server.pid, server.pid))
  return read(("/proc/%s/schedstat"):format(children:match "%d+")):match "^%d+" / 1e9
end

return M
