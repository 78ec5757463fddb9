-- The phone as a page, and the browser redirect variant of LastPass MFA, in the sandbox without a socket.
local keys = require "lastpass.sandbox.mfa.keys"
local sandbox = require "lastpass.sandbox"
local support = require "spec.sandbox.support"

local ORIGIN = "http://127.0.0.1:8000"
local KEY = keys.guid("login", sandbox.CID)
local json = support.json

describe("lastpass.sandbox.mfa.pages", function()
  local box, email, other

  before_each(function()
    box = support.open { assumptions = { mfa_enrolled = "everybody" } }
    email, other = nil, nil
    for _, address in ipairs(box:addresses()) do
      if not box:user(address).disabled then
        email, other = email or address, address
      end
    end
  end)

  local function send(method, target, body, origin)
    local path, query = target:match "^([^?]*)%??(.*)$"
    local parsed = {}
    for name, value in query:gmatch "([^&=]+)=([^&]*)" do
      parsed[name] = value
    end
    return box:request {
      method = method,
      path = path,
      target = target,
      query = parsed,
      body = body or "",
      headers = { host = "127.0.0.1:8000", origin = origin, ["user-agent"] = "Lynx" },
    }
  end

  local function post(path, fields)
    return json.decode(send("POST", path, json.encode(fields)).body)
  end

  local function ring(address, more)
    local fields = { APIKey = KEY, Username = address, IPAddress = "203.0.113.9" }
    for name, value in pairs(more or {}) do
      fields[name] = value
    end
    return post("/auth/loginasync", fields).Value.AsyncLoginToken
  end

  local function status_of(token)
    return post("/auth/CheckLoginToken", { AsyncLoginToken = token }).Value.AuthStatus
  end

  it("shows what rings, and takes what is pressed", function()
    assert.is_truthy(send("GET", "/mfa/phone").body:find("Nothing rings", 1, true))
    assert.equal("", send("GET", "/mfa/ringing").body)
    local token = ring(email, { DeviceName = "<b>Chrome</b>" })
    local second = ring(other)
    local page = send("GET", "/mfa/phone")
    assert.is_truthy(page.body:find("&lt;b&gt;Chrome", 1, true))
    assert.is_nil(page.body:find("<b>", 1, true))
    assert.is_nil(page.body:find(token, 1, true))
    assert.is_truthy(page.headers["Content-Security-Policy"]:find("script-src 'self'", 1, true))
    local list = send("GET", "/mfa/ringing").body
    local newest, oldest = list:match "^(%d+) (%d+)$"
    assert.equal(oldest, send("GET", "/mfa/ringing?email=" .. email).body)
    local one = send("GET", "/mfa/phone?email=" .. email).body
    assert.is_truthy(one:find('value="' .. oldest .. '"', 1, true))
    assert.is_nil(one:find('value="' .. newest .. '"', 1, true))
    local press = "action=approve&method=face&number=" .. oldest
    for _, origin in ipairs { "null", "http://evil.example", ORIGIN .. "0" } do
      assert.equal(403, send("POST", "/mfa/phone", press, origin).status)
    end
    local reply = send("POST", "/mfa/phone", press .. "&email=" .. email, ORIGIN)
    assert.equal(302, reply.status)
    assert.is_truthy(reply.headers.Location:find "^/mfa/phone%?email=")
    assert.is_truthy(reply.wake)
    assert.equal("Success", status_of(token))
    assert.equal(410, send("POST", "/mfa/phone", press, ORIGIN).status)
    assert.equal(302, send("POST", "/mfa/phone", "action=alert&number=" .. newest, ORIGIN).status)
    assert.equal("Alert", status_of(second))
  end)

  it("takes nothing that is not on the page", function()
    ring(email)
    local number = send("GET", "/mfa/ringing").body
    for _, body in ipairs {
      "",
      "action=ignore&number=" .. number,
      "action=Success&number=" .. number,
      "number=" .. number,
      "action=approve",
      "action=approve&number=x",
      "action=approve&number=-1",
      "action=approve&action=deny&number=" .. number,
      ("%"):rep(1000),
    } do
      local status = send("POST", "/mfa/phone", body).status
      assert.is_true(status == 400 or status == 410, body:sub(1, 40))
    end
    assert.equal(number, send("GET", "/mfa/ringing").body)
    for path, method in pairs {
      ["/mfa/phone"] = "PUT",
      ["/mfa/phone.js"] = "POST",
      ["/mfa/ringing"] = "POST",
      ["/mfa/web"] = "DELETE",
    } do
      assert.equal(405, send(method, path).status)
    end
    assert.is_truthy(send("GET", "/mfa/style.css").body:find("color-scheme", 1, true))
  end)

  it("shows the newest fifty of thousands", function()
    for _ = 1, 3000 do
      ring(email)
    end
    assert.equal(3000, #box:control("GET", "mfa_pending").pending)
    local page = send("GET", "/mfa/phone").body
    assert.is_truthy(page:find("2950 more ring", 1, true))
    local _, forms = page:gsub("<form", "")
    assert.equal(50, forms)
    assert.equal(3000, box:control("GET", "mfa_phones?email=" .. email).rings)
  end)

  it("forgets the oldest of too many", function()
    local first = ring(email)
    local state = require "lastpass.sandbox.mfa.state"
    local most = state.MOST
    finally(function()
      state.MOST = most
    end)
    state.MOST = 100
    for _ = 1, 100 do
      ring(other)
    end
    assert.equal(100, #box:control("GET", "mfa_pending").pending)
    assert.is_false(post("/auth/CheckLoginToken", { AsyncLoginToken = first }).Succeeded)
  end)

  local function begin(address, more)
    local fields = {
      APIKey = KEY,
      Username = address,
      SuccessUrl = "https://app.example/in?x=1",
      NotRegisteredUrl = "https://app.example/enrol",
      CancelUrl = "https://app.example/out",
      AuthType = "Web",
    }
    for name, value in pairs(more or {}) do
      fields[name] = value
    end
    return post("/auth/webauth", fields)
  end

  local function check_token(token)
    return post("/Auth/WebAuthCheckToken", { apiKey = KEY, token = token })
  end

  it("signs in by way of the browser", function()
    for action, target in pairs { approve = "in?x=1", deny = "out" } do
      local value = begin(email).Value
      assert.equal(ORIGIN .. "/mfa/web?login=", value.RedirectUrl:sub(1, -41))
      assert.is_nil(value.RedirectUrl:find(value.Token, 1, true))
      assert.equal(0, #box:control("GET", "mfa_pending").pending)
      assert.is_false(check_token(value.Token).Value.IsAuthenticated)
      local path = value.RedirectUrl:sub(#ORIGIN + 1)
      local page = send("GET", path)
      assert.equal(200, page.status)
      assert.equal("2", page.headers.Refresh)
      send("GET", path)
      local pending = box:control("GET", "mfa_pending").pending
      assert.equal(1, #pending)
      assert.equal("Lynx", pending[1].device)
      box:control("POST", "mfa_answer", { number = pending[1].number, action = action })
      for _ = 1, 2 do
        local reply = send("GET", path)
        assert.equal(302, reply.status)
        assert.equal("https://app.example/" .. target, reply.headers.Location)
      end
      local checked = check_token(value.Token).Value
      assert.same({ Username = email, IsAuthenticated = action == "approve" }, checked)
    end
  end)

  it("sends the browser back when nobody can be asked, and when it gives up", function()
    local function path_of(address)
      return begin(address).Value.RedirectUrl:sub(#ORIGIN + 1)
    end
    local function target_of(path)
      return send("GET", path).headers.Location
    end
    local unknown = path_of "nobody@example.com"
    assert.equal("https://app.example/enrol", target_of(unknown))
    assert.equal("https://app.example/enrol", target_of(unknown))
    box:control("POST", "mfa_phones", { email = email, state = "locked" })
    assert.equal("https://app.example/out", target_of(path_of(email)))
    local path = path_of(other)
    assert.equal(200, send("GET", path).status)
    local form = "login=" .. path:match "login=(%x+)"
    assert.equal(403, send("POST", "/mfa/web", form, "null").status)
    local reply = send("POST", "/mfa/web", form, ORIGIN)
    assert.equal("https://app.example/out", reply.headers.Location)
    -- an approval comes too late then
    box:control("POST", "mfa_answer", { email = other, action = "approve" })
    assert.equal("https://app.example/out", target_of(path))
    box:control("POST", "clock", { advance = 600 })
    assert.equal(400, send("GET", path).status)
    assert.equal(400, send("GET", "/mfa/web").status)
  end)

  it("refuses what webauth cannot mean", function()
    for _, more in ipairs {
      { SuccessUrl = "javascript:alert(1)" },
      { SuccessUrl = "https://app.example/\r\nSet-Cookie: a=b" },
      { SuccessUrl = "//app.example" },
      { CancelUrl = "https://user@app.example/" },
      { NotRegisteredUrl = json.null },
      { Username = "" },
      { AuthType = "Phone" },
      { APIKey = "wrong" },
      { Surplus = 1 },
    } do
      assert.is_false(begin(email, more).Succeeded)
    end
    assert.is_false(check_token("none").Succeeded)
    assert.is_false(post("/Auth/WebAuthCheckToken", { apiKey = "no", token = "none" }).Succeeded)
    assert.is_false(post("/Auth/WebAuthCheckToken", { apiKey = KEY }).Succeeded)
    box:control("POST", "faults", { command = "mfa:web_check", wrong_user = true })
    local token = begin(email).Value.Token
    assert.equal("somebody.else@example.com", check_token(token).Value.Username)
  end)
end)
