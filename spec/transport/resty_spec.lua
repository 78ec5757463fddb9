-- lua-resty-http in nginx. Outside of nginx this file runs itself inside of one, and looks at TLS, which
-- nginx verifies by its own configuration.
-- Runs once: nginx has its own LuaJIT.
local nginx = require "spec.support.nginx"

if not rawget(_G, "ngx") then
  local lastpass = require "lastpass"

  local DAY = 86400

  describe("lastpass.transport.resty", function()
    it("keeps its promises inside nginx", function()
      nginx.run_inside "spec/transport/resty_spec.lua"
    end)

    -- Debian 12 has no package of lua-resty-http: a double of the functions that it documents stands for
    -- it then, which these specs say as a skipped one.
    it("is proved with lua-resty-http itself", function()
      for pattern in package.path:gmatch "[^;]+" do
        local file = io.open((pattern:gsub("%?", "resty/http")))
        if file then
          assert.matches("_VERSION", file:read "*a")
          return file:close()
        end
      end
      pending "lua-resty-http is not installed; a double of its documented functions stands for it"
    end)

    describe("TLS", function()
      -- What a request says that asks a sandbox with such a certificate, and how many calls it has seen.
      local function ask(tls, options)
        local box = assert(lastpass.sandbox.start {
          users = 10,
          tls = tls,
          transport = require("lastpass.transport").open("curl", { verify = false }),
        })
        local server = nginx.start {
          http = options.trusts and ("lua_ssl_trusted_certificate %s;"):format(box.ca_file) or "",
          server = [[
            location = /call {
              content_by_lua_block {
                require("spec.support.resty_http").install()
                local resty = require "lastpass.transport.resty"
                local transport = resty.new { verify = ngx.var.arg_verify ~= "no" }
                local response, _, err = transport:send {
                  method = "POST", url = ngx.req.get_headers().address,
                  body = '{"secret":"x"}', timeout = 5,
                }
                ngx.say(response and response.status or err.code, " ", tostring(err and err.sent))
              }
            }
          ]],
        }
        local url = box.url:gsub("127.0.0.1", options.host or "localhost")
        local path = options.verify == false and "/call?verify=no" or "/call"
        local status, text = server:get(path, { headers = { address = url } })
        local seen = #assert(box:journal())
        local log = server:log()
        server:stop()
        box:stop()
        assert.equal(200, status, log)
        return text:gsub("%s+$", ""), seen
      end

      local function refused(tls, options)
        local text, seen = ask(tls, options)
        assert.equal("tls_certificate nil", text)
        assert.equal(0, seen)
      end

      it("is spoken with who is trusted", function()
        local text, seen = ask(true, { trusts = true })
        assert.equal("200 nil", text)
        assert.equal(1, seen)
      end)

      it("is refused with a certificate of nobody known", function()
        refused(true, { trusts = false })
      end)

      it("is refused with another name", function()
        refused({ names = { "lastpass.com" } }, { trusts = true })
      end)

      it("is refused with a certificate that has expired, or is not valid yet", function()
        refused(
          { not_before = os.time() - 9 * DAY, not_after = os.time() - DAY },
          { trusts = true }
        )
        refused(
          { not_before = os.time() + DAY, not_after = os.time() + 9 * DAY },
          { trusts = true }
        )
      end)

      it("is not verified when told so", function()
        local text, seen = ask(true, { trusts = false, verify = false })
        assert.equal("200 nil", text)
        assert.equal(1, seen)
      end)
    end)
  end)
  return
end

require("spec.support.resty_http").install()
local check = require "spec.support.check"
local contract = require "spec.transport.contract"
local resty = require "lastpass.transport.resty"
local servers = require "spec.support.server"
local socket = require "socket"
local transport = require "lastpass.transport"

contract("lastpass.transport.resty", resty.new, {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
})

describe("lastpass.transport.resty", function()
  it("is the transport of nginx where it can do what is asked for", function()
    assert.equal("resty", transport.choose())
    local beyond = { { ca_file = "/x" }, { proxy = "http://x:1" }, { http_version = "2" } }
    for _, options in ipairs(beyond) do
      assert.equal("thread", transport.choose(options))
      assert.matches(
        'take transport = "thread"',
        check.blamed(function()
          resty.new(options)
        end),
        1,
        true
      )
    end
  end)

  it("keeps to the time allowed while bytes trickle in", function()
    local trickle = servers.start [[
      return function(client)
        tools.read_request(client)
        client:send "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        for _ = 1, 600 do
          if not client:send "x" then return end
          tools.socket.sleep(0.1)
        end
      end
    ]]
    local began = socket.gettime()
    local _, _, err =
      resty.new():send { method = "POST", url = trickle.url, body = "x", timeout = 0.5 }
    local took = socket.gettime() - began
    trickle:stop()
    assert.equal("timeout", err.code)
    assert.is_true(err.sent)
    assert.is_true(took < 60, took) -- the server has bytes for a minute
  end)

  it("shows nothing of what a server wrote that is no HTTP", function()
    local echoing = servers.start [[
      return function(client)
        local request = tools.read_request(client)
        client:send(request.body .. "\r\n\r\n")
      end
    ]]
    local _, message, err = resty.new():send {
      method = "POST",
      url = echoing.url,
      body = "canary-0123456789",
      timeout = 5,
    }
    echoing:stop()
    assert.equal("reply_cut", err.code)
    assert.is_nil(message:find("canary", 1, true))
  end)
end)
