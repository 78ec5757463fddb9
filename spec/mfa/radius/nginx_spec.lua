-- The client inside a worker of a real nginx, over its cosockets: the same specs as outside, and that the worker serves
-- others while a server is silent.
-- Runs once: nginx is LuaJIT, whatever starts it.
local nginx = require "spec.support.nginx"
local socket = require "socket"

describe("the RADIUS client inside nginx", function()
  it("does as outside", function()
    nginx.run_inside "spec/mfa/radius/init_spec.lua"
  end)

  it("lets its worker serve others meanwhile", function()
    local silent = assert(socket.udp())
    assert(silent:setsockname("127.0.0.1", 0))
    local port = tonumber((select(2, silent:getsockname())))
    local server = nginx.start {
      workers = 1,
      server = ([[
        location = /ask {
          content_by_lua_block {
            local client = require("lastpass.mfa.radius").new {
              servers = {
                { host = "127.0.0.1", port = %d, secret = require("lastpass.secret").value "s" },
              },
            }
            ngx.say(client:authenticate { user = "ann", password = "x" }.outcome)
          }
        }
        location = /quick { content_by_lua_block { ngx.print "quick" } }
        location = /log {
          content_by_lua_block { ngx.print "logged" }
          log_by_lua_block {
            local client = require("lastpass.mfa.radius").new {
              servers = { { host = "127.0.0.1", secret = require("lastpass.secret").value "s" } },
            }
            local _, _, err = client:authenticate { user = "ann", password = "x" }
            ngx.log(ngx.WARN, "in this phase: ", err.code)
          }
        }
      ]]):format(port),
    }
    local ok, message = pcall(function()
      local asking = assert(socket.connect("127.0.0.1", server.port))
      assert(asking:send "GET /ask HTTP/1.0\r\n\r\n")
      silent:settimeout(60)
      assert(silent:receive()) -- it has asked, and nobody answers
      assert.equal("quick", (select(2, server:get "/quick")))
      asking:settimeout(0)
      assert.equal("timeout", (select(2, asking:receive())))
      asking:close()
      assert.equal("logged", (select(2, server:get "/log")))
      require "spec.support.wait"("the line of the log", function()
        return server:log():find("in this phase: would_block", 1, true)
      end)
    end)
    server:stop()
    silent:close()
    assert(ok, message)
  end)
end)
