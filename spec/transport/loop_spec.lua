-- The loop that drives transfers, sleeps and tasks.
local lastpass = require "lastpass"
local loop = require "lastpass.transport.loop"
local socket = require "socket"

local plain_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

describe("lastpass.transport.loop", function()
  it("has a clock that agrees with the wall's in length", function()
    local first, wall = loop.now(), socket.gettime()
    socket.sleep(0.05)
    local passed = loop.now() - first
    assert.is_true(passed >= 0.05 and passed <= socket.gettime() - wall, tostring(passed))
  end)

  it("sleeps as long as it is told, not at all for zero or less", function()
    for _, seconds in ipairs { 0.03, 0.001, 0, -5 } do
      local started = loop.now()
      loop.sleep(seconds)
      local took = loop.now() - started
      assert.is_true(took >= seconds, tostring(took))
    end
  end)

  it("uses no time of the processor while it sleeps", function()
    local before = os.clock()
    loop.sleep(1)
    assert.is_true(os.clock() - before < 0.5) -- of the processor's time: half of it would be a busy wait
  end)

  it("runs tasks while the program sleeps, in the order of their sleeps", function()
    local trace, ended = {}, {}
    local tasks = {}
    for position, seconds in ipairs { 0.03, 0.01, 0.02 } do
      tasks[position] = loop.spawn(function(task)
        ended[task] = true
      end, function(name)
        loop.sleep(seconds)
        trace[#trace + 1] = name
        return name, nil
      end, "task" .. position)
    end
    assert.same({}, trace)
    loop.sleep(0.08)
    assert.same({ "task2", "task3", "task1" }, trace)
    for position, task in ipairs(tasks) do
      assert.is_true(task.done)
      assert.is_true(ended[task])
      assert.equal(2, task.results.n)
      assert.equal("task" .. position, task.results[1])
    end
  end)

  it("keeps what a task raised, with its traceback", function()
    local object = {}
    local task = loop.spawn(nil, function()
      loop.sleep(0.001)
      error(object)
    end)
    loop.wait_for_any(function()
      return task.done
    end, { [task] = true })
    assert.is_nil(task.results)
    assert.equal(object, task.failure)
    assert.matches("loop_spec.lua", task.traceback)
  end)

  it("calls what must not yield, inside a task too", function()
    local results
    local task = loop.spawn(nil, function()
      results = {
        loop.call_without_yield(function(a, b)
          loop.sleep(0.005)
          return a, nil, b
        end, 1, 2),
      }
      loop.sleep(0.001)
    end)
    loop.wait_for_any(function()
      return task.done
    end, { [task] = true })
    assert.is_nil(task.failure)
    assert.equal(1, results[1])
    assert.is_nil(results[2])
    assert.equal(2, results[3])
    local ok, message = pcall(loop.call_without_yield, error, "raised", 0)
    assert.is_false(ok)
    assert.equal("raised", message)
  end)

  it("knows where a task may wait inside pcall", function()
    assert.is_true(loop.can_wait_in_pcall())
    local inside
    local task = loop.spawn(nil, function()
      inside = loop.can_wait_in_pcall()
    end)
    loop.wait_for_any(function()
      return task.done
    end, { [task] = true })
    assert.equal(not plain_5_1, inside)
  end)

  it("has one pool", function()
    assert.equal(loop.pool(), loop.pool())
    assert.equal("lastpass.curl.pool", tostring(loop.pool()))
  end)
end)

describe("lastpass.transport.loop, protected calls", function()
  local function waits(...)
    loop.sleep(0.01)
    return ...
  end

  local function raises(what)
    loop.sleep(0.01)
    error(what, 0)
  end

  it("gives everything that was returned", function()
    assert.same({ true, 1, nil, 3 }, { loop.protected_call(waits, 1, nil, 3) })
    assert.equal(4, select("#", loop.protected_call(waits, 1, nil, nil)))
  end)

  it("gives what was raised, as it is", function()
    local object = { code = "x" }
    assert.same({ false, object }, { loop.protected_call(raises, object) })
    assert.equal(object, select(2, loop.protected_call(raises, object)))
  end)

  it("does both inside tasks, while others go on", function()
    local results, others = {}, 0
    lastpass.parallel(2, function(spawn)
      spawn(function()
        results = { loop.protected_call(waits, 1, nil, 3) }
        results[5], results[6] = loop.protected_call(raises, "oh")
      end)
      spawn(function()
        loop.sleep(0.001)
        others = others + 1
      end)
    end)
    assert.same({ true, 1, nil, 3, false, "oh" }, results)
    assert.equal(1, others)
  end)
end)
