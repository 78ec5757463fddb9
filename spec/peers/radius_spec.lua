-- The RADIUS client against Debian's FreeRADIUS, which plays LastPass's Universal Proxy.
local clients = require "spec.support.radius_client"
local doctor = require "lastpass.mfa.doctor"
local freeradius = require "spec.peers.freeradius"
local lastpass = require "lastpass"
local socket = require "socket"

describe("RADIUS with FreeRADIUS", function()
  local server, silent, silent_port, closed_port

  setup(function()
    server = freeradius.start()
    silent = assert(socket.udp()) -- takes what is sent, and says nothing
    assert(silent:setsockname("127.0.0.1", 0))
    silent_port = tonumber((select(2, silent:getsockname())))
    local closed = assert(socket.udp())
    assert(closed:setsockname("127.0.0.1", 0))
    closed_port = tonumber((select(2, closed:getsockname())))
    closed:close()
  end)

  teardown(function()
    silent:close()
    server:stop()
  end)

  local function new(options, ports)
    return clients.new(ports or server.port, freeradius.SECRET, options)
  end

  local function given(user, fields)
    local request = { user = user, password = freeradius.PASSWORD }
    for name, value in pairs(fields or {}) do
      request[name] = value
    end
    return request
  end

  -- How often the server was asked while a function ran; one request that is sent again is one.
  local function asked(fn)
    local before = #server:asked()
    fn()
    local lines = server:asked()
    return #lines - before, lines[#lines]
  end

  it("asks for a push, a call or a code", function()
    local client = new()
    for method, code in pairs { push = false, call = false, code = "123456" } do
      local count, line = asked(function()
        local result = client:authenticate(given("ann", { method = method, code = code or nil }))
        assert.equal("approved", result.outcome)
      end)
      assert.equal(1, count)
      assert.equal(("ann %s "):format(code or method), line)
    end
    local denied = client:authenticate(given("denies", { method = "push" }))
    assert.equal("denied", denied.outcome)
    assert.equal("denied on the phone", denied.raw)
    local wrong = { method = "code", code = "654321" }
    assert.equal("denied", client:authenticate(given("ann", wrong)).outcome)
    wrong = { method = "push", password = "wrong" }
    assert.equal("denied", client:authenticate(given("ann", wrong)).outcome)
  end)

  it("answers Access-Challenge with a code", function()
    for code, outcome in pairs { ["123456"] = "approved", ["654321"] = "denied" } do
      local client = new()
      local result = client:authenticate(given "ann")
      assert.equal("pending", result.outcome)
      assert.is_false(result.ok)
      assert.equal("Enter your code", result.challenge.message)
      local _, line = asked(function()
        assert.equal(outcome, client:answer(result.challenge, code).outcome)
      end)
      assert.equal("ann answer 0x00ff10", line)
    end
  end)

  it("proves a password by CHAP", function()
    local client = new { mode = "chap" }
    assert.equal("approved", client:authenticate(given "ann").outcome)
    assert.equal("denied", client:authenticate(given("ann", { password = "wrong" })).outcome)
  end)

  it("asks once, however often it sends", function()
    local client = new { retransmit = { first = 0.05, max = 5 } }
    local count = asked(function()
      assert.is_true(client:authenticate(given("slow", { method = "push" })).ok)
    end)
    assert.equal(1, count)
    assert.is_true(client:counters().retransmitted >= 2)
  end)

  it("goes to another server when nobody has got the request", function()
    local client = new(nil, { closed_port, server.port })
    local count = asked(function()
      assert.is_true(client:authenticate(given("ann", { method = "push" })).ok)
    end)
    assert.equal(1, count)
    assert.equal(1, client:counters().failed_over)
  end)

  it("does not ring a second time when nobody knows whether it has rung", function()
    local client = new({ timeout = 0.3 }, { silent_port, server.port })
    assert.equal(
      0,
      asked(function()
        local result = client:authenticate(given("ann", { method = "push" }))
        assert.equal("unreachable", result.outcome)
        assert.equal("radius_silent", result.code)
        assert.is_true(result.err.uncertain)
      end)
    )
    assert.is_nil(client:counters().failed_over)
    client = new({ server_timeout = 0.1, dead_time = 3600 }, { silent_port, server.port })
    local count = asked(function() -- a code rings nobody
      assert.is_true(client:authenticate(given("ann", { method = "code", code = "123456" })).ok)
    end)
    assert.equal(1, count)
    -- and the next request goes to the one that answered
    assert.is_true(client:authenticate(given("ann", { method = "push" })).ok)
    assert.equal(1, client:counters().failed_over)
  end)

  it("says that nobody listens", function()
    local result = new(nil, closed_port):authenticate(given("ann", { method = "push" }))
    assert.equal("unreachable", result.outcome)
    assert.equal("radius_refused", result.code)
    assert.is_nil(result.err.uncertain)
  end)

  it("asks whether servers are there", function()
    local rows = new(nil, { server.port, closed_port }):ping()
    assert.is_true(rows[1].ok)
    assert.is_false(rows[2].ok)
    assert.equal("radius_refused", rows[2].err.code)
  end)

  it("takes nothing from a server with another secret", function()
    local client = clients.new(server.port, "another", { timeout = 0.2 })
    assert.equal("unreachable", client:authenticate(given("ann", { method = "push" })).outcome)
  end)

  it("passes the doctor", function()
    local secret = lastpass.secret.value(freeradius.SECRET)
    local servers = { { host = "127.0.0.1", port = server.port, secret = secret } }
    for _, row in ipairs(doctor.server { servers = servers, seconds = 0.5 }) do
      assert.equal("ok", row.state, row.check)
    end
    servers[1].port = closed_port
    local rows = doctor.server { servers = servers, seconds = 0.5 }
    assert.same({ "ok", "skipped", "skipped" }, { rows[1].state, rows[2].state, rows[3].state })
  end)

  it("is told by the doctor from Debian's radclient, which takes what anybody can forge", function()
    local rows = assert(doctor.client {
      command = "echo User-Name=doctor,User-Password=x "
        .. "| radclient -t 1 -r 1 {host}:{port} auth "
        .. freeradius.SECRET,
      secret = lastpass.secret.value(freeradius.SECRET),
      seconds = 0.1,
      patience = 60,
    })
    local found = {}
    for _, row in ipairs(rows) do
      found[row.check] = row.state ~= "ok" and row.state or nil
    end
    assert.equal("unsafe", found["a reply without Message-Authenticator is dropped"])
    assert.equal("unsafe", found["requests are signed"])
  end)

  it("takes nothing that is not signed, as Debian's FreeRADIUS answers by itself", function()
    local unsigned = freeradius.start { signed = false }
    local client, events = clients.new(unsigned.port, freeradius.SECRET, { leap_after = 1 })
    local result = client:authenticate(given("ann", { method = "push" }))
    local secret = lastpass.secret.value "short"
    local servers = { { host = "127.0.0.1", port = unsigned.port, secret = secret } }
    local short = doctor.server { servers = servers, seconds = 0.1 }
    servers[1].secret = lastpass.secret.value(freeradius.SECRET)
    local rows = doctor.server { servers = servers, seconds = 0.5 }
    unsigned:stop()
    assert.equal("unsafe", short[1].state)
    assert.equal("unsafe", rows[2].state)
    assert.matches("Message%-Authenticator", rows[2].problem)
    assert.equal("unsafe", rows[3].state)
    assert.equal("an answer", rows[3].found)
    assert.equal("unreachable", result.outcome)
    assert.equal("radius_forged", result.code)
    assert.same({ missing = 1 }, result.dropped)
    assert.equal("radius_forged", events[1].event)
    assert.matches("CVE%-2024%-3596", result.err.hint)
  end)
end)
