-- The processes that a spec file has started, for .ci/specs.lua.
local M = {}

local function read(pid, name)
  local file = io.open(("/proc/%s/%s"):format(pid, name), "rb")
  local text = file and file:read "*a" -- nil when it has ended meanwhile
  if file then
    file:close()
  end
  return text or ""
end

local function pids()
  local list = {}
  local pipe = assert(io.popen "ls /proc")
  for name in pipe:lines() do
    list[#list + 1] = name:match "^%d+$"
  end
  pipe:close()
  return list
end

-- What /proc says of a process; nil of one that has ended, though its parent may not have fetched it.
local function look(pid)
  local state, parent, session = read(pid, "stat"):match "^%d+ .*%) (%a) (%d+) %d+ (%d+)"
  if state and state ~= "Z" then
    return { pid = pid, parent = parent, session = tonumber(session), state = state }
  end
end

--- The processes of a session, and those that have a mark in their environment: what leaves the session
-- takes the mark along.
---@param session integer
---@param mark string
---@return table[] processes {pid, parent, session, state}
function M.of(session, mark)
  local found = {}
  for _, pid in ipairs(pids()) do
    local process = look(pid)
    if process and (process.session == session or read(pid, "environ"):find(mark, 1, true)) then
      found[#found + 1] = process
    end
  end
  return found
end

--- The other processes of the session in which this one is.
---@return table[] processes
function M.others_of_this_session()
  local found, this = {}, look "self"
  local own = read("self", "stat"):match "^%d+"
  for _, pid in ipairs(pids()) do
    local process = pid ~= own and look(pid)
    if process and process.session == this.session then
      found[#found + 1] = process
    end
  end
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
  local numbers = {}
  for place, process in ipairs(processes) do
    numbers[place] = process.pid
  end
  if #numbers > 0 then
    os.execute(("kill -%s %s 2>/dev/null"):format(name, table.concat(numbers, " ")))
  end
end

return M
