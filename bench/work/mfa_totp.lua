-- One-time codes verified inside a worker of nginx: what 1,000 of them spend of its processor, and the 99th percentile of
-- one, by the same clock; and the 99th percentile of a whole request that verifies one, by the wall.
-- Arguments: "dict" or "postgresql"; how many users have a counter already
local nginx = require "spec.support.nginx"

local PLACE, ENROLLED = arg[1], tonumber(arg[2] or 0)
local COUNT = PLACE == "dict" and 20000 or 2000
local MEGABYTES = 16 + math.ceil(ENROLLED / 2000)

local INIT = [[
  lua_shared_dict codes %dm;
  init_by_lua_block {
    local state = require "lastpass.state"
    local dsn = os.getenv "BENCH_DSN"
    codes_state = dsn and state.database(dsn) or state.dict(ngx.shared.codes)
    require "lastpass.mfa.totp"
  }
]]

-- Each user has a key and a code of its own, made before the clock starts.
local SERVER = [[
  keepalive_requests 100000;
  location = /one {
    content_by_lua_block {
      local arg = ngx.var
      local result = assert(require("lastpass.mfa.totp").verify {
        user = arg.arg_user,
        secret = arg.arg_secret,
        code = arg.arg_code,
        state = codes_state,
        time = 1796000000,
      })
      ngx.header.content_length = #result.outcome
      ngx.print(result.outcome)
    }
  }
  location / {
    content_by_lua_block {
      local ffi = require "ffi"
      ffi.cdef "typedef struct { long s, ns; } bench_time; int clock_gettime(int, bench_time *);"
      local time = ffi.new "bench_time"
      local function spent()
        ffi.C.clock_gettime(2, time) -- of this process
        return tonumber(time.s) + tonumber(time.ns) / 1e9
      end
      local core = require "lastpass.core"
      local totp = require "lastpass.mfa.totp"
      local now, count, enrolled, SOME = 1796000000, %d, %d, 100
      -- memory is touched for the first time here, and not while the clock runs
      local filler, filled = ("x"):rep(3000), 0
      while ngx.shared.codes:safe_set("filler" .. filled + 1, filler) do
        filled = filled + 1
      end
      for index = 1, filled do
        ngx.shared.codes:delete("filler" .. index)
      end
      for index = 1, enrolled do
        local key = ("mfa:totp:%%032x"):format(index * 2654435761)
        assert(ngx.shared.codes:safe_set(key, index, 366 * 86400))
      end
      local times = {}
      local function verify_some(round, count)
        local options = {}
        for index = 1, count do
          local secret = ("%%d.%%d."):format(round, index) .. ("k"):rep(20)
          options[index] = {
            user = ("user%%d.%%d@acme.example"):format(round, index),
            secret = secret,
            code = assert(totp.code { secret = secret, time = now }),
            state = codes_state,
            time = now,
          }
        end
        local before = spent()
        for index = 1, count do
          local result = totp.verify(options[index])
          local after = spent()
          assert(result.ok)
          times[#times + 1], before = after - before, spent()
        end
      end
      for round = 1, 20 do -- compiles what is used
        verify_some(round, SOME)
      end
      times = {}
      for round = 21, 20 + count / SOME do
        verify_some(round, SOME)
      end
      local whole = 0
      for _, one in ipairs(times) do
        whole = whole + one
      end
      table.sort(times)
      whole = whole / #times * 1000
      local last, middle = times[math.ceil(#times * 0.99)], times[math.ceil(#times * 0.5)]
      ngx.print(("seconds %%.9f\np99 %%.9f\np50 %%.9f\n"):format(whole, last, middle))
    }
  }
]]

local database
if PLACE == "postgresql" then
  database = require("spec.peers.postgresql").start()
end
local REQUESTS = 3000

-- Requests one after the other, over a connection that is kept.
local function request_percentile(server)
  local socket = require "socket"
  local totp = require "lastpass.mfa.totp"
  local connection = assert(socket.connect("127.0.0.1", server.port))
  connection:setoption("tcp-nodelay", true)
  local times = {}
  for index = 1, REQUESTS do
    local secret = ("%d."):format(index) .. ("r"):rep(20)
    local code = assert(totp.code { secret = secret, time = 1796000000 })
    local began = socket.gettime()
    connection:send(
      ("GET /one?user=%d&secret=%s&code=%s HTTP/1.1\r\nHost: x\r\n\r\n"):format(index, secret, code)
    )
    assert(connection:receive "*l" == "HTTP/1.1 200 OK")
    repeat
      local line = assert(connection:receive "*l")
    until line == ""
    assert(connection:receive(8) == "approved")
    times[index] = socket.gettime() - began
  end
  connection:close()
  table.sort(times)
  return times[math.ceil(REQUESTS * 0.99)]
end

local server = nginx.start {
  http = INIT:format(MEGABYTES),
  server = SERVER:format(COUNT, ENROLLED),
  env = database and { BENCH_DSN = (database:fresh()) },
}
local status, answer = server:get("/", { timeout = 300 })
local request = status == 200 and request_percentile(server)
local log = server:log()
server:stop()
if database then
  database:stop()
end
assert(status == 200, log)
io.write(answer, ("request %.9f\n"):format(request))
