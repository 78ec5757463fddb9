-- The transport over libcurl: the contract, and what only it offers.
local certificate = require "lastpass.sandbox.certificate"
local check = require "spec.support.check"
local contract = require "spec.transport.contract"
local core = require "lastpass.core"
local curl = require "lastpass.transport.curl"
local lastpass = require "lastpass"
local loop = require "lastpass.transport.loop"
local servers = require "spec.support.server"
local socket = require "socket"
local support = require "spec.support.box"
local tls_contract = require "spec.transport.tls_contract"

local busted = {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
}
contract("lastpass.transport.curl", curl.new, busted)
tls_contract("lastpass.transport.curl", curl.new, busted)

-- CONNECT tunnels and forwards, one connection after another; logs what it was asked for.
local PROXY = [[
  return function(client)
    local line = client:receive "*l"
    if not line then return end
    tools.log(line)
    local method, target = line:match "^(%u+) (%S+)"
    local head = {}
    for header in function() return client:receive "*l" end do
      if header == "" then break end
      if header:lower():match "^proxy%-authorization" then tools.log(header) end
      head[#head + 1] = header
    end
    if method == "CONNECT" then
      local host, port = target:match "^(.-):(%d+)$"
      local other = tools.socket.connect(host, port)
      if not other then
        client:send "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
        return
      end
      client:send "HTTP/1.1 200 Connection established\r\nX-From: proxy\r\n\r\n"
      tools.tunnel(client, other)
      other:close()
      return
    end
    local host, port, path = target:match "^http://([^:/]+):(%d+)(/.*)$"
    local other = tools.socket.connect(host, port)
    other:send(method .. " " .. path .. " HTTP/1.1\r\n" .. table.concat(head, "\r\n") .. "\r\n\r\n")
    tools.tunnel(client, other)
    other:close()
  end
]]

describe("lastpass.transport.curl", function()
  local box

  setup(function()
    box = support.start { users = 10 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
  end)

  local function post(transport, url, more)
    local request = { method = "POST", url = url or box.url, body = "{}", timeout = 10 }
    for name, value in pairs(more or {}) do
      request[name] = value
    end
    return transport:send(request)
  end

  describe("goes through a proxy", function()
    local proxy, address

    before_each(function()
      proxy = servers.start(PROXY)
      address = ("http://127.0.0.1:%d"):format(proxy.port)
    end)

    after_each(function()
      proxy:stop()
    end)

    it("never with http or without verification: whoever has the proxy would read it", function()
      for _, named in ipairs { address, "127.0.0.1:1", "socks5h://127.0.0.1:1" } do
        local ok, message = pcall(box.client, box, { proxy = named })
        assert.is_false(ok)
        assert.matches("option 'proxy' cannot be used with http", message)
        check.failure("transport", "bad_proxy", post(curl.new { proxy = named }))
        local unverified = curl.new { proxy = named, verify = false }
        check.failure("transport", "bad_proxy", post(unverified, "https://127.0.0.1:1/"))
      end
      assert.same({}, proxy:log())
      assert.equal(0, support.requests(box))
      assert(box:client({ proxy = "" }):getsfdata())
      assert.equal(1, support.requests(box))
    end)

    it("that tunnels https, the certificate still checked end to end", function()
      local secure = support.start { users = 10, tls = true }
      local _, _, err = post(curl.new { proxy = address }, secure.url)
      local value, message = secure:client({ proxy = address, retries = 0 }):getsfdata()
      local seen = support.requests(secure)
      local port = secure.port
      secure:stop()
      assert(value, message)
      assert.equal("tls_certificate", err.code)
      assert.equal(1, seen)
      local line = ("CONNECT 127.0.0.1:%d HTTP/1.1"):format(port)
      assert.same({ line, line }, proxy:log())
    end)

    it("with a name and a password", function()
      local secure = support.start { users = 10, tls = true }
      local named = ("http://ann:se%%40cret@127.0.0.1:%d"):format(proxy.port)
      local value, message = secure:client({ proxy = named }):getsfdata()
      local port = secure.port
      secure:stop()
      assert(value, message)
      assert.same({
        ("CONNECT 127.0.0.1:%d HTTP/1.1"):format(port),
        "Proxy-Authorization: Basic YW5uOnNlQGNyZXQ=",
      }, proxy:log())
    end)

    it("that wants a password, and says that it is the proxy", function()
      local strict = servers.start [[
        return function(client)
          tools.read_request(client)
          client:send "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
          client:send "Content-Length: 0\r\n\r\n"
        end
      ]]
      local named = ("http://ann:canary7@127.0.0.1:%d"):format(strict.port)
      local value, message, err = post(curl.new { proxy = named }, "https://lastpass.invalid/")
      strict:stop()
      check.failure("transport", "proxy_denied", value, message, err)
      assert.matches("the proxy refuses", message)
      assert.matches("user name and password", err.hint)
      assert.is_nil((message .. err.hint):find("canary7", 1, true))
      assert.is_nil(err.begun)
    end)

    it("that is down, and says that it is the proxy", function()
      local named = ("http://ann:canary7@127.0.0.1:%d"):format(proxy.port)
      proxy:stop()
      local value, message, err = post(curl.new { proxy = named }, "https://lastpass.invalid/")
      proxy = servers.start(PROXY)
      check.failure("transport", "unreachable", value, message, err)
      assert.equal("the proxy cannot be reached", message)
      assert.matches("check the proxy", err.hint)
      assert.is_nil(err.begun)
      local _, _, direct = post(curl.new {}, "https://127.0.0.1:1/")
      assert.matches("is a proxy needed", direct.hint)
    end)

    it("whose address is wrong, without a word of it", function()
      for _, named in ipairs {
        "http://ann:canary7@1@no-such.invalid:3128",
        "http://ann:canary7#@no-such.invalid:3128",
        "gopher://ann:canary7@no-such.invalid:3128",
        "http://ann:canary7@no-such.invalid:port",
        "http://ann:canary7@no-such.invalid:3128",
        "socks5://ann:canary7@no-such.invalid:3128",
        "canary7:canary7",
      } do
        local value, message, err = post(curl.new { proxy = named }, "https://lastpass.invalid/")
        assert.is_nil(value)
        assert.is_nil((message .. (err.hint or "")):find("canary7", 1, true), message)
      end
    end)

    it("whose own headers are not the server's", function()
      local secure = support.start { users = 10, tls = true }
      local transport = curl.new { proxy = address, ca_file = secure.ca_file }
      local response = assert(post(transport, secure.url))
      secure:stop()
      assert.is_string(response.headers["content-type"])
      assert.is_nil(response.headers["x-from"])
    end)

    it("that sees no secret of a header", function()
      local strict = servers.start [[
        return function(client)
          tools.log(tools.read_request(client).head)
          client:send "HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n"
        end
      ]]
      local token = lastpass.secret.value "canary-token-1"
      post(curl.new { proxy = ("http://127.0.0.1:%d"):format(strict.port) }, "https://x.invalid/", {
        secret_header = { name = "Authorization", prefix = "Bearer ", secret = token },
      })
      local seen = table.concat(strict:log(), "\n")
      strict:stop()
      assert.matches("^CONNECT x.invalid:443 ", seen)
      assert.is_nil(seen:find("canary", 1, true))
      assert.is_nil(seen:find("Authorization", 1, true))
    end)

    it("that cannot reach the server: nothing was sent", function()
      local closed = servers.start "return function() end"
      closed:stop()
      local value, message, err =
        post(curl.new { proxy = address }, ("https://127.0.0.1:%d/"):format(closed.port))
      check.failure("transport", "proxy_failed", value, message, err)
      assert.equal("the proxy does not reach the server (HTTP 502)", message)
      assert.is_nil(err.sent)
      assert.is_nil(err.begun)
    end)

    it("that is not there: nothing was sent", function()
      local gone = curl.new { proxy = address }
      proxy:stop()
      local value, message, err = post(gone, "https://lastpass.invalid/")
      check.failure("transport", "unreachable", value, message, err)
      assert.is_nil(err.sent)
      check.failure(
        "transport",
        "proxy_failed",
        post(curl.new { proxy = "http://no-such.invalid:3128" }, "https://lastpass.invalid/")
      )
    end)

    it("of the environment, but not to this machine", function()
      local script = os.tmpname()
      local file = assert(io.open(script, "w"))
      file:write [[
        local curl = require("lastpass.transport.curl").new {}
        for _, url in ipairs(arg) do
          local request = { method = "POST", url = url, body = "x", timeout = 5 }
          local response, message, err = curl:send(request)
          print(response and response.status or err.code)
        end
      ]]
      file:close()
      local interpreter = rawget(_G, "jit") and "luajit"
        or _VERSION == "Lua 5.1" and "lua5.1"
        or "lua5.4"
      local function ask(variables, urls)
        local names = variables:gsub("=@", "=" .. address)
        local pipe = assert(io.popen(("env %s %s %s %s"):format(names, interpreter, script, urls)))
        local answers = pipe:read("*a"):gsub("\n$", ""):gsub("\n", " ")
        pipe:close()
        return answers
      end
      local away = "https://lastpass.invalid/"
      local all = "https_proxy=@ http_proxy=@ all_proxy=@ HTTPS_PROXY=@ ALL_PROXY=@"
      local both = away .. " " .. box.url
      assert.equal("proxy_failed 200", ask(all .. " NO_PROXY= no_proxy=", both))
      assert.same({ "CONNECT lastpass.invalid:443 HTTP/1.1" }, proxy:log())
      -- and what curl would say of a wrong one holds its password
      assert.equal("proxy_failed", ask("https_proxy=gopher://ann:canary7@x:1", away))
      os.remove(script)
    end)
  end)

  it("has the headers of the last answer alone: not those of 100 Continue or 103", function()
    local server = servers.start [[
      return function(client)
        tools.read_request(client)
        client:send "HTTP/1.1 100 Continue\r\nX-Early: 1\r\nRetry-After: 99\r\n\r\n"
        client:send "HTTP/1.1 103 Early Hints\r\nX-Early: 2\r\n\r\n"
        tools.reply(client, "{}", "X-Late: 3\r\n")
      end
    ]]
    local response = assert(post(curl.new {}, server.url))
    server:stop()
    assert.equal(200, response.status)
    assert.equal("3", response.headers["x-late"])
    assert.is_nil(response.headers["x-early"])
    assert.is_nil(response.headers["retry-after"])
  end)

  it("keeps no more than some addresses, whatever is under way", function()
    local transport, headers, most, answers = curl.new {}, { A = "1" }, 0, 0
    lastpass.parallel(4, function(spawn)
      for place = 1, 100 do
        spawn(function()
          assert(transport:send {
            method = place % 2 == 0 and "PATCH" or "GET",
            url = ("%s/%d"):format(box.origin, place % 50),
            body = place % 2 == 0 and "{}" or nil,
            headers = headers,
            timeout = 10,
          })
          answers = answers + 1
          most = math.max(most, transport._endpoint_count)
        end)
      end
    end)
    assert.equal(100, answers)
    assert.is_true(most <= 32, most)
  end)

  describe("with TLS", function()
    local function write(text)
      local path = os.tmpname()
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
      return path
    end

    it("says when ca_file cannot be read", function()
      for _, content in ipairs { false, "this is no PEM" } do
        local path = write(content or "")
        if not content then
          os.remove(path)
        end
        local value, message, err = post(curl.new { ca_file = path }, "https://127.0.0.1:1/")
        os.remove(path)
        check.failure("transport", nil, value, message, err)
        assert.is_true(err.code == "ca_file" or err.code == "unreachable", err.code)
      end
      local secure = support.start { users = 10, tls = true }
      local value, message, err = post(curl.new { ca_file = "/no/such/file.pem" }, secure.url)
      secure:stop()
      check.failure("transport", "ca_file", value, message, err)
      assert.truthy(err.hint)
    end)

    it("offers HTTP/2, unless told not to", function()
      local pair = assert(certificate.make())
      local certificate_file, key_file = write(pair.certificate), write(pair.key)
      local offered = {}
      for position, version in ipairs { false, "2" } do
        local pipe = assert(
          io.popen(
            ("exec openssl s_server -accept 127.0.0.1:0 -cert %s -key %s "):format(
              certificate_file,
              key_file
            ) .. "-alpn http/1.1 -www -naccept 1 2>&1"
          )
        )
        local port
        repeat
          local line = assert(pipe:read "*l", "openssl did not start")
          port = line:match "^ACCEPT %S+:(%d+)$"
        until port
        local options = { ca_file = certificate_file, http_version = version or nil }
        local response = assert(curl.new(options):send {
          method = "GET",
          url = ("https://127.0.0.1:%d/"):format(port),
          timeout = 5,
        })
        local output = pipe:read "*a" .. response.body
        pipe:close()
        offered[position] = output:match "ALPN protocols advertised by the client: ([^\n]*)"
          or "none"
      end
      os.remove(certificate_file)
      os.remove(key_file)
      assert.same({ "http/1.1", "h2, http/1.1" }, offered)
    end)
  end)

  it("gives up connecting after connect_timeout", function()
    -- a listener whose queue is full lets nobody in, and refuses nobody either
    local listener = assert(socket.tcp())
    assert(listener:bind("127.0.0.1", 0))
    assert(listener:listen(0))
    local _, port = listener:getsockname()
    local waiting = {}
    for i = 1, 4 do
      waiting[i] = socket.tcp()
      waiting[i]:settimeout(0)
      waiting[i]:connect("127.0.0.1", port)
    end
    local started = socket.gettime()
    local value, message, err =
      post(curl.new { connect_timeout = 0.3 }, ("http://127.0.0.1:%d/"):format(port))
    local took = socket.gettime() - started
    for _, other in ipairs(waiting) do
      other:close()
    end
    listener:close()
    check.failure("transport", "timeout", value, message, err)
    assert.is_nil(err.sent)
    assert.is_nil(err.begun)
    assert.is_true(took > 0.25 and took < 60, tostring(took)) -- the time limit of the whole is longer
  end)

  it("refuses headers of more than one line, and keeps the rest of the program alive", function()
    local transport = curl.new()
    for _, headers in ipairs {
      { ["X-A"] = "a\r\nX-B: b" },
      { ["X-A\nX-B"] = "b" },
      { ["X-A"] = 5 },
      { "x" },
    } do
      local ok = pcall(post, transport, nil, { headers = headers })
      assert.is_false(ok)
    end
    assert.is_false((pcall(post, transport, nil, { body = 5 })))
    assert.is_false((pcall(post, transport, nil, { body = {} })))
    assert.is_false((pcall(post, transport, nil, { sink = {} })))
    assert.is_false((pcall(post, transport, nil, { sink = io.stdout })))
    assert.is_false((pcall(transport.send, transport, {})))
    assert.equal(200, assert(post(transport)).status)
  end)

  it("keeps no more than some addresses ready", function()
    local transport = curl.new()
    for number = 1, 100 do
      assert(post(transport, box.url .. "?" .. number))
    end
    local kept = 0
    for _ in pairs(transport._endpoints) do
      kept = kept + 1
    end
    assert.is_true(kept > 0 and kept <= 32)
  end)

  it("keeps its connection", function()
    local server = servers.start [[
      return function(client, number)
        while true do
          local request = tools.read_request(client)
          if not request then return end
          tools.log(tostring(number))
          tools.reply(client, "ok")
        end
      end
    ]]
    local transport = curl.new()
    for _ = 1, 5 do
      assert(post(transport, server.url))
    end
    assert(post(curl.new(), server.url)) -- one pool for all
    local log = table.concat(server:log(), " ")
    server:stop()
    assert.equal("1 1 1 1 1 1", log)
  end)

  describe("can be driven from outside", function()
    local transport

    before_each(function()
      transport = curl.new()
      local left
      repeat -- what earlier tests cancelled
        left = loop.pool():next_finished()
      until not left
    end)

    local function start(more)
      local request = { method = "POST", url = box.url, body = "{}", timeout = 10 }
      for name, value in pairs(more or {}) do
        request[name] = value
      end
      return assert(transport:start(request))
    end

    it("by fds, timeout and perform, with a select of one's own", function()
      assert(box:faults { delay = 0.05 })
      local pool = loop.pool()
      local first, second = start(), start()
      local turns, descriptors = 0, 0
      while not (first:is_done() and second:is_done()) do
        pool:perform()
        local readable, writable = pool:fds()
        local function wrap(list)
          local wrapped = {}
          for position, descriptor in ipairs(list) do
            descriptors = descriptors + 1
            wrapped[position] = {
              getfd = function()
                return descriptor
              end,
            }
          end
          return wrapped
        end
        local wait = pool:timeout() or 1
        assert.is_true(wait >= 0)
        if #readable + #writable > 0 then
          socket.select(wrap(readable), wrap(writable), math.min(wait, 1))
        else
          socket.sleep(math.min(wait, 0.01))
        end
        turns = turns + 1
        assert.is_true(turns < 10000)
      end
      assert.is_true(descriptors > 0)
      local finished = { [pool:next_finished()] = true, [pool:next_finished()] = true }
      assert.is_true(finished[first] and finished[second])
      assert.is_nil((pool:next_finished()))
      assert.equal(200, assert(transport:result(first)).status)
      assert.equal(200, assert(transport:result(second)).status)
      assert.equal(0, pool:perform())
    end)

    it("and a transfer can be cancelled at any time", function()
      assert(box:faults { delay = 0.3 })
      for _, delay in ipairs { 0, 0.05 } do
        local transfer = start()
        loop.sleep(delay)
        assert.is_false(transfer:is_done())
        transfer:cancel()
        transfer:cancel()
        assert.is_true(transfer:is_done())
        local err = check.failure("cancelled", "cancelled", transport:result(transfer))
        assert.equal(delay > 0 or nil, err.sent)
        loop.wait(transfer)
      end
      local done = start()
      loop.wait(done)
      done:cancel()
      assert.equal(200, assert(transport:result(done)).status)
      local running = start()
      assert.has_error(function()
        return running:result()
      end)
      running:cancel()
    end)

    it("and another task that waits for a cancelled one goes on", function()
      assert(box:faults { delay = 20, count = 1 })
      local outcome
      local started = socket.gettime()
      lastpass.parallel(2, function(spawn)
        local transfer
        spawn(function()
          transfer = start()
          loop.wait(transfer)
          outcome = select(3, transport:result(transfer)).kind
        end)
        spawn(function()
          loop.sleep(0.05)
          transfer:cancel()
        end)
      end)
      assert.equal("cancelled", outcome)
      assert.is_true(socket.gettime() - started < 20)
    end)

    it("and a full sink holds the download until it is emptied", function()
      local big = support.start { users = 5000 }
      local sink = core.snapshot(100)
      local transfer = start {
        url = big.url,
        sink = sink,
        body = core.getuserdata {
          cid = big.cid,
          provhash = lastpass.secret.value(big.provhash),
        },
      }
      loop.wait(transfer, true)
      assert.is_true(transfer:is_paused())
      local waiting = #sink
      for _ = 1, 20 do
        loop.sleep(0.005)
      end
      assert.equal(waiting, #sink)
      assert.is_true(waiting >= 100 and waiting < 1000, tostring(waiting))
      local users, pauses = 0, 0
      while not transfer:is_done() do
        users = users + #sink:take()
        pauses = pauses + 1
        transfer:resume()
        loop.wait(transfer, true)
      end
      local rest = sink:take()
      users = users + (rest and #rest or 0)
      assert.is_true(sink:finish())
      local response = transport:result(transfer)
      big:stop()
      assert.equal(200, response.status)
      assert.equal(5000, users)
      assert.is_true(pauses > 3)
    end)

    it("and running transfers that nobody holds come to their end", function()
      assert(box:faults { delay = 0.1 })
      for _ = 1, 10 do
        start()
      end
      collectgarbage()
      collectgarbage()
      local until_ = socket.gettime() + 5
      while loop.pool():perform() > 0 and socket.gettime() < until_ do
        loop.pool():wait(0.05)
      end
      local finished = 0
      while loop.pool():next_finished() do
        finished = finished + 1
      end
      assert.equal(10, finished)
      assert.equal(10, support.requests(box))
    end)

    it("and a pool of its own ends all that runs in it when it is closed or collected", function()
      local library = require "lastpass.curl"
      assert(box:faults { delay = 0.2 })
      local pool = library.pool()
      local endpoint = assert(library.endpoint { method = "POST", url = box.url })
      local request = { body = "{}" }
      local running = {}
      for i = 1, 3 do
        running[i] = assert(pool:start(endpoint, request))
      end
      pool:perform()
      pool:close()
      pool:close()
      for _, transfer in ipairs(running) do
        assert.is_true(transfer:is_done())
        local status, _, code = transfer:result()
        assert.is_nil(status)
        assert.equal("cancelled", code)
        transfer:cancel()
      end
      assert.has_error(function()
        pool:start(endpoint, request)
      end)
      assert.equal("lastpass.curl.pool", tostring(pool))
      assert.equal("lastpass.curl.transfer", tostring(running[1]))
      for _ = 1, 5 do
        local other = library.pool()
        other:start(endpoint, request)
        other:perform()
      end
      collectgarbage()
      collectgarbage()
      assert.equal(200, assert(post(transport)).status)
    end)
  end)

  it("refuses to block an nginx worker", function()
    local before = rawget(_G, "ngx")
    local phases =
      { content = false, access = false, timer = false, init = true, init_worker = true }
    local outcomes = {}
    for phase in pairs(phases) do
      rawset(_G, "ngx", {
        get_phase = function()
          return phase
        end,
        sleep = function() end,
      })
      outcomes[phase] = { post(curl.new()) }
    end
    rawset(_G, "ngx", before)
    for phase, allowed in pairs(phases) do
      if allowed then
        assert.equal(200, outcomes[phase][1].status)
      else
        local err =
          check.failure("transport", "would_block", (table.unpack or unpack)(outcomes[phase], 1, 3))
        assert.matches("phase " .. phase, err.message, 1, true)
      end
    end
    assert.equal(2, support.requests(box))
  end)

  it("reads dates of HTTP, and has a clock that goes forward", function()
    local library = require "lastpass.curl"
    assert.equal(784111777, library.date "Sun, 06 Nov 1994 08:49:37 GMT")
    assert.equal(784111777, library.date "Sunday, 06-Nov-94 08:49:37 GMT")
    assert.equal(784111777, library.date "Sun Nov  6 08:49:37 1994")
    assert.is_nil((library.date "never"))
    local first = library.now()
    assert.is_true(library.now() >= first)
    assert.matches("^libcurl/", library.version())
  end)
end)
