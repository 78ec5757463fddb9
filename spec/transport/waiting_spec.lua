-- Which way of waiting it is, by where the program runs.
local fake_ngx = require "spec.support.fake_ngx"
local light_threads = require "lastpass.transport.light_threads"
local loop = require "lastpass.transport.loop"
local nginx = require "spec.support.nginx"

local ROOM = "lastpass.transport.waiting"

local names = {
  "now",
  "sleep",
  "spawn",
  "wait_for_any",
  "can_wait_in_pcall",
  "protected_call",
  "call_without_yield",
  "is_interrupted",
}

describe("lastpass.transport.waiting", function()
  local loaded, fake, at

  before_each(function()
    loaded, package.loaded[ROOM] = package.loaded[ROOM], nil
  end)

  after_each(function()
    package.loaded[ROOM] = loaded
    if fake then
      fake.remove()
      fake = nil
    end
  end)

  -- Loads it in nginx, in this phase. Later phases are put into `at`.
  local function load_within(phase)
    at = phase
    fake = fake_ngx.install {
      more = {
        get_phase = function()
          return at
        end,
      },
    }
    return require(ROOM)
  end

  it("is the loop itself outside of nginx", function()
    assert.is_true(rawequal(loop, require(ROOM)))
  end)

  it("is the loop in a thread of nginx, which has no ngx.sleep", function()
    fake = fake_ngx.install {
      more = {
        get_phase = function()
          return "content"
        end,
      },
    }
    fake.ngx.sleep = nil
    assert.is_true(rawequal(loop, require(ROOM)))
  end)

  it("is light threads where a request may wait, and the loop where it may not", function()
    local waiting = load_within "init"
    for phase, room in pairs {
      init = loop,
      init_worker = loop,
      rewrite = light_threads,
      access = light_threads,
      content = light_threads,
      timer = light_threads,
      set = loop,
      header_filter = loop,
      log = loop,
    } do
      at = phase
      for _, name in ipairs(names) do
        assert.equal(room[name], waiting[name], phase .. " " .. name)
      end
      assert.is_nil(waiting.another)
    end
  end)

  it("looks each time, and keeps nothing", function()
    local waiting = load_within "content"
    for _ = 1, 2 do
      at = "content"
      assert.equal(light_threads.sleep, waiting.sleep)
      at = "init_worker"
      assert.equal(loop.sleep, waiting.sleep)
    end
    assert.is_nil(next(waiting))
  end)

  it("has in either way what the two have in common", function()
    for _, name in ipairs(names) do
      assert.equal("function", type(loop[name]), name)
      assert.equal("function", type(light_threads[name]), name)
    end
  end)

  it("waits in a real nginx by what is right in each place", function()
    local server = nginx.start {
      main = "thread_pool lastpass threads=2;",
      http = [[
        lua_shared_dict seen 1m;
        init_by_lua_block {
          waiting = require "lastpass.transport.waiting"
          local rooms = {
            [require "lastpass.transport.loop"] = "loop",
            [require "lastpass.transport.light_threads"] = "light_threads",
          }
          function see()
            for room, name in pairs(rooms) do
              if room.sleep == waiting.sleep then
                ngx.shared.seen:set(ngx.get_phase(), name)
              end
            end
          end
          see()
        }
        init_worker_by_lua_block {
          see()
          ngx.timer.at(0, see)
        }
      ]],
      server = [[
        location = /here {
          rewrite_by_lua_block { see() }
          content_by_lua_block {
            see()
            local began, order = waiting.now(), {}
            local task = waiting.spawn(nil, function()
              waiting.sleep(0.02)
              order[#order + 1] = "task"
            end)
            order[#order + 1] = "request"
            waiting.wait_for_any(function() return task.done end, { [task] = true })
            ngx.say(table.concat(order, " "), " ", tostring(waiting.now() - began > 0.015))
          }
          log_by_lua_block { see() }
        }
        location = /thread { content_by_lua_block {
          local ok, answer = ngx.run_worker_thread("lastpass", "way", "of_a_thread")
          ngx.say(tostring(ok), " ", tostring(answer))
        } }
        location = /seen { content_by_lua_block {
          for _, name in ipairs { "init", "init_worker", "timer", "rewrite", "content", "log" } do
            ngx.say(name, " ", ngx.shared.seen:get(name))
          end
        } }
      ]],
      files = {
        ["way.lua"] = [[
          return { of_a_thread = function()
            local waiting = require "lastpass.transport.waiting"
            waiting.sleep(0.001)
            return tostring(waiting == require "lastpass.transport.loop")
          end }
        ]],
      },
    }
    local _, here = server:get "/here"
    local _, thread = server:get "/thread"
    local _, seen = server:get "/seen"
    local log = server:log()
    server:stop()
    assert.equal("request task true\n", here, log)
    assert.equal("true true\n", thread, log)
    assert.equal(
      "init loop\ninit_worker loop\ntimer light_threads\nrewrite light_threads\n"
        .. "content light_threads\nlog loop\n",
      seen,
      log
    )
  end)
end)
