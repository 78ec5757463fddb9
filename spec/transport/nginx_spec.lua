-- Waiting inside nginx. Outside of nginx this file runs itself inside of one.
-- Runs once: nginx has its own LuaJIT.
local nginx = require "spec.support.nginx"

local ngx = rawget(_G, "ngx")

if not ngx then
  describe("lastpass.transport.nginx", function()
    it("keeps its promises inside nginx", function()
      nginx.run_inside "spec/transport/nginx_spec.lua"
    end)

    it("does not stop the worker that it waits in", function()
      local server = nginx.start {
        server = [[
          location = /long { content_by_lua_block {
            require("lastpass.transport.nginx").sleep(0.5)
            ngx.say(require("lastpass.transport.nginx").now())
          } }
          location = /short { content_by_lua_block {
            ngx.say(require("lastpass.transport.nginx").now())
          } }
        ]],
      }
      local path = server.directory .. "/long"
      os.execute(("curl -s %s/long >%s & sleep 0.1"):format(server.url, path))
      local _, short = server:get "/short"
      local long = ""
      for _ = 1, 100 do
        local file = assert(io.open(path))
        long = file:read "*a"
        file:close()
        if long ~= "" then
          break
        end
        os.execute "sleep 0.05"
      end
      local log = server:log()
      server:stop()
      -- the later one was answered first
      assert.is_true(assert(tonumber(long), log) > assert(tonumber(short), log), long .. short)
    end)
  end)
  return
end

local light_threads = require "lastpass.transport.nginx"
local socket = require "socket"

