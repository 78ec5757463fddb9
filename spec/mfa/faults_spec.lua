-- What goes wrong on the way: nothing is approved by it, a request to a phone is never sent a second time, and what could
-- not be reached is never called a denial.
local errors = require "lastpass.error"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local server = require "spec.support.mfa_server"
local tcp = require "spec.support.server"

local function refused(kind, code, fields)
  return function()
    return errors.fail(kind, code, "no", fields)
  end
end

describe("a request to a phone", function()
  -- The outcome and code of a first request, and how often one was sent.
  local function challenge(answer, mode)
    local client, transport = server.client(mode or "plain", answer)
    local result = server.ask(client):wait()
    assert.is_false(result.ok)
    assert.equal(1, #transport.calls)
    return { result.outcome, result.code }, result
  end

  it("that cannot be sent is unreachable, and sent once", function()
    for code, outcome in pairs {
      unreachable = "unreachable",
      unknown_host = "unreachable",
      timeout = "unreachable",
      connection_lost = "unreachable",
      reply_cut = "unreachable",
      tls_failed = "unreachable",
      tls_certificate = "unreachable",
      proxy_failed = "unreachable",
      -- what was set up wrongly, here
      bad_url = "error",
      ca_file = "error",
      would_block = "error",
      raised = "error",
      bad_secret = "error",
      reply_too_large = "error",
      no_thread = "error",
    } do
      for _, fields in ipairs { {}, { begun = true }, { sent = true } } do
        assert.same({ outcome, code }, (challenge(refused("transport", code, fields))))
      end
    end
    assert.same({ "error", "interrupted" }, (challenge(refused("cancelled", "interrupted"))))
  end)

  it("is answered by HTTP 200 alone", function()
    local body = json.encode(server.answer "Success")
    for status, expected in pairs {
      [201] = { "error", "http_status" },
      [204] = { "error", "http_status" },
      [302] = { "error", "redirect" },
      [400] = { "error", "http_status" },
      [401] = { "error", "auth_failed" },
      [403] = { "error", "auth_failed" },
      [404] = { "error", "http_status" },
      [429] = { "throttled", "throttled" },
      [500] = { "unreachable", "http_status" },
      [502] = { "unreachable", "http_status" },
      [503] = { "unreachable", "http_status" },
    } do
      local is, result = challenge(function()
        return { status = status, body = body }
      end)
      assert.same(expected, is, status)
      assert.equal(status, result.err.status)
    end
    local is, result = challenge(function()
      return { status = 503, body = "", headers = { ["retry-after"] = "7" } }
    end)
    assert.same({ "throttled", "throttled" }, is)
    assert.equal(7, result.retry_after)
  end)

  it("is not approved by any part of an approval", function()
    for _, mode in ipairs { "plain", "secured" } do
      local whole = mode == "plain" and json.encode(server.answer "Success")
        or server.sealed_answer(server.answer "Success")
      local step = mode == "plain" and 1 or 41
      for length = 0, #whole - 1, step do
        local outcome = challenge(function()
          return whole:sub(1, length)
        end, mode)[1]
        assert.equal("error", outcome)
      end
    end
  end)

  it("does not count against the user when nothing was sent", function()
    local client = server.client("plain", refused("transport", "unreachable"))
    for _ = 1, 12 do
      assert.equal("unreachable", server.ask(client):poll().outcome)
    end
    client = server.client("plain", refused("transport", "connection_lost", { begun = true }))
    for _ = 1, 3 do
      assert.equal("unreachable", server.ask(client):poll().outcome)
    end
    assert.equal("throttled", server.ask(client):poll().outcome)
  end)
end)

describe("a question about a request", function()
  it("is asked again after what may pass, until the end", function()
    for _, mode in ipairs { "plain", "secured" } do
      local replies = {
        server.waiting(),
        refused("transport", "timeout", { sent = true }),
        { status = 500, body = "" },
        { status = 502, body = "<html>" },
        "not json",
        { status = 429, body = "", headers = { ["retry-after"] = "0" } },
        refused("transport", "tls_certificate"),
        server.waiting(),
        server.answer "Success",
      }
      local client, transport = server.client(mode, function(call)
        local reply = replies[call.number]
        if type(reply) == "function" then
          return reply()
        end
        return reply
      end)
      local handle = server.ask(client)
      local first = handle:poll()
      assert.same({ "pending", "timeout" }, { first.outcome, first.code })
      assert.equal("approved", handle:wait().outcome)
      assert.equal(#replies, #transport.calls)
    end
  end)

  it("is asked again after any part of an answer", function()
    local whole = json.encode(server.answer "Success")
    local client = server.client("plain", function(call)
      local length = call.number - 2
      return length < 0 and server.waiting() or whole:sub(1, length)
    end, { poll = { first = 0, every = 0.01, max = #whole + 10 } })
    local handle = server.ask(client)
    for _ = 0, #whole - 1 do
      assert.equal("pending", handle:poll().outcome)
    end
    assert.equal("approved", handle:poll().outcome)
  end)

  it("ends what the server refuses", function()
    local codes = { [400] = "http_status", [401] = "auth_failed", [404] = "http_status" }
    for status, code in pairs(codes) do
      local client, transport = server.client("plain", function(call)
        return call.number == 1 and server.waiting() or { status = status, body = "" }
      end)
      local result = server.ask(client):wait()
      assert.same({ "error", code }, { result.outcome, result.code })
      assert.equal(2, #transport.calls)
    end
  end)

  it("without an answer until the end leaves it unreachable, with answers out of time", function()
    local now
    local function clock()
      return now
    end
    for outcome, reply in pairs {
      unreachable = refused("transport", "unreachable"),
      error = function()
        return "not json"
      end,
      throttled = function()
        return { status = 429, body = "" }
      end,
      timeout = server.waiting,
    } do
      now = 1000
      local client = server.client("plain", function(call)
        if call.number == 1 then
          return server.waiting()
        end
        now = now + 4
        return reply()
      end, { clock = clock, timeout = 20 })
      local result = server.ask(client):wait()
      assert.equal(outcome, result.outcome)
      assert.is_false(result.ok)
      assert.is_true(now <= 1024)
    end
  end)

  it("comes to an end with a clock that stands still", function()
    local client, transport = server.client("plain", function()
      return server.waiting()
    end, {
      clock = function()
        return 1000
      end,
      poll = { first = 0, every = 0.01, max = 7 },
    })
    local result = server.ask(client):wait()
    assert.same({ "timeout", "too_many_questions" }, { result.outcome, result.code })
    assert.equal(8, #transport.calls)
  end)

  it("comes back when the caller's own time is over, and may go on", function()
    local now = 1000
    local client = server.client("plain", function(call)
      now = now + 5
      return call.number < 8 and server.waiting() or server.answer "Success"
    end, {
      clock = function()
        return now
      end,
    })
    local handle = server.ask(client)
    assert.equal("pending", handle:wait({ deadline = now + 6 }).outcome)
    assert.equal("pending", handle:wait({ deadline = now }).outcome)
    assert.equal("approved", handle:wait().outcome)
  end)
end)

describe("over a real connection", function()
  local http, body

  setup(function()
    body = json.encode(server.answer "Success")
    -- the path says how many bytes of the reply are sent, or of the request read
    http = tcp.start(([[
      local body = %q
      local reply = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        .. #body .. "\r\n\r\n" .. body
      return function(client)
        local first = client:receive "*l"
        if not first then return end
        tools.log(first)
        local kind, number = first:match "/(%%a+)/(%%d+)/"
        if kind == "read" then
          local head = ""
          while not head:find "\r\n\r\n$" do head = head .. (client:receive(1) or "\r\n\r\n") end
          client:receive(tonumber(number))
          return
        end
        local length = 0
        local line
        repeat
          line = client:receive "*l"
          length = tonumber((line or ""):lower():match "^content%%-length: (%%d+)") or length
        until line == "" or not line
        client:receive(length)
        client:send(reply:sub(1, tonumber(number)))
      end
    ]]):format(body))
  end)

  teardown(function()
    http:stop()
  end)

  local function ask(kind, number)
    local client = assert(lastpass.mfa.new {
      base_url = ("http://127.0.0.1:%d/%s/%d"):format(http.port, kind, number),
      mode = "plain",
      api_key = lastpass.secret.value(server.KEY),
      request_timeout = 10,
    })
    return server.ask(client):wait()
  end

  it("a reply that ends at any byte approves nothing, and the phone is asked once", function()
    local whole
    for length = 0, 1000 do
      local result = ask("send", length)
      if result.ok then
        whole = length
        break
      end
      -- without its length a reply may seem to be over, with nothing in it
      local is_cut = result.code == "not_json" or result.code == "bad_reply"
      local is_good = result.outcome == "unreachable" or result.outcome == "error" and is_cut
      assert.is_true(is_good, ("%d: %s %s"):format(length, result.outcome, tostring(result.code)))
    end
    assert.is_true(whole > #body)
    assert.equal(whole + 1, #http:log())
  end)

  it("a request that is read in part is not sent again", function()
    local before = #http:log()
    for length = 0, 80, 4 do
      assert.equal("unreachable", ask("read", length).outcome)
    end
    assert.equal(before + 21, #http:log())
  end)
end)

describe("a certificate that nobody trusts", function()
  local box

  setup(function()
    box = assert(lastpass.sandbox.start { users = 3, tls = true })
  end)

  teardown(function()
    box:stop()
  end)

  it(
    "lets nobody in, unless the call says so; and with the right one the phone is asked",
    function()
      local user = box:client { ca_file = box.ca_file }:users()().email
      assert(box:phone { email = user, state = "paired" })
      assert(box:phone_auto { action = "approve" })
      local events = {}
      local function client_of(ca_file)
        return assert(lastpass.mfa.new {
          base_url = box.mfa.url,
          mode = "plain",
          api_key = lastpass.secret.value(box.mfa.login_key),
          ca_file = ca_file,
          poll = { first = 0, every = 0.05, max = 1000 },
          on_event = function(event)
            events[#events + 1] = event.event
          end,
        })
      end
      local client, given = client_of(), { user = user, ip = "192.0.2.1" }
      for _, way in ipairs { "challenge", "authenticate" } do
        local result = client[way](client, given)
        result = way == "challenge" and result:wait() or result
        assert.same({ "unreachable", "tls_certificate" }, { result.outcome, result.code })
        assert.is_false(result.ok)
        assert.is_nil(result.failed_open)
      end
      given.fail_open = { minutes = 10, people = 1 }
      local result = client:challenge(given):wait()
      assert.same({ "unreachable", true, true }, { result.outcome, result.ok, result.failed_open })
      assert.equal("failed_open result", table.concat(events, " ", #events - 1))
      assert.equal(0, box:phone({ email = user }).rings)
      client = client_of(box.ca_file)
      assert.equal("approved", client:challenge(given):wait().outcome)
      assert.equal(1, box:phone({ email = user }).rings)
    end
  )
end)
