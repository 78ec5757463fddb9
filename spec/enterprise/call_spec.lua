-- One call: what is sent, what is sent again, and what is never sent again.
local call = require "lastpass.enterprise.call"
local check = require "spec.support.check"
local clocks = require "spec.support.clock"
local lastpass = require "lastpass"
local servers = require "spec.support.server"
local support = require "spec.support.box"

local ANN = "gustavo.wagner@lumenor.example"

-- The writes, one of each form.
local writes = {
  updateuser = { username = ANN, fullname = "New Name" },
  deluser = { username = ANN, deleteaction = 0 },
  disableuser = { ANN },
  batchadd = { { username = "new@x.example" } },
  batchchangegrp = { { username = ANN, add = { "Sales" } } },
  resetpassword = { username = ANN },
}

describe("lastpass.enterprise.call", function()
  local box, client, clock, seen

  setup(function()
    box = support.start { users = 20 }
  end)

  teardown(function()
    box:stop()
  end)

  -- A client whose hooks are written down.
  local function watched(options)
    seen = { request = {}, wait = {}, retry = {}, reply = {} }
    local merged = {
      on_request = function(about)
        table.insert(seen.request, about)
      end,
      on_wait = function(about)
        table.insert(seen.wait, about)
      end,
      on_retry = function(about)
        table.insert(seen.retry, about)
      end,
      on_reply = function(about)
        table.insert(seen.reply, about)
      end,
    }
    for name, value in pairs(options or {}) do
      merged[name] = value
    end
    return box:client(merged)
  end

  before_each(function()
    support.reset(box)
    client = watched()
    clock = clocks.install()
  end)

  after_each(function()
    clock:remove()
  end)

  describe("addresses that a server may cut short or not see", function()
    -- every way of the client that names somebody
    local ways = {
      function(address)
        return client:call("reinviteuser", { username = address })
      end,
      function(address)
        return client:disableuser { ANN, address }
      end,
      function(address)
        return client:batchchangegrp { { username = address, add = { "Sales" } } }
      end,
      function(address)
        return client:updateemail { oldemail = ANN, newemail = address }
      end,
      function(address)
        return client:user(address)
      end,
      function(address)
        return client:snapshot { username = address }
      end,
      function(address)
        return client:reporting { user = address }
      end,
      function(address)
        return assert(client:user(ANN)):rename(address)
      end,
      function(address)
        return client:group("Sales"):add(address)
      end,
    }

    it("are never sent", function()
      for number, way in ipairs(ways) do
        for _, address in ipairs { ANN .. "\0", "\27" .. ANN, ANN .. "\226\128\139", "a\rb@x" } do
          support.reset(box)
          local value, message, err = way(address)
          if value and value.refused then -- a list: said of the row
            assert.equal("bad_address", value.refused[1].code)
            assert.equal(0, #value.done)
          else
            check.failure("argument", "bad_address", value, message, err)
          end
          for _, entry in ipairs(box:journal()) do
            assert.equal("getuserdata", entry.command, number)
            assert.is_nil(entry.body and entry.body:find("\\u00", 1, true))
          end
        end
      end
    end)

    it("are sent without white space around them", function()
      assert.equal(ANN, assert(client:user("\194\160" .. ANN .. "\r\n")).email)
      assert(client:disableuser { ANN .. "\r" })
      assert.equal("disabled", client:user(ANN).status)
      assert(client:enable_users { " " .. ANN })
      assert.equal("active", client:user(ANN).status)
      local _, message = client:user "nobody@x.example\r"
      assert.equal("there is no user nobody@x.example", message)
    end)
  end)

  describe("names", function()
    it("are those of the server, each a method", function()
      local core = require "lastpass.core"
      assert.equal(17, #core.commands)
      for _, command in ipairs(core.commands) do
        assert.equal("function", type(client[command.name]))
      end
    end)

    it("that are unknown raise and name the nearest", function()
      assert.equal(
        "unknown command 'getuserdat' (did you mean 'getuserdata'?)",
        check.blamed(function()
          client:call "getuserdat"
        end)
      )
      for _, name in ipairs { "", "xyzzy-nothing-like-it", "GETUSERDATA", "adduser" } do
        local message = check.blamed(function()
          client:call(name, {})
        end)
        assert.equal(1, message:find(("unknown command '%s'"):format(name), 1, true))
      end
      check.blamed(function()
        client:call(nil, {})
      end)
      assert.equal(0, support.requests(box))
    end)

    it("of the catalogue are aliases that are never sent", function()
      for alias, name in pairs(call.aliases) do
        assert.equal(client[name], client[alias])
        local data = name == "batchchangegrp" and writes.batchchangegrp
          or { from = "2026-06-01 00:00:00" }
        assert(client:call(alias, data))
        assert(client[alias](client, data))
        for _, entry in ipairs(box:journal()) do
          assert.not_equal("(unknown)", entry.command)
        end
      end
      assert.equal(2, support.requests(box, "batchchangegrp"))
      assert.equal(4, support.requests(box, "reporting"))
      assert.equal(6, support.requests(box))
    end)

    it("of the catalogue are three", function()
      assert.same({
        batchchange = "batchchangegrp",
        getreport = "reporting",
        getevents = "reporting",
      }, call.aliases)
    end)
  end)

  it("blames wrong data on the caller's line, by method and by name", function()
    local message = check.blamed(function()
      client:deluser { username = ANN, deletaction = 1 }
    end)
    assert.equal("deluser: unknown field 'deletaction' (did you mean 'deleteaction'?)", message)
    message = check.blamed(function()
      client:call("batchadd", { { fullname = "No Name" } })
    end)
    assert.equal("batchadd: item 1: the required field 'username' is missing", message)
    check.blamed(function()
      client:disableuser {}
    end)
    check.blamed(function()
      client:getreport { form = "x" }
    end)
    assert.equal(0, support.requests(box))
    assert.equal(0, #seen.request)
  end)

  it("carries out all commands", function()
    assert.equal("OK", assert(client:batchadd(writes.batchadd)).status)
    assert.is_true(support.person(box, "new@x.example").found)
    assert.equal("OK", assert(client:updateuser(writes.updateuser)).status)
    assert.equal("New Name", support.person(box, ANN).fields.fullname)
    assert.same({ ANN }, assert(client:disableuser { ANN }).disabled_users)
    assert.is_true(support.person(box, ANN).fields.disabled)
    assert.same({ ANN }, assert(client:enableuser { ANN }).enabled_users)
    assert.is_false(support.person(box, ANN).fields.disabled)
    assert.equal("OK", assert(client:resetpassword { username = ANN }).status)
    assert.equal("OK", assert(client:requiremasterpasswordchange { username = ANN }).status)
    assert.equal("OK", assert(client:disablemultifactor { username = ANN }).status)
    assert.equal("OK", assert(client:reinviteuser { username = "new@x.example" }).status)
    assert.equal(
      "OK",
      assert(client:updateemail { oldemail = ANN, newemail = "g@x.example" }).status
    )
    assert.equal("OK", assert(client:batchchangegrp(writes.batchchangegrp)).status)
    assert.is_table(assert(client:getuserdata { username = ANN }).Users)
    assert.is_table(assert(client:getsfdata()))
    assert.is_table(assert(client:getdetailedsfdata { pagesize = 2, pageindex = 0 }))
    assert.equal("OK", assert(client:reporting { from = "2026-06-15 00:00:00" }).status)
    assert.equal("Success", assert(client:expiredmasterpwlist()).status)
    assert.equal("OK", assert(client:deluser { username = ANN, deleteaction = 2 }).status)
    assert.is_false(support.person(box, ANN).found)
    check.failure(
      "refused",
      nil,
      client:pushsitestousers { users = "all", url = "https://x.example" }
    )
  end)

  describe("a read that fails", function()
    it("is tried again with growing pauses", function()
      assert(box:faults { command = "getsfdata", status = 503, count = 3 })
      assert(client:getsfdata())
      assert.equal(4, support.requests(box))
      assert.equal(3, #clock.slept)
      for attempt, seconds in ipairs(clock.slept) do
        local longest = 0.5 * 2 ^ (attempt - 1)
        assert.is_true(seconds >= longest / 2 and seconds <= longest, tostring(seconds))
      end
      assert.same({ 1, 2, 3, 4 }, {
        seen.request[1].attempt,
        seen.request[2].attempt,
        seen.request[3].attempt,
        seen.request[4].attempt,
      })
      for attempt, about in ipairs(seen.retry) do
        assert.same({
          command = "getsfdata",
          attempt = attempt,
          code = "http_status",
          message = "getsfdata: the server answered HTTP 503",
          seconds = clock.slept[attempt],
        }, about)
      end
    end)

    it("pauses differently each time", function()
      local patient = watched { retries = 10 }
      assert(box:faults { command = "getsfdata", status = 503, count = 10 })
      assert(patient:getsfdata())
      local shares = {}
      for attempt, seconds in ipairs(clock.slept) do
        shares[seconds / math.min(0.5 * 2 ^ (attempt - 1), 30)] = true
        assert.is_true(seconds <= 30)
      end
      local different = 0
      for _ in pairs(shares) do
        different = different + 1
      end
      assert.is_true(different > 5)
    end)

    it("gives up after the retries and returns the last failure", function()
      assert(box:faults { command = "getsfdata", status = 502 })
      local err = check.failure("transport", "http_status", client:getsfdata())
      assert.equal(502, err.status)
      assert.equal(4, support.requests(box))
      local none = watched { retries = 0 }
      check.failure("transport", "http_status", none:getsfdata())
      assert.equal(5, support.requests(box))
    end)

    it("is tried again after a dropped connection and a cut reply", function()
      assert(box:faults { command = "getsfdata", drop = "before", count = 1 })
      assert(box:faults { command = "getsfdata", drop = "after", nth = 2 })
      assert(box:faults { command = "getsfdata", truncate = 20, nth = 3 })
      assert(client:getsfdata())
      -- libcurl itself may have repeated the first one, which was sent over a kept connection
      assert.is_true(support.requests(box) >= 4)
    end)

    it("is tried again when the reply ends too early", function()
      assert(
        box:faults { command = "getsfdata", truncate = 20, content_length = "lowered", count = 2 }
      )
      assert(client:getsfdata())
      assert.equal("cut_short", seen.retry[1].code)
      assert.equal(3, support.requests(box))
      support.reset(box)
      assert(
        box:faults { command = "getuserdata", truncate = 90, content_length = "lowered", count = 2 }
      )
      assert.equal(20, assert(client:snapshot()):count())
      assert.equal(3, support.requests(box))
    end)

    it("is not tried again when it was refused or unreadable", function()
      for _, body in ipairs { '{"status":"FAIL"}', "<a/>", '{"status":1}', '{"a":1,"a":2}' } do
        support.reset(box)
        support.inject(box, "getsfdata", body)
        assert.is_nil((client:getsfdata()))
        assert.equal(1, support.requests(box))
      end
      for _, status in ipairs { 301, 400, 401, 403, 404 } do
        support.reset(box)
        assert(box:faults { command = "getsfdata", status = status, count = 1 })
        check.failure("transport", "http_status", client:getsfdata())
        assert.equal(1, support.requests(box))
      end
    end)

    it("is not tried again when the reply is too large", function()
      assert(box:faults { command = "getsfdata", big_body = 100000 })
      local small = watched { max_bytes = 5000 }
      check.failure("transport", "reply_too_large", small:getsfdata())
      assert.equal(1, support.requests(box))
    end)
  end)

  describe("HTTP 429", function()
    it("makes a read wait as long as Retry-After says", function()
      assert(box:faults { command = "getsfdata", status = 429, retry_after = 7, count = 1 })
      assert(client:getsfdata())
      assert.equal(7, clock.slept[1])
      assert.equal(7, seen.retry[1].seconds)
      assert.equal("throttled", seen.retry[1].code)
      assert.equal(2, support.requests(box))
    end)

    it("understands Retry-After as a date", function()
      local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 20)
      assert(box:faults { command = "getsfdata", status = 429, retry_after = date, count = 1 })
      assert(client:getsfdata())
      assert.is_true(clock.slept[1] >= 18 and clock.slept[1] <= 20, tostring(clock.slept[1]))
    end)

    it("takes a date that has passed for no wait, and nonsense for nothing said", function()
      local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() - 100)
      assert(box:faults { command = "getsfdata", status = 429, retry_after = date, count = 1 })
      assert(client:getsfdata())
      assert.equal(0, clock.slept[1])
      for _, nonsense in ipairs { "soon", "-5", "nan", "inf", "1e999" } do
        assert(
          box:faults { command = "getsfdata", status = 429, retry_after = nonsense, count = 1 }
        )
        clock.slept = {}
        assert(client:getsfdata(), nonsense)
        assert.is_true(clock.slept[1] > 0 and clock.slept[1] <= 0.5, nonsense)
      end
    end)

    it("without Retry-After makes a read pause as after any failure", function()
      assert(box:faults { command = "getsfdata", status = 429, count = 1 })
      assert(client:getsfdata())
      assert.is_true(clock.slept[1] >= 0.25 and clock.slept[1] <= 0.5)
    end)

    it("is never answered by repeating a write", function()
      assert(box:faults { status = 429, retry_after = 3 })
      for name, data in pairs(writes) do
        local before = support.requests(box)
        local err = check.failure("throttled", "throttled", client:call(name, data))
        assert.equal(3, err.retry_after)
        assert.equal(429, err.status)
        assert.is_nil(err.uncertain)
        assert.truthy(err.hint)
        assert.equal(before + 1, support.requests(box))
      end
      assert.equal(0, #seen.retry)
    end)

    it("holds the other calls of the company back", function()
      local other = watched()
      assert(box:faults { command = "updateuser", status = 429, retry_after = 9, count = 1 })
      check.failure("throttled", nil, client:updateuser(writes.updateuser))
      assert.equal(0, #clock.slept)
      assert(other:getsfdata())
      assert.equal(1, #clock.slept)
      assert.is_true(clock.slept[1] > 8.5 and clock.slept[1] <= 9)
      assert.same(
        { command = "getsfdata", seconds = clock.slept[1], reason = "the server asked to wait" },
        seen.wait[1]
      )
      assert(other:getsfdata())
      assert.equal(2, #clock.slept) -- the company is asked more slowly from then on
      assert.is_true(clock.slept[2] <= 0.11)
    end)

    it("does not hold another company back", function()
      assert(box:add_company { cid = 5, provhash = ("a"):rep(64), users = 10 })
      local other = watched { cid = 5, provhash = lastpass.secret.value(("a"):rep(64)) }
      assert(box:faults { cid = box.cid, status = 429, retry_after = 9, count = 1 })
      check.failure("throttled", nil, client:updateuser(writes.updateuser))
      assert(other:getsfdata())
      assert.equal(0, #clock.slept)
    end)

    it("with a wait of an hour is a failure at once, and holds nobody", function()
      assert(box:faults { command = "getsfdata", status = 429, retry_after = 3600, count = 1 })
      local err = check.failure("throttled", "throttled", client:getsfdata())
      assert.equal(3600, err.retry_after)
      assert.equal(0, #clock.slept)
      assert(client:getsfdata())
      assert.equal(0, #clock.slept)
    end)

    it("503 with Retry-After is waited for as well", function()
      assert(box:faults { command = "getsfdata", status = 503, retry_after = 4, count = 1 })
      assert(client:getsfdata())
      assert.equal(4, clock.slept[1])
      assert(box:faults { command = "getsfdata", status = 503, retry_after = 4000, count = 1 })
      local err = check.failure("transport", "http_status", client:getsfdata())
      assert.equal(4000, err.retry_after)
    end)
  end)

  describe("a write whose answer is lost", function()
    for _, moment in ipairs { "before", "after" } do
      for _, kept in ipairs { true, false } do
        it(
          ("is uncertain and sent once (dropped %s commit, %s connection)"):format(
            moment,
            kept and "a kept" or "a new"
          ),
          function()
            for name, data in pairs(writes) do
              support.reset(box)
              -- under this name there is no connection yet: the last one was dropped
              local writer = watched { url = box.url:gsub("127.0.0.1", "localhost") }
              if kept then
                assert(writer:getsfdata()) -- leaves a connection that the write then takes
              end
              assert(box:faults { command = name, drop = moment })
              local err = check.failure("transport", nil, writer:call(name, data))
              assert.is_true(err.uncertain, name)
              assert.equal(name, err.command)
              assert.equal(1, support.requests(box, name), name)
              assert.equal(0, #seen.retry)
              assert.is_nil(err.message:find("callback", 1, true), err.message)
            end
          end
        )
      end
    end

    it("shows in the company whether it was made", function()
      assert(box:faults { command = "updateuser", drop = "after", nth = 1 })
      assert(box:faults { command = "deluser", drop = "before", nth = 1 })
      assert.is_true(select(3, client:updateuser(writes.updateuser)).uncertain)
      assert.equal("New Name", support.person(box, ANN).fields.fullname)
      assert.is_true(select(3, client:deluser(writes.deluser)).uncertain)
      assert.is_false(support.person(box, ANN).fields.disabled)
    end)

    it("is uncertain after a timeout", function()
      local hasty = watched { timeout = 0.1 }
      assert(box:faults { command = "updateuser", delay = 0.4, count = 1 })
      local err = check.failure("transport", "timeout", hasty:updateuser(writes.updateuser))
      assert.is_true(err.uncertain)
      assert.equal(1, #seen.request)
    end)

    it("is uncertain behind HTTP 500, whether it was made or not", function()
      assert(box:faults { command = "updateuser", status = 500, commit = true, count = 1 })
      local err = check.failure("transport", "http_status", client:updateuser(writes.updateuser))
      assert.is_true(err.uncertain)
      assert.equal(1, support.requests(box))
      assert.equal("New Name", support.person(box, ANN).fields.fullname)
    end)

    it("is never sent again once bytes of it went out", function()
      -- reads the head and the first bytes of a long body, then breaks off
      local server = servers.start [[
        return function(client)
          client:receive "*l"
          client:receive(3000)
          tools.log "request"
          client:setoption("linger", { on = true, timeout = 0 })
        end
      ]]
      local rows = {}
      for i = 1, 30000 do
        rows[i] = { username = ("user%d@x.example"):format(i), fullname = ("x"):rep(100) }
      end
      local writer = watched { url = server.url }
      local value, _, err = writer:batchadd(rows)
      local log = server:log()
      server:stop()
      assert.is_nil(value)
      assert.equal("transport", err.kind)
      assert.same({ "request" }, log)
      assert.equal(1, #seen.request)
    end)
  end)

  it("waits for its turn where the client has a limiter of its own", function()
    local turns = {}
    local limited = watched {
      limiter = {
        acquire = function(_, command, rate)
          turns[#turns + 1] = command .. " " .. tostring(rate)
        end,
        back_off = function(_, seconds)
          turns[#turns + 1] = ("back_off %.0f"):format(seconds)
        end,
      },
      rate = 5,
    }
    support.inject(box, "getuserdata", "", { status = 429, retry_after = 3 })
    assert(limited:getuserdata())
    assert.same({ "getuserdata 5", "back_off 3", "getuserdata 5" }, turns)
    assert.equal(2, #seen.reply)
    assert.is_nil(seen.reply[2].code)
    assert.is_true(seen.reply[2].seconds >= 0)
  end)

  describe("a write of which nothing was sent", function()
    it("is tried again, and is not uncertain", function()
      local server = servers.start "return function() end"
      server:stop() -- its port is closed now
      local lost = watched { url = server.url }
      local err = check.failure("transport", "unreachable", lost:updateuser(writes.updateuser))
      assert.is_nil(err.uncertain)
      assert.equal(4, #seen.request)
      assert.equal(3, #seen.retry)
      assert.equal("unreachable", seen.retry[1].code)
      assert.equal(4, #seen.reply)
      assert.same({ "updateuser", 4, "unreachable" }, {
        seen.reply[4].command,
        seen.reply[4].attempt,
        seen.reply[4].code,
      })
    end)

    it("reaches a server that comes up meanwhile", function()
      local other
      local closed = servers.start "return function() end"
      closed:stop()
      local late = watched {
        url = closed.url,
        on_retry = function()
          if not other then
            other = assert(lastpass.sandbox.start { port = closed.port, users = 20 })
          end
        end,
      }
      local reply, message = late:updateuser(writes.updateuser)
      local made = other and support.person(other, ANN).fields.fullname
      if other then
        other:stop()
      end
      assert(reply, message)
      assert.equal("New Name", made)
    end)

    it("is not tried again when the certificate is wrong", function()
      local secure = support.start { users = 10, tls = true }
      local blind = watched { url = secure.url }
      local err = check.failure("transport", "tls_certificate", blind:updateuser(writes.updateuser))
      check.failure("transport", "tls_certificate", blind:getsfdata())
      secure:stop()
      assert.is_nil(err.uncertain)
      assert.equal(2, #seen.request)
    end)
  end)

  it("calls the hooks with the documented tables", function()
    assert(client:updateuser(writes.updateuser))
    assert.same({ { command = "updateuser", attempt = 1 } }, seen.request)
    assert.same({}, seen.wait)
    assert.same({}, seen.retry)
  end)

  it("sends the envelope the vendor documents, and nothing else", function()
    local server = servers.start [[
      return function(client)
        while true do
          local request = tools.read_request(client)
          if not request then return end
          tools.log(request.body)
          for line in request.head:gmatch "[^\n]+" do tools.log(line) end
          tools.reply(client, '{"status":"OK"}')
        end
      end
    ]]
    local plain =
      box:client { url = server.url, provhash = lastpass.secret.value "0123456789abcdef" }
    assert(plain:updateuser { username = "ann@x.example" })
    local labelled = box:client {
      url = server.url,
      cid = "0042",
      apiuser = "nightly",
      provhash = lastpass.secret.value "0123456789abcdef",
    }
    assert(labelled:call "getsfdata")
    local log = table.concat(server:log(), "\n")
    server:stop()
    assert.truthy(
      log:find(
        '{"cid":8771312,"cmd":"updateuser","data":{"username":"ann@x.example"},'
          .. '"provhash":"0123456789abcdef"}',
        1,
        true
      )
    )
    assert.matches(
      '"cmd":"getsfdata","apiuser":"nightly","provhash":"0123456789abcdef"}',
      log,
      1,
      true
    )
    assert.matches("\nPOST /enterpriseapi.php HTTP/1.1\n", log, 1, true)
    assert.matches("\nContent%-Type: application/json\n", log)
    assert.matches(
      "\nUser%-Agent: lastpass%-lua/" .. lastpass._VERSION:gsub("%.", "%%.") .. "\n",
      log
    )
    assert.is_nil(log:find("Expect", 1, true))
  end)
end)
