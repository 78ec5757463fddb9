-- The client against the sandbox's phones, over the plain API.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local state = require "lastpass.state"

describe("a client of LastPass MFA", function()
  local box, people, events, number

  setup(function()
    box = assert(lastpass.sandbox.start { users = 40, seed = 3 })
    people = {}
    for user in box:client():users { status = "active" } do
      people[#people + 1] = user.email
    end
    number = 0
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    events = {}
    assert(box:phone_auto(false))
  end)

  local function client_of(options)
    local all = {
      base_url = box.mfa.url,
      mode = "plain",
      api_key = lastpass.secret.value(box.mfa.login_key),
      poll = { first = 0.01, every = 0.05, max = 1000 },
      on_event = function(event)
        events[#events + 1] = event
      end,
    }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return assert(lastpass.mfa.new(all))
  end

  -- Somebody whose phone has not rung yet.
  local function person(state_of_phone)
    number = number + 1
    local address = people[number]
    assert(box:phone { email = address, state = state_of_phone or "paired" })
    return address
  end

  local function ask(client, user, more)
    local given = { user = user, ip = "192.0.2.7" }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return assert(client:challenge(given))
  end

  local function rings(user)
    return box:phone({ email = user }).rings
  end

  local function kinds()
    local list = {}
    for index, event in ipairs(events) do
      list[index] = event.event .. (event.outcome and ":" .. event.outcome or "")
    end
    return table.concat(list, " ")
  end

  it("asks a phone once, and waits for the answer", function()
    local client, user = client_of { app_name = "Billing" }, person()
    local handle = ask(client, user, {
      device = "Linux, Firefox",
      methods = { "fingerprint" },
      browser_id = "b1",
    })
    local result = handle:poll()
    assert.same({
      ok = false,
      outcome = "pending",
      raw = "WaitingForResponse",
      user = user,
      asked_method = "fingerprint",
      evidence = "asked",
    }, result)
    local pending = assert(box:phone_pending { email = user })
    assert.equal("Billing, Linux, Firefox", pending[1].device)
    assert.equal("192.0.2.7", pending[1].ip)
    assert(box:phone_answer { email = user, action = "approve", method = "fingerprint" })
    result = handle:wait()
    assert.is_true(result.ok)
    assert.equal("approved", result.outcome)
    assert.equal("Success", result.raw)
    assert.equal("answered", result.evidence)
    assert.equal("fingerprint", result.asked_method)
    assert.is_nil(result.method) -- nobody says it
    assert.is_true(result.first)
    assert.equal(result, handle:poll())
    assert.equal(1, rings(user))
    assert.equal("asked result:approved", kinds())
    assert.equal(1, client:counts().approved)
  end)

  it("asks in one request that takes as long as the user does", function()
    local client, user = client_of(), person()
    assert(box:phone_auto { email = user, action = "approve" })
    local result = assert(client:authenticate { user = user:upper(), ip = "192.0.2.7" })
    assert.equal("approved", result.outcome)
    assert.equal(user:upper(), result.user)
    assert.equal(1, rings(user))
  end)

  it("has a word for each thing that a phone can do", function()
    for action, outcome in pairs {
      deny = "denied",
      alert = "denied",
      geofence = "denied_by_policy",
      policy = "denied_by_policy",
      no_location = "denied_by_policy",
    } do
      local client, user = client_of(), person()
      assert(box:phone_auto { email = user, action = action })
      local result = ask(client, user):wait()
      assert.is_false(result.ok)
      assert.equal(outcome, result.outcome, action)
      assert.is_nil(result.code)
    end
    for phone, outcome in pairs {
      unpaired = "not_enrolled",
      locked = "locked",
      absent = "unknown_user",
    } do
      local result = ask(client_of(), person(phone)):wait()
      assert.equal(outcome, result.outcome, phone)
    end
  end)

  it("gives the same handle to whoever asks for the same user and browser", function()
    local shared = state.memory()
    local one, other = client_of { state = shared }, client_of { state = shared }
    local user = person()
    local first = ask(one, user, { browser_id = "b" })
    local second = ask(other, user:upper(), { browser_id = "b" })
    assert.is_false(first.joined)
    assert.is_true(second.joined)
    assert.equal(first:id(), second:id())
    local elsewhere = ask(other, user, { browser_id = "c" })
    assert.is_false(elsewhere.joined)
    assert.equal(2, rings(user))
    assert(
      box:phone_answer { token = box:phone_pending({ email = user })[1].token, action = "deny" }
    )
    assert.equal("denied", second:wait().outcome)
    assert.equal("denied", first:wait().outcome)
    assert.is_true(second:poll().first)
    assert.is_nil(first:poll().first)
    assert.equal("pending", elsewhere:poll().outcome)
  end)

  it("gives nobody another's answer who does not say which browser asks", function()
    local shared = state.memory()
    local one, other = client_of { state = shared }, client_of { state = shared }
    local user = person()
    local handle = ask(one, user)
    local result = ask(other, user):poll()
    assert.same({ "throttled", "already_pending" }, { result.outcome, result.code })
    assert.is_true(result.retry_after > 55 and result.retry_after <= 65)
    assert.equal(1, rings(user))
    assert(box:phone_answer { email = user, action = "approve" })
    assert.equal("approved", handle:wait().outcome)
    assert.equal("pending", ask(other, user):poll().outcome)
    assert.equal(2, rings(user))
  end)

  it("sends one request for all tasks that ask at once, and answers all who poll", function()
    local client, user = client_of { poll = { first = 0.01, every = 1, max = 100 } }, person()
    local handles, results = {}, {}
    lastpass.parallel(8, function(spawn)
      for index = 1, 8 do
        spawn(function()
          handles[index] = ask(client, user, { browser_id = "b" })
        end)
      end
    end)
    assert(box:phone_answer { email = user, action = "approve" })
    lastpass.parallel(8, function(spawn)
      for index = 1, 8 do
        spawn(function()
          results[index] = handles[index]:wait()
        end)
      end
    end)
    local first, own = 0, 0
    for index = 1, 8 do
      assert.equal(handles[1]:id(), handles[index]:id())
      assert.is_true(results[index].ok)
      first = first + (results[index].first and 1 or 0)
      own = own + (handles[index].joined and 0 or 1)
    end
    assert.same({ 1, 1, 1 }, { first, own, rings(user) })
  end)

  it("lets a phone rest after a denial", function()
    local now = os.time()
    local client = client_of {
      clock = function()
        return now
      end,
      limits = { cooldown = 30 },
    }
    local user = person()
    assert(box:phone_auto { email = user, action = "deny" })
    assert.equal("denied", ask(client, user):wait().outcome)
    local result = ask(client, user):poll()
    assert.same(
      { "throttled", "cooldown", 30 },
      { result.outcome, result.code, result.retry_after }
    )
    assert.equal(1, rings(user))
    now = now + 31
    assert.equal("denied", ask(client, user):wait().outcome)
    assert.equal(2, rings(user))
  end)

  it("counts no answer that comes after the end", function()
    local now = os.time()
    local client = client_of {
      clock = function()
        return now
      end,
      timeout = 20,
    }
    local user = person()
    local handle = ask(client, user)
    assert.equal("pending", handle:poll().outcome)
    now = now + 20
    assert(box:phone_answer { email = user, action = "approve" })
    local result = handle:poll()
    assert.same({ "timeout", "deadline", false }, { result.outcome, result.code, result.ok })
    assert.equal("timeout", handle:wait().outcome)
  end)

  it("forgets what is given up, and reports an approval that comes later", function()
    local shared = state.memory()
    local one, other = client_of { state = shared }, client_of { state = shared }
    local user, secret = person(), lastpass.secret.value(("k"):rep(40))
    local handle = ask(one, user)
    local elsewhere = assert(other:import(assert(handle:export(secret)), secret))
    assert(box:phone_answer { email = user, action = "approve" })
    local send = other:transport().send
    -- the other process has asked already when this one gives up
    rawset(other:transport(), "send", function(...)
      local response = send(...)
      assert.same({ "timeout", "cancelled" }, { handle:cancel().outcome, handle:poll().code })
      return response
    end)
    local result = elsewhere:poll()
    assert.same({ "timeout", "cancelled", false }, { result.outcome, result.code, result.ok })
    assert.equal("asked result:timeout late_answer:approved", kinds())
    local again = ask(one, user) -- nothing is under way any more
    assert.is_false(again.joined)
    assert.equal(2, rings(user))
  end)

  it("goes on in another process with a handle that was sealed", function()
    local shared, secret = state.memory(), lastpass.secret.value(("k"):rep(40))
    local one, user = client_of { state = shared }, person()
    local handle = ask(one, user, { methods = { "face" } })
    local text = assert(handle:export(secret))
    assert.matches("^[%w_-]+$", text)
    local other = client_of { state = shared }
    local imported = assert(other:import(text, secret, user))
    assert(box:phone_answer { email = user, action = "approve" })
    local result = imported:wait()
    assert.same({ "approved", "face" }, { result.outcome, result.asked_method })
    assert.equal("approved", handle:poll().outcome)
    check.failure("refused", "wrong_user", other:import(text, secret, "other@x.example"))
    local wrong = lastpass.secret.value(("j"):rep(40))
    check.failure("refused", "not_sealed_here", other:import(text, wrong))
    local long = ("A"):rep(9000)
    for _, changed in ipairs { "", "x", text .. "A", text:sub(2), text:sub(1, -5), long } do
      check.failure("refused", "not_sealed_here", other:import(changed, secret))
    end
    local elsewhere = client_of { base_url = box.mfa.url .. "/other" }
    check.failure("refused", "not_sealed_here", elsewhere:import(text, secret))
    local late = client_of {
      clock = function()
        return os.time() + 200
      end,
    }
    check.failure("refused", "expired", late:import(text, secret))
    local over = ask(one, person "absent")
    check.failure("conflict", "finished", over:export(secret))
  end)

  it("is woken by a callback, which decides nothing", function()
    local client = client_of {
      callback_url = "https://app.example/mfa/callback",
      poll = { first = 30, every = 30, max = 3 },
    }
    local user = person()
    local handle = ask(client, user)
    for _, id in ipairs { false, "x", ("0"):rep(32), {} } do
      assert.is_false(client:callback { handle = id or nil })
    end
    assert(box:phone_answer { email = user, action = "deny" })
    assert.is_true(client:callback { handle = handle:id(), status = "Success" })
    assert.equal("denied", handle:wait().outcome)
  end)

  it("sends nothing for what is no request", function()
    local client = client_of()
    for _, wrong in ipairs {
      { user = "", code = "bad_user" },
      { user = "no address", code = "bad_user" },
      { ip = "", code = "bad_ip" },
      { ip = "192.0.2", code = "bad_ip" },
      { ip = "host.example", code = "bad_ip" },
      { device = "a\nb", code = "bad_device" },
      { device = "", code = "bad_device" },
      { device = "\255", code = "bad_device" },
      { device = "Chrome\226\128\174", code = "bad_device" }, -- the rest would read backwards
      { device = "a\226\128\168b", code = "bad_device" },
      { device = ("x"):rep(201), code = "bad_device" },
      { browser_id = ("x"):rep(129), code = "bad_browser_id" },
      { methods = { "finger print" }, code = "bad_methods" },
      { methods = { first = "face" }, code = "bad_methods" },
      { methods = { [2] = "face" }, code = "bad_methods" },
      { methods = { "a", "a", "a", "a", "a", "a", "a", "a", "a" }, code = "bad_methods" },
    } do
      local given = { user = "ann@x.example", ip = "192.0.2.1" }
      for name, value in pairs(wrong) do
        given[name] = name ~= "code" and value or nil
      end
      check.failure("argument", wrong.code, client:challenge(given))
      check.failure("argument", wrong.code, client:authenticate(given))
    end
    assert.equal("", kinds())
    assert.matches(
      "unknown option 'usr' (did you mean 'user'?)",
      check.blamed(function()
        client:challenge { usr = "ann@x.example" }
      end),
      1,
      true
    )
  end)

  it("reaches the server without a key", function()
    assert.is_true(client_of():ping())
    local nowhere = client_of { base_url = "http://127.0.0.1:1" }
    check.failure("transport", "unreachable", nowhere:ping())
    check.failure("argument", "unsupported", client_of():user "ann@x.example")
  end)
end)
