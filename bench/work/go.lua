--- Processes that begin at one moment.
-- @module bench.work.go
local curl = require "lastpass.curl"
local socket = require "socket"

local M = {}

local function read(path)
  local file = io.open(path)
  local moment = file and tonumber(file:read "*l" or "")
  if file then
    file:close()
  end
  return moment
end

--- In such a process: says that it is ready, and returns at the moment at which all begin.
---@param path string where that is written
---@return number moment of `curl.now`
function M.ready(path)
  print "ready"
  io.stdout:flush()
  local ends_at, moment = curl.now() + 120
  repeat
    socket.sleep(0.1)
    moment = read(path)
  until moment or curl.now() > ends_at
  assert(moment, "nobody said when to begin")
  socket.sleep(math.max(0, moment - curl.now()))
  return moment
end

--- Starts processes of a program, and lets them begin when all are ready.
---@param count integer
---@param program string
---@param ... any its arguments, after "worker", the place of the moment, and before the number of the process
---@return string[] lines that they print
function M.run(count, program, ...)
  local path = os.tmpname()
  local words = { arg[-1], program, "worker", path, ... }
  for position, word in ipairs(words) do
    words[position] = "'" .. word .. "'"
  end
  local command = "exec timeout 300 " .. table.concat(words, " ") .. " "
  local pipes, lines = {}, {}
  for number = 1, count do
    pipes[number] = assert(io.popen(command .. number))
  end
  for _, pipe in ipairs(pipes) do
    assert(pipe:read "*l" == "ready", "a process did not start")
  end
  local file = assert(io.open(path .. ".new", "w"))
  file:write(("%.6f\n"):format(curl.now() + 1))
  file:close()
  assert(os.rename(path .. ".new", path))
  for _, pipe in ipairs(pipes) do
    for line in pipe:lines() do
      lines[#lines + 1] = line
    end
    pipe:close()
  end
  os.remove(path)
  return lines
end

return M
