--- The local nginx that all sides of a comparison talk to.
-- @module bench.server
local shell = require "bench.shell"
local socket = require "socket"

local SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
local MODULES = "/usr/lib/nginx/modules"
local TRIES = 3

local M = {}

local methods = {}
local server_mt = { __index = methods }

local function read_file(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function write_file(name, text)
  local file = assert(io.open(name, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local function free_port()
  local taken = assert(socket.bind("127.0.0.1", 0))
  local _, port = taken:getsockname()
  taken:close()
  return port
end

-- A certificate of its own; what trusts it is as long as any system's bundle, for reading the
-- bundle is most of what the start of a connection costs.
local function make_certificate(home)
  shell.run {
    "sh",
    "-c",
    (
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
      .. " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
      .. " -keyout %s -out %s 2>&1"
    ):format(shell.quote(home .. "/key.pem"), shell.quote(home .. "/certificate.pem")),
  }
  write_file(
    home .. "/bundle.pem",
    read_file(SYSTEM_BUNDLE) .. read_file(home .. "/certificate.pem")
  )
end

local function write_configuration(home, port, plain)
  local user = shell.run({ "id", "-un" }):match "%S+"
  local values = {
    HOME = home,
    PORT = tostring(port),
    PLAIN = tostring(plain),
    MODULES = MODULES,
    USER = user == "root" and "user root;" or "",
    DATA = shell.run({ "realpath", shell.BUILD }):match "[^\n]+",
  }
  local text = read_file("bench/nginx.conf"):gsub("@(%u+)@", values)
  write_file(home .. "/nginx.conf", text)
end

-- nginx lives as long as our end of the pipe, whatever ends this program.
local guardian = [[
trap '' INT TERM HUP
nginx -p %s -c nginx.conf -e error.log </dev/null & server=$!
cat >/dev/null
kill -QUIT "$server"; wait "$server"; rm -rf %s
]]

local function is_listening(port)
  for _ = 1, 100 do
    local connection = socket.connect("127.0.0.1", port)
    if connection then
      connection:close()
      return true
    end
    socket.sleep(0.05)
  end
  return false
end

--- Starts nginx; it stops with `stop`, or when this program ends.
---@return table server `url` (without a path), `plain_url` (the same without TLS), `ca_file`
function M.start()
  for _ = 1, TRIES do
    local home = shell.run({ "mktemp", "-d" }):match "%S+"
    local port, plain = free_port(), free_port()
    make_certificate(home)
    write_configuration(home, port, plain)
    local quoted = shell.quote(home)
    local pipe = assert(io.popen(guardian:format(quoted, quoted), "w"))
    if is_listening(port) then
      return setmetatable({
        url = "https://127.0.0.1:" .. port,
        plain_url = "http://127.0.0.1:" .. plain,
        ca_file = home .. "/bundle.pem",
        _pipe = pipe,
      }, server_mt)
    end
    pipe:close()
  end
  error("nginx does not start (nginx-light, libnginx-mod-http-lua)", 0)
end

--- Stops nginx and removes what it had.
function methods:stop()
  self._pipe:close()
end

return M
