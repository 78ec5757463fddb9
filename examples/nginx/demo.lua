-- Starts a sandbox and an nginx in front of it, with the configuration beside this file, on ports that
-- the system gives; `make nginx-demo`. Ctrl-C stops both.
--
--     lua5.4 examples/nginx/demo.lua            prints addresses, a token and what to try, and waits
--     lua5.4 examples/nginx/demo.lua --check    asks everything once, and ends
local core = require "lastpass.core"
local lastpass = require "lastpass"
local socket = require "socket"
local tokens = require "lastpass.nginx.gateway.tokens"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local checking = arg[1] == "--check"

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a" or ""
  if file then
    file:close()
  end
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function free_port()
  local one = assert(socket.bind("127.0.0.1", 0))
  local _, port = one:getsockname()
  one:close()
  return port
end

-- The folder that nginx runs in: the example as it is, but for port, user and where the tree is.
local function prepare(box, port, token_hash)
  local tree = output_of(("cd %s/../.. && pwd"):format(here))
  local folder = output_of "mktemp -d"
  os.execute(
    ("mkdir %s/logs && cp -r %s/playbooks %s/site.lua %s/"):format(folder, here, here, folder)
  )
  local user = output_of "id -un"
  local config = read(here .. "/nginx.conf")
  config = config:gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port)
  config = config:gsub("\nuser www%-data;", user == "root" and "\nuser root;" or "")
  config = config:gsub("worker_processes auto;", "worker_processes 2;")
  config = config:gsub(
    "# (lua_package_path) [^\n]*",
    ('%%1 "%s/lua/?.lua;%s/lua/?/init.lua;;";'):format(tree, tree)
  )
  config = config:gsub("# (lua_package_cpath) [^\n]*", ('%%1 "%s/build/5.1/?.so;;";'):format(tree))
  write(folder .. "/nginx.conf", config)
  write(
    folder .. "/tokens.lua",
    ('return { { name = "demo", hash = %q, tenants = { "acme" }, scopes = { "read", "write", "proxy" } } }\n'):format(
      token_hash
    )
  )
  os.execute(("umask 077 && : > %s/acme.hash"):format(folder))
  write(folder .. "/acme.hash", box.provhash or lastpass.sandbox.PROVHASH)
  return folder
end

local function start_nginx(box, folder)
  local command =
    "LASTPASS_URL=%s nginx -p %s/ -c nginx.conf -g 'daemon off;' >%s/logs/out 2>&1 & echo $!"
  return output_of(command:format(box.url, folder, folder))
end

-- One that has ended and was not fetched by its parent ("Z") does not run.
local function is_running(pid)
  local state = read("/proc/" .. pid .. "/stat"):match "^.*%) (%a)"
  return state ~= nil and state ~= "Z"
end

local function ask(command)
  local text = output_of(command .. " -sS -m 20 -w '\\n%{http_code}' 2>&1")
  local body, status = text:match "^(.*)\n(%d+)$"
  return tonumber(status), body or text
end

local function wait_until_ready(url, pid)
  for _ = 1, 200 do
    if ask("curl " .. url .. "/healthz") == 200 then
      return true
    elseif not is_running(pid) then
      return false
    end
    socket.sleep(0.1)
  end
  return false
end

local function requests(url, token)
  local head = ("curl -H 'Authorization: Bearer %s' "):format(token)
  return {
    head .. ("'%s/unified/user-directory/users?limit=2'"):format(url),
    head
      .. ("-X POST -H 'Content-Type: application/json' -d '{\"disabled\":1}' '%s/proxy/getuserdata'"):format(
        url
      ),
    ("curl '%s/healthz'"):format(url),
  }
end

-- Each request once, and what must be in its answer.
local function check(url, token)
  local lines = requests(url, token)
  local wanted = {
    { lines[1], 200, '"result"' },
    { lines[2], 200, '"Users"' },
    { lines[3], 200, '"status":"ok"' },
    { ("curl '%s/unified/user-directory/users'"):format(url), 401, "token" },
    { ("curl '%s/metrics'"):format(url), 200, "lastpass_calls_total" },
    { ("curl -L '%s/dashboard'"):format(url), 200, "</html>" },
  }
  local failures = 0
  for _, one in ipairs(wanted) do
    local status, body = ask(one[1])
    local ok = status == one[2] and body:find(one[3], 1, true) ~= nil
    failures = failures + (ok and 0 or 1)
    print(
      ("%s  %s\n      %s: %s"):format(
        ok and "ok  " or "FAIL",
        one[1],
        status,
        body:gsub("%s+", " "):sub(1, 160)
      )
    )
  end
  return failures
end

local function playbook_has_run(url)
  for _ = 1, 100 do
    local _, body = ask("curl " .. url .. "/healthz")
    if body:find('"outcome":"applied"', 1, true) then
      return true
    end
    socket.sleep(0.1)
  end
  return false
end

local function tell(url, token, folder)
  print("\nThe directory of a company of 200 people, with nginx in front:\n")
  print("  dashboard   " .. url .. "/dashboard  (sign in with the token)")
  print("  health      " .. url .. "/healthz")
  print("  metrics     " .. url .. "/metrics")
  print("  token       " .. token)
  print("  folder      " .. folder .. "  (change playbooks/joiners.lua, and see /healthz)\n")
  for _, line in ipairs(requests(url, token)) do
    print("  " .. line)
  end
  print("\nCtrl-C stops it.")
  io.stdout:flush()
  core.catch_interrupts(true)
  while core.interrupts() == 0 do
    socket.sleep(0.2)
  end
end

local box = assert(lastpass.sandbox.start { users = 200, seed = 1, clock = "now" })
local port = free_port()
local token, token_hash = tokens.new()
local folder = prepare(box, port, token_hash)
local pid = start_nginx(box, folder)
local url = "http://127.0.0.1:" .. port
local failures = 0
if not wait_until_ready(url, pid) then
  failures = 1
  io.stderr:write(
    "nginx does not serve:\n",
    read(folder .. "/logs/out"),
    read(folder .. "/logs/error.log")
  )
elseif checking then
  failures = check(url, token)
  local ran = playbook_has_run(url)
  print((ran and "ok  " or "FAIL") .. "  playbooks/joiners.lua was applied")
  failures = failures + (ran and 0 or 1)
else
  tell(url, token, folder)
end
os.execute("kill -QUIT " .. pid .. " 2>/dev/null")
for _ = 1, 100 do
  if not is_running(pid) then
    break
  end
  socket.sleep(0.1)
end
os.execute("kill -TERM " .. pid .. " 2>/dev/null")
box:stop()
os.execute("rm -r " .. folder)
os.exit(failures == 0 and 0 or 1, true)
