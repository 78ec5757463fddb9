-- The processes that a spec file has started, for .ci/specs.lua.
local M = {}

local function read(pid, name)
  local file = io.open(("/proc/%s/%s"):format(pid, name), "rb")
  local text = file and file:read "a" -- nil when it has ended meanwhile
  if file then
    file:close()
  end
  return text or ""
end

--- The processes of a session, and those that have a mark in their environment: what leaves the session
-- takes the mark along. One that has ended and was not fetched by its parent is none.
---@param session integer
---@param mark string
---@return table[] processes {pid, parent, state}
function M.of(session, mark)
  local found = {}
  local pipe = assert(io.popen "ls /proc")
  for pid in pipe:lines() do
    local state, parent, of = read(pid, "stat"):match "^%d+ .*%) (%a) (%d+) %d+ (%d+)"
    if state and state ~= "Z" then
      if tonumber(of) == session or read(pid, "environ"):find(mark, 1, true) then
        found[#found + 1] = { pid = pid, parent = parent, state = state }
      end
    end
  end
  pipe:close()
  return found
end

--- Lines that say what each of them does, and what the kernel waits for.
---@param processes table[]
---@return string
function M.describe(processes)
  local lines = {}
  for place, process in ipairs(processes) do
    lines[place] = ("  %s of %s, %s in %s: %s"):format(
      process.pid,
      process.parent,
      process.state,
      read(process.pid, "wchan"),
      read(process.pid, "cmdline"):gsub("%z", " "):sub(1, 300)
    )
  end
  return table.concat(lines, "\n")
end

---@param processes table[]
---@param name string of the signal
function M.signal(processes, name)
  local pids = {}
  for place, process in ipairs(processes) do
    pids[place] = process.pid
  end
  if #pids > 0 then
    os.execute(("kill -%s %s 2>/dev/null"):format(name, table.concat(pids, " ")))
  end
end

return M
