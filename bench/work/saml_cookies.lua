-- Cookies of the SAML guard that a worker sees for the first time: what N of them spend of its processor.
-- Argument: N.
local guards = require "spec.support.saml_guard"

local SERVER = [[
  location = /first {
    content_by_lua_block {
      local guard = require("lastpass.nginx.saml").of()
      local now, count, least = ngx.now(), tonumber(ngx.var.arg_count), math.huge
      local session = guard.sessions:find(ngx.var.http_cookie, now)
      for _ = 1, 10 do
        local headers = {}
        for number = 1, count do
          headers[number] = guard.sessions:store(session)[1]:match "^[^;]+"
        end
        local before = os.clock()
        for number = 1, count do
          assert(guard.sessions:find(headers[number], now))
        end
        least = math.min(least, os.clock() - before)
      end
      ngx.print(least)
    }
  }
]]

local server = guards.start { workers = 1, server = SERVER }
local ok, message = pcall(function()
  local browser = guards.browser(server)
  browser:sign_in "/x"
  local answer = browser:request("/first?count=" .. arg[1])
  assert(answer.status == 200, answer.body)
  print(("spent %.6f"):format(answer.body))
end)
server:stop()
assert(ok, message)
