--- Starts spec/support/radius_peer.py, a RADIUS server that misbehaves as the user's name says.
local json = require "lastpass.json"
local wait = require "spec.support.wait"

local M = {}

local methods = {}
methods.__index = methods

M.SECRET = "a shared secret of spec/mfa"

local function lines_of(path)
  local lines = {}
  for line in io.lines(path) do
    lines[#lines + 1] = line
  end
  return lines
end

--- Starts one.
---@return table peer `port`
function M.start()
  local log = os.tmpname()
  local command =
    "timeout -s KILL 600 python3 spec/support/radius_peer.py '%s' >'%s' 2>&1 & echo $!"
  local pipe = assert(io.popen(command:format(M.SECRET, log)))
  local self = setmetatable({ log = log, pid = tonumber(pipe:read "*l"), read = 1 }, methods)
  pipe:close()
  self.port = tonumber(wait("the port of the RADIUS server", function()
    return lines_of(log)[1]
  end))
  return self
end

--- The requests since the last call, of one user or all.
---@param count integer how many to wait for
function methods:requests(count)
  local lines
  wait("requests of RADIUS", function()
    lines = lines_of(self.log)
    return #lines - self.read >= count
  end)
  local list = {}
  for index = self.read + 1, #lines do
    list[#list + 1] = json.decode(lines[index])
  end
  self.read = #lines
  return list
end

function methods:stop()
  os.execute("kill " .. self.pid)
  os.remove(self.log)
end

return M
