--- A small TCP server in a process of its own, for what the sandbox is too well-behaved to do:
-- broken HTTP, half-read requests, proxies. The handler is Lua text that gets `tools` (see
-- serve.lua) and returns a function(client, number) for each connection.
local M = {}

local methods = {}
methods.__index = methods

--- Starts one.
---@param handler string
---@return table server `port`, `url`
function M.start(handler)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write("local tools = ...\n", handler)
  file:close()
  -- a sanitizer that is loaded first is for our modules, and it loads none
  local form = "echo $$; exec env -u LD_PRELOAD lua5.4 spec/support/serve.lua %s %s.log"
  local command = form:format(path, path)
  local pipe = assert(io.popen(command))
  local server = setmetatable({ path = path, pipe = pipe }, methods)
  server.process = assert(pipe:read "*l")
  server.port = assert(tonumber((pipe:read "*l")), "the server did not start")
  server.url = ("http://127.0.0.1:%d/enterpriseapi.php"):format(server.port)
  return server
end

--- What the handler has logged so far.
---@return string[]
function methods:log()
  local lines = {}
  for line in io.lines(self.path .. ".log") do
    lines[#lines + 1] = line
  end
  return lines
end

--- Ends the process.
function methods:stop()
  if self.pipe then
    os.execute("kill " .. self.process)
    self.pipe:close()
    self.pipe = nil
    os.remove(self.path)
    os.remove(self.path .. ".log")
  end
end

return M
