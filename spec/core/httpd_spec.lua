-- The server under the sandbox, driven with plain sockets: what is on the wire is what counts.
local httpd = require "lastpass.httpd"
local socket = require "socket"

-- The handler that runs in the server's thread; written to a file because it lives in another
-- Lua state.
local handler_source = [==[
local M = {}
function M.open(settings)
  if settings == "raise" then error("settings refused") end
  if settings == "odd" then return 42 end
  local calls, news = 0, {}
  return function(request)
    calls = calls + 1
    local path = request.path
    if path == "/echo" then
      local names = {}
      for name, value in pairs(request.headers) do names[#names + 1] = name .. "=" .. value end
      table.sort(names)
      return {
        status = 201,
        headers = { ["Content-Type"] = "text/plain", ["X-Many"] = { "a", "b" } },
        body = table.concat({
          request.method, path, request.query.name or "", request.peer, settings, #request.body,
          request.body:sub(1, 40), table.concat(names, "&"),
        }, "|"),
      }
    elseif request.target:find "^/target" then
      return { body = request.target }
    elseif path == "/count" then
      return { body = tostring(calls) }
    elseif path == "/delay" then
      return { delay = tonumber(request.query.seconds), body = "late" }
    elseif path == "/wait" then
      local tries = 0
      local function try()
        tries = tries + 1
        if request.query.fail and tries > 1 then error("raised while it waited") end
        if news[request.query.topic] or request.query.delay and tries > 1 then
          return { body = tries .. " " .. tostring(news[request.query.topic]) }
        end
        return {
          wait = try,
          topic = tonumber(request.query.topic),
          delay = tonumber(request.query.delay),
        }
      end
      return try()
    elseif path == "/wake" then
      news[request.query.topic or "1"] = request.query.text
      return { wake = tonumber(request.query.topic) or 0, body = "woken" }
    elseif path == "/bad-wait" then
      return { wait = 42 }
    elseif path == "/bad-topic" then
      return { wait = print, topic = -1 }
    elseif path == "/drop" then
      return { drop = true, delay = tonumber(request.query.seconds) }
    elseif path == "/truncate" then
      return { body = ("x"):rep(1000), truncate = tonumber(request.query.at) }
    elseif path == "/chunked" then
      return { body = "in pieces", chunked = true }
    elseif path == "/chunks" then
      local left = tonumber(request.query.count)
      return {
        length = request.query.length and tonumber(request.query.length) or nil,
        truncate = request.query.at and tonumber(request.query.at) or nil,
        chunks = function()
          if left == 0 then return nil end
          left = left - 1
          if request.query.fail == tostring(left) then error("broken in the middle") end
          if left % 7 == 3 then return "" end
          return ("%08d"):format(left):rep(1000)
        end }
    elseif path == "/raise" then
      error("raised on purpose")
    elseif path == "/raise-table" then
      error({})
    elseif path == "/nothing" then
      return nil
    elseif path == "/bad-status" then
      return { status = 42 }
    elseif path == "/bad-header" then
      return { headers = { ["X-Bad"] = "one\r\ntwo: injected" } }
    elseif path == "/bad-body" then
      return { body = {} }
    elseif path == "/bad-chunk" then
      return { chunks = function() return 42 end }
    elseif path == "/big" then
      return { body = ("y"):rep(5000000) }
    end
    return { status = 404, body = "no such page" }
  end, settings == "too large" and function(request)
    return { status = 413, body = request.method .. " " .. request.target .. " " .. #request.body }
  end or nil
end
return M
]==]

-- A search path without "?" leads to one file, whatever module is wanted.
local handler_file

local function start(options)
  options = options or {}
  options.module = options.module or "httpd_spec_handler"
  options.package_path = options.package_path or package.path .. ";" .. handler_file
  return httpd.start(options)
end

-- Sends bytes, returns everything until the server closes or `want` bytes have come.
local function exchange(server, bytes, want)
  local connection = assert(socket.connect("127.0.0.1", server:port()))
  connection:settimeout(10)
  assert(connection:send(bytes))
  local all, _, part = connection:receive(want or "*a")
  connection:close()
  return all or part
end

local function get(server, path, more)
  return exchange(
    server,
    "GET "
      .. path
      .. " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      .. (more or "")
      .. "\r\n"
  )
end

local function body_of(reply)
  return (reply:match("\r\n\r\n(.*)$"))
end

-- Undoes the chunked transfer encoding; second value: whether the end mark was there.
local function dechunk(text)
  local parts, at = {}, 1
  while true do
    local first, last, size = text:find("^(%x+)\r\n", at)
    if not first then
      return table.concat(parts), false
    end
    local count = tonumber(size, 16)
    if count == 0 then
      return table.concat(parts), true
    end
    parts[#parts + 1] = text:sub(last + 1, last + count)
    at = last + count + 3
  end
end

describe("lastpass.httpd", function()
  local server

  setup(function()
    handler_file = os.tmpname()
    local file = assert(io.open(handler_file, "w"))
    file:write(handler_source)
    file:close()
    server = assert(start({ settings = "the settings" }))
  end)

  teardown(function()
    server:stop()
    os.remove(handler_file)
  end)

  it("listens on a port that the system gives, on loopback", function()
    assert.is_true(server:port() > 0)
    assert.equal("127.0.0.1", server:address())
    assert.equal("lastpass.httpd: 127.0.0.1 port " .. server:port(), tostring(server))
  end)

  it("hands the whole request to the handler and its reply back", function()
    local body = ("b"):rep(100)
    local reply = exchange(
      server,
      "POST /echo?name=a%20b HTTP/1.1\r\nHost: localhost\r\nX-Mixed-Case: Kept\r\n"
        .. "Connection: close\r\nContent-Length: 100\r\n\r\n"
        .. body
    )
    assert.matches("^HTTP/1.1 201 Created\r\n", reply)
    assert.matches("Content%-Type: text/plain\r\n", reply)
    assert.matches("X%-Many: a\r\n", reply)
    assert.matches("X%-Many: b\r\n", reply)
    assert.equal(
      "POST|/echo|a b|127.0.0.1|the settings|100|"
        .. body:sub(1, 40)
        .. "|connection=close&content-length=100&host=localhost&x-mixed-case=Kept",
      body_of(reply)
    )
  end)

  it("hands the target over as it came, and headers that come twice as one list", function()
    for _, target in ipairs { "/target", "/target%2Fa%00b?x=%20+1&x=2&&y", "/target?a?b" } do
      assert.equal(target, body_of(get(server, target)))
    end
    local reply = get(server, "/echo", 'If-Match: "a"\r\nif-match: W/"b"\r\n')
    assert.truthy(reply:find('if-match="a", W/"b"', 1, true))
  end)

  it("keeps NUL and every other byte of a body", function()
    local reply = exchange(
      server,
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
        .. "a\0\255b"
    )
    assert.truthy(body_of(reply):find("|4|a\0\255b|", 1, true))
  end)

  it("keeps a connection open for the next request", function()
    local connection = assert(socket.connect("127.0.0.1", server:port()))
    connection:settimeout(10)
    local counts = {}
    for turn = 1, 3 do
      connection:send("GET /count HTTP/1.1\r\nHost: localhost\r\n\r\n")
      local length
      repeat
        local line = assert(connection:receive("*l"))
        length = tonumber(line:match("^Content%-Length: (%d+)")) or length
      until line == ""
      counts[turn] = tonumber((connection:receive(length)))
    end
    connection:close()
    assert.equal(counts[1] + 1, counts[2])
    assert.equal(counts[1] + 2, counts[3])
  end)

  it("delays one answer without holding up the others", function()
    local started = socket.gettime()
    local waiting = {}
    for number = 1, 200 do
      waiting[number] = assert(socket.connect("127.0.0.1", server:port()))
      waiting[number]:settimeout(60)
      waiting[number]:send(
        "GET /delay?seconds=2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      )
    end
    assert.equal("no such page", body_of(get(server, "/")))
    for number = 1, 200 do
      assert.equal("late", body_of(waiting[number]:receive("*a")))
      waiting[number]:close()
    end
    local took = socket.gettime() - started
    assert.is_true(took >= 2, "the delay was kept")
    assert.is_true(took < 400, "200 delays of 2 s ran side by side, not one after the other")
  end)

  it("answers delays in the order they end, not in the order they came", function()
    local slow = assert(socket.connect("127.0.0.1", server:port()))
    slow:send("GET /delay?seconds=20 HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n")
    socket.sleep(0.02)
    local started = socket.gettime()
    assert.equal("late", body_of(get(server, "/delay?seconds=0.05")))
    assert.is_true(socket.gettime() - started < 20)
    slow:settimeout(0)
    assert.equal("timeout", select(2, slow:receive(1)))
    slow:close()
  end)

  it("lets requests wait until something is new about their topic", function()
    local function begin(path)
      local connection = assert(socket.connect("127.0.0.1", server:port()))
      connection:settimeout(60)
      connection:send("GET " .. path .. " HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n")
      return connection
    end
    local function finish(connection)
      local text = connection:receive "*a"
      connection:close()
      return text
    end
    local function is_waiting(connection)
      connection:settimeout(0)
      local _, why = connection:receive(1)
      connection:settimeout(60)
      return why == "timeout"
    end
    local waiting = {}
    for topic = 1, 50 do
      waiting[topic] = begin("/wait?topic=" .. topic)
    end
    assert.equal("no such page", body_of(get(server, "/"))) -- all of them were read by now
    for topic = 50, 1, -7 do
      assert.equal("woken", body_of(get(server, ("/wake?topic=%d&text=t%d"):format(topic, topic))))
      assert.equal("2 t" .. topic, body_of(finish(waiting[topic])))
      waiting[topic] = nil
    end
    assert.is_true(is_waiting(waiting[2]))
    -- about all: whoever has nothing to say yet goes on waiting
    assert.equal("woken", body_of(get(server, "/wake?text=t1")))
    assert.is_true(is_waiting(waiting[2]))
    assert.equal("woken", body_of(get(server, "/wake?topic=2&text=t2")))
    -- how often it was tried in between, nobody says: two reports can wake it once
    assert.matches("^%d t2$", body_of(finish(waiting[2])))
    for _, connection in pairs(waiting) do
      connection:close()
    end
    -- and until a time
    assert.equal("2 nil", body_of(finish(begin "/wait?topic=99&delay=0.01")))
    local failing = begin "/wait?topic=98&fail=1&delay=0.01"
    assert.is_truthy(finish(failing):find "^HTTP/1.1 500")
    for _, path in ipairs { "/bad-wait", "/bad-topic" } do
      assert.is_truthy(get(server, path):find "^HTTP/1.1 500")
    end
    assert.equal("no such page", body_of(get(server, "/")))
  end)

  it("drops a connection without a byte, at once or late", function()
    assert.equal("", get(server, "/drop"))
    local started = socket.gettime()
    assert.equal("", get(server, "/drop?seconds=0.1"))
    assert.is_true(socket.gettime() - started >= 0.1)
  end)

  it("cuts a body after the wanted bytes, with the full length declared", function()
    for _, at in ipairs({ 0, 1, 500, 999 }) do
      local reply = get(server, "/truncate?at=" .. at)
      assert.matches("Content%-Length: 1000\r\n", reply)
      assert.equal(at, #body_of(reply))
    end
    assert.equal(1000, #body_of(get(server, "/truncate?at=1000")))
  end)

  it("sends a text without a length", function()
    local reply = get(server, "/chunked")
    assert.matches("Transfer%-Encoding: chunked\r\n", reply)
    local text, complete = dechunk(body_of(reply))
    assert.equal("in pieces", text)
    assert.is_true(complete)
  end)

  it("sends what a function gives, piece by piece, empty pieces left out", function()
    local text, complete = dechunk(body_of(get(server, "/chunks?count=100")))
    assert.is_true(complete)
    local expected = {}
    for left = 99, 0, -1 do
      if left % 7 ~= 3 then
        expected[#expected + 1] = ("%08d"):format(left):rep(1000)
      end
    end
    assert.is_true(table.concat(expected) == text)
  end)

  it("declares the length of pieces when the handler knows it", function()
    local reply = get(server, "/chunks?count=2&length=16000")
    assert.matches("Content%-Length: 16000\r\n", reply)
    assert.equal(16000, #body_of(reply))
  end)

  it("cuts pieces too", function()
    local text, complete = dechunk(body_of(get(server, "/chunks?count=10&at=12345")))
    assert.equal(12345, #text)
    assert.is_false(complete)
  end)

  it("sends a large body unharmed", function()
    local body = body_of(get(server, "/big"))
    assert.equal(5000000, #body)
    assert.is_nil(body:find("[^y]"))
  end)

  it("answers 500 when the handler fails, and goes on", function()
    local paths =
      { "/raise", "/raise-table", "/nothing", "/bad-status", "/bad-header", "/bad-body" }
    for _, path in ipairs(paths) do
      local reply = get(server, path)
      assert.matches("^HTTP/1.1 500 ", reply)
      assert.equal('{"error":"the server\'s handler failed"}', body_of(reply))
      assert.is_nil(reply:find("injected", 1, true))
    end
    assert.matches("^HTTP/1.1 404 ", get(server, "/"))
  end)

  it("cuts the reply when a chunk function fails, and goes on", function()
    local _, complete = dechunk(body_of(get(server, "/chunks?count=10&fail=4")))
    assert.is_false(complete)
    local text, ended = dechunk(body_of(get(server, "/bad-chunk")))
    assert.equal("", text)
    assert.is_false(ended)
    assert.matches("^HTTP/1.1 404 ", get(server, "/"))
  end)

  it("refuses a body over the limit, declared or not", function()
    local small = assert(start({ max_body = 1000 }))
    local declared = exchange(
      small,
      "POST /echo HTTP/1.1\r\nHost: l\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n"
    )
    assert.matches("^HTTP/1.1 413 ", declared)
    local chunked = exchange(
      small,
      "POST /echo HTTP/1.1\r\nHost: l\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        .. "3e9\r\n"
        .. ("z"):rep(1001)
        .. "\r\n0\r\n\r\n"
    )
    assert.matches("^HTTP/1.1 413 ", chunked)
    local fits = exchange(
      small,
      "POST /echo HTTP/1.1\r\nHost: l\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n"
        .. ("z"):rep(1000)
    )
    assert.matches("^HTTP/1.1 201 ", fits)
    small:stop()
  end)

  it("lets the module answer what is over the limit, without the body", function()
    local small = assert(start({ max_body = 1000, settings = "too large" }))
    local head = "POST /x?y HTTP/1.1\r\nHost: l\r\nConnection: close\r\n"
    local declared = exchange(small, head .. "Content-Length: 1001\r\n\r\n")
    local chunk = "3e9\r\n" .. ("z"):rep(1001) .. "\r\n0\r\n\r\n"
    local chunked = exchange(small, head .. "Transfer-Encoding: chunked\r\n\r\n" .. chunk)
    for _, reply in ipairs { declared, chunked } do
      assert.matches("^HTTP/1.1 413 ", reply)
      assert.equal("POST /x?y 0", body_of(reply))
    end
    small:stop()
  end)

  it("survives clients that go away in the middle", function()
    for _, bytes in ipairs({
      "GET /del",
      "POST /echo HTTP/1.1\r\nHost: l\r\nContent-Length: 100\r\n\r\nhalf",
      "GET /delay?seconds=0.05 HTTP/1.1\r\nHost: l\r\n\r\n",
      "GET /big HTTP/1.1\r\nHost: l\r\n\r\n",
      "GET /chunks?count=2000 HTTP/1.1\r\nHost: l\r\n\r\n",
    }) do
      local connection = assert(socket.connect("127.0.0.1", server:port()))
      connection:send(bytes)
      connection:close()
    end
    socket.sleep(0.1)
    assert.equal("no such page", body_of(get(server, "/")))
  end)

  it("says why it cannot start", function()
    local nothing, message = start({ port = server:port() })
    assert.is_nil(nothing)
    assert.matches("^cannot listen on 127.0.0.1 port %d+: ", message)
    nothing, message = start({ settings = "raise" })
    assert.is_nil(nothing)
    assert.matches("settings refused", message)
    nothing, message = start({ settings = "odd" })
    assert.is_nil(nothing)
    assert.matches("must return a function", message)
    nothing, message = start({ module = "no.such.module", package_path = package.path })
    assert.is_nil(nothing)
    assert.matches("no.such.module", message)
    nothing, message = start({ certificate = "not a certificate", key = "not a key" })
    assert.is_nil(nothing)
    assert.matches("^cannot listen", message)
  end)

  it("raises for a programmer's mistake", function()
    assert.error_matches(function()
      start({ prot = 80 })
    end, "unknown option 'prot'")
    assert.error_matches(function()
      start({ port = "80" })
    end, "option 'port' must be a number, not a string")
    assert.error_matches(function()
      start({ port = 65536 })
    end, "option 'port' must be 0 to 65535")
    assert.error_matches(function()
      start({ address = "localhost" })
    end, "must be an IP address")
    assert.error_matches(function()
      start({ certificate = "alone" })
    end, "belong together")
    assert.error_matches(function()
      httpd.start()
    end, "table")
  end)

  it("stops at once, again and while connections sleep", function()
    local other = assert(start())
    local sleeper = assert(socket.connect("127.0.0.1", other:port()))
    sleeper:send("GET /delay?seconds=60 HTTP/1.1\r\nHost: l\r\n\r\n")
    local waiter = assert(socket.connect("127.0.0.1", other:port()))
    waiter:send("GET /wait?topic=1 HTTP/1.1\r\nHost: l\r\n\r\n")
    socket.sleep(0.05)
    local started = socket.gettime()
    other:stop()
    assert.is_true(socket.gettime() - started < 60)
    assert.equal("lastpass.httpd: stopped", tostring(other))
    other:stop()
    assert.is_nil((sleeper:receive(1)))
    assert.is_nil((waiter:receive(1)))
    waiter:close()
    sleeper:close()
    assert.is_nil((socket.connect("127.0.0.1", other:port())))
  end)

  it("stops when the last reference goes away", function()
    local port
    do
      local other = assert(start())
      port = other:port()
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil((socket.connect("127.0.0.1", port)))
  end)

  it("runs several servers side by side", function()
    local others = {}
    for number = 1, 5 do
      others[number] = assert(start({ settings = "number " .. number }))
    end
    for number = 1, 5 do
      assert.truthy(get(others[number], "/echo"):find("|number " .. number .. "|", 1, true))
      others[number]:stop()
    end
  end)

  it("knows the time and the process", function()
    local before = os.time()
    local now = httpd.now()
    assert.is_true(now >= before and now < before + 5)
    assert.is_true(httpd.pid() > 1)
  end)
end)
