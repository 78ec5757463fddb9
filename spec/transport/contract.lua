--- What every transport has to do (lua/lastpass/transport/init.lua); what those with an own ca_file have
-- to do beside it is in tls_contract.lua. A transport's spec calls this:
--
--     contract("lastpass.transport.curl", curl.new, {
--       describe = describe, it = it, setup = setup, teardown = teardown, before_each = before_each,
--     })
--
-- `options` are ca_file, verify and connect_timeout, as `lastpass.transport.open` passes them on.
local assert = require "luassert"
local check = require "spec.support.check"
local core = require "lastpass.core"
local lastpass = require "lastpass"
local servers = require "spec.support.server"

-- Answers by path; each connection is closed after one reply.
local HANDLER = [[
  local function close(client, body, headers)
    tools.reply(client, body, (headers or "") .. "Connection: close\r\n")
  end
  local paths = {}
  function paths.echo(client, request)
    close(client, request.head .. "\n\n" .. request.body)
  end
  function paths.status(client, request, argument)
    client:send("HTTP/1.1 " .. argument .. " X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
  end
  function paths.headers(client)
    close(client, "a\0b\255", "X-One: 1\r\nx-two:   spaced  \r\nX-TWO: again\r\nX-Empty:\r\n")
  end
  function paths.empty(client)
    close(client, "")
  end
  function paths.scim(client, request, argument)
    client:send("HTTP/1.1 " .. argument .. " X\r\nETag: W/\"1\"\r\nRetry-After: 7\r\n"
      .. "Location: https://x.example/Users/1\r\nContent-Type: application/scim+json\r\n")
    if argument == "200" then
      client:send "Content-Length: 2\r\n"
    end
    client:send("Connection: close\r\n\r\n" .. (argument == "200" and "{}" or ""))
  end
  function paths.redirect(client, request, argument)
    client:send("HTTP/1.1 302 Found\r\nLocation: /echo\r\n"
      .. "Content-Length: 0\r\nConnection: close\r\n\r\n")
  end
  function paths.cut(client)
    client:send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
  end
  function paths.chunkcut(client)
    client:send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
  end
  function paths.nothing() end
  function paths.garbage(client)
    client:send("this is not HTTP at all\r\n\r\n")
  end
  function paths.slow(client)
    tools.socket.sleep(0.6)
    close(client, "late")
  end
  function paths.big(client, request, argument)
    close(client, ("x"):rep(tonumber(argument)))
  end
  function paths.endless(client, request, argument)
    client:send "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    for _ = 1, tonumber(argument) / 1000 do
      if not client:send(("x"):rep(1000)) then return end
    end
  end
  function paths.gzip(client, request, argument)
    local pipe = io.popen("head -c " .. argument .. " /dev/zero | gzip -c")
    local packed = pipe:read "*a"
    pipe:close()
    close(client, packed, "Content-Encoding: gzip\r\n")
  end
  function paths.badgzip(client)
    close(client, "this is no gzip", "Content-Encoding: gzip\r\n")
  end
  function paths.duplicate(client)
    close(client, '{"Users":[],"Users":[]}')
  end
  function paths.users(client, request, argument)
    client:send("HTTP/1.1 " .. argument .. " X\r\nConnection: close\r\n\r\n"
      .. '{"Users":{"1":{"username":"a@x.example"}},"invited":[]}')
  end
  return function(client)
    local request = tools.read_request(client)
    if not request then return end
    local name, argument = request.head:match "^%u+ /(%a+)/?(%d*)"
    tools.log(request.head:match "^[^\n]+")
    paths[name](client, request, argument)
  end
]]

---@param name string
---@param make fun(options: table|nil): table the transport
---@param busted table its functions, which it gives to spec files only
return function(name, make, busted)
  local describe, it, before_each = busted.describe, busted.it, busted.before_each
  local setup, teardown = busted.setup, busted.teardown
  describe(name .. " keeps the contract of transports:", function()
    local server, transport, base

    setup(function()
      server = servers.start(HANDLER)
      base = ("http://127.0.0.1:%d/"):format(server.port)
    end)

    teardown(function()
      server:stop()
    end)

    before_each(function()
      transport = make {}
    end)

    local function send(path, more)
      local request = { method = "POST", url = base .. path, body = "hello", timeout = 10 }
      for key, value in pairs(more or {}) do
        request[key] = value
      end
      return transport:send(request)
    end

    local function failure(code, ...)
      return check.failure("transport", code, ...)
    end

    it("it sends method, path, headers and body", function()
      local response = assert(send("echo", {
        headers = { ["X-Mine"] = "yes", ["Content-Type"] = "application/json" },
      }))
      assert.equal(200, response.status)
      assert.matches("^POST /echo HTTP/1.1\n", response.body)
      assert.matches("\nX%-Mine: yes\n", response.body)
      assert.matches("\nContent%-Type: application/json\n", response.body)
      assert.matches("\nContent%-Length: 5\n", response.body)
      assert.equal("hello", response.body:match "\n\n(.*)$")
      response = assert(transport:send { method = "GET", url = base .. "echo", timeout = 10 })
      assert.matches("^GET /echo HTTP/1.1\n", response.body)
      assert.is_nil(response.body:lower():find("content-length", 1, true))
      for _, method in ipairs { "PUT", "PATCH", "DELETE" } do
        assert.equal(
          1,
          assert(send("echo", { method = method })).body:find(method .. " /echo", 1, true)
        )
      end
    end)

    it("it sends bytes as they are, and a body of the core with its secret", function()
      local bytes = "\0\255\r\n" .. ("\1\2\3"):rep(100)
      assert.equal(bytes, assert(send("echo", { body = bytes })).body:match "\n\n(.*)$")
      local body = core.updateuser(
        { cid = 5, provhash = lastpass.secret.value "0123456789" },
        { username = "a@x.example" }
      )
      local response = assert(send("echo", { body = body }))
      assert.equal(
        '{"cid":5,"cmd":"updateuser","data":{"username":"a@x.example"},"provhash":"0123456789"}',
        response.body:match "\n\n(.*)$"
      )
    end)

    -- A request with a token in a header.
    local function send_token(method, token, body, header)
      local secret = type(token) == "string" and lastpass.secret.value(token) or token
      local named = { name = "Authorization", prefix = "Bearer ", secret = secret }
      for key, value in pairs(header or {}) do
        named[key] = value
      end
      return transport:send {
        method = method,
        url = base .. "echo",
        headers = { ["X-Mine"] = "yes" },
        secret_header = named,
        body = body or nil,
        timeout = 10,
      }
    end

    it("it sends a secret in a header, with every method and kind of body", function()
      local credentials = { cid = 5, provhash = lastpass.secret.value "0123456789" }
      local bodies = { "hello", core.updateuser(credentials, { username = "a@x.example" }) }
      local texts = {
        "hello",
        '{"cid":5,"cmd":"updateuser","data":{"username":"a@x.example"},'
          .. '"provhash":"0123456789"}',
      }
      for _, method in ipairs { "GET", "POST", "PUT", "PATCH", "DELETE" } do
        for place, body in ipairs { bodies[1], bodies[2], false } do
          local response = assert(send_token(method, "token-1_2.3~4+5/6==", body))
          local echo = response.body
          assert.matches("^" .. method .. " /echo HTTP/1.1\n", echo)
          assert.truthy(echo:find("\nAuthorization: Bearer token-1_2.3~4+5/6==\n", 1, true), echo)
          assert.matches("\nX%-Mine: yes\n", echo)
          assert.equal(texts[place] or "", echo:match "\n\n(.*)$")
          assert.equal(1, select(2, echo:gsub("token%-1", "")))
        end
      end
      local plain = assert(send "echo")
      assert.is_nil(plain.body:find("token", 1, true))
      local echo = assert(send_token("GET", "k-1", nil, { name = "X-Api-Key", prefix = "" })).body
      assert.truthy(echo:find("\nX-Api-Key: k-1\n", 1, true), echo)
    end)

    it("it sends a large body together with a secret in a header", function()
      local body = ("0123456789abcdef"):rep(200000)
      local response = assert(send_token("PUT", "token-1", body))
      assert.is_true(response.body:sub(-#body) == body)
      assert.truthy(response.body:sub(1, 500):find("\nAuthorization: Bearer token-1\n", 1, true))
    end)

    it("it sends no header with a secret that is closed, or could not be a token", function()
      local before = #server:log()
      local closed = lastpass.secret.value "token-1"
      closed:close()
      for _, token in ipairs { closed, "two words", 'quo"te', "back\\slash", "\195\188mlaut" } do
        local err = failure("bad_secret", send_token("GET", token))
        assert.is_nil(err.sent)
        assert.is_nil(err.begun)
        for _, text in ipairs { "two words", 'quo"te', "back\\slash", "mlaut" } do
          assert.is_nil(err.message:find(text, 1, true))
        end
      end
      assert.equal(before, #server:log())
      -- what cannot become a secret at all
      for _, text in ipairs { "a\r\nX-Evil: 1", "a\nb", "a\rb", "a\tb", "a\127b" } do
        assert.is_nil((lastpass.secret.value(text)))
      end
    end)

    it("it gives replies without a body, and the headers of all", function()
      for _, method in ipairs { "GET", "PATCH", "DELETE", "PUT", "POST" } do
        for _, status in ipairs { 200, 204, 304 } do
          local body = method ~= "GET" and method ~= "DELETE" and "{}" or nil
          local response = assert(transport:send {
            method = method,
            url = base .. "scim/" .. status,
            body = body,
            timeout = 10,
          })
          assert.equal(status, response.status)
          assert.equal(status == 200 and "{}" or "", response.body)
          assert.equal('W/"1"', response.headers.etag)
          assert.equal("7", response.headers["retry-after"])
          assert.equal("https://x.example/Users/1", response.headers.location)
          assert.equal("application/scim+json", response.headers["content-type"])
        end
      end
    end)

    it("it sends a large body whole", function()
      local body = ("0123456789abcdef"):rep(200000)
      local response = assert(send("echo", { body = body }))
      assert.is_true(response.body:sub(-#body) == body)
      assert.matches("Content%-Length: 3200000", response.body:sub(1, 500))
    end)

    it("it gives status, headers in lower case, and the body byte by byte", function()
      local response = assert(send "headers")
      assert.equal("a\0b\255", response.body)
      assert.equal("1", response.headers["x-one"])
      assert.equal("spaced, again", response.headers["x-two"])
      assert.equal("", response.headers["x-empty"])
      assert.equal("4", response.headers["content-length"])
      assert.is_nil(response.headers["X-One"])
      assert.equal("", assert(send "empty").body)
    end)

    it("it takes every status for a reply", function()
      for _, status in ipairs { 201, 301, 307, 400, 401, 404, 407, 429, 500, 503, 599 } do
        local response = assert(send("status/" .. status))
        assert.equal(status, response.status)
        assert.equal("hi", response.body)
      end
    end)

    it("it follows no redirect", function()
      local before = #server:log()
      local response = assert(send "redirect")
      assert.equal(302, response.status)
      assert.equal("/echo", response.headers.location)
      assert.equal(before + 1, #server:log())
    end)

    it("it says when nobody is there, and that nothing was sent", function()
      local closed = servers.start "return function() end"
      closed:stop()
      local err = failure("unreachable", send(nil or "x", { url = closed.url }))
      assert.is_nil(err.sent)
      assert.is_nil(err.begun)
      assert.truthy(err.hint)
      err = failure("unknown_host", send("x", { url = "https://no-such-host.invalid/" }))
      assert.is_nil(err.sent)
    end)

    it("it says when the reply is missing or cut, and that it was sent", function()
      for _, path in ipairs { "nothing", "cut", "chunkcut" } do
        local err = failure("reply_cut", send(path))
        assert.is_true(err.sent, path)
        assert.is_true(err.begun, path)
      end
      local err = check.failure(nil, nil, send "garbage")
      assert.is_true(err.sent)
      err = check.failure("protocol", "bad_reply", send "badgzip")
      assert.is_true(err.sent)
    end)

    it("it keeps to the time allowed", function()
      local socket = require "socket"
      local started = socket.gettime()
      local err = failure("timeout", send("slow", { timeout = 0.2 }))
      assert.is_true(err.sent)
      assert.is_true(socket.gettime() - started < 0.5)
      assert.equal("late", assert(send("slow", { timeout = 5 })).body)
      local waiting = require "lastpass.transport.scheduler"
      failure("timeout", send("slow", { deadline = waiting.now() + 0.1, timeout = 5 }))
      failure("timeout", send("slow", { deadline = waiting.now() - 1 }))
    end)

    it("it takes no more than max_bytes, declared, undeclared or packed", function()
      assert.equal(1000, #assert(send("big/1000", { max_bytes = 1000 })).body)
      failure("reply_too_large", send("big/1001", { max_bytes = 1000 }))
      failure("reply_too_large", send("endless/50000000", { max_bytes = 100000 }))
      assert.equal(100000, #assert(send("gzip/100000", { max_bytes = 100000 })).body)
      local err = failure("reply_too_large", send("gzip/50000000", { max_bytes = 100000 }))
      assert.is_true(err.sent)
    end)

    it("it sends nothing in clear to another machine, and speaks nothing but HTTP", function()
      for _, url in ipairs {
        "http://lastpass.com/",
        "http://127.0.0.1.evil.invalid/",
        "http://localhost@evil.invalid/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "",
        "not an address",
        "//127.0.0.1/",
      } do
        local err = failure("bad_url", send("x", { url = url }))
        assert.is_nil(err.sent)
      end
    end)

    it("it never sends twice what is not repeatable", function()
      -- answers the first request, reads the second one of the same connection and hangs up
      local fickle = servers.start [[
        return function(client, number)
          local request = tools.read_request(client)
          if not request then return end
          tools.log(number .. " " .. request.body)
          tools.reply(client, "first")
          request = tools.read_request(client)
          if request then tools.log(number .. " " .. request.body) end
        end
      ]]
      local function post(body, repeatable)
        return transport:send {
          method = "POST",
          url = fickle.url,
          body = body,
          repeatable = repeatable,
          timeout = 5,
        }
      end
      assert.equal("first", assert(post("a", false)).body)
      local value, message, err = post("b", false)
      local log = fickle:log()
      fickle:stop()
      failure(nil, value, message, err)
      assert.is_true(err.sent)
      assert.same({ "1 a", "1 b" }, log)
    end)

    it("it gives the body of a 200 to the sink, of others to the response", function()
      local sink = core.snapshot()
      local response = assert(send("users/200", { sink = sink }))
      assert.equal("", response.body)
      assert.is_true(sink:finish())
      assert.equal(1, #sink)
      sink = core.snapshot()
      response = assert(send("users/500", { sink = sink }))
      assert.equal(500, response.status)
      assert.matches("a@x.example", response.body, 1, true)
      assert.equal(0, #sink)
      sink = core.snapshot()
      check.failure("protocol", "bad_reply", send("duplicate", { sink = sink }))
    end)

    it("it yields inside tasks, so that calls overlap", function()
      local box = assert(lastpass.sandbox.start { users = 10, latency = 0.2 })
      local socket = require "socket"
      local url = box.origin .. "/enterpriseapi.php"
      local function post()
        assert(transport:send { method = "POST", url = url, body = "{}", timeout = 5 })
      end
      post()
      local started, statuses = socket.gettime(), {}
      lastpass.parallel(8, function(spawn)
        for i = 1, 8 do
          spawn(function()
            statuses[i] = post() or true
          end)
        end
      end)
      local took = socket.gettime() - started
      box:stop()
      assert.equal(8, #statuses)
      assert.is_true(took < 1.2, tostring(took))
    end)
  end)
end
