-- What the demos of this folder share: an nginx with the configuration beside this file, on a port that the system
-- gives, in front of a sandbox, in a folder that is removed at the end.
local files = require "lastpass.files"
local lastpass = require "lastpass"
local socket = require "socket"

local here = arg[0]:match "^(.*)/[^/]*$" or "."

local M = { here = here }

local methods = {}
local running_mt = { __index = methods }

function M.output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

--- A port that nobody uses at the moment.
function M.free_port()
  local one = assert(socket.bind("127.0.0.1", 0))
  local _, port = one:getsockname()
  one:close()
  return port
end

-- The configuration as it is, but for port, user and where the tree is.
local function configuration(name, port)
  local tree = M.output_of(("cd %s/../.. && pwd"):format(here))
  local config = assert(files.read(here .. "/" .. name))
  config = config:gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port)
  config = config:gsub("\nuser www%-data;", M.output_of "id -un" == "root" and "\nuser root;" or "")
  config = config:gsub("worker_processes auto;", "worker_processes 2;")
  config = config:gsub(
    "# (lua_package_path) [^\n]*",
    ('%%1 "%s/lua/?.lua;%s/lua/?/init.lua;;";'):format(tree, tree)
  )
  return (config:gsub("# (lua_package_cpath) [^\n]*", ('%%1 "%s/build/5.1/?.so;;";'):format(tree)))
end

-- One that has ended and was not fetched by its parent ("Z") does not run.
local function is_running(pid)
  local stat = files.read("/proc/" .. pid .. "/stat") or ""
  local state = stat:match "^.*%) (%a)"
  return state ~= nil and state ~= "Z"
end

--- Starts nginx in front of a sandbox.
---@param box table the sandbox
---@param contents table<string, string> name in the folder -> text
---@param folders? string[] of this folder that are copied
---@param options? table configuration (default "nginx.conf"), port
---@return table running {url, folder, pid}
function M.start(box, contents, folders, options)
  options = options or {}
  local port, folder = options.port or M.free_port(), M.output_of "mktemp -d"
  os.execute(("mkdir %s/logs"):format(folder))
  for _, name in ipairs(folders or {}) do
    os.execute(("cp -r %s/%s %s/"):format(here, name, folder))
  end
  assert(
    files.write(folder .. "/nginx.conf", configuration(options.configuration or "nginx.conf", port))
  )
  for name, text in pairs(contents) do
    assert(files.write(folder .. "/" .. name, text))
  end
  assert(files.write(folder .. "/acme.hash", box.provhash or lastpass.sandbox.PROVHASH))
  local command =
    "LASTPASS_URL=%s nginx -p %s/ -c nginx.conf -g 'daemon off;' >%s/logs/out 2>&1 & echo $!"
  return setmetatable({
    url = "http://127.0.0.1:" .. port,
    folder = folder,
    pid = M.output_of(command:format(box.url, folder, folder)),
  }, running_mt)
end

--- A request with curl.
---@return integer|nil status
---@return string body
function M.ask(command)
  local text = M.output_of(command .. " -sS -m 20 -w '\\n%{http_code}' 2>&1")
  local body, status = text:match "^(.*)\n(%d+)$"
  return tonumber(status), body or text
end

--- Waits until /healthz says that the directory can be served.
---@return boolean
function methods:wait_until_ready()
  for _ = 1, 200 do
    if M.ask("curl " .. self.url .. "/healthz") == 200 then
      return true
    elseif not is_running(self.pid) then
      return false
    end
    socket.sleep(0.1)
  end
  return false
end

--- What nginx has written to its logs.
---@return string
function methods:logs()
  return (files.read(self.folder .. "/logs/out") or "")
    .. (files.read(self.folder .. "/logs/error.log") or "")
end

--- Stops nginx and removes its folder.
function methods:stop()
  os.execute("kill -QUIT " .. self.pid .. " 2>/dev/null")
  for _ = 1, 100 do
    if not is_running(self.pid) then
      break
    end
    socket.sleep(0.1)
  end
  os.execute("kill -TERM " .. self.pid .. " 2>/dev/null")
  os.execute("rm -r " .. self.folder)
end

return M
