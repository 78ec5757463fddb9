-- Orders to threads of nginx, by a stand-in for `ngx`; spec/nginx/playbooks_spec.lua has a real one.
local check = require "spec.support.check"
local fake_ngx = require "spec.support.fake_ngx"
local nginx = require "lastpass.transport.nginx"

describe("lastpass.transport.nginx", function()
  local fake, calls

  -- `answers`: what nginx returns, call by call; the last one for good.
  local function install(answers)
    calls = {}
    fake = fake_ngx.install {
      more = {
        run_worker_thread = function(...)
          calls[#calls + 1] = { ... }
          local answer = answers[math.min(#calls, #answers)]
          if type(answer) == "function" then
            answer = answer()
          end
          return answer[1], answer[2]
        end,
      },
    }
  end

  after_each(function()
    fake.time = fake.time + 1000
    fake.run_timers() -- nothing is at work any more
    assert.same({}, fake.timers)
    fake.remove()
  end)

  local order = { path = "/x" }

  local function run(wait)
    return nginx.run_thread("pool", wait or 10, 300, "some.module", "what", order)
  end

  it("gives pool, room, function and order, and what comes back", function()
    local answer = { outcome = "fine" }
    install { { true, answer } }
    assert.equal(answer, run())
    assert.same({ { "pool", "some.module", "what", order } }, calls)
  end)

  it("keeps a worker that is told to quit while a thread works, by one timer at a time", function()
    install {
      function()
        assert.equal(1, #fake.timers)
        local began = fake.time
        for _ = 1, 3 do
          fake.run_timers() -- ends now and then
          assert.equal(1, #fake.timers)
        end
        assert.is_true(fake.time - began > 20)
        return { true, {} }
      end,
    }
    run()
    fake.run_timers()
    assert.same({}, fake.timers)
  end)

  it("has one timer for all that work at once", function()
    install {
      function()
        return { true, #calls == 1 and { nginx.run_thread("pool", 10, 300, "m", "f", {}) } or {} }
      end,
    }
    run()
    assert.equal(2, #calls)
    assert.equal(1, #fake.timers)
  end)

  it("keeps it no longer than the work may last, also when whoever asked was cut off", function()
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
      pending "plain Lua 5.1 cannot yield in pcall, and nginx has LuaJIT"
    end
    install {
      function()
        return { coroutine.yield() }
      end,
    }
    local cut_off = coroutine.create(run)
    assert(coroutine.resume(cut_off))
    local began = fake.time
    for _ = 1, 100 do
      fake.run_timers()
    end
    assert.same({}, fake.timers)
    local lasted = fake.time - began
    assert.is_true(lasted >= 310 and lasted < 330, lasted)
  end)

  it("tries again, less and less often, while all threads are busy", function()
    local answer = {}
    install {
      { false, "no available Lua vm" },
      { false, 'thread pool "pool" queue overflow: 65536 tasks waiting' },
      { nil, "no available Lua vm" },
      { true, answer },
    }
    local began = fake.time
    assert.equal(answer, run())
    assert.equal(4, #calls)
    assert.is_true(math.abs(fake.time - began - 0.07) < 1e-9) -- 10, 20 and 40 ms
  end)

  it("says so when none was free in time", function()
    install { { false, "no available Lua vm" } }
    local began = fake.time
    local err = check.failure("transport", "timeout", run(3))
    assert.matches("lua_worker_thread_vm_pool_size", err.hint, 1, true)
    local took = fake.time - began
    assert.is_true(took >= 3 and took < 3.3, took)
    assert.is_true(#calls < 25, #calls)
  end)

  it("tries once when there is no time to wait", function()
    install { { false, "no available Lua vm" } }
    check.failure("transport", "timeout", run(0))
    assert.equal(1, #calls)
  end)

  it("does not try again what cannot get better", function()
    install { { false, "thread pool pool not found" } }
    local err = check.failure("transport", "no_thread", run())
    assert.matches("thread pool pool not found", err.message, 1, true)
    assert.matches("thread_pool pool threads=32;", err.hint, 1, true)
    assert.equal(1, #calls)
  end)

  it("says what is missing where nginx has no threads for Lua", function()
    install { { true, {} } }
    fake.ngx.run_worker_thread = nil
    check.failure("transport", "no_thread", run())
    assert.same({}, fake.timers)
  end)
end)
