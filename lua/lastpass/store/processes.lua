--- Processes, as another one may find them again: by host, number and start.
-- @module lastpass.store.processes
local M = {}

-- USER_HZ: what the kernel shows to programs is in hundredths, whatever it counts in itself.
local TICKS_PER_SECOND = 100

local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return ""
  end
  local text = file:read "*a" or ""
  file:close()
  return text
end

local function line_of(path)
  return read(path):match "^%s*([^\n]*)"
end

-- State and start (ticks since the machine's) of a process.
local function stat(process)
  -- The program's name, in parentheses, may be anything.
  local state, rest = read("/proc/" .. process .. "/stat"):match "^.*%) (%a) (.*)$"
  if not state then
    return nil
  end
  local start
  local position = 3
  for field in rest:gmatch "%S+" do
    position = position + 1
    if position == 22 then
      start = tonumber(field)
      break
    end
  end
  return state, start
end

--- Whether a process of this machine runs.
---@param pid integer
---@return boolean false as well when it has ended and nobody has fetched it
function M.is_running(pid)
  local state = stat(("%d"):format(pid))
  return state ~= nil and state ~= "Z" and state ~= "X"
end

local function user_name()
  local number = read("/proc/self/status"):match "\nUid:%s+(%d+)"
  if not number then
    return os.getenv "USER"
  end
  return ("\n" .. read "/etc/passwd"):match("\n([^:\n]+):[^:\n]*:" .. number .. ":")
    or "user " .. number
end

local function started_at(ticks)
  local boot = tonumber(read("/proc/stat"):match "btime (%d+)")
  return boot and ticks and math.floor(boot + ticks / TICKS_PER_SECOND) or nil
end

--- This process, as another one may find it again.
---@return table identity host, user; pid, started (epoch seconds) and ticks where there is /proc;
-- machine, boot and space tell machines, their boots and containers of one name apart
function M.identity()
  local process = read("/proc/self/stat"):match "^(%d+)"
  local _, ticks = nil, nil
  if process then
    _, ticks = stat "self"
  end
  local _, first_ticks = stat "1"
  local host = line_of "/proc/sys/kernel/hostname"
  return {
    host = host ~= "" and host or os.getenv "HOSTNAME" or "unknown host",
    user = user_name(),
    pid = tonumber(process),
    ticks = ticks,
    started = started_at(ticks),
    machine = line_of "/etc/machine-id",
    boot = line_of "/proc/sys/kernel/random/boot_id",
    -- Process numbers are a container's own. When its first process began is as good as its name.
    space = first_ticks and ("%.0f"):format(first_ticks) or "",
  }
end

--- What became of a process that described itself by `identity`.
---@return "alive"|"gone"|"unknown" liveness "gone" only when that is certain
function M.liveness(owner)
  local here = M.identity()
  if not owner.pid or not here.pid or owner.host ~= here.host or owner.machine ~= here.machine then
    return "unknown"
  elseif owner.boot ~= here.boot then
    -- Without a machine's number it may be another machine with the same name.
    return here.machine ~= "" and "gone" or "unknown"
  elseif owner.space ~= here.space then
    return "unknown"
  end
  local state, ticks = stat(("%d"):format(owner.pid))
  if not state then
    -- Where /proc hides other users' processes (hidepid) it hides the first one too.
    return (here.space ~= "" or owner.user == here.user) and "gone" or "unknown"
  elseif state == "Z" or state == "X" or ticks ~= owner.ticks then
    return "gone" -- dead, only not fetched by its parent; or another one with its number
  end
  return "alive"
end

return M