describe("lastpass.transport.nginx", function()
  local function wait(...)
    local list, tasks = {}, { ... }
    for _, task in ipairs(tasks) do
      list[task] = true
    end
    light_threads.wait_for_any(function()
      for _, task in ipairs(tasks) do
        if not task.done then
          return false
        end
      end
      return true
    end, list)
  end

  it("have the time of the machine, also when nginx has not looked for long", function()
    local earlier, between, later = socket.gettime(), light_threads.now(), socket.gettime()
    assert.is_true(earlier - 0.001 <= between and between <= later + 0.001)
    local before = ngx.now()
    socket.sleep(0.1) -- nginx stands still meanwhile, and so does its clock
    assert.equal(before, ngx.now())
    assert.is_true(light_threads.now() - before > 0.09)
  end)

  it("leave nothing with a task that outlasts those who waited for any", function()
    local long = light_threads.spawn(nil, function()
      light_threads.sleep(0.2)
    end)
    local list, short = { [long] = true }, 0
    for _ = 1, 20 do
      local task = light_threads.spawn(nil, function()
        light_threads.sleep(0.002)
        short = short + 1
      end)
      list[task] = true
      light_threads.wait_for_any(function()
        return task.done
      end, list)
      list[task] = nil
    end
    assert.equal(20, short)
    assert.is_nil(next(long.waiters))
    wait(long)
  end)

  it("sleep as long as they shall, and not at all where that is in the past", function()
    local began = socket.gettime()
    light_threads.sleep(0.05)
    local took = socket.gettime() - began
    assert.is_true(took > 0.045, took)
    began = socket.gettime()
    for _, seconds in ipairs { 0, -1, -1000 } do
      light_threads.sleep(seconds)
    end
    assert.is_true(socket.gettime() - began < 1000)
  end)

  it("sleep beside each other", function()
    local began = socket.gettime()
    local tasks = {}
    for place = 1, 20 do
      tasks[place] = light_threads.spawn(nil, light_threads.sleep, 1)
    end
    wait(unpack(tasks))
    assert.is_true(socket.gettime() - began < 20) -- what they take one after the other
  end)

  it("may wait within pcall", function()
    assert.is_true(light_threads.can_wait_in_pcall())
    local function waits(...)
      light_threads.sleep(0.001)
      return ...
    end
    local function pack(...)
      return { n = select("#", ...), ... }
    end
    assert.same(
      { n = 4, true, 1, nil, nil },
      pack(light_threads.protected_call(waits, 1, nil, nil))
    )
    assert.same({ n = 3, nil, 2, nil }, pack(light_threads.call_without_yield(waits, nil, 2, nil)))
    local problem = {}
    local function raises()
      light_threads.sleep(0.001)
      error(problem)
    end
    local ok, raised = light_threads.protected_call(raises)
    assert.is_false(ok)
    assert.equal(problem, raised)
    ok, raised = pcall(light_threads.call_without_yield, raises)
    assert.is_false(ok)
    assert.equal(problem, raised)
  end)

  it("are interrupted by nobody", function()
    assert.is_false(light_threads.is_interrupted())
  end)

  describe("as tasks", function()
    it("run until they wait for the first time, then go on by themselves", function()
      local order = {}
      local task = light_threads.spawn(nil, function()
        order[#order + 1] = "one"
        light_threads.sleep(0.01)
        order[#order + 1] = "three"
      end)
      order[#order + 1] = "two"
      assert.is_nil(task.done)
      wait(task)
      assert.is_true(task.done)
      assert.same({ "one", "two", "three" }, order)
    end)

    it("are given arguments and give results, with nil among them", function()
      local counted
      local task = light_threads.spawn(nil, function(...)
        counted = select("#", ...)
        return ...
      end, nil, 2, nil)
      assert.is_true(task.done)
      assert.equal(3, counted)
      assert.same({ n = 3, nil, 2, nil }, task.results)
      assert.is_nil(task.failure)
      task = light_threads.spawn(nil, function() end)
      assert.same({ n = 0 }, task.results)
    end)

    it("keep what was raised, and where", function()
      local function named_so_that_it_is_seen()
        light_threads.sleep(0.001)
        error "no"
      end
      local task = light_threads.spawn(nil, function()
        named_so_that_it_is_seen()
        return 1
      end)
      wait(task)
      assert.matches("nginx_spec%.lua:%d+: no$", task.failure)
      assert.matches("no\nstack traceback:", task.traceback, 1, true)
      assert.matches("named_so_that_it_is_seen", task.traceback, 1, true)
      assert.is_nil(task.results)
      local problem = setmetatable({}, {
        __tostring = function()
          return "as text"
        end,
      })
      task = light_threads.spawn(nil, error, problem)
      assert.is_true(task.done)
      assert.equal(problem, task.failure)
      assert.matches("^as text\n", task.traceback)
    end)

    it("tell who spawned them, once, when all about them is known", function()
      local told = {}
      local function on_done(task)
        told[#told + 1] = { task, task.done, task.results, task.failure }
      end
      local good = light_threads.spawn(on_done, function()
        light_threads.sleep(0.01)
        return "fine"
      end)
      local bad = light_threads.spawn(on_done, error, "no", 0)
      assert.equal(1, #told)
      wait(good, bad)
      assert.equal(2, #told)
      assert.equal(bad, told[1][1])
      assert.same({ true, nil, "no" }, { told[1][2], told[1][3], told[1][4] })
      assert.equal(good, told[2][1])
      assert.same({ true, { n = 1, "fine" } }, { told[2][2], told[2][3] })
    end)

    it("are waited for until what one waits for is so", function()
      local asked = 0
      local function first()
        asked = asked + 1
        return true
      end
      light_threads.wait_for_any(first, {})
      assert.equal(1, asked)
      local short = light_threads.spawn(nil, light_threads.sleep, 0.01)
      local long = light_threads.spawn(nil, light_threads.sleep, 0.1)
      local list = { [short] = true, [long] = true }
      light_threads.wait_for_any(function()
        return short.done or long.done
      end, list)
      assert.same({ true, nil }, { short.done, long.done })
      asked = 0
      light_threads.wait_for_any(function()
        asked = asked + 1
        return short.done and long.done
      end, list)
      assert.same({ true, true }, { short.done, long.done })
      assert.is_true(asked <= 3, asked) -- it is asked when one ends, and not all the time
    end)

    it("wake all who wait for them", function()
      local slow = light_threads.spawn(nil, light_threads.sleep, 0.02)
      local waiters = {}
      for place = 1, 5 do
        waiters[place] = light_threads.spawn(nil, function()
          wait(slow)
          return place
        end)
      end
      wait(unpack(waiters))
      for place = 1, 5 do
        assert.same({ n = 1, place }, waiters[place].results)
      end
    end)

    it("wake who waits when one of them raises", function()
      local task = light_threads.spawn(nil, function()
        light_threads.sleep(0.01)
        error "no"
      end)
      wait(task)
      assert.is_true(task.done)
    end)
  end)
end)
