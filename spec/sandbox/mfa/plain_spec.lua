-- LastPass MFA's plain Authentication API in the sandbox, without a socket, and the scripted phone.
local keys = require "lastpass.sandbox.mfa.keys"
local sandbox = require "lastpass.sandbox"
local support = require "spec.sandbox.support"

local KEY = keys.guid("login", sandbox.CID)
local json = support.json

describe("lastpass.sandbox.mfa", function()
  local box

  before_each(function()
    box = support.open { assumptions = { mfa_enrolled = "everybody" }, timezone = "UTC" }
  end)

  local function post(path, body)
    local reply = box:request {
      path = path,
      body = type(body) == "table" and json.encode(body) or body,
      headers = { host = "127.0.0.1:80", ["content-type"] = "application/json" },
    }
    return reply.body and reply.body ~= "" and json.decode(reply.body), reply
  end

  local function fields(email, more)
    local all = { APIKey = KEY, Username = email, IPAddress = "203.0.113.9" }
    for name, value in pairs(more or {}) do
      all[name] = value
    end
    return all
  end

  local function ask(email, more)
    local envelope = post("/auth/loginasync", fields(email, more))
    assert.is_true(envelope.Succeeded, envelope.Message)
    return envelope.Value
  end

  local function check(token)
    local envelope = post("/auth/CheckLoginToken", { AsyncLoginToken = token })
    return envelope.Succeeded and (envelope.Value or {}).AuthStatus, envelope
  end

  local function control(method, path, body)
    local answer, status = box:control(method, path, body)
    assert.equal(200, status, answer.error)
    return answer
  end

  local function somebody()
    for _, address in ipairs(box:addresses()) do
      if not box:user(address).disabled then
        return address
      end
    end
  end

  it("rings, waits, and answers what is pressed", function()
    local email = somebody()
    local words = {
      approve = "Success",
      deny = "Denied",
      alert = "Alert",
      geofence = "Denied by Geofencing",
      policy = "Denied by Policy",
      no_location = "No Location",
    }
    for action, status in pairs(words) do
      local value = ask(email, { DeviceName = "Windows, Chrome" })
      assert.equal("WaitingForResponse", value.AuthStatus)
      assert.equal(email, value.Username)
      assert.equal("WaitingForResponse", (check(value.AsyncLoginToken)))
      local pending = control("GET", "mfa_pending?email=" .. email).pending
      assert.equal(1, #pending)
      assert.equal("Windows, Chrome", pending[1].device)
      local answer = control("POST", "mfa_answer", { email = email, action = action })
      assert.equal(status, answer.status)
      assert.equal(status, (check(value.AsyncLoginToken)))
      assert.equal(status, (check(value.AsyncLoginToken)), "it can be asked again")
      assert.equal(0, #control("GET", "mfa_pending").pending)
    end
    assert.equal(6, control("GET", "mfa_phones?email=" .. email).rings)
  end)

  it("ends after 60 seconds of its clock, and forgets the token after 60 more", function()
    local email = somebody()
    local token = ask(email).AsyncLoginToken
    control("POST", "clock", { advance = 59 })
    assert.equal("WaitingForResponse", (check(token)))
    control("POST", "clock", { advance = 1 })
    assert.equal("NoResponse", (check(token)))
    local _, status = box:control("POST", "mfa_answer", { token = token, action = "approve" })
    assert.equal(400, status)
    control("POST", "clock", { advance = 59 })
    assert.equal("NoResponse", (check(token)))
    control("POST", "clock", { advance = 1 })
    assert.is_false((check(token)))
    control("POST", "state", { settings = { mfa_timeout = "NoResponseTimeout" } })
    token = ask(email).AsyncLoginToken
    control("POST", "clock", { advance = 60 })
    assert.equal("NoResponseTimeout", (check(token)))
  end)

  it("waits with the synchronous login, whatever the clock does", function()
    local email = somebody()
    local function login(more)
      return box.handler {
        method = "POST",
        path = "/auth/login",
        target = "/auth/login",
        query = {},
        headers = {},
        body = json.encode(fields(email, more)),
        peer = "127.0.0.1",
      }
    end
    local reply = login()
    assert.is_function(reply.wait)
    assert.is_nil(reply.delay) -- a clock that stands never comes to the end
    local again = reply.wait()
    assert.equal(reply.topic, again.topic)
    control("POST", "mfa_answer", { email = email, action = "approve" })
    reply = again.wait()
    assert.equal("Success", json.decode(reply.body).Value.AuthStatus)
    reply = login()
    control("POST", "clock", { advance = 60, freeze = false })
    reply = reply.wait()
    assert.equal("NoResponse", json.decode(reply.body).Value.AuthStatus)
    reply = login()
    assert.is_true(reply.delay > 0 and reply.delay <= 60)
    local entries = control("GET", "journal?command=mfa:login").entries
    assert.same({ "Success", "NoResponse", "waiting" }, {
      entries[1].class,
      entries[2].class,
      entries[3].class,
    })
    control("POST", "reset")
    assert.is_true(reply.wait().drop)
  end)

  it("answers at once whom no phone can ring for", function()
    local email = somebody()
    for state, status in pairs {
      unpaired = "UnpairedUser",
      locked = "LockedUser",
      absent = "DoesNotExist",
    } do
      control("POST", "mfa_phones", { email = email, state = state })
      local value = ask(email)
      assert.equal(status, value.AuthStatus)
      assert.is_nil(value.AsyncLoginToken)
    end
    assert.equal("DoesNotExist", ask("nobody@example.com").AuthStatus)
    local names = { FirstName = "Ann", LastName = "Other" }
    assert.equal("UnpairedUser", ask("ann.other@example.com", names).AuthStatus)
    assert.equal("UnpairedUser", ask("ann.other@example.com").AuthStatus)
    control("POST", "mfa_phones", { email = email, state = "paired" })
    box:call("disableuser", { email })
    assert.equal("LockedUser", ask(email).AuthStatus)
    assert.equal(0, #control("GET", "mfa_pending").pending)
  end)

  it("knows by default those whose multifactor is lastpassauth", function()
    box = support.open {}
    local seen = {}
    for _, address in ipairs(box:addresses()) do
      local user = box:user(address)
      local name = user.disabled and "disabled" or user.multifactor or "none"
      seen[name] = control("GET", "mfa_phones?email=" .. address).state
    end
    assert.equal("paired", seen.lastpassauth)
    assert.equal("absent", seen.googleauth)
    assert.equal("absent", seen.none)
  end)

  it("does what rules say, for one person and for everybody", function()
    local email = somebody()
    control("POST", "mfa_auto", { action = "deny" })
    control("POST", "mfa_auto", { email = email, action = "approve", after_ms = 1500, count = 1 })
    local token = ask(email).AsyncLoginToken
    assert.equal("WaitingForResponse", (check(token)))
    control("POST", "clock", { advance = 1.4 })
    assert.equal("WaitingForResponse", (check(token)))
    control("POST", "clock", { advance = 0.1 })
    assert.equal("Success", (check(token)))
    assert.equal("Denied", (check(ask(email).AsyncLoginToken)))
    assert.equal(1, #control("GET", "mfa_auto").rules)
    assert.equal(0, #control("DELETE", "mfa_auto").rules)
    assert.equal("WaitingForResponse", (check(ask(email).AsyncLoginToken)))
    -- an answer that would come after the end does not come
    token = ask(email).AsyncLoginToken
    control("POST", "mfa_answer", { token = token, action = "approve", after_ms = 60000 })
    control("POST", "clock", { advance = 61 })
    assert.equal("NoResponse", (check(token)))
  end)

  it("denies a way that was not asked for, and tells the way to the journal alone", function()
    local email = somebody()
    control("POST", "mfa_phones", { email = email, methods = { "pattern", "face" } })
    control("POST", "mfa_auto", { action = "approve" })
    for _, case in ipairs {
      { { "Fingerprint" }, "Denied", "pattern" },
      { { "Fingerprint", "FaceLive" }, "Success", "face" },
      { { "Default" }, "Success", "pattern" },
      { {}, "Success", "pattern" },
    } do
      local token = ask(email, { AuthenticationMethods = json.list(case[1]) }).AsyncLoginToken
      local status, envelope = check(token)
      assert.equal(case[2], status)
      assert.is_nil(json.encode(envelope):find("pattern", 1, true))
      local entries = control("GET", "mfa_journal?email=" .. email).entries
      assert.equal("answer", entries[#entries].kind)
      assert.equal(case[3], entries[#entries].method)
    end
  end)

  it("keeps out by policy", function()
    local email = somebody()
    local function status_from(address, policy)
      control("POST", "mfa_phones", { email = email, policy = policy })
      return ask(email, { IPAddress = address }).AuthStatus
    end
    local allow = { ip_allow = { "192.0.2.0/24", "2001:db8::1", "198.51.100.7" } }
    for address, status in pairs {
      ["192.0.2.255"] = "WaitingForResponse",
      ["192.0.3.1"] = "Denied by Policy",
      ["198.51.100.7"] = "WaitingForResponse",
      ["198.51.100.8"] = "Denied by Policy",
      ["2001:DB8::1"] = "WaitingForResponse",
      [""] = "Denied by Policy",
    } do
      assert.equal(status, status_from(address, allow), address)
    end
    local fence = { geofence = { "203.0.113.0/25" } }
    assert.equal("WaitingForResponse", status_from("203.0.113.127", fence))
    assert.equal("Denied by Geofencing", status_from("203.0.113.128", fence))
    assert.equal("No Location", status_from("", fence))
    -- 13:00 UTC
    for hours, status in pairs {
      ["08:00-18:00"] = "WaitingForResponse",
      ["13:00-13:01"] = "WaitingForResponse",
      ["13:01-18:00"] = "Denied by Policy",
      ["22:00-06:00"] = "Denied by Policy",
      ["12:00-06:00"] = "WaitingForResponse",
    } do
      assert.equal(status, status_from("", { hours = hours }), hours)
    end
    assert.equal("WaitingForResponse", status_from("", {}))
    for _, policy in ipairs {
      { hours = "8-18" },
      { ip_allow = { "192.0.2.0/33" } },
      { geofence = {} },
      { country = "DE" },
    } do
      local _, status = box:control("POST", "mfa_phones", { email = email, policy = policy })
      assert.equal(400, status)
    end
  end)

  it("refuses wrong keys, paths, methods and bodies", function()
    local envelope = post("/auth/login", fields(somebody(), { APIKey = "wrong" }))
    assert.is_false(envelope.Succeeded)
    assert.equal(json.null, envelope.Value)
    for _, body in ipairs { "", "[]", "{", "null", '"x"', ("["):rep(100000), "[1]", "\0" } do
      for _, path in ipairs { "/auth/login", "/auth/loginasync", "/auth/CheckLoginToken" } do
        local _, reply = post(path, body)
        assert.equal(400, reply.status, body:sub(1, 20))
      end
    end
    for _, more in ipairs {
      { Username = 7 },
      { Username = "" },
      { IPAddress = json.null },
      { AuthenticationMethods = "face" },
      { DeviceName = ("x"):rep(3000) },
      { Unknown = 1 },
    } do
      envelope = post("/auth/loginasync", fields(somebody(), more))
      assert.is_false(envelope.Succeeded)
    end
    assert.is_false((check "none"))
    assert.is_false(post("/auth/CheckLoginToken", {}).Succeeded)
    local _, reply = post("/auth/nothing", {})
    assert.equal(404, reply.status)
    reply = box:request { method = "GET", path = "/auth/login" }
    assert.equal(405, reply.status)
    -- samples write the paths in both cases
    assert.is_true(post("/Auth/LoginAsync", fields(somebody())).Succeeded)
  end)

  it("spoils answers on demand", function()
    local email = somebody()
    control("POST", "mfa_auto", { action = "approve" })
    local function spoiled(rule)
      control("DELETE", "faults")
      rule.command = "mfa:check"
      control("POST", "faults", rule)
      local _, envelope = check(ask(email).AsyncLoginToken)
      return envelope
    end
    assert.equal("somebody.else@example.com", spoiled({ wrong_user = true }).Value.Username)
    assert.equal("eve@example.com", spoiled({ wrong_user = "eve@example.com" }).Value.Username)
    for _, status in ipairs { "success", 1, true, json.list { "Success" } } do
      assert.same(status, spoiled({ auth_status = status }).Value.AuthStatus)
    end
    assert.is_nil(spoiled({ no_status = true }).Value.AuthStatus)
    assert.is_nil(spoiled({ no_value = true }).Value)
    control("DELETE", "faults")
    control("POST", "faults", { command = "mfa:login_async", status = 429, retry_after = 7 })
    local _, reply = post("/auth/loginasync", fields(email))
    assert.equal(429, reply.status)
    assert.equal("7", reply.headers["Retry-After"])
    control("DELETE", "faults")
    control("POST", "faults", { command = "mfa:login_async", hang = true })
    _, reply = post("/auth/loginasync", fields(email))
    assert.equal(1e9, reply.delay)
  end)

  it("writes neither keys nor tokens into journals", function()
    local email = somebody()
    local token = ask(email).AsyncLoginToken
    control("POST", "mfa_answer", { token = token, action = "approve", method = "face" })
    check(token)
    local text = json.encode(control("GET", "journal"))
      .. json.encode(control("GET", "mfa_journal"))
    assert.is_truthy(text:find("face", 1, true))
    assert.is_nil(text:find(KEY, 1, true))
    assert.is_nil(text:find(token, 1, true))
  end)
end)
