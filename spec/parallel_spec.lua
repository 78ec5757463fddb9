-- Several calls at once.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local loop = require "lastpass.transport.loop"
local parallel = require "lastpass.parallel"
local socket = require "socket"
local support = require "spec.support.box"

-- In plain Lua 5.1 a task cannot wait inside pcall.
local plain_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

describe("lastpass.parallel", function()
  local box, client

  setup(function()
    box = support.start { users = 20 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
  end)

  it("runs calls at the same time, and waits for all of them", function()
    assert(box:faults { delay = 1 })
    local results = {}
    local started = socket.gettime()
    parallel(10, function(spawn)
      for i = 1, 10 do
        spawn(function()
          results[i] = assert(client:getsfdata())
        end)
      end
    end)
    local took = socket.gettime() - started
    assert.equal(10, #results)
    assert.is_true(took < 10, tostring(took)) -- what they take one after the other
    assert.equal(10, support.requests(box))
  end)

  it("keeps to the limit", function()
    for _, limit in ipairs { 1, 3, 7 } do
      local running, most = 0, 0
      parallel(limit, function(spawn)
        for _ = 1, 20 do
          spawn(function()
            running = running + 1
            most = math.max(most, running)
            loop.sleep(0.002)
            running = running - 1
          end)
        end
      end)
      assert.equal(limit, most)
      assert.equal(0, running)
    end
  end)

  it("never has more requests under way than the limit, as the server sees it", function()
    -- each request takes half a second there; 12 of them by 4 need three rounds, not twelve
    assert(box:faults { delay = 0.5 })
    local started = socket.gettime()
    parallel(4, function(spawn)
      for _ = 1, 12 do
        spawn(client.getsfdata, client)
      end
    end)
    local took = socket.gettime() - started
    assert.is_true(took >= 1.5, tostring(took))
    assert.is_true(took < 6, tostring(took))
  end)

  it("starts tasks in the order in which they were spawned", function()
    local order = {}
    parallel(3, function(spawn)
      for i = 1, 10 do
        spawn(function()
          order[#order + 1] = i
          loop.sleep(i % 2 == 0 and 0.002 or 0.001)
        end)
      end
    end)
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, order)
  end)

  it("passes arguments on and gives results back, nils too", function()
    local a, b, c, count
    parallel(2, function(spawn)
      local task = spawn(function(...)
        loop.sleep(0.001)
        return select("#", ...), nil, ...
      end, 1, nil, "x", nil)
      local function take(...)
        count = select("#", ...)
        a, b, c = ...
      end
      take(task:result())
      take(task:result())
    end)
    assert.equal(6, count)
    assert.equal(4, a)
    assert.is_nil(b)
    assert.equal(1, c)
  end)

  it("spawns with bounded memory: spawn waits while the limit is reached", function()
    local spawned, ended, most = 0, 0, 0
    parallel(5, function(spawn)
      for _ = 1, 200 do
        spawn(function()
          loop.sleep(0.0005)
          ended = ended + 1
        end)
        spawned = spawned + 1
        most = math.max(most, spawned - ended)
      end
    end)
    assert.equal(200, ended)
    assert.is_true(most <= 5)
  end)

  it("does nothing when nothing is spawned", function()
    parallel(1, function() end)
    assert.equal(0, support.requests(box))
  end)

  describe("when a task raises", function()
    it("raises the first error as it is, after the others have ended", function()
      local ended, object = 0, setmetatable({}, {})
      local ok, err = pcall(parallel, 4, function(spawn)
        for i = 1, 4 do
          spawn(function()
            loop.sleep(0.04 * i)
            if i == 2 then
              error(object)
            elseif i == 3 then
              error "later"
            end
            ended = ended + 1
          end)
        end
      end)
      assert.is_false(ok)
      assert.equal(object, err)
      assert.equal(2, ended)
    end)

    it("starts no further one", function()
      local started = 0
      local ok, message = pcall(parallel, 2, function(spawn)
        for i = 1, 100 do
          spawn(function()
            started = started + 1
            loop.sleep(0.001)
            if i == 3 then
              error("stop", 0)
            end
          end)
        end
      end)
      assert.is_false(ok)
      assert.equal("stop", message)
      assert.is_true(started <= 5, tostring(started))
    end)

    it("raises it from result as well", function()
      local seen
      local ok, message = pcall(parallel, 2, function(spawn)
        local task = spawn(function()
          error("inner", 0)
        end)
        seen = { pcall(task.result, task) }
      end)
      assert.is_false(ok)
      assert.equal("inner", message)
      assert.same({ false, "inner" }, seen)
    end)

    it("raises the body's own error, after the tasks have ended", function()
      local ended = 0
      local ok, message = pcall(parallel, 3, function(spawn)
        for _ = 1, 3 do
          spawn(function()
            loop.sleep(0.005)
            ended = ended + 1
          end)
        end
        error("body", 0)
      end)
      assert.is_false(ok)
      assert.equal("body", message)
      assert.equal(3, ended)
    end)

    it("and the program goes on", function()
      pcall(parallel, 1, function(spawn)
        spawn(error, "x")
      end)
      assert(client:getsfdata())
      local done = false
      parallel(1, function(spawn)
        spawn(function()
          done = assert(client:getsfdata()) ~= nil
        end)
      end)
      assert.is_true(done)
    end)
  end)

  it("gives failures as values inside tasks as well", function()
    assert(box:faults { command = "getsfdata", body = '{"status":"FAIL"}' })
    local err
    parallel(2, function(spawn)
      spawn(function()
        err = select(3, client:getsfdata())
      end)
    end)
    assert.equal("refused", err.kind)
  end)

  it("can be nested", function()
    local order, most, running = {}, 0, 0
    parallel(2, function(outer)
      for i = 1, 4 do
        outer(function()
          parallel(3, function(inner)
            for j = 1, 3 do
              inner(function()
                running = running + 1
                most = math.max(most, running)
                loop.sleep(0.002)
                running = running - 1
                order[#order + 1] = i * 10 + j
              end)
            end
          end)
        end)
      end
    end)
    assert.equal(12, #order)
    assert.is_true(most <= 6 and most > 3, tostring(most))
  end)

  it("wakes a task that waits for many others once for each of them", function()
    local resumed, ended, resume = 0, 0, coroutine.resume
    coroutine.resume = function(...) -- luacheck: ignore 122
      resumed = resumed + 1
      return resume(...)
    end
    parallel(1, function(outer)
      outer(function()
        parallel(4, function(inner)
          for _ = 1, 100 do
            inner(function()
              loop.sleep(0)
              ended = ended + 1
            end)
          end
        end)
      end)
    end)
    coroutine.resume = resume -- luacheck: ignore 122
    assert.equal(100, ended)
    assert.is_true(resumed < 1000, tostring(resumed))
  end)

  it(
    "can be nested with more tasks than the inner limit, as a directory of many pages is",
    function()
      local counts = {}
      local paged = box:client { page_size = 2, in_flight = 2 }
      parallel(2, function(spawn)
        for i = 1, 2 do
          spawn(function()
            counts[i] = assert(paged:snapshot()):count()
          end)
        end
      end)
      assert.same({ 20, 20 }, counts)
      local done = 0
      parallel(2, function(outer)
        for _ = 1, 3 do
          outer(function()
            parallel(2, function(inner)
              for _ = 1, 6 do
                inner(function()
                  loop.sleep(0.001)
                  done = done + 1
                end)
              end
            end)
          end)
        end
      end)
      assert.equal(18, done)
    end
  )

  it("lets tasks wait for other tasks", function()
    local trace = {}
    parallel(4, function(spawn)
      local slow = spawn(function()
        loop.sleep(0.01)
        trace[#trace + 1] = "slow"
        return "value"
      end)
      for i = 1, 3 do
        spawn(function()
          local value = slow:result()
          trace[#trace + 1] = value .. i
        end)
      end
    end)
    table.sort(trace)
    assert.same({ "slow", "value1", "value2", "value3" }, trace)
  end)

  it("goes on while the program makes a blocking call", function()
    local ticks, done = 0, false
    parallel(3, function(spawn)
      spawn(function()
        while not done do
          loop.sleep(0.002)
          ticks = ticks + 1
        end
      end)
      assert(box:faults { command = "getsfdata", delay = 0.05, count = 1 })
      assert(client:getsfdata()) -- here, outside of any task
      done = true
    end)
    assert.is_true(ticks > 5, tostring(ticks))
  end)

  it("works with the client's iterators inside tasks", function()
    local counts = {}
    parallel(3, function(spawn)
      for i = 1, 3 do
        spawn(function()
          local count = 0
          for user in client:users() do
            count = count + (user.email and 1 or 0)
          end
          counts[i] = count
        end)
      end
    end)
    assert.equal(counts[1], counts[2])
    assert.is_true(counts[1] >= 20)
  end)

  it("is not disturbed by coroutines of the program's own", function()
    local results = {}
    local own = coroutine.wrap(function()
      for i = 1, 3 do
        results[i] = assert(client:getsfdata()) -- no task: it blocks, and does not yield
        coroutine.yield(i)
      end
    end)
    assert.equal(1, own())
    assert.equal(2, own())
    parallel(2, function(spawn)
      spawn(function()
        assert.equal(3, own())
      end)
      spawn(client.getsfdata, client)
    end)
    assert.equal(3, #results)
  end)

  it("raises for wrong arguments at the caller's line", function()
    for _, limit in ipairs { 0, -1, 0 / 0 } do
      assert.equal(
        "parallel: the limit must be a number from 1 on",
        check.blamed(function()
          parallel(limit, print)
        end)
      )
    end
    assert.equal(
      "lastpass.parallel: 'body' must be a function, not a table: lastpass.parallel(limit, body)",
      check.blamed(function()
        parallel(2, {})
      end)
    )
    local ok = pcall(parallel, 2, function(spawn)
      spawn "no function"
    end)
    assert.is_false(ok)
  end)

  it("is the door's", function()
    assert.equal(parallel, lastpass.parallel)
  end)

  it("waits inside pcall where Lua can, and says so where it cannot", function()
    local ok, message
    local finished, failure = pcall(parallel, 1, function(spawn)
      spawn(function()
        ok, message = pcall(loop.sleep, 0.001)
      end)
    end)
    if plain_5_1 then
      assert.is_true(finished, tostring(failure))
      assert.is_false(ok)
      assert.matches("yield", message)
    else
      assert.is_true(ok and finished)
    end
  end)

  it("runs a thousand tasks in a moment", function()
    local count = 0
    local started = socket.gettime()
    parallel(100, function(spawn)
      for _ = 1, 1000 do
        spawn(function()
          loop.sleep(0.1)
          count = count + 1
        end)
      end
    end)
    assert.equal(1000, count)
    assert.is_true(socket.gettime() - started < 100) -- what they take one after the other
  end)
end)
