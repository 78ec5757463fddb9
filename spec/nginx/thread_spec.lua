-- Orders for threads of nginx.
local fake_ngx = require "spec.support.fake_ngx"
local thread = require "lastpass.nginx.thread"

describe("lastpass.nginx.thread", function()
  local fake, calls, replies

  before_each(function()
    calls, replies = {}, {}
    fake = fake_ngx.install {
      more = {
        run_worker_thread = function(...)
          calls[#calls + 1] = { ... }
          local reply = table.remove(replies, 1)
          return reply[1], reply[2]
        end,
      },
    }
  end)

  after_each(function()
    fake.remove()
  end)

  it("are given to the pool, with the module and its function", function()
    replies = { { true, { outcome = "loaded" } } }
    local order = { path = "a.lua" }
    assert.same({ outcome = "loaded" }, thread.order("lastpass", "load_playbook", order))
    assert.same({ "lastpass", "lastpass.nginx.thread", "load_playbook", order }, calls[1])
  end)

  it("wait while all Lua states and threads are busy", function()
    replies = {
      { false, "no available Lua vm" },
      { false, "ngx_thread_pool: queue overflow" },
      { true, { outcome = "read" } },
    }
    assert.equal("read", thread.order("lastpass", "read_directory", {}).outcome)
    for position = 1, 10000 do
      replies[position] = { false, "no available Lua vm" }
    end
    local answer = thread.order("lastpass", "read_directory", {})
    assert.same({ "failed", "no_thread" }, { answer.outcome, answer.code })
    assert.is_true(fake.time >= 1120)
  end)

  it("say which line nginx.conf lacks", function()
    replies = { { false, "thread pool lastpass not found" } }
    local answer = thread.order("lastpass", "read_directory", {})
    assert.equal("no_thread", answer.code)
    assert.matches("thread_pool lastpass threads=32;", answer.hint, 1, true)
    fake.ngx.run_worker_thread = nil
    answer = thread.order("lastpass", "read_directory", {})
    assert.equal("no_thread", answer.code)
  end)

  it("answer with plain values, whatever is raised", function()
    local function raise(value)
      return thread.protected(function()
        error(value, 0)
      end, {})
    end
    assert.same(
      { outcome = "failed", kind = "protocol", code = "raised", message = "no" },
      raise "no"
    )
    local answer = raise { kind = "auth", code = "wrong_hash", message = "no", body = {} }
    assert.same({ outcome = "failed", kind = "auth", code = "wrong_hash", message = "no" }, answer)
    assert.equal(
      3,
      thread.protected(function(order)
        return order.a + 1
      end, { a = 2 })
    )
  end)
end)
