-- Orders to threads of nginx, by a stand-in for `ngx`; spec/nginx/playbooks_spec.lua has a real one.
local check = require "spec.support.check"
local fake_ngx = require "spec.support.fake_ngx"
local nginx = require "lastpass.transport.nginx"

describe("lastpass.transport.nginx", function()
  local fake, calls, held

  -- `answers`: what nginx returns, call by call; the last one for good.
  local function install(answers)
    calls, held = {}, {}
    fake = fake_ngx.install {
      more = {
        run_worker_thread = function(...)
          calls[#calls + 1] = { ... }
          local answer = answers[math.min(#calls, #answers)]
          return answer[1], answer[2]
        end,
        thread = {
          spawn = function(fn)
            local hold = { begun = fake.time }
            -- how long it would sleep, without the clock going on
            local sleep = fake.ngx.sleep
            fake.ngx.sleep = function(seconds)
              hold.seconds = seconds
            end
            fn()
            fake.ngx.sleep = sleep
            held[#held + 1] = hold
            return hold
          end,
          kill = function(hold)
            hold.ended = fake.time
            return true
          end,
        },
      },
    }
  end

  after_each(function()
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

  it("keeps a worker that is told to quit, as long as the work may last", function()
    install { { false, "no available Lua vm" }, { true, {} } }
    run(10)
    assert.equal(1, #held)
    assert.equal(310, held[1].seconds)
    assert.equal(fake.time, held[1].ended)
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
    assert.equal(fake.time, held[1].ended)
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
    assert.equal(fake.time, held[1].ended)
  end)

  it("says what is missing where nginx has no threads for Lua", function()
    install { { true, {} } }
    fake.ngx.run_worker_thread = nil
    check.failure("transport", "no_thread", run())
    assert.same({}, held)
  end)
end)
