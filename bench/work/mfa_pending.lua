-- Requests to phones that are pending on one machine, each with a browser that waits for it: how long a trivial location of
-- the same nginx takes meanwhile, and without them (99th percentiles, and the 50th with them); seconds of the processor that
-- nginx used in a second, and how many questions LastPass got.
-- Arguments: how many
local base_mfa = require "lastpass.mfa"
local cookies = require "lastpass.nginx.guard.cookies"
local guard = require "spec.support.mfa_guard"
local json = require "lastpass.json"
local keys = require "lastpass.nginx.guard.keys"
local lastpass = require "lastpass"
local nginx = require "spec.support.nginx"
local proofs = require "lastpass.nginx.mfa.proof"
local socket = require "socket"
local state = require "lastpass.state"
local wait = require "spec.support.wait"

local COUNT = tonumber(arg[1]) or 10000
local SECONDS = 6

-- What plays LastPass: whoever is asked for has not answered yet. Tokens are names, so it keeps nothing.
local LASTPASS = [[
  location /auth/ {
    content_by_lua_block {
      ngx.req.read_body()
      local json = require "lastpass.json"
      local asked = json.decode(ngx.req.get_body_data())
      asked_for = (asked_for or 0) + 1
      local user = asked.AsyncLoginToken or asked.Username
      ngx.print(json.encode { Succeeded = true, Message = "", Value = {
        AuthStatus = "WaitingForResponse", Username = user, AsyncLoginToken = user,
      } })
    }
  }
  location = /count { content_by_lua_block { ngx.print(asked_for or 0) } }
]]

local api_key = assert(lastpass.secret.value "key-of-a-benchmark")
local cookie_secret = assert(lastpass.secret.value(("a"):rep(32)))

-- The cookies that browsers would have after they have asked a phone.
local function write_browsers(path, server, fake)
  local all = keys.read({ { id = "a", secret = cookie_secret } }, "mfa", "cookie_keys", 1)
  local devices = proofs.new {
    keys = all,
    purpose = "proof " .. server.url,
    lifetime = 3600,
    bound = "session",
  }
  local client = assert(base_mfa.new {
    mode = "plain",
    base_url = fake.url,
    api_key = api_key,
    timeout = 300,
    state = state.memory { max = COUNT * 10 },
  })
  local file = assert(io.open(path, "w"))
  for number = 1, COUNT do
    local account = ("u%d@acme.example"):format(number)
    local handle = assert(client:challenge { user = account, ip = "127.0.0.1" })
    local device, header = devices:new_device()
    local pending = all:seal(
      "push " .. server.url,
      json.encode {
        id = handle:id(),
        handle = assert(handle:export(cookie_secret)),
        account = account,
        device = device,
        began = os.time(),
        ends = math.floor(handle:ends()),
      }
    )
    local parts = {}
    for _, text in ipairs { header, cookies.set(proofs.PREFIX .. "_push", pending, "Lax") } do
      parts[#parts + 1] = text:match "^[^;]*"
    end
    file:write(account, "\t", table.concat(parts, "; "), "\n")
  end
  file:close()
end

-- A hundred requests a second over four connections: p50 and p99 in milliseconds. More would measure who gets the processor.
local function times_of(server)
  local connections, times = {}, {}
  for number = 1, 4 do
    connections[number] = assert(socket.connect("127.0.0.1", server.port))
    connections[number]:setoption("tcp-nodelay", true)
  end
  local began = socket.gettime()
  for number = 1, SECONDS * 100 do
    local due = began + number / 100
    socket.sleep(math.max(due - socket.gettime(), 0))
    local one = connections[number % 4 + 1]
    local sent = socket.gettime()
    assert(one:send "GET /trivial HTTP/1.1\r\nHost: x\r\n\r\n")
    repeat
      local line = assert(one:receive "*l")
    until line == ""
    times[number] = (socket.gettime() - sent) * 1000
  end
  for _, one in ipairs(connections) do
    one:close()
  end
  table.sort(times)
  return times[math.ceil(#times * 0.5)], times[math.ceil(#times * 0.99)]
end

local STAT = "^%S+ (%d+) " .. ("%S+ "):rep(9) .. "(%d+) (%d+) "

-- Seconds of the processor that a server's workers have used, threads included.
local function spent(server)
  local ticks = 0
  local pipe = assert(io.popen("cat $(ls -d /proc/[0-9]*/stat) 2>/dev/null"))
  for line in pipe:lines() do
    local rest = line:match "^%d+ %(nginx%) (.*)$"
    local parent, user, system = (rest or ""):match(STAT)
    if tonumber(parent) == server.pid then
      ticks = ticks + user + system
    end
  end
  pipe:close()
  return ticks / 100
end

local function number_at(server, path)
  local _, text = server:get(path)
  return tonumber(text)
end

local fake = nginx.start { server = LASTPASS, connections = 4096 }
local server = guard.start {
  dict = "64m",
  connections = 16384,
  main = "thread_pool lastpass threads=16; worker_rlimit_nofile 20000;",
  http = "keepalive_timeout 300s;",
  replace = ([[
    account = { header = "X-User", from = { "127.0.0.1" } },
    push = {
      mode = "plain", base_url = %q, timeout = 300,
      api_key = assert(lastpass.secret.value "key-of-a-benchmark"),
    },
  ]]):format(fake.url),
}
local list, began = os.tmpname(), os.tmpname()
local ok, message = pcall(function()
  write_browsers(list, server, fake)
  local _, without = times_of(server)
  local line = "timeout 200 python3 bench/work/mfa_pending.py %d %s > %s"
  local browsers = assert(io.popen(line:format(server.port, list, began), "w"))
  local pending
  wait("all browsers", function()
    local file = assert(io.open(began))
    pending = file:read "*n"
    file:close()
    return pending
  end)
  socket.sleep(5)
  local cpu, before, from = spent(server), number_at(fake, "/count"), socket.gettime()
  local middle, with = times_of(server)
  local took = socket.gettime() - from
  cpu = (spent(server) - cpu) / took
  local questions = (number_at(fake, "/count") - before) / took
  browsers:write "\n"
  browsers:close()
  local times = "with %.5f\nwithout %.5f\nmiddle %.5f"
  print(times:format(with / 1000, without / 1000, middle / 1000))
  print(("spent %.3f\npending %d\nquestions %.0f"):format(cpu, pending, questions))
end)
os.remove(list)
os.remove(began)
server:stop()
fake:stop()
assert(ok, message)
