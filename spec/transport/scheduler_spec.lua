-- Where in nginx the program is, and how one waits there: by a stand-in for `ngx`, and in a real nginx.
local certificate = require "lastpass.sandbox.certificate"
local fake_ngx = require "spec.support.fake_ngx"
local light_threads = require "lastpass.transport.nginx"
local loop = require "lastpass.transport.loop"
local nginx = require "spec.support.nginx"
local scheduler = require "lastpass.transport.scheduler"

local MODULE = "lastpass.transport.scheduler"

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

describe("lastpass.transport.scheduler", function()
  local loaded, fake, at

  before_each(function()
    loaded, package.loaded[MODULE] = package.loaded[MODULE], nil
  end)

  after_each(function()
    package.loaded[MODULE] = loaded
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
    return require(MODULE)
  end

  it("is the loop itself outside of nginx", function()
    for _, name in ipairs(names) do
      assert.is_true(rawequal(loop[name], require(MODULE)[name]), name)
    end
  end)

  it("gives failures that are raised back, and lets other errors go on", function()
    assert.same(
      { 1, nil, 3 },
      { scheduler.caught(function(...)
        return ...
      end, 1, nil, 3) }
    )
    local failure = { kind = "refused", message = "no" }
    local value, message, err = scheduler.caught(error, failure)
    assert.is_nil(value)
    assert.equal("no", message)
    assert.equal(failure, err)
    assert.has_error(function()
      scheduler.caught(error, "a mistake", 0)
    end, "a mistake")
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
    for _, name in ipairs(names) do
      assert.is_true(rawequal(loop[name], require(MODULE)[name]), name)
    end
  end)

  it("is light threads where a request may wait, and the loop where it may not", function()
    local reloaded = load_within "init"
    for phase, module in pairs {
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
        assert.equal(module[name], reloaded[name], phase .. " " .. name)
      end
      assert.is_nil(reloaded.another)
    end
  end)

  it("looks each time, and keeps nothing", function()
    local reloaded = load_within "content"
    for _ = 1, 2 do
      at = "content"
      assert.equal(light_threads.sleep, reloaded.sleep)
      at = "init_worker"
      assert.equal(loop.sleep, reloaded.sleep)
    end
    for _, name in ipairs(names) do
      assert.is_nil(rawget(reloaded, name))
    end
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
          scheduler = require "lastpass.transport.scheduler"
          local modules = {
            [require "lastpass.transport.loop"] = "loop",
            [require "lastpass.transport.nginx"] = "light_threads",
          }
          function see()
            for module, name in pairs(modules) do
              if module.sleep == scheduler.sleep then
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
            local began, order = scheduler.now(), {}
            local task = scheduler.spawn(nil, function()
              scheduler.sleep(0.02)
              order[#order + 1] = "task"
            end)
            order[#order + 1] = "request"
            scheduler.wait_for_any(function() return task.done end, { [task] = true })
            ngx.say(table.concat(order, " "), " ", tostring(scheduler.now() - began > 0.015))
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
            local scheduler = require "lastpass.transport.scheduler"
            scheduler.sleep(0.001)
            return tostring(scheduler.sleep == require("lastpass.transport.loop").sleep)
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

describe("phases of nginx", function()
  local fake

  after_each(function()
    if fake then
      fake.remove()
      fake = nil
    end
  end)

  -- Within nginx, in a phase.
  local function within(name, more)
    local functions = more or {}
    functions.get_phase = function()
      return name
    end
    fake = fake_ngx.install { more = functions }
  end

  local function answers()
    return { scheduler.phase(), scheduler.yields(), scheduler.is_serving() }
  end

  it("is none outside of nginx", function()
    assert.is_nil(rawget(_G, "ngx"))
    assert.is_nil(scheduler.phase())
    assert.is_false(scheduler.yields())
    assert.is_false(scheduler.is_serving())
  end)

  it("is none where `ngx` cannot wait, or has no phase, as in a thread of nginx", function()
    for _, lacks in ipairs { "sleep", "get_phase" } do
      within "content"
      fake.ngx[lacks] = nil
      assert.is_nil(scheduler.phase())
      assert.is_false(scheduler.yields())
      assert.is_false(scheduler.is_serving())
      fake.remove()
    end
  end)

  it("is asked for each time, and never missed as a global", function()
    within "content"
    assert.same({ "content", true, true }, answers())
    fake.remove()
    assert.is_nil(scheduler.phase())
    local before = getmetatable(_G)
    setmetatable(_G, {
      __index = function(_, name)
        error("there is no " .. name)
      end,
    })
    local ok, name = pcall(scheduler.phase)
    setmetatable(_G, before)
    assert.same({ true }, { ok, name })
  end)

  it("yields where a request may wait", function()
    for _, name in ipairs {
      "rewrite",
      "access",
      "content",
      "timer",
      "ssl_cert",
      "ssl_session_fetch",
      "ssl_client_hello",
      "preread",
    } do
      within(name)
      assert.same({ name, true, true }, answers())
      fake.remove()
    end
  end)

  it("does not yield where nginx goes on by itself, but would stop others by waiting", function()
    for _, name in ipairs {
      "set",
      "header_filter",
      "body_filter",
      "log",
      "balancer",
      "ssl_session_store",
      "another that comes with a later nginx",
    } do
      within(name)
      assert.same({ name, false, true }, answers())
      fake.remove()
    end
  end)

  it("stops nobody while nginx starts", function()
    for _, name in ipairs { "init", "init_worker" } do
      within(name)
      assert.same({ name, false, false }, answers())
      fake.remove()
    end
  end)

  describe("in a real nginx", function()
    local server

    local HTTP = [[
      lua_shared_dict seen 1m;
      init_by_lua_block {
        scheduler = require "lastpass.transport.scheduler"
        -- phase, yields, is_serving, and whether one can wait. In phases of TLS that takes patches
        -- of OpenResty: nginx without them ends the handshake.
        function see()
          local slept = "?"
          if not ngx.get_phase():find "^ssl_" then
            slept = tostring(pcall(ngx.sleep, 0.001))
          end
          ngx.shared.seen:set(
            ngx.get_phase(),
            ("%%s %%s %%s %%s"):format(
              scheduler.phase(),
              tostring(scheduler.yields()),
              tostring(scheduler.is_serving()),
              slept
            )
          )
        end
        see()
      }
      init_worker_by_lua_block {
        see()
        ngx.timer.at(0, see)
      }
      upstream nobody {
        server 127.0.0.1:1;
        balancer_by_lua_block {
          see()
          ngx.exit(500)
        }
      }
      server {
        listen unix:%s/tls ssl;
        ssl_certificate tls.pem;
        ssl_certificate_key tls.key;
        ssl_protocols TLSv1.2;
        ssl_session_tickets off;
        ssl_client_hello_by_lua_block { see() }
        ssl_certificate_by_lua_block { see() }
        location / { return 200 "here\n"; }
      }
      ssl_session_fetch_by_lua_block { see() }
      ssl_session_store_by_lua_block { see() }
    ]]

    local SERVER = [[
      location = /all {
        set_by_lua_block $nothing { see() return "" }
        rewrite_by_lua_block { see() }
        access_by_lua_block { see() }
        content_by_lua_block { see() ngx.say "here" }
        header_filter_by_lua_block { see() }
        body_filter_by_lua_block { see() }
        log_by_lua_block { see() }
      }
      location = /balanced { proxy_pass http://nobody; }
      location = /thread { content_by_lua_block {
        for _, name in ipairs { "phase", "yields", "is_serving" } do
          ngx.say(tostring(select(2, assert(
            ngx.run_worker_thread("lastpass", "lastpass.transport.scheduler", name)
          ))))
        end
      } }
      location = /seen { content_by_lua_block {
        for _, name in ipairs(ngx.shared.seen:get_keys()) do
          ngx.say(ngx.shared.seen:get(name))
        end
      } }
    ]]

    setup(function()
      local pair = assert(certificate.make())
      local directory = os.tmpname() -- a name for the socket, which goes into the configuration
      os.remove(directory)
      os.execute("mkdir " .. directory)
      server = nginx.start {
        main = "thread_pool lastpass threads=2;",
        http = HTTP:format(directory),
        server = SERVER,
        files = { ["tls.pem"] = pair.certificate, ["tls.key"] = pair.key },
      }
      server.socket = directory
    end)

    teardown(function()
      server:stop()
      os.execute("rm -r " .. server.socket)
    end)

    it("yields where ngx.sleep does, and nowhere else", function()
      assert.equal(200, (server:get "/all"))
      assert.equal(500, (server:get "/balanced"))
      local pipe = assert(
        io.popen(
          ("openssl s_client -unix %s/tls -tls1_2 -reconnect </dev/null 2>&1"):format(server.socket)
        )
      )
      local said = pipe:read "*a"
      pipe:close()
      local seen = {}
      for line in select(2, server:get "/seen"):gmatch "[^\n]+" do
        local name, rest = line:match "^(%S+) (.*)$"
        seen[name] = rest
      end
      local waits, passes, starts = "true true true", "false true false", "false false false"
      assert.same({
        init = starts,
        init_worker = starts,
        set = passes,
        rewrite = waits,
        access = waits,
        content = waits,
        header_filter = passes,
        body_filter = passes,
        log = passes,
        timer = waits,
        balancer = passes,
        ssl_client_hello = "true true ?",
        ssl_cert = "true true ?",
        ssl_session_fetch = "true true ?",
        ssl_session_store = "false true ?",
      }, seen, said .. server:log())
    end)

    it("is none in a thread, which waits as any program does", function()
      local status, text = server:get "/thread"
      assert.same({ 200, "nil\nfalse\nfalse\n" }, { status, text }, server:log())
    end)
  end)
end)
