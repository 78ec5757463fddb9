-- The whole sandbox as others use it: a server on loopback, the client, the transport.
local httpd = require "lastpass.httpd"
local json = require "lastpass.json"
local sandbox = require "lastpass.sandbox"
local socket = require "socket"

-- A sanitizer's runtime is preloaded for our code, not for the program that talks to it.
local CURL = "env -u LD_PRELOAD curl"

-- Posts with the curl program, which nobody here wrote.
local function curl(box, arguments, body)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(body or "")
  file:close()
  local command = (CURL .. ' -sS --max-time 20 %s --data-binary @%s %s 2>&1; echo " $?"'):format(
    arguments,
    path,
    box.url
  )
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  pipe:close()
  os.remove(path)
  return text:match("^(.*) (%d+)\n$")
end

local function request(box, cmd, data)
  return json.encode({ cid = box.cid, provhash = box.provhash, cmd = cmd, data = data })
end

describe("lastpass.sandbox", function()
  local boxes = {}

  local function start(options)
    local box = assert(sandbox.start(options))
    boxes[#boxes + 1] = box
    return box
  end

  after_each(function()
    for _, box in ipairs(boxes) do
      box:stop()
    end
    boxes = {}
  end)

  it("starts on a port of its own and says where it is", function()
    local one, two = start(), start()
    assert.not_equal(one.port, two.port)
    assert.equal(("http://127.0.0.1:%d/enterpriseapi.php"):format(one.port), one.url)
    assert.equal(8771312, one.cid)
    assert.equal(64, #sandbox.PROVHASH)
    assert.equal("lastpass.sandbox: " .. one.url, tostring(one))
    assert.equal(50, one:state().users)
  end)

  it("answers the curl program", function()
    local box = start()
    local text, code =
      curl(box, "-i -H 'Content-Type: application/json'", request(box, "getsfdata"))
    assert.equal("0", code)
    assert.matches("^HTTP/1.1 200 OK\r\n", text)
    assert.matches("Content%-Type: text/xml;charset=UTF%-8\r\n", text)
    assert.matches('\r\n\r\n{"', text)
  end)

  it("is the same for the same seed, and another for another", function()
    local function text(seed)
      local box = start({ users = 30, seed = seed, frozen = true })
      return (curl(box, "-H 'Content-Type: application/json'", request(box, "getuserdata")))
    end
    assert.equal(text(4), text(4))
    assert.not_equal(text(4), text(5))
  end)

  it("answers the curl program over SCIM", function()
    local box = start { tls = true }
    assert.equal(("https://127.0.0.1:%d/scimapi/8771312"):format(box.port), box.scim_url)
    local function get(path, token)
      local command = (
        CURL .. " -sS -g --max-time 20 --cacert %s -H 'Authorization: Bearer %s' '%s%s' 2>&1"
      ):format(box.ca_file, token, box.scim_url, path)
      local pipe = assert(io.popen(command))
      local text = pipe:read "*a"
      pipe:close()
      return json.decode(text)
    end
    local listed = get("/Users?count=2&filter=userName%20sw+%22g%22", box.scim_token)
    assert.is_true(listed.totalResults > 0)
    local user = listed.Resources[1]
    assert.equal(box.scim_url .. "/Users/" .. user.id, user.meta.location)
    assert.same(user, get("/users/%3" .. user.id:sub(1, 1) .. user.id:sub(2), box.scim_token))
    assert.equal("401", get("/Users", "x").status)
    local old = box.scim_token
    assert.equal(box:change_scim_token(), box.scim_token)
    assert.equal("401", get("/Users", old).status)
    assert.equal(50, get("/Users?count=0", box.scim_token).totalResults)
  end)

  it(
    "answers SCIM over what is on the wire: escapes, repeated parameters, too large a body",
    function()
      local box = start()
      local function send(method, target, more)
        local connection = assert(socket.connect("127.0.0.1", box.port))
        connection:settimeout(10)
        assert(connection:send(table.concat({
          method .. " " .. target .. " HTTP/1.1",
          "Host: localhost",
          "Connection: close",
          "Authorization: Bearer " .. box.scim_token,
          (more or "X-None: 1") .. "\r\n\r\n",
        }, "\r\n")))
        local all, _, part = connection:receive "*a"
        connection:close()
        local text = all or part
        return tonumber(text:match "^HTTP/1.1 (%d+)"), json.decode(text:match "\r\n\r\n(.*)$"), text
      end
      local base = box.scim_url:match "^%w+://[^/]+(/.*)$"
      local _, listed = send("GET", base .. "/Users?count=1")
      local id = listed.Resources[1].id
      for target, expected in pairs {
        ["/Users/" .. id] = 200,
        ["/Users/" .. id .. "%00"] = 404,
        ["/Users/" .. id .. "%2F"] = 404,
        ["/Users%2F" .. id] = 404,
        ["/Users?count=1&count=2"] = 400,
        ["/Users?filter=userName%20eq%20%22a%2Bb%22&count=0"] = 200,
        ["/Users?count=%zz"] = 400,
      } do
        local status, document = send("GET", base .. target)
        assert.equal(expected, status, target)
        assert.equal(expected, tonumber(document.status or 200))
      end
      for _, path in ipairs { base .. "/Users", "/scim/v2/Users", "/scim/v2/Bulk" } do
        local status, document, text = send("POST", path, "Content-Length: 999999999999")
        assert.equal(413, status)
        assert.same({ "413", "tooMany" }, { document.status, document.scimType })
        assert.truthy(text:find("Content-Type: application/scim+json", 1, true))
      end
      local status, document = send("POST", "/enterpriseapi.php", "Content-Length: 999999999999")
      assert.equal(413, status)
      assert.is_string(document.error)
    end
  )

  it("gives a client of SCIM that works", function()
    local box = start()
    local client = assert(box:scim())
    local made = assert(client:create("User", { userName = "ann@x.example" }))
    assert.equal("ann@x.example", assert(client:get("User", made.id)).userName)
    assert.is_false(assert(box:client():user "ann@x.example").disabled)
    assert(client:set_active(made.id, false))
    assert.is_true(assert(box:client():user "ann@x.example").disabled)
  end)

  it("gives a client that works", function()
    local box = start()
    local client = assert(box:client())
    assert(client:batchadd({ { username = "ann@x.example", fullname = "Ann" } }))
    local reply = assert(client:getuserdata({ username = "ann@x.example" }))
    local _, user = next(reply.Users)
    assert.equal("Ann", user.fullname)
    local count = 0
    for _ in client:users({}) do
      count = count + 1
    end
    assert.is_true(count >= 51)
  end)

  it("gives a client with another hash when asked to", function()
    local lastpass = require "lastpass"
    local client = start():client({ provhash = lastpass.secret.value("wrong") })
    local reply, _, err = client:getsfdata()
    assert.is_nil(reply)
    assert.equal("auth", err.kind)
  end)

  it("never shows its hash in a text", function()
    local box = start({ provhash = ("e"):rep(64) })
    assert.is_nil(tostring(box):find(("e"):rep(64), 1, true))
    box:client():getsfdata()
    assert.is_nil(json.encode(json.list(box:journal())):find(("e"):rep(64), 1, true))
  end)

  it("has its clock, journal, state, faults and reset at hand", function()
    local box = start({ frozen = true })
    assert.equal("2026-06-15 09:00:00", box:clock().account_time)
    assert.equal("2026-06-18 09:00:00", box:clock({ advance = "3d" }).account_time)
    assert.equal(2, #box:faults({ { status = 500, count = 1 }, { delay = 0 } }).ids)
    assert.equal(2, #box:faults().faults)
    assert.equal(1, #box:clear_faults(2).faults)
    curl(box, "", request(box, "getsfdata"))
    curl(box, "", request(box, "getuserdata"))
    assert.equal(2, #box:journal())
    assert.equal("getuserdata", box:journal({ limit = 1 })[1].command)
    assert.equal(500, box:journal({ command = "getsfdata" })[1].status)
    assert.equal(1, box:load({ users = { { username = "b+c@x.example" } } }).users)
    assert.is_true(box:state({ email = "b+c@x.example" }).found)
    assert.is_true(box:act({ settings = { strict = false } }).settings.strict == false)
    assert.equal(9, box:add_company({ cid = 9, users = 3 }).cid)
    assert.equal(3, box:state({ cid = 9 }).users)
    assert.is_true(box:reset().ok)
    assert.equal(50, box:state().users)
    assert.equal("2026-06-15 09:00:00", box:clock().account_time)
  end)

  it("returns what the control door refuses", function()
    local box = start()
    local answer, message, err = box:clock({ advance = "soon" })
    assert.is_nil(answer)
    assert.matches("span", message)
    assert.equal("argument", err.kind)
    assert.equal(400, err.status)
  end)

  it("serves any bytes as a body", function()
    local box = start()
    local bytes = {}
    for byte = 0, 255 do
      bytes[#bytes + 1] = string.char(byte)
    end
    local all = table.concat(bytes)
    box:faults({ body = all })
    assert.equal(all, (curl(box, "", request(box, "getsfdata"))))
  end)

  it("drops, cuts and delays on the wire", function()
    local box = start()
    box:faults({
      { command = "getsfdata", nth = 1, drop = "before" },
      { command = "getsfdata", nth = 2, drop = "after" },
      { command = "getsfdata", nth = 3, truncate = 100 },
      { command = "getsfdata", nth = 4, truncate = 100, content_length = "lowered" },
      { command = "getsfdata", nth = 5, delay = 0.3 },
      { command = "getsfdata", nth = 6, status = 429, retry_after = 3 },
      { command = "getsfdata", nth = 7, big_body = 3000000 },
    })
    local body = request(box, "getsfdata")
    local function code(arguments)
      return select(2, curl(box, arguments or "-o /dev/null", body))
    end
    assert.equal("52", code(), "empty reply")
    assert.equal("52", code(), "empty reply")
    assert.equal("18", code(), "partial file")
    local text = curl(box, "", body)
    assert.equal(100, #text)
    local started = socket.gettime()
    assert.equal("0", code())
    assert.is_true(socket.gettime() - started >= 0.3)
    assert.matches("HTTP/1.1 429 .*Retry%-After: 3\r\n", (curl(box, "-i", body)))
    assert.equal(3000000, #(curl(box, "", body)))
  end)

  it("adds latency without making others wait for each other", function()
    local box = start({ latency = 1 })
    local started = socket.gettime()
    local connections = {}
    local body = request(box, "getsfdata")
    for number = 1, 20 do
      connections[number] = assert(socket.connect("127.0.0.1", box.port))
      connections[number]:send(
        "POST /enterpriseapi.php HTTP/1.1\r\nHost: l\r\nConnection: close\r\n"
          .. ("Content-Length: %d\r\n\r\n%s"):format(#body, body)
      )
    end
    for number = 1, 20 do
      assert.matches("sharedfoldername", (connections[number]:receive("*a")))
      connections[number]:close()
    end
    local took = socket.gettime() - started
    -- one after the other they would take 20 seconds
    assert.is_true(took >= 1 and took < 20)
  end)

  it("speaks TLS with a certificate that it makes itself", function()
    local box = start({ tls = true })
    assert.matches("^https://127%.0%.0%.1:", box.url)
    local body = request(box, "getsfdata")
    local _, code = curl(box, "-o /dev/null", body)
    assert.equal("60", code, "not trusted by the system")
    local text
    text, code = curl(box, "--cacert " .. box.ca_file, body)
    assert.equal("0", code)
    assert.matches("sharedfoldername", text)
    assert.equal(50, box:state().users)
    assert.truthy(box:client():getsfdata())
    local ca_file = box.ca_file
    box:stop()
    assert.is_nil(io.open(ca_file))
  end)

  it("speaks TLS with an expired certificate or another name's", function()
    local expired = start({ tls = { not_before = 1000000000, not_after = 1000086400 } })
    local text, code = curl(expired, "--cacert " .. expired.ca_file, request(expired, "getsfdata"))
    assert.equal("60", code)
    assert.matches("expired", text)
    local other = start({ tls = { names = { "elsewhere.example" } } })
    text, code = curl(other, "--cacert " .. other.ca_file, request(other, "getsfdata"))
    assert.equal("60", code)
    assert.matches("127.0.0.1", text)
  end)

  it("sends large bodies over TLS", function()
    local box = start({ tls = true, users = 20000 })
    local pipe = io.popen(
      (CURL .. " -sS --cacert %s -H 'Content-Type: application/json' -d '%s' %s | wc -c"):format(
        box.ca_file,
        request(box, "getuserdata"),
        box.url
      )
    )
    local bytes = tonumber(pipe:read("*a"))
    pipe:close()
    assert.is_true(bytes > 10000000)
  end)

  it("listens on IPv6's loopback too", function()
    local box, message = sandbox.start({ address = "::1" })
    if not box then
      -- A machine without IPv6 says so, and nothing else is wrong.
      assert.matches("cannot listen on ::1", message)
      return
    end
    boxes[#boxes + 1] = box
    assert.matches("^http://%[::1%]:%d+/", box.url)
    assert.equal(50, box:state().users)
  end)

  it("refuses other hosts unless told otherwise", function()
    local pipe = io.popen("hostname -I 2>/dev/null")
    local own = pipe:read("*a"):match("%d+%.%d+%.%d+%.%d+")
    pipe:close()
    if not own or own:find("^127%.") then
      -- No other address on this machine to come from.
      assert.is_true(own == nil or own:find("^127%.") ~= nil)
      return
    end
    local function try(box)
      local connection = socket.tcp()
      connection:settimeout(5)
      assert(connection:bind(own, 0))
      assert(connection:connect(own, box.port))
      connection:send(
        "GET /_sandbox/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
      )
      local all, _, part = connection:receive("*a")
      connection:close()
      return all or part
    end
    assert.equal("", try(start({ address = "0.0.0.0" })))
    assert.matches("^HTTP/1.1 200", try(start({ address = "0.0.0.0", open_to_network = true })))
  end)

  it("stops, and says so afterwards", function()
    local box = start()
    box:stop()
    box:stop()
    assert.equal("lastpass.sandbox: stopped", tostring(box))
    local answer, _, err = box:state()
    assert.is_nil(answer)
    assert.equal("stopped", err.code)
  end)

  it("can be put on the machine's time", function()
    local box = start({ clock = "now" })
    assert.is_true(math.abs(box:clock().now - httpd.now()) < 60)
    box = start({ clock = "2027-01-01 12:00:00", frozen = true, timezone = "Europe/Berlin" })
    assert.equal("2027-01-01T11:00:00Z", box:clock().iso)
    local nothing, message = sandbox.start({ clock = "soon" })
    assert.is_nil(nothing)
    assert.equal("string", type(message))
  end)

  it("says what is wrong with its options", function()
    local cases = {
      [{ user = 5 }] = "unknown option 'user' %(did you mean 'users'%?%)",
      [{ users = -1 }] = "option 'users' must be a whole number from 0 to 1000000",
      [{ users = 1.5 }] = "option 'users'",
      [{ tls = 1 }] = "option 'tls' must be boolean or table",
      [{ assumptions = { flag_typ = 1 } }] = "flag_typ.*did you mean 'flag_type'",
      [{ assumptions = { flag_type = 1 } }] = "must be one of string, integer, boolean",
      [{ page_groups = "some" }] = "must be one of page, all, none",
      [{ companies = { { cid = 1, user = 2 } } }] = "company 1: unknown option 'user'",
    }
    for options, expected in pairs(cases) do
      local ok, message = pcall(function()
        assert(sandbox.start(options))
      end)
      assert.is_false(ok)
      assert.matches(expected, message)
      assert.matches("init_spec.lua:%d+:", message)
    end
    for _, options in ipairs({
      { timezone = "Nowhere/Land" },
      { companies = { { cid = 8771312 } } },
      { faults = { { stauts = 1 } } },
    }) do
      local box, message, err = sandbox.start(options)
      assert.is_nil(box)
      assert.equal("string", type(message))
      assert.truthy(err)
    end
  end)
end)
