-- Requests of somebody who has signed in through the SAML guard of nginx, one worker: what 10,000 of them spend of its
-- processor, and 10,000 of those without the guard, in turn.
-- Arguments: "content", "file" or "proxied"; what it is compared with: "plain", no handler; "empty", one that does nothing;
-- or "calls", one that asks nginx for no more than any guard must, and decides nothing.
local guards = require "spec.support.saml_guard"
local worker = require "bench.work.worker"

local WHAT, RIVAL = arg[1], arg[2]
local SECONDS, ROUNDS = 1, 5
local BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

local PAGE = "<!doctype html><title>hello</title><p>hello</p>\n"
local CONTENTS = {
  content = [[content_by_lua_block { ngx.print "hello" }]],
  file = "alias hello.html;",
  proxied = "proxy_pass http://127.0.0.1:$server_port/content/plain;",
}

-- Path and cookie, what was revoked; then the header that says who it is, and the cookie taken away.
local CALLS = [[
  return function()
    local path, cookie = ngx.var.uri, ngx.var.http_cookie
    if path and cookie and ngx.shared.lastpass_saml_revoked:get "version" then
      ngx.req.set_header("X-Auth-Account", "ann@acme.example")
      ngx.req.clear_header "Cookie"
    end
  end
]]

local HANDLERS = {
  plain = "",
  empty = "access_by_lua_block { }",
  calls = [[access_by_lua_block { require("calls")() }]],
  guarded = [[access_by_lua_block { require("lastpass.nginx.saml").guard() }]],
}

local function server_text()
  local parts = {}
  for what, content in pairs(CONTENTS) do
    for how, handler in pairs(HANDLERS) do
      parts[#parts + 1] = ("location = /%s/%s { %s %s }"):format(what, how, handler, content)
    end
  end
  return table.concat(parts, "\n")
end

local function visit(server, how, cookie)
  local before = worker.spent(server)
  local pipe = assert(
    io.popen(
      ("timeout 60 wrk -t1 -c8 -d%d -H 'Cookie: %s' -H 'User-Agent: %s' %s %s/%s/%s"):format(
        SECONDS,
        cookie,
        BROWSER,
        "-H 'Accept: text/html' -H 'Accept-Language: en'",
        server.url,
        WHAT,
        how
      )
    )
  )
  local text = pipe:read "*a"
  pipe:close()
  local count = tonumber(text:match "(%d+) requests in")
  assert(count and not text:find "Non%-2xx", text)
  return (worker.spent(server) - before) / count * 10000
end

local server = guards.start {
  workers = 1,
  server = server_text(),
  files = { ["hello.html"] = PAGE, ["calls.lua"] = CALLS },
}
local ok, message = pcall(function()
  local browser = guards.browser(server)
  browser:sign_in "/content/guarded"
  local cookie = browser:cookie_header()
  local least = {} -- another program that wants the same caches makes all rounds but some longer
  for round = 0, ROUNDS do
    for _, how in ipairs { "guarded", RIVAL } do
      local seconds = visit(server, how, cookie)
      least[how] = round > 0 and math.min(least[how] or math.huge, seconds) or nil -- the first compiles
    end
  end
  print(("spent %.6f\nrival %.6f"):format(least.guarded, least[RIVAL]))
end)
server:stop()
assert(ok, message)
