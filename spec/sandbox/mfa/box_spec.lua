-- LastPass MFA of a running sandbox: over HTTP, with the methods of the sandbox.
local http = require "socket.http"
local json = require "lastpass.json"
local ltn12 = require "ltn12"
local socket = require "socket"
local support = require "spec.support.box"

describe("lastpass.sandbox.mfa", function()
  local box, email

  setup(function()
    box = support.start { users = 20, assumptions = { mfa_enrolled = "everybody" } }
    for user in assert(box:client()):users() do
      email = email or user.status == "active" and user.email or nil
    end
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    assert(box:reset())
  end)

  local function body_of(address)
    return json.encode {
      APIKey = box.mfa.login_key,
      Username = address or email,
      IPAddress = "203.0.113.9",
      DeviceName = "Linux, Firefox",
    }
  end

  local function post(path, body)
    local parts = {}
    local _, status = http.request {
      url = box.mfa.url .. path,
      method = "POST",
      headers = { ["Content-Type"] = "application/json", ["Content-Length"] = #body },
      source = ltn12.source.string(body),
      sink = ltn12.sink.table(parts),
    }
    assert.equal(200, status)
    return json.decode(table.concat(parts))
  end

  -- A synchronous login that is under way.
  local function begin_login(address)
    local connection = assert(socket.connect("127.0.0.1", box.port))
    connection:settimeout(60)
    local body = body_of(address)
    local head = "POST /auth/login HTTP/1.1\r\nHost: l\r\nConnection: close\r\nContent-Length: "
    connection:send(head .. #body .. "\r\n\r\n" .. body)
    return connection
  end

  local function status_of(connection)
    local text = connection:receive "*a"
    connection:close()
    return json.decode(text:match "\r\n\r\n(.*)$").Value.AuthStatus
  end

  local function wait_for_rings(count)
    local deadline = socket.gettime() + 60
    while #assert(box:phone_pending()) < count and socket.gettime() < deadline do
      socket.sleep(0.005)
    end
    return assert(box:phone_pending())
  end

  it("is asked over HTTP and answered by the box", function()
    assert.equal(36, #box.mfa.login_key)
    assert.not_equal(box.mfa.login_key, box.mfa.key)
    local token = post("/auth/loginasync", body_of()).Value.AsyncLoginToken
    local pending = assert(box:phone_pending { email = email })
    assert.equal(token, pending[1].token)
    assert.equal("Success", assert(box:phone_answer { token = token, action = "approve" }).status)
    local envelope = post("/auth/CheckLoginToken", json.encode { AsyncLoginToken = token })
    assert.equal("Success", envelope.Value.AuthStatus)
    assert.equal(1, assert(box:phone { email = email }).rings)
    local entries = assert(box:phone_journal { email = email })
    assert.same({ "ring", "answer" }, { entries[1].kind, entries[2].kind })
    assert.equal("fingerprint", entries[2].method)
    local _, _, err = box:phone_answer { token = token, action = "approve" }
    assert.equal("sandbox_refused", err.code)
    assert.is_nil((box:phone { email = email, state = "broken" }))
    assert.is_nil((box:phone_auto { action = "shake" }))
    assert.equal(1, #assert(box:phone_auto { action = "deny" }))
    assert.equal(1, #assert(box:phone_auto()))
    assert.equal(0, #assert(box:phone_auto(false)))
  end)

  it(
    "holds the synchronous login until somebody acts, or 60 seconds of its clock are over",
    function()
      local one, other = begin_login(), begin_login()
      local pending = wait_for_rings(2)
      assert(box:phone_answer { token = pending[2].token, action = "deny" })
      assert(box:phone_answer { token = pending[1].token, action = "approve" })
      local statuses = { status_of(one), status_of(other) }
      table.sort(statuses)
      assert.same({ "Denied", "Success" }, statuses)
      one = begin_login()
      wait_for_rings(1)
      assert(box:clock { advance = 60 })
      assert.equal("NoResponse", status_of(one))
      -- an answer that is due later comes by itself when the clock runs
      assert(box:clock { freeze = false })
      assert(box:phone_auto { action = "approve", after_ms = 20 })
      assert.equal("Success", status_of(begin_login()))
      assert(box:clock { freeze = true })
      -- a reset ends what waits
      one = begin_login()
      wait_for_rings(0)
      assert(box:reset())
      one:close()
    end
  )

  it("has phones of people whom the company does not know, when they are set up", function()
    assert.equal("absent", assert(box:phone { email = "guest@example.com" }).state)
    assert.equal(
      "paired",
      assert(box:phone { email = "guest@example.com", state = "paired" }).state
    )
    assert(box:phone_auto { email = "guest@example.com", action = "approve" })
    assert.equal("Success", post("/auth/login", body_of "guest@example.com").Value.AuthStatus)
  end)

  it("gives a client, plain or secured, whose clock is its own", function()
    assert(box:phone_auto { action = "approve" })
    for _, mode in ipairs { "plain", "secured" } do
      local client = assert(box:mfa_client { mode = mode })
      local result = assert(client:authenticate { user = email, ip = "192.0.2.7" })
      assert.equal("approved", result.outcome)
    end
    local client = assert(box:mfa_client())
    assert.equal("known", assert(client:user(email)))
    assert.equal("unknown_user", assert(client:user "nobody@example.com"))
  end)

  it("keeps a phone when its owner gets another address", function()
    assert(box:phone { email = email, state = "unpaired" })
    local client = assert(box:client())
    assert(client:updateemail { oldemail = email, newemail = "new.name@example.com" })
    assert(box:act { login = { email } })
    local phone = assert(box:phone { email = "new.name@example.com" })
    assert.equal("unpaired", phone.state)
    assert.equal("absent", assert(box:phone { email = email }).state)
  end)
end)
