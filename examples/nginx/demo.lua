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
local running = dofile(here .. "/running.lua")
local ask = running.ask

local TOKENS =
  'return { { name = "demo", hash = %q, tenants = { "acme" }, scopes = { "read", "write", "proxy" } } }\n'

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
local token, token_hash = tokens.new()
local site = running.start(
  box,
  { ["tokens.lua"] = TOKENS:format(token_hash) },
  { "playbooks", "site.lua" }
)
local url = site.url
local failures = 0
if not site:wait_until_ready() then
  failures = 1
  io.stderr:write("nginx does not serve:\n", site:logs())
elseif checking then
  failures = check(url, token)
  local ran = playbook_has_run(url)
  print((ran and "ok  " or "FAIL") .. "  playbooks/joiners.lua was applied")
  failures = failures + (ran and 0 or 1)
else
  tell(url, token, site.folder)
end
site:stop()
box:stop()
os.exit(failures == 0 and 0 or 1, true)
