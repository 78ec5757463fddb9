-- One rate for all workers and their threads, in a real nginx.
-- Runs once: nginx has its own LuaJIT.
local lastpass = require "lastpass"
local nginx = require "spec.support.nginx"

-- The times are those of the slots that were given, not when a busy machine woke up.
local SERVER = [[
  location = /turn {
    content_by_lua_block {
      local limiter = require("lastpass.nginx.limiter").new(ngx.var.arg_name or "acme")
      local waits, slot = {}, nil
      limiter:acquire(ngx.var.arg_command or "x", tonumber(ngx.var.arg_rate), function(wait)
        waits[#waits + 1], slot = wait.reason, ngx.now() + wait.seconds
      end)
      ngx.print(("%.3f %d %s"):format(slot or ngx.now(), ngx.worker.pid(), waits[1] or ""))
    }
  }
  location = /thread {
    content_by_lua_block {
      local rate = tonumber(ngx.var.arg_rate)
      local ok, text = ngx.run_worker_thread("lastpass", "turns", "turn", rate)
      ngx.print(ok and text .. " thread" or tostring(text))
    }
  }
  location = /hold {
    content_by_lua_block {
      require("lastpass.nginx.limiter").new("acme"):back_off(tonumber(ngx.var.arg_seconds))
      ngx.update_time()
      ngx.print(("%.3f"):format(ngx.now()))
    }
  }
]]

local THREAD = [[
  local M = {}
  function M.turn(rate)
    local slot
    require("lastpass.nginx.limiter").new("acme"):acquire("x", rate, function(wait)
      slot = ngx.now() + wait.seconds
    end)
    return ("%.3f"):format(slot or ngx.now())
  end
  return M
]]

describe("lastpass.nginx.limiter", function()
  local server

  setup(function()
    server = nginx.start {
      workers = 3,
      main = "thread_pool lastpass threads=16;",
      http = "lua_shared_dict lastpass_limits 1m;",
      server = SERVER,
      files = { ["turns.lua"] = THREAD },
    }
  end)

  teardown(function()
    server:stop()
  end)

  -- The bodies of so many requests at once.
  local function at_once(paths)
    local bodies = {}
    lastpass.parallel(#paths, function(spawn)
      for position, path in ipairs(paths) do
        spawn(function()
          local transport = require("lastpass.transport.curl").new()
          local url = server.url .. path
          bodies[position] = assert(transport:send { method = "GET", url = url, timeout = 20 }).body
        end)
      end
    end)
    return bodies
  end

  local function times_of(bodies)
    local times = {}
    for position, body in ipairs(bodies) do
      times[position] = assert(tonumber(body:match "^[%d.]+"), body)
    end
    table.sort(times)
    return times
  end

  -- How many at most within one second.
  local function densest(times)
    local most = 0
    for first = 1, #times do
      local last = first
      while times[last + 1] and times[last + 1] - times[first] < 1 do
        last = last + 1
      end
      most = math.max(most, last - first + 1)
    end
    return most
  end

  it("spaces the requests of all workers and threads", function()
    local paths = {}
    for position = 1, 40 do
      paths[position] = position % 3 == 0 and "/thread?rate=20" or "/turn?rate=20"
    end
    local bodies = at_once(paths)
    local times = times_of(bodies)
    local took = times[#times] - times[1]
    assert.is_true(took >= 1.85, took)
    -- one more for who came in the middle of a slot
    assert.is_true(densest(times) <= 21, densest(times))
    local reasons = 0
    for _, body in ipairs(bodies) do
      reasons = reasons + (body:find("the option rate", 1, true) and 1 or 0)
    end
    assert.is_true(reasons >= 20)
  end)

  it("begins at the present again after a pause", function()
    at_once { "/turn?name=other&rate=5" }
    require("socket").sleep(1)
    local bodies = at_once { "/turn?name=other&rate=5", "/turn?name=other&rate=5" }
    local times = times_of(bodies)
    assert.is_true(times[2] - times[1] <= 0.4, times[2] - times[1])
    local waits = 0
    for _, body in ipairs(bodies) do
      waits = waits + (body:find("the option rate", 1, true) and 1 or 0)
    end
    assert.is_true(waits <= 1, waits)
  end)

  it("keeps the vendor's limit of changes of address", function()
    local paths = {}
    for position = 1, 10 do
      paths[position] = "/turn?name=third&command=updateemail"
    end
    local times = times_of(at_once(paths))
    assert.is_true(times[#times] - times[1] >= 0.88)
  end)

  it("holds all back while the server asks for it", function()
    local held = tonumber(at_once({ "/hold?seconds=0.6" })[1])
    local bodies = at_once { "/turn?rate=10", "/turn?rate=10", "/thread?rate=10" }
    local times = times_of(bodies)
    assert.is_true(times[1] - held >= 0.599, times[1] - held)
    assert.is_true(times[3] - times[1] > 0.15, times[3] - times[1]) -- and then one after the other
    assert.matches("the server asked to wait", table.concat(bodies), 1, true)
  end)

  it("sends nothing when there is no room to count in", function()
    local other = nginx.start {
      http = "lua_shared_dict lastpass_limits 12k;",
      server = [[location / { content_by_lua_block {
        local limiter = require("lastpass.nginx.limiter").new "acme"
        local sent, refusal, message, err = 0, nil, nil, nil
        while sent < 1000 do
          refusal, message, err = limiter:acquire("x", 1e4)
          if message then break end
          sent = sent + 1
        end
        ngx.print(tostring(refusal), " ", sent > 0 and sent < 1000, " ", err.code, " ", message)
      } }]],
    }
    local _, text = other:get "/"
    other:stop()
    assert.matches("^nil true no_room lua_shared_dict lastpass_limits is full", text)
  end)

  it("says which line nginx.conf lacks", function()
    local other = nginx.start {
      server = [[location / { content_by_lua_block {
        ngx.print(select(2, pcall(require("lastpass.nginx.limiter").new, "acme")))
      } }]],
    }
    local _, text = other:get "/"
    other:stop()
    assert.matches("add: lua_shared_dict lastpass_limits 4m;", text, 1, true)
  end)
end)
