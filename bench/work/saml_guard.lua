-- Requests of somebody who has signed in through the SAML guard of nginx, one worker: what 10,000 of them spend of its
-- processor, which other programs on the machine disturb less than a clock.
-- Arguments: "content" or "proxied"; "plain" or "guarded", the same location without and with the guard.
local guards = require "spec.support.saml_guard"

local WHAT, HOW = arg[1], arg[2]
local SECONDS = 3
local BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

local SERVER = [[
  location = /content/plain { content_by_lua_block { ngx.print "ok" } }
  location = /content/guarded {
    access_by_lua_block { require("lastpass.nginx.saml").guard() }
    content_by_lua_block { ngx.print "ok" }
  }
  location = /proxied/plain { proxy_pass http://127.0.0.1:$server_port/content/plain; }
  location = /proxied/guarded {
    access_by_lua_block { require("lastpass.nginx.saml").guard() }
    proxy_pass http://127.0.0.1:$server_port/content/plain;
  }
]]

local function read(name)
  local file = assert(io.open(name))
  local text = file:read "*a"
  file:close()
  return text
end

local function spent(server)
  local children = read(("/proc/%d/task/%d/children"):format(server.pid, server.pid))
  local worker = children:match "%d+"
  return read(("/proc/%s/schedstat"):format(worker)):match "^%d+" / 1e9
end

local function visit(server, cookie)
  local before = spent(server)
  local pipe = assert(
    io.popen(
      ("timeout 60 wrk -t1 -c8 -d%d -H 'Cookie: %s' -H 'User-Agent: %s' %s %s/%s/%s"):format(
        SECONDS,
        cookie,
        BROWSER,
        "-H 'Accept: text/html' -H 'Accept-Language: en'",
        server.url,
        WHAT,
        HOW
      )
    )
  )
  local text = pipe:read "*a"
  pipe:close()
  local count = tonumber(text:match "(%d+) requests in")
  assert(count and not text:find "Non%-2xx", text)
  return (spent(server) - before) / count * 10000
end

local server = guards.start { workers = 1, server = SERVER }
local ok, message = pcall(function()
  local browser = guards.browser(server)
  browser:sign_in "/content/guarded"
  local cookie = browser:cookie_header()
  assert(browser:request(("/%s/%s"):format(WHAT, HOW)).status == 200)
  visit(server, cookie) -- compiles what is used
  print(("spent %.6f"):format(visit(server, cookie)))
end)
server:stop()
assert(ok, message)
