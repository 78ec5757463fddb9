--- A real nginx for specs: loopback only, a prefix of its own, stopped by its own process number.
local socket = require "socket"
local http = require "socket.http"
local ltn12 = require "ltn12"

local M = {}

local methods = {}
local server_mt = { __index = methods }

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

-- Whether the master still runs. One that has ended and was not fetched by its parent does not.
local function runs(pid)
  local state = (read("/proc/" .. pid .. "/stat") or ""):match "^.*%) (%a)"
  return state ~= nil and state ~= "Z"
end

local function shell(line)
  local pipe = assert(io.popen(line))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local held = {}

--- A port that nobody uses, nor is given while this process runs: a socket that does not listen holds it, beside which
-- nginx may be started, killed and started again.
function M.free_port()
  local one = assert(socket.tcp4())
  assert(one:setoption("reuseaddr", true))
  assert(one:bind("127.0.0.1", 0))
  local _, port = one:getsockname()
  held[#held + 1] = one
  return tonumber(port)
end

local TEMPLATE = [[
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
%s
daemon off;
pid logs/nginx.pid;
error_log logs/error.log notice;
worker_processes %d;
%s
events { worker_connections %d; }
http {
  access_log off;
  lua_package_path "%s";
  lua_package_cpath "%s";
  client_body_temp_path logs/body;
  proxy_temp_path logs/proxy;
  fastcgi_temp_path logs/fastcgi;
  uwsgi_temp_path logs/uwsgi;
  scgi_temp_path logs/scgi;
  %s
  server {
    listen 127.0.0.1:%d;
    %s
  }
}
]]

local function working_directory()
  return (shell("pwd"):gsub("%s+$", ""))
end

function M.start(options)
  options = options or {}
  local directory = shell("mktemp -d"):gsub("%s+$", "")
  os.execute("mkdir -p " .. directory .. "/logs")
  for name, text in pairs(options.files or {}) do
    write(directory .. "/" .. name, text)
  end
  local tree = working_directory()
  local env, exports = {}, {}
  for name, value in pairs(options.env or {}) do
    env[#env + 1] = "env " .. name .. ";"
    exports[#exports + 1] = ("%s='%s'"):format(name, value)
  end
  local port = options.port or M.free_port()
  if options.port_variable then -- for what has to know its own address
    env[#env + 1] = "env " .. options.port_variable .. ";"
    exports[#exports + 1] = options.port_variable .. "=" .. port
  end
  local root = shell("id -u"):match "^0" and "user root;" or ""
  write(
    directory .. "/nginx.conf",
    TEMPLATE:format(
      root .. "\n" .. table.concat(env, "\n"),
      options.workers or 1,
      options.main or "",
      options.connections or 1024,
      ("%s/?.lua;%s/lua/?.lua;%s/lua/?/init.lua;%s/?.lua;;"):format(directory, tree, tree, tree),
      tree .. "/build/5.1/?.so;;",
      options.http or "",
      port,
      options.server or ""
    )
  )
  local line = ("%s nginx -p %s/ -c %s/nginx.conf >%s/logs/out 2>&1 & echo $!"):format(
    table.concat(exports, " "),
    directory,
    directory,
    directory
  )
  local pid = tonumber(shell(line))
  local self = setmetatable({
    directory = directory,
    port = port,
    pid = pid,
    url = ("http://127.0.0.1:%d"):format(port),
  }, server_mt)
  for _ = 1, 3000 do
    local client = socket.connect("127.0.0.1", port)
    if client then
      client:close()
      return self
    end
    socket.sleep(0.02)
    if not runs(pid) then
      break
    end
  end
  local text = (read(directory .. "/logs/out") or "") .. (self:log() or "")
  self:stop()
  error("nginx does not start: " .. text)
end

function methods:get(path, options)
  options = options or {}
  local parts = {}
  local patience = http.TIMEOUT
  http.TIMEOUT = options.timeout or patience -- what `create` sets, http.request sets anew
  local _, status, headers = http.request {
    url = self.url .. path,
    method = options.method or "GET",
    headers = options.headers,
    source = options.body and ltn12.source.string(options.body),
    sink = ltn12.sink.table(parts),
  }
  http.TIMEOUT = patience
  return status, table.concat(parts), headers
end

function methods:log()
  return read(self.directory .. "/logs/error.log")
end

function methods:reload()
  os.execute("kill -HUP " .. self.pid)
end

--- Ends it by its own process number, and waits for that.
function methods:stop()
  if self.pid then
    os.execute("kill -TERM " .. self.pid .. " 2>/dev/null")
    for _ = 1, 6000 do
      if not runs(self.pid) then
        break
      end
      socket.sleep(0.01)
    end
    self.pid = nil
    os.execute("rm -rf " .. self.directory)
  end
end

--- Runs a spec file inside nginx, and raises what it says unless all of it passes.
---@param path string
function M.run_inside(path)
  local command =
    "LUA_PATH='%s' lua5.4 spec/support/in_nginx.lua /usr/bin/busted -o plainTerminal %s 2>&1"
  local tree = working_directory()
  local lua_path = ("%s/?.lua;%s/lua/?.lua;%s/lua/?/init.lua;;"):format(tree, tree, tree)
  local output = shell(command:format(lua_path, path))
  local passed = output:match "(%d+) successe?s? / 0 failures? / 0 errors?"
  if not passed or tonumber(passed) == 0 then
    error(output, 0)
  end
end

return M
