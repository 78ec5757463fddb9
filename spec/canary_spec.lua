-- The hash goes to the server and nowhere else: a process that knocks at every door is looked at
-- from outside, its output, its command line, the server's journal, and its memory.
local box_support = require "spec.support.box"
local fake_ngx = require "spec.support.fake_ngx"
local gateway_support = require "spec.support.gateway"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local memory = require "spec.support.memory"
local tenants = require "spec.support.tenant"

-- Unlike any other text, also in parts.
local CANARY = "c4a7a2yq8w3k9zj5x1vb6n0m2f7d4h8s3p5t9r1u6e0o4i7l2g8c3y5k9b1w6q0z"
local PARTS = { CANARY, CANARY:sub(1, 24), CANARY:sub(-24), CANARY:sub(20, 44) }

local interpreter = rawget(_G, "jit") and "luajit" or _VERSION == "Lua 5.1" and "lua5.1" or "lua5.4"

local function holds_canary(text)
  for _, part in ipairs(PARTS) do
    if text:find(part, 1, true) or text:lower():find(part:lower(), 1, true) then
      return true
    end
  end
  return text:find(CANARY:reverse(), 1, true) ~= nil
end

describe("the canary hash", function()
  local boxes, files, output, command_line, places, locked, undumped, looked_at, status

  local function write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
  end

  setup(function()
    boxes, files = {}, {}
    for position, tls in ipairs { false, true } do
      boxes[position] = assert(lastpass.sandbox.start {
        users = 30,
        provhash = CANARY,
        scim_token = CANARY,
        rest_key = CANARY,
        tls = tls,
        events = 200,
      })
    end
    for position = 1, 3 do
      files[position] = os.tmpname()
    end
    local hash_file, go_file, error_file = files[1], files[2], files[3]
    os.remove(go_file)
    write(hash_file, CANARY .. "\n")
    os.execute("chmod 600 " .. hash_file)
    local pipe = assert(
      io.popen(
        ("echo $$; exec %s spec/support/canary.lua %s %s %s - %s %s 2>%s"):format(
          interpreter,
          hash_file,
          go_file,
          boxes[1].url,
          boxes[2].url,
          boxes[2].ca_file,
          error_file
        )
      )
    )
    local process, lines = pipe:read "*l", {}
    local line
    repeat
      line = pipe:read "*l"
      lines[#lines + 1] = line
    until line == nil or line == "READY"
    if line then
      places, locked, undumped, looked_at = memory.search(process, holds_canary)
      local file = assert(io.open(("/proc/%s/cmdline"):format(process)))
      command_line = file:read "*a"
      file:close()
      for _, box in ipairs(boxes) do
        assert(box:faults {
          body = json.encode { status = "FAIL", error = "hash " .. CANARY, [CANARY] = CANARY },
        })
      end
    end
    write(go_file, "")
    lines[#lines + 1] = pipe:read "*a"
    pipe:close()
    output = table.concat(lines, "\n")
    local errors = assert(io.open(error_file))
    status = errors:read "*a"
    errors:close()
  end)

  teardown(function()
    for _, box in ipairs(boxes) do
      box:stop()
    end
    for _, path in ipairs(files) do
      os.remove(path)
    end
  end)

  it("comes through all doors", function()
    assert.matches("the end\n$", status)
    for _, sign in ipairs {
      "READY",
      "lastpass.Client (8771312 at ",
      "lastpass.scim.Client (http",
      "not_over_scim",
      "lastpass.business.Client (http",
      "the REST API does it by POST /v1/users",
      "lastpass.inbound.Endpoint (canary)",
      "lastpass.mfa.Client (http",
      "lastpass.mfa.Handle (a@x.example: pending)",
      "failed_open",
      "mfa.totp.verify: option 'code' must be string",
      "SCIM does it by POST /Users",
      "lastpass.source.scim: http",
      "test of the connection",
      "lastpass.secret (hidden)",
      "lastpass.body (",
      "lastpass.curl.pool",
      "lastpass.curl.transfer",
      "authorization_error",
      "no_such_user",
      "timeout",
      "unreachable",
      "not_confirmed",
      "unknown command",
      "unknown field 'deletaction'",
      '"provhash":"***"',
      "hash ***",
      "private key is expected",
    } do
      assert.truthy(output:find(sign, 1, true), sign)
    end
    assert.is_true(#output > 20000)
    assert.is_nil(output:find("Pass-Word-3", 1, true)) -- of somebody whom a plan creates
    for _, box in ipairs(boxes) do
      local commands = {}
      for _, entry in ipairs(assert(box:journal())) do
        commands[entry.command] = true
      end
      for _, name in ipairs { "getuserdata", "batchadd", "deluser", "reporting", "getsfdata" } do
        assert.is_true(commands[name], name)
      end
    end
  end)

  it("is in nothing that the process prints, its errors and hooks included", function()
    for line in output:gmatch "[^\n]+" do
      assert.is_false(holds_canary(line), line)
    end
    assert.is_false(holds_canary(status))
  end)

  it("is not on the command line", function()
    assert.matches("canary.lua", command_line, 1, true)
    assert.is_false(holds_canary(command_line))
  end)

  it("is not in the sandbox's journal, state or faults", function()
    for _, box in ipairs(boxes) do
      for _, path in ipairs { "journal", "state", "state?mails=1", "companies", "faults" } do
        assert.is_false(holds_canary(json.encode(assert(box:control("GET", path)))), path)
      end
    end
  end)

  it("is in one place of the process's memory: the locked one", function()
    assert.is_true(looked_at > 1024 * 1024)
    assert.equal(1, locked)
    assert.equal(1, undumped)
    assert.same({}, places)
  end)
end)

describe("the gateway", function()
  local PASSWORD, ATTRIBUTE, CURSOR_KEY = "First-Pass-Word-7", "pin-482913", ("curs0r-key"):rep(4)
  local box, site, lines, responses, fake

  setup(function()
    box = box_support.start { users = 30, seed = 6, provhash = CANARY }
  end)
  teardown(function()
    box:stop()
  end)
  after_each(function()
    fake.remove()
  end)
  before_each(function()
    box_support.reset(box)
    lines, responses = {}, {}
    local tenant = tenants.of(box, { client = { retries = 0, timeout = 2 } })
    fake = fake_ngx.install()
    site = gateway_support.start({ acme = tenant }, {
      settings = {
        cursor_keys = { CURSOR_KEY },
        limits = { disable = "100%", delete = "100%" },
        audit = function(line)
          lines[#lines + 1] = line
          -- the outcome of what was sent cannot be logged: the error log says so
          if line:find('"subjects":["late@lumenor.example"]', 1, true) and #lines % 2 == 0 then
            error "disk full"
          end
        end,
      },
    })
  end)

  local function send(...)
    local response = site:send(...)
    responses[#responses + 1] = response
    return response
  end

  local function assert_no_secret(text, where)
    assert.is_false(holds_canary(text), where .. ": " .. text)
    for _, secret in ipairs { PASSWORD, ATTRIBUTE, CURSOR_KEY, site.texts.all } do
      assert.is_nil(text:find(secret, 1, true), where .. ": " .. text)
    end
  end

  local function assert_no_secret_anywhere()
    for _, response in ipairs(responses) do
      assert_no_secret(response.body, "a reply")
      for name, value in pairs(response.headers) do
        assert_no_secret(name .. ": " .. tostring(value), "a header")
      end
    end
    for _, line in ipairs(lines) do
      assert_no_secret(line, "the audit")
    end
    for _, line in ipairs(fake.logged) do
      assert_no_secret(line, "the log")
    end
  end

  -- What a server says that repeats all that it was sent.
  local ECHO = json.encode {
    status = "FAIL",
    error = { "hash " .. CANARY, "password " .. PASSWORD },
    [CANARY] = PASSWORD .. CANARY,
  }

  local function new_user(address)
    return {
      emails = { { email = address } },
      name = "New User",
      password = PASSWORD,
      remote_data = { attribs = { wifi_password = ATTRIBUTE } },
    }
  end

  local USERS = "/unified/user-directory/users"

  it("repeats no secret in a reply, a log or the audit, whatever LastPass answers", function()
    assert.equal(201, send("POST", USERS, new_user "one@lumenor.example").status)
    for _, status in ipairs { 200, 400, 401, 429, 500 } do
      box_support.inject(box, "batchadd", ECHO, { status = status })
      local response = send("POST", USERS, new_user "two@lumenor.example")
      assert.is_true(response.status >= 400, status)
    end
    box_support.inject(box, "getuserdata", ECHO)
    assert.is_true(send("GET", USERS .. "?remote_query[include]=shared_folders").status < 600)
    box_support.inject(box, "getuserdata", ECHO)
    send("POST", USERS, new_user "three@lumenor.example")
    assert.is_true(#lines > 6)
    assert_no_secret_anywhere()
  end)

  it("repeats none that comes through the proxy", function()
    local row = {
      username = "p@lumenor.example",
      password = PASSWORD,
      attribs = { wifi_password = ATTRIBUTE },
    }
    assert.equal(200, send("POST", "/proxy/batchadd", { row }).status)
    for _, status in ipairs { 200, 401, 500 } do
      for _, command in ipairs { "getuserdata", "disableuser", "getsfdata" } do
        box_support.inject(box, command, '{"error":"hash ' .. CANARY .. '"}', { status = status })
        local data = command == "disableuser" and { "p@lumenor.example" } or nil
        send("POST", "/proxy/" .. command, data)
      end
    end
    assert.is_true(#responses > 9)
    assert_no_secret_anywhere()
  end)

  it("repeats none of a request that it refuses itself", function()
    local wrong = new_user "four@lumenor.example"
    wrong.remote_data.attribs = { { PASSWORD } }
    for _, body in ipairs { wrong, '{"password":"' .. PASSWORD, { password = { PASSWORD } } } do
      assert.is_true(send("POST", USERS, body).status >= 400)
      assert.is_true(send("PATCH", USERS .. "/one@lumenor.example", body).status >= 400)
    end
    assert.equal(401, send("GET", USERS, nil, { token = site.texts.all .. "x" }).status)
    assert.equal(400, send("GET", USERS .. "?next_cursor=" .. CURSOR_KEY).status)
    assert.equal(200, send("GET", USERS .. "?limit=1").status)
    assert_no_secret_anywhere()
  end)

  it("repeats none when the outcome cannot be logged", function()
    box_support.inject(box, "batchadd", ECHO, { status = 500 })
    assert.is_true(send("POST", USERS, new_user "late@lumenor.example").status >= 400)
    assert.is_true(#fake.logged > 0)
    assert_no_secret_anywhere()
  end)
end)
