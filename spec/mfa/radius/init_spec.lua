-- The client against a server that misbehaves in every way (spec/support/radius_peer.py). FreeRADIUS is in
-- spec/peers/radius_spec.lua.
local check = require "spec.support.check"
local clients = require "spec.support.radius_client"
local digest = require "lastpass.digest"
local lastpass = require "lastpass"
local peers = require "spec.support.radius_peer"
local radius = require "lastpass.mfa.radius"
local socket = require "socket"
local state = require "lastpass.state"

describe("the RADIUS client", function()
  local peer

  setup(function()
    peer = peers.start()
  end)

  teardown(function()
    peer:stop()
  end)

  local function new(options)
    return clients.new(peer.port, peers.SECRET, options)
  end

  local function ask(user, options)
    local client, events = new(options)
    return assert(client:authenticate { user = user, password = "secret" }), client, events
  end

  it("lets in by code 2 with valid authenticators", function()
    for _, user in ipairs { "accept", "last", "padded", "doubled" } do
      local result = ask(user)
      assert.is_true(result.ok, user)
      assert.equal("approved", result.outcome)
      assert.equal("answered", result.evidence)
      assert.equal(user, result.user)
      assert.is_nil(result.method)
    end
    local result = ask "reject"
    assert.is_false(result.ok)
    assert.equal("denied", result.outcome)
    assert.equal("No way\\x1b[31m", result.raw)
  end)

  it("drops what is not the server's, and says why", function()
    for user, expected in pairs {
      missing = { "radius_forged", "missing" },
      wrong = { "radius_forged", "wrong" },
      authenticator = { "radius_forged", "authenticator" },
      stranger = { "radius_forged", "authenticator" },
      ["twice-signed"] = { "radius_malformed", "malformed" },
      states = { "radius_malformed", "malformed" },
      ["no-state"] = { "radius_malformed", "malformed" },
      overlong = { "radius_malformed", "malformed" },
      identifier = { "radius_silent", "stray" },
    } do
      local result, client, events = ask(user, { leap_after = 1 })
      assert.is_false(result.ok, user)
      assert.equal("unreachable", result.outcome)
      assert.equal(expected[1], result.code)
      assert.same({ [expected[2]] = 1 }, result.dropped)
      assert.equal("transport", result.err.kind)
      assert.is_true(result.err.uncertain)
      local is_forged = expected[1] == "radius_forged"
      assert.equal(is_forged and "radius_forged" or "radius_dropped", events[1].event)
      assert.equal("127.0.0.1:" .. peer.port, events[1].server)
      assert.equal(is_forged and 1 or nil, client:counters().radius_forged)
    end
  end)

  it("drops a reply with any byte changed or missing", function()
    for user, count in pairs { flipped = 38, truncated = 38 } do
      local result, client = ask(user, { leap_after = count })
      assert.equal("unreachable", result.outcome, user)
      local total = 0
      for _, one in pairs(result.dropped) do
        total = total + one
      end
      assert.equal(count, total)
      assert.is_nil(client:counters().approved)
    end
  end)

  it("takes no code but 2, 3 and 11 for an answer", function()
    for code, outcome in pairs { [2] = "approved", [3] = "denied", [11] = "pending" } do
      assert.equal(outcome, (ask("code=" .. code)).outcome)
    end
    for from, count in pairs { [0] = 125, [128] = 128 } do
      local result = ask("codes=" .. from, { leap_after = count })
      assert.equal("unreachable", result.outcome)
      assert.same({ malformed = count }, result.dropped)
    end
  end)

  it("hears nobody at another port", function()
    local result = ask("port", { timeout = 0.3 })
    assert.equal("unreachable", result.outcome)
    assert.equal("radius_silent", result.code)
    assert.is_nil(result.dropped)
  end)

  it("waits for the server behind what others have forged", function()
    local result, client = ask "forged-then-good"
    assert.equal("denied", result.outcome)
    assert.same({ missing = 1, wrong = 1, authenticator = 1 }, result.dropped)
    assert.equal(3, client:counters().radius_forged)
  end)

  it("does not listen to a flood without an end", function()
    local result, client = ask("flood=400", { retransmit = { first = 0.05, max = 10 } })
    assert.equal("unreachable", result.outcome)
    assert.equal(1000, client:counters().radius_forged)
  end)

  it("sends again with the same identifier and authenticator, from the same port", function()
    peer:requests(0)
    local result, client = ask("lost=2", { retransmit = { first = 0.05, max = 5 } })
    assert.equal("approved", result.outcome)
    local requests = peer:requests(3)
    for index = 1, 3 do
      assert.equal(index, requests[index].count) -- counted by identifier, authenticator, address and port
      assert.is_true(requests[index].signed)
    end
    assert.is_true(client:counters().retransmitted >= 2)
  end)

  it("sends as often as it may, and a late answer counts until the deadline", function()
    peer:requests(0)
    local result = ask("late=300", { retransmit = { first = 0.02, max = 2 } })
    assert.equal("approved", result.outcome)
    assert.equal(3, #peer:requests(3))
    assert.equal("unreachable", (ask("late=300", { timeout = 0.05 })).outcome)
    socket.sleep(0.3) -- its socket is closed: the answer meets nobody
    assert.equal("denied", (ask "reject").outcome)
  end)

  it("hides the password, and says who asks", function()
    peer:requests(0)
    local client = new { nas_identifier = "billing" }
    local password = lastpass.secret.value "päss*word"
    local given = { user = "accept", password = password, method = "push", ip = "192.0.2.7" }
    local result = assert(client:authenticate(given))
    assert.equal("push", result.asked_method)
    local request = peer:requests(1)[1]
    assert.equal(1, request.code)
    assert.equal(80, request.first)
    assert.is_true(request.signed and request.length)
    assert.equal(digest.to_hex "p\195\164ss*word*push", request.password)
    local values = {}
    for _, attribute in ipairs(request.attributes) do
      values[attribute[1]] = attribute[2]
    end
    assert.equal("00000008", values[6])
    assert.equal(digest.to_hex "billing", values[32])
    assert.equal(digest.to_hex "192.0.2.7", values[31])
  end)

  it("proves the password by CHAP", function()
    peer:requests(0)
    assert.equal("approved", (ask("accept", { mode = "chap" })).outcome)
    local request = peer:requests(1)[1]
    assert.equal(request.expected, request.chap)
    assert.is_nil(request.password)
  end)

  it("answers a challenge once, with the server's State", function()
    for code, outcome in pairs { ["123456"] = "approved", ["654321"] = "denied" } do
      local result, client = ask "challenge"
      assert.equal("pending", result.outcome)
      assert.is_false(result.ok)
      assert.equal("Code?", result.challenge.message)
      assert.not_matches("state", tostring(result.challenge))
      assert.equal(outcome, assert(client:answer(result.challenge, code)).outcome)
      check.failure("conflict", "challenge_used", client:answer(result.challenge, code))
    end
    local result, client = ask("challenge", { mode = "chap" })
    assert.is_true(client:answer(result.challenge, lastpass.secret.value "123456").ok)
  end)

  it("keeps a challenge for a code that can be sent", function()
    local result, client = ask "challenge"
    for code, typed in pairs {
      empty_password = "",
      password_too_long = ("1"):rep(129),
      password_has_nul = "1234\0",
    } do
      check.failure("argument", code, client:answer(result.challenge, typed))
    end
    assert.equal("approved", assert(client:answer(result.challenge, "123456")).outcome)
  end)

  it("never answers a challenge too late", function()
    local result, client = ask "challenge"
    result.challenge.ends = 0
    assert.equal("timeout", client:answer(result.challenge, "123456").outcome)
  end)

  it("hands a challenge to another process, sealed", function()
    local secret = lastpass.secret.value "what both processes have"
    local shared = state.memory()
    local result, client = ask("challenge", { state = shared })
    local text = assert(result.challenge:export(secret))
    assert.matches("^[%w_-]+$", text)
    local other = new { state = shared }
    local opened = assert(other:import(text, secret, "challenge"))
    assert.equal("Code?", opened.message)
    assert.equal(result.challenge.ends, opened.ends)
    assert.equal("approved", assert(other:answer(opened, "123456")).outcome)
    check.failure("conflict", "challenge_used", client:answer(result.challenge, "123456"))
    check.failure("refused", "wrong_user", other:import(text, secret, "somebody"))
    local wrong = lastpass.secret.value "another"
    check.failure("refused", "not_sealed_here", other:import(text, wrong))
    for _, bad in ipairs { "", "x", text:sub(2), text .. "A", ("A"):rep(20000) } do
      check.failure("refused", "not_sealed_here", other:import(bad, secret))
    end
    result = ask "challenge"
    local elsewhere = clients.new(peer.port + 1, peers.SECRET)
    check.failure("argument", "no_such_server", elsewhere:answer(result.challenge, "1"))
  end)

  it("rings a phone as often as the limits allow, whichever client asks", function()
    local now = 1000000
    local shared = state.memory {
      now = function()
        return now
      end,
    }
    local options = {
      state = shared,
      limits = true,
      clock = function()
        return now
      end,
    }
    for _ = 1, 3 do
      assert.equal("approved", (ask("accept", options)).outcome)
    end
    peer:requests(0)
    local result, client = ask("accept", options)
    assert.equal("throttled", result.outcome)
    assert.is_true(result.retry_after > 0)
    assert.equal(1, client:counters().throttled)
    assert.equal(0, #peer:requests(0))
    assert.equal("denied", (ask("reject", options)).outcome) -- somebody else
    now = now + 301
    assert.equal("approved", (ask("accept", options)).outcome)
    -- what nobody has got is not counted
    local nowhere = clients.new(1, peers.SECRET, options)
    for _ = 1, 5 do
      local given = { user = "nobody", password = "x" }
      assert.equal("radius_refused", nowhere:authenticate(given).code)
    end
  end)

  it("lets a phone rest after a denial where there is no password to be wrong", function()
    for mode, outcome in pairs { lp = "throttled", sfa = "denied" } do
      local client = new { limits = true, server_mode = mode }
      local given = { user = "reject", password = mode == "sfa" and "x" or nil, method = "push" }
      assert.equal("denied", client:authenticate(given).outcome)
      assert.equal(outcome, client:authenticate(given).outcome)
    end
  end)

  it("counts wrong codes of a user, and those of one challenge", function()
    local shared = state.memory()
    local client = new { state = shared }
    local given = { user = "reject", password = "x", method = "code", code = "000000" }
    for _ = 1, 5 do
      assert.equal("denied", client:authenticate(given).outcome)
    end
    local result = client:authenticate(given)
    assert.equal("locked", result.outcome)
    assert.is_true(result.retry_after > 0)
    local another = new { state = shared }
    assert.equal("locked", another:authenticate(given).outcome)
    given.user = "accept" -- not somebody else
    assert.equal("approved", another:authenticate(given).outcome)
    -- a server that does not answer is no wrong code
    given.user = "nobody"
    local nowhere = clients.new(1, peers.SECRET, { state = shared })
    for _ = 1, 7 do
      assert.equal("radius_refused", nowhere:authenticate(given).code)
    end
  end)

  it("counts codes that a server answers with another question", function()
    local shared = state.memory()
    local result, client = ask("again", { state = shared })
    for _ = 1, 5 do
      assert.equal("pending", result.outcome)
      result = assert(client:answer(result.challenge, "000000"))
    end
    assert.equal("locked", assert(client:answer(result.challenge, "000000")).outcome)
    local given = { user = "again", password = "x", method = "code", code = "000000" }
    assert.equal("locked", client:authenticate(given).outcome)
    -- who is asked again and then is right has all attempts
    given.user = "challenge"
    for _ = 1, 7 do
      result = assert(client:authenticate(given))
      assert.equal("approved", client:answer(result.challenge, "123456").outcome)
    end
  end)

  it("puts the method where the proxy looks for it", function()
    local secret = lastpass.secret.value "push"
    for _, case in ipairs {
      { "sfa", { password = "pw" }, "pw" },
      { "sfa", { password = "pw", method = "push" }, "pw*push" },
      { "sfa", { password = "pw", method = "call" }, "pw*call" },
      { "sfa", { password = "pw", method = "code", code = "123456" }, "pw*123456" },
      { "plp", { password = "pw" }, "pw" },
      { "plp", { method = "push" }, "push" },
      { "plp", { password = secret }, "push" },
      { "lp", {}, "default" },
      { "lp", { method = "call" }, "call" },
    } do
      local server_mode, given, expected = case[1], case[2], case[3]
      given.user = "accept"
      peer:requests(0)
      assert.equal(
        "approved",
        assert(new({ server_mode = server_mode }):authenticate(given)).outcome
      )
      assert.equal(digest.to_hex(expected), peer:requests(1)[1].password)
    end
    for code, case in pairs {
      no_password = { "sfa", { method = "push" } },
      code_and_method = { "sfa", { password = "x", method = "code" } },
      no_codes = { "plp", { password = "x", method = "code", code = "1" } },
      surplus_password = { "lp", { password = "x" } },
    } do
      case[2].user = "accept"
      local client = new { server_mode = case[1] }
      check.failure("argument", code, client:authenticate(case[2]))
    end
    local given = { user = "accept", password = "x", code = "1" }
    check.failure("argument", "code_and_method", new():authenticate(given))
    given = { user = "accept", password = "x", method = "push" }
    check.failure("argument", "chap_hides_method", new({ mode = "chap" }):authenticate(given))
  end)

  it("asks whether a server is there without asking anybody for anything", function()
    peer:requests(0)
    local rows = new():ping()
    assert.is_true(rows[1].ok)
    assert.equal(12, peer:requests(1)[1].code)
  end)

  it("asks many at once", function()
    local client = new { retransmit = { first = 0.5, max = 6 } } -- the server's buffer may overflow
    local outcomes = {}
    lastpass.parallel(300, function(spawn)
      for index = 1, 600 do
        spawn(function()
          local user = index % 2 == 0 and "accept" or "reject"
          outcomes[index] = assert(client:authenticate { user = user, password = "x" }).outcome
        end)
      end
    end)
    for index = 1, 600 do
      assert.equal(index % 2 == 0 and "approved" or "denied", outcomes[index])
    end
  end)

  it("names what is wrong with the options", function()
    local secret = lastpass.secret.value "s"
    local server = { host = "127.0.0.1", secret = secret }
    for text, options in pairs {
      ["needs 'servers'"] = {},
      ["needs 'host' and 'secret'"] = { servers = { { host = "a" } } },
      ["unknown option 'prot' %(did you mean 'port'%?%)"] = { servers = { { prot = 1 } } },
      ["'secret' must be"] = { servers = { { host = "a", secret = "text" } } },
      ["'server_mode' must be one of lp, plp, sfa"] = { servers = { server }, server_mode = "x" },
      ["'timeout' must be a number from"] = { servers = { server }, timeout = 301 },
      ["'per_hour' must be"] = { servers = { server }, limits = { per_hour = 0 } },
      ["'max' must be"] = { servers = { server }, retransmit = { max = 99 } },
      ["'port' must be a whole number"] = {
        servers = { { host = "a", secret = secret, port = 1812.5 } },
      },
    } do
      local ok, message = pcall(radius.new, options)
      assert.is_false(ok)
      assert.matches(text, message)
    end
    local client = radius.new { servers = { server } }
    for _, given in ipairs { {}, { user = "a", pasword = "b" }, { user = "a", method = "sms" } } do
      assert.has_error(function()
        client:authenticate(given)
      end)
    end
    for _, user in ipairs { "", ("u"):rep(254), "a\nb", "a\0", " ", "\194\160" } do
      check.failure("argument", "bad_user", client:authenticate { user = user, password = "x" })
    end
    check.failure(
      "argument",
      "password_too_long",
      client:authenticate { user = "a", password = ("x"):rep(129) }
    )
  end)
end)
