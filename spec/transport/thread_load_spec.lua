-- nginx with one worker under load, LastPass answering after 0.2 seconds: what is asked of LastPass
-- stops nothing else, nothing is slower than it must be, and nothing is lost when nginx is reloaded.
-- Driven by wrk, a program of others.
-- Runs once: nginx has its own LuaJIT.
-- Runs alone: it measures how many requests get through.
local nginx = require "spec.support.nginx"
local support = require "spec.support.box"

local LATENCY, CONNECTIONS = 0.2, 50
local IDEAL = CONNECTIONS / LATENCY -- requests a second

local SETUP = [[
  lua_worker_thread_vm_pool_size 64;
  lua_shared_dict lastpass_limits 1m;
  init_by_lua_block {
    lastpass = require "lastpass"
    secret = lastpass.secret.value "%s"
  }
  init_worker_by_lua_block {
    transport = require("lastpass.transport.thread").new { threads = 64 }
    client = lastpass.new {
      cid = %d, provhash = secret, url = "%s", transport = transport, retries = 0,
    }
  }
]]

local SERVER = [[
  location = /still { return 200 "here\n"; }
  location = /asked { content_by_lua_block {
    local reply, message = client:getuserdata { pagesize = 1, pageindex = 0 }
    if not reply then
      ngx.log(ngx.ERR, message)
      return ngx.exit(502)
    end
    ngx.say(reply.total)
  } }
]]

describe("nginx with requests to LastPass in flight", function()
  local box, server

  setup(function()
    box = support.start { users = 20, latency = LATENCY }
    server = nginx.start {
      main = "thread_pool lastpass threads=64;",
      http = SETUP:format(box.provhash, box.cid, box.url),
      server = SERVER,
    }
    assert.equal(200, (server:get "/asked"))
  end)

  teardown(function()
    server:stop()
    box:stop()
  end)

  local function begin(path, connections, seconds, more)
    return assert(
      io.popen(
        ("wrk --latency -t1 -c%d -d%ds --timeout 60s %s %s%s 2>&1"):format(
          connections,
          seconds,
          more or "",
          server.url,
          path
        )
      )
    )
  end

  local units = { us = 1e-6, ms = 1e-3, s = 1 }

  local function finish(pipe)
    local text = pipe:read "*a"
    pipe:close()
    local count, unit = text:match "99%%%s+([%d.]+)(%a+)"
    return {
      text = text,
      rate = tonumber((text:match "Requests/sec:%s+([%d.]+)")),
      p99 = count and tonumber(count) * units[unit],
      has_errors = text:find("Socket errors", 1, true) or text:find("Non-2xx", 1, true),
    }
  end

  it("goes on meanwhile, and asks for many at once", function()
    local asked = begin("/asked", CONNECTIONS, 8)
    local still = finish(begin("/still", 1, 6))
    asked = finish(asked)
    assert.is_nil(asked.has_errors, asked.text)
    assert.is_nil(still.has_errors, still.text)
    if os.getenv "LASTPASS_SHOW_TIMES" then
      print(
        ("%.1f %% of the ideal rate, p99 beside it %.1f ms"):format(
          asked.rate / IDEAL * 100,
          still.p99 * 1000
        )
      )
    end
    -- a worker that waits for LastPass answers one at a time, and others after each of them
    assert.is_true(asked.rate > 4 / LATENCY, asked.text)
    assert.is_true(still.rate > 4 / LATENCY, still.text)
  end)

  it("has no error with more connections than threads", function()
    local asked = finish(begin("/asked", 200, 3))
    assert.is_nil(asked.has_errors, asked.text .. server:log())
    assert.is_true(asked.rate > 4 / LATENCY, asked.text)
  end)

  it("loses no reply when it is reloaded", function()
    local asked = begin("/asked", 20, 7, "-H 'Connection: close'")
    for _ = 1, 10 do
      os.execute "sleep 0.5"
      server:reload()
    end
    asked = finish(asked)
    assert.is_nil(asked.has_errors, asked.text .. server:log())
    assert.is_true(asked.rate > 10, asked.text)
    assert.is_nil(server:log():find("[error]", 1, true), server:log())
  end)
end)
