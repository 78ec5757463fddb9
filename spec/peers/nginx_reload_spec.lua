-- What a real nginx does when it is reloaded or told to quit while LastPass is being asked: every reply is
-- counted, and the workers of before end. And what happens where there are more callers than Lua states.
-- Runs once: nginx has its own LuaJIT.
local lastpass = require "lastpass"
local nginx = require "spec.support.nginx"
local socket = require "socket"
local waiting = require "lastpass.transport.scheduler"
local workers = require "spec.support.workers"
local wait = require "spec.support.wait"

local HTTP = [[
  lua_worker_thread_vm_pool_size %d;
  init_by_lua_block {
    local lastpass = require "lastpass"
    client = lastpass.new {
      cid = %s,
      url = %q,
      ca_file = %q,
      provhash = assert(lastpass.secret.value %q),
      retries = 0,
    }
  }
]]

local SERVER = [[
  location = /call {
    content_by_lua_block {
      local answer, message = client:getuserdata { pagesize = 1, pageindex = 0 }
      if not answer then
        ngx.log(ngx.ERR, "call: ", message)
        return ngx.exit(502)
      end
      ngx.header["Content-Length"] = #("10 " .. ngx.var.arg_id)
      ngx.print(answer.total, " ", ngx.var.arg_id)
    }
  }
  location = /later {
    content_by_lua_block {
      local path = ngx.config.prefix() .. "later"
      assert(ngx.timer.at(0, function()
        local answer, message = client:getuserdata { pagesize = 1, pageindex = 0 }
        local file = io.open(path, "w")
        file:write(answer and "done" or message)
        file:close()
      end))
      ngx.print "started"
    }
  }
]]

describe("nginx that asks LastPass", function()
  local box, server

  setup(function()
    box = assert(lastpass.sandbox.start { users = 10, tls = true, latency = 0.2 })
  end)

  teardown(function()
    box:stop()
  end)

  after_each(function()
    if server then
      server:stop()
    end
    server = nil
  end)

  local function start(threads, states)
    server = nginx.start {
      main = ("thread_pool lastpass threads=%d;"):format(threads),
      http = HTTP:format(states, tostring(box.cid), box.url, box.ca_file, box.provhash),
      server = SERVER,
    }
  end

  -- So many callers ask until `over` says so, each by a connection of its own; gives how many answers were
  -- right, and what the others said.
  local function ask(callers, over, meanwhile)
    local curl = require("lastpass.transport.curl").new()
    local right, wrong = 0, {}
    lastpass.parallel(callers + 1, function(spawn)
      for caller = 1, callers do
        spawn(function()
          local turn = 0
          repeat
            turn = turn + 1
            local id = caller .. "-" .. turn
            local answer, message = curl:send {
              method = "GET",
              url = server.url .. "/call?id=" .. id,
              headers = { Connection = "close" },
              timeout = 30,
            }
            if answer and answer.status == 200 and answer.body == "10 " .. id then
              right = right + 1
            else
              wrong[#wrong + 1] = id .. ": " .. (message or answer.status .. " " .. answer.body)
            end
          until over(right)
        end)
      end
      spawn(meanwhile or function() end)
    end)
    return right, wrong
  end

  it("loses no reply in ten reloads, and leaves no worker behind", function()
    start(32, 32)
    local is_over = false
    local gives_up_at = waiting.now() + 60
    local right, wrong = ask(40, function(count)
      return is_over and (count > 80 or waiting.now() > gives_up_at)
    end, function()
      for _ = 1, 10 do
        waiting.sleep(0.35)
        server:reload()
      end
      waiting.sleep(0.5)
      is_over = true
    end)
    if os.getenv "LASTPASS_SHOW_TIMES" then
      print(("ten reloads: %d answers, %d lost"):format(right, #wrong))
    end
    assert.same({}, wrong)
    assert.is_true(right > 80, right)
    wait("the workers of before", function()
      return #workers.of(server.pid) == 1
    end)
    local log = server:log()
    for _, level in ipairs { "[error]", "[alert]", "[crit]", "[emerg]" } do
      assert.is_nil(log:find(level, 1, true), log)
    end
  end)

  it("answers before it quits, and ends a timer's call", function()
    start(4, 4)
    local client = assert(socket.connect("127.0.0.1", server.port))
    client:settimeout(10)
    client:send "GET /call?id=7 HTTP/1.0\r\n\r\n"
    assert.equal(200, (server:get "/later"))
    os.execute("kill -QUIT " .. server.pid)
    local text = client:receive "*a"
    client:close()
    wait("nginx to end", function()
      return not workers.is_running(server.pid)
    end)
    assert.matches("\r\n\r\n10 7$", text)
    local file = assert(io.open(server.directory .. "/later"))
    assert.equal("done", file:read "*a")
    file:close()
    assert.is_nil(server:log():find("[error]", 1, true))
  end)

  it("has callers wait where there are few threads, or few Lua states for them", function()
    for _, sizes in ipairs { { 4, 32 }, { 32, 4 }, { 32, 10 } } do
      start(sizes[1], sizes[2])
      local began = socket.gettime()
      local right, wrong = ask(40, function()
        return true
      end)
      local took = socket.gettime() - began
      assert.same({}, wrong)
      assert.equal(40, right)
      -- each answer takes 0.2 s there, and so many at once are all that can be on their way
      assert.is_true(took >= 40 / math.min(sizes[1], sizes[2]) * 0.2, took)
      assert.is_nil(server:log():find("[error]", 1, true))
      server:stop()
    end
    server = nil
  end)
end)
