--- The processes of a real nginx, for specs.

local M = {}

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text or ""
end

-- The parent of a process; nil when it has ended, also when nobody has asked how.
local function parent_of(pid)
  local state, parent = read("/proc/" .. pid .. "/stat"):match "^.*%) (%a) (%d+)"
  return state ~= nil and state ~= "Z" and tonumber(parent) or nil
end

--- Whether a process has not ended.
---@param pid integer
---@return boolean
function M.is_running(pid)
  return parent_of(pid) ~= nil
end

--- The process numbers of the workers of a master.
---@param master integer
---@return integer[]
function M.of(master)
  local workers = {}
  local pipe = assert(io.popen "ls /proc")
  for name in pipe:lines() do
    if name:match "^%d+$" and parent_of(name) == master then
      workers[#workers + 1] = tonumber(name)
    end
  end
  pipe:close()
  return workers
end

--- The kilobytes of a process that never go to disk.
---@param pid integer
---@return integer
function M.locked(pid)
  return tonumber(read("/proc/" .. pid .. "/status"):match "VmLck:%s+(%d+)")
end

return M
