-- Where in nginx the program is: by a stand-in for `ngx`, and in the phases of a real nginx.
local certificate = require "lastpass.sandbox.certificate"
local fake_ngx = require "spec.support.fake_ngx"
local nginx = require "spec.support.nginx"
local phase = require "lastpass.transport.phase"

describe("lastpass.transport.phase", function()
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
    return { phase.name(), phase.yields(), phase.is_request() }
  end

  it("is none outside of nginx", function()
    assert.is_nil(rawget(_G, "ngx"))
    assert.is_nil(phase.name())
    assert.is_false(phase.yields())
    assert.is_false(phase.is_request())
  end)

  it("is none where `ngx` cannot wait, or has no phase, as in a thread of nginx", function()
    for _, lacks in ipairs { "sleep", "get_phase" } do
      within "content"
      fake.ngx[lacks] = nil
      assert.is_nil(phase.name())
      assert.is_false(phase.yields())
      assert.is_false(phase.is_request())
      fake.remove()
    end
  end)

  it("is asked for each time, and never missed as a global", function()
    within "content"
    assert.same({ "content", true, true }, answers())
    fake.remove()
    assert.is_nil(phase.name())
    local before = getmetatable(_G)
    setmetatable(_G, {
      __index = function(_, name)
        error("there is no " .. name)
      end,
    })
    local ok, name = pcall(phase.name)
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
        phase = require "lastpass.transport.phase"
        -- name, yields, is_request, and whether one can wait. In phases of TLS that takes patches
        -- of OpenResty: nginx without them ends the handshake.
        function see()
          local slept = "?"
          if not ngx.get_phase():find "^ssl_" then
            slept = tostring(pcall(ngx.sleep, 0.001))
          end
          ngx.shared.seen:set(
            ngx.get_phase(),
            ("%%s %%s %%s %%s"):format(
              phase.name(), tostring(phase.yields()), tostring(phase.is_request()), slept
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
        for _, name in ipairs { "name", "yields", "is_request" } do
          ngx.say(tostring(select(2, assert(
            ngx.run_worker_thread("lastpass", "lastpass.transport.phase", name)
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
