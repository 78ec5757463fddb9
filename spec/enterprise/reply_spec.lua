-- Every reply shape of enterprise-api §2, injected byte by byte through the sandbox.
local check = require "spec.support.check"
local json = require "lastpass.json"
local support = require "spec.support.box"

local ANN, BOB, JOANN = "ann@x.example", "bob@x.example", "joann@x.example"

-- One command of each kind; `send` makes the call.
local doors = {
  read = {
    command = "getsfdata",
    send = function(client)
      return client:getsfdata "all"
    end,
  },
  one = {
    command = "deluser",
    write = true,
    send = function(client)
      return client:deluser { username = ANN, deleteaction = 0 }
    end,
  },
  batch = {
    command = "batchchangegrp",
    write = true,
    send = function(client)
      return client:batchchangegrp {
        { username = ANN, add = { "Sales" } },
        { username = JOANN, add = { "Sales" } },
      }
    end,
  },
  toggle = {
    command = "disableuser",
    write = true,
    send = function(client)
      return client:disableuser { ANN, BOB }
    end,
  },
}

describe("lastpass.enterprise.reply", function()
  local box, client

  setup(function()
    box = support.start { users = 10 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client { retries = 0 }
  end)

  local function answer(door, body, more)
    support.inject(box, doors[door].command, body, more)
    return doors[door].send(client)
  end

  local function refused(door, code, body, more)
    local err = check.failure(nil, code, answer(door, body, more))
    assert.equal(doors[door].command, err.command)
    assert.equal(1, err.message:find(doors[door].command .. ": ", 1, true))
    return err
  end

  describe("takes for a success", function()
    it("OK, with further keys, in any case", function()
      for _, word in ipairs { "OK", "ok", "Ok", "Success", "success", "SUCCESS" } do
        local body = ('{"status":"%s","psid":"73","n":3}'):format(word)
        for _, door in ipairs { "read", "one", "batch" } do
          local value = assert(answer(door, body))
          assert.equal("73", value.psid)
          assert.equal(3, value.n)
          assert.is_nil(value.warnings)
        end
      end
    end)

    it("a read without a status", function()
      assert.same({}, (answer("read", "[]")))
      assert.same({}, (answer("read", "{}")))
      assert.same({}, (answer("read", " \n\t[ ]\r\n")))
      local value = assert(answer("read", '{"1":{"sharedfoldername":"A"}}'))
      assert.equal("A", value["1"].sharedfoldername)
    end)

    it("JSON that is declared as anything else", function()
      for _, kind in ipairs { "text/xml;charset=UTF-8", "text/html", "application/json" } do
        local value = assert(answer("one", '{"status":"OK"}', { content_type = kind }))
        assert.equal("OK", value.status)
      end
    end)

    it("OK with an error text, and says the text", function()
      local value =
        assert(answer("one", '{"status":"OK","error":"User already disabled: ann@x.example"}'))
      assert.same({ "User already disabled: ann@x.example" }, value.warnings)
    end)

    it("OK with a message, and says it", function()
      local value = assert(answer("batch", '{"status":"OK","message":"Use smaller batches"}'))
      assert.same({ "Use smaller batches" }, value.warnings)
      assert.is_nil(assert(answer("batch", '{"status":"OK","message":""}')).warnings)
      assert.is_nil(assert(answer("batch", '{"status":"OK","error":null,"errors":[]}')).warnings)
    end)

    it("a toggle that names everybody, whatever the case of letters", function()
      local value = assert(
        answer(
          "toggle",
          '{"status":"success","disabled_users":["ANN@x.example"],'
            .. '"unchanged_users":["bob@X.example"]}'
        )
      )
      assert.same({ "bob@X.example" }, value.unchanged_users)
    end)

    it("a toggle that found everybody in the wanted state", function()
      local value = assert(
        answer("toggle", '{"status":"success","unchanged_users":["ann@x.example","bob@x.example"]}')
      )
      assert.equal(2, #value.unchanged_users)
    end)
  end)

  describe("takes for a refusal", function()
    it("FAIL with error as string, list or object, or errors", function()
      for _, door in ipairs { "read", "one", "batch", "toggle" } do
        for _, word in ipairs { "FAIL", "fail", "Fail", "ERROR", "nonsense", "" } do
          for _, text in ipairs {
            '"error":"No such user: ann@x.example"',
            '"error":["No such user: ann@x.example"]',
            '"errors":["No such user: ann@x.example"]',
            '"error":{"0":"No such user: ann@x.example"}',
            '"errors":{"a":["No such user: ann@x.example"]}',
          } do
            local err = refused(door, "no_such_user", ('{"status":"%s",%s}'):format(word, text))
            assert.equal("refused", err.kind)
            assert.matches("No such user: ann@x.example", err.message, 1, true)
            assert.is_nil(err.uncertain)
            assert.equal(200, err.status)
          end
        end
      end
    end)

    it("a failure without any text", function()
      for _, door in ipairs { "read", "one", "batch", "toggle" } do
        local err = refused(door, "refused", '{"status":"FAIL"}')
        assert.equal("refused", err.kind)
        assert.matches("the server refused", err.message)
      end
    end)

    it("the texts that are known, by a stable code", function()
      local codes = {
        ["No such user: a@b.c"] = "no_such_user",
        ["user not found: a@b.c"] = "no_such_user",
        ["a@b.c does not exist"] = "no_such_user",
        ["Please select a valid user."] = "invalid_user",
        ["anything else"] = "refused",
      }
      for text, code in pairs(codes) do
        refused("one", code, json.encode { status = "FAIL", error = text })
      end
    end)

    it("an error text in a read without a status", function()
      assert.equal("refused", refused("read", "refused", '{"error":"no"}').kind)
      assert.equal("refused", refused("read", "refused", '{"status":"OK","error":"no"}').kind)
    end)

    it("a toggle with an error text, whatever its status says", function()
      local err = refused("toggle", "refused", '{"status":"success","error":"no"}')
      assert.equal("refused", err.kind)
    end)

    it("a toggle that names nobody", function()
      for _, body in ipairs {
        '{"status":"success","disabled_users":[]}',
        '{"status":"success"}',
        '{"status":"success","disabled_users":null,"unchanged_users":{}}',
        '{"status":"success","enabled_users":["ann@x.example","bob@x.example"]}',
      } do
        assert.equal("refused", refused("toggle", "no_such_user", body).kind)
      end
    end)

    it("a list of many texts, shortened in the message and whole in the rows", function()
      local errors_list = json.list {}
      for i = 1, 8 do
        errors_list[i] = "text " .. i
      end
      local err = refused("batch", "refused", json.encode { status = "FAIL", errors = errors_list })
      assert.matches("text 1; text 2; text 3; text 4; text 5; and 3 more", err.message, 1, true)
      assert.equal(8, #err.rows)
    end)
  end)

  describe("takes for done in part", function()
    it("WARN, and names the rows", function()
      for _, word in ipairs { "WARN", "warn", "Warning" } do
        local err = refused(
          "batch",
          "partial",
          ('{"status":"%s","errors":["joann@x.example does not exist"]}'):format(word)
        )
        assert.equal("partial", err.kind)
        assert.equal(1, #err.rows)
        assert.equal(2, err.rows[1].row)
        assert.equal(JOANN, err.rows[1].item.username)
        assert.equal("joann@x.example does not exist", err.rows[1].reason)
      end
    end)

    it("addresses that contain each other, each at its own row", function()
      local list = {
        "ann@x.example",
        "joann@x.example",
        "ann@x.example.org",
        "jo.ann@x.example",
        "jo-ann@x.example",
        "o'ann@x.example",
        "j\195\182ann@x.example",
        "Ann+tag@x.example",
      }
      for wanted, address in ipairs(list) do
        for _, frame in ipairs {
          "%s does not exist",
          "no such user: %s",
          "User '%s' is unknown.",
          "%s.",
          "<%s>",
          "(%s)",
          "x %s, y",
        } do
          local rows = {}
          for position, name in ipairs(list) do
            rows[position] = { username = name, add = { "Sales" } }
          end
          support.inject(
            box,
            "batchchangegrp",
            json.encode { status = "WARN", errors = { (frame:format(address:upper())) } }
          )
          local err = check.failure("partial", "partial", client:batchchangegrp(rows))
          assert.equal(1, #err.rows)
          assert.equal(wanted, err.rows[1].row, frame:format(address))
        end
      end
    end)

    it("one text that names several people, and one person in several rows", function()
      local function change(name)
        return { username = name, add = { "Sales" } }
      end
      local rows = { change(JOANN), change(BOB), change(ANN), change "ANN@x.example" }
      support.inject(
        box,
        "batchchangegrp",
        '{"status":"WARN","errors":["joann@x.example, ann@x.example do not exist"]}'
      )
      local err = check.failure("partial", "partial", client:batchchangegrp(rows))
      local positions = {}
      for position, row in ipairs(err.rows) do
        positions[position] = row.row
      end
      assert.same({ 1, 3, 4 }, positions)
    end)

    it("OK with error texts about the rows of a list", function()
      local err = refused("batch", "partial", '{"status":"ok","errors":["one","two"]}')
      assert.equal("partial", err.kind)
      assert.same({ { reason = "one" }, { reason = "two" } }, err.rows)
    end)

    it("a text that names nobody, without a row", function()
      local err = refused("batch", "partial", '{"status":"WARN","errors":["something"]}')
      assert.same({ { reason = "something" } }, err.rows)
    end)

    it("a toggle that leaves people out", function()
      local err =
        refused("toggle", "partial", '{"status":"success","disabled_users":["ann@x.example"]}')
      assert.equal("partial", err.kind)
      assert.equal(1, #err.rows)
      assert.equal(2, err.rows[1].row)
      assert.equal(BOB, err.rows[1].item)
    end)

    it("but never a read", function()
      local err = refused("read", "incomplete_read", '{"status":"WARN","1":{}}')
      assert.equal("protocol", err.kind)
    end)
  end)

  describe("takes for no acceptable answer", function()
    local function protocol(door, code, body)
      local err = refused(door, code, body)
      assert.equal("protocol", err.kind)
      assert.equal(doors[door].write, err.uncertain)
      return err
    end

    it("nothing at all", function()
      for door in pairs(doors) do
        protocol(door, "empty_reply", "")
        protocol(door, "empty_reply", " \r\n\t")
      end
    end)

    it("a write without a status", function()
      protocol("one", "unexpected_shape", "{}")
      protocol("one", "unexpected_shape", "[]")
      protocol("batch", "unexpected_shape", '{"Users":[]}')
    end)

    it("a status that is no word", function()
      for door in pairs(doors) do
        for _, status in ipairs { "1", "true", "[]", "{}", '["OK"]', '{"a":"OK"}' } do
          protocol(door, "unexpected_shape", ('{"status":%s}'):format(status))
        end
      end
    end)

    it("text, markup, and lists of anything", function()
      for door in pairs(doors) do
        protocol(door, "not_json", "OK")
        protocol(door, "not_json", "null")
        protocol(door, "not_json", '"OK"')
        assert.equal("check the url", protocol(door, "not_json", "<html>hello</html>").hint)
        protocol(door, "unexpected_shape", '["OK"]')
        protocol(door, "unexpected_shape", '[{"status":"OK"}]')
      end
    end)

    it("JSON that breaks the grammar, in any command", function()
      local bodies = {
        duplicate_key = '{"status":"OK","status":"FAIL"}',
        cut_short = '{"status":"OK"',
      }
      for door in pairs(doors) do
        for code, body in pairs(bodies) do
          protocol(door, code, body)
        end
        for _, body in ipairs {
          '{"status":"OK"}}',
          '{"status":"OK"} x',
          '{"status":"OK",}',
          "{'status':'OK'}",
          '{"status":"OK","a":01}',
          '{"status":"OK","a":NaN}',
          '{"status":"OK","a":+1}',
          '{"status":"OK","a":.5}',
          '{"status":"OK","a":"\1"}',
          '{"status":"OK","a":"\\x41"}',
          '{"status":"OK"}\0',
          '\239\187\191{"status":"OK"}',
        } do
          protocol(door, nil, body)
        end
      end
    end)

    it("bytes that are no text", function()
      for door in pairs(doors) do
        for _, text in ipairs {
          "\255",
          "\192\128", -- overlong NUL
          "\237\160\128", -- a surrogate
          "\244\144\128\128", -- beyond U+10FFFF
          "\226\130", -- cut sequence
        } do
          protocol(door, nil, '{"status":"OK","a":"' .. text .. '"}')
        end
        for _, escape in ipairs { "\\ud800", "\\udc00", "\\ud800\\u0041", "\\udc00\\ud800" } do
          protocol(door, nil, '{"status":"OK","a":"' .. escape .. '"}')
        end
      end
    end)

    it("numbers that would be changed in silence", function()
      for door in pairs(doors) do
        for _, number in ipairs { "9007199254740993", "-9007199254740993", "1e400", "-1e400" } do
          protocol(door, nil, ('{"status":"OK","a":%s}'):format(number))
        end
      end
    end)

    it("nesting deeper than 512", function()
      local function nested(depth)
        return '{"status":"OK","a":' .. ("["):rep(depth) .. ("]"):rep(depth) .. "}"
      end
      for door, about in pairs(doors) do
        if door ~= "toggle" then
          support.inject(box, about.command, nested(511))
          assert(about.send(client))
        end
        protocol(door, nil, nested(512))
        protocol(door, nil, nested(100000))
        protocol(door, nil, ('{"a":'):rep(600))
      end
    end)
  end)

  it("keeps the large and small numbers that Lua can hold", function()
    local value = assert(
      answer(
        "read",
        '{"status":"OK","a":9007199254740992,"b":-9007199254740992,"c":1e308,"d":-0,"e":1.5,'
          .. '"f":1719273600123456}'
      )
    )
    assert.equal(9007199254740992, value.a)
    assert.equal(-9007199254740992, value.b)
    assert.equal(1e308, value.c)
    assert.equal(1.5, value.e)
    assert.equal(1719273600123456, value.f)
    if math.type then
      assert.equal("integer", math.type(value.f))
    end
  end)

  it("keeps NUL and characters beyond the BMP in texts", function()
    local value = assert(answer("read", '{"status":"OK","a":"x\\u0000y\\ud83d\\ude00"}'))
    assert.equal("x\0y\240\159\152\128", value.a)
  end)

  it("knows the recorded refusal of wrong credentials", function()
    local recorded =
      '<?xml version="1.0" encoding="UTF-8"?>\n<lastpass rc="Authorization Error"/>\n'
    assert.equal(76, #recorded)
    for _, about in pairs(doors) do
      support.inject(box, about.command, recorded)
      local err = check.failure("auth", "authorization_error", about.send(client))
      assert.matches("cid and provhash", err.hint)
      assert.is_nil(err.uncertain)
    end
    local err = refused("one", "refused", '<lastpass rc="Something else"/>')
    assert.equal("refused", err.kind)
    assert.matches("Something else", err.message)
  end)

  it("gives the same error for a wrong number, a wrong hash, a rotated hash", function()
    local secret = require "lastpass.secret"
    local wrong = {
      box:client { cid = box.cid + 1 },
      box:client { provhash = secret.value(("0"):rep(64)) },
    }
    for _, other in ipairs(wrong) do
      local err = check.failure("auth", "authorization_error", other:getsfdata())
      assert.truthy(err.hint)
      check.failure("auth", "authorization_error", other:user "ann@x.example")
      check.failure("auth", "authorization_error", other:snapshot())
      check.failure("auth", "authorization_error", other:disableuser { ANN })
      check.raised("auth", "authorization_error", other.users, other)
    end
    assert(client:getsfdata())
    assert(box:faults { hash_rotated = true, count = 1 })
    check.failure("auth", "authorization_error", client:getsfdata())
  end)

  describe("of which bytes are missing", function()
    -- The shorter the better: each position is one request.
    local bodies = {
      read = '{"1":{"sharedfoldername":"A","users":[]}}',
      one = '{"status":"OK","x":[1]}',
      batch = '{"status":"WARN","errors":["a"]}',
      toggle = '{"status":"success","disabled_users":["ann@x.example","bob@x.example"]}',
    }

    for _, length in ipairs { "lowered", "declared" } do
      it("is never a success, Content-Length " .. length, function()
        for door, body in pairs(bodies) do
          for kept = 0, #body - 1 do
            support.inject(
              box,
              doors[door].command,
              body,
              { truncate = kept, content_length = length }
            )
            local value, message, err = doors[door].send(client)
            local place = ("%s cut at %d"):format(door, kept)
            assert.is_nil(value, place)
            assert.is_true(err.kind == "protocol" or err.kind == "transport", place)
            assert.equal(doors[door].write, err.uncertain, place)
            assert.equal(err.message, message)
          end
        end
      end)
    end

    it("is never a directory", function()
      local body = '{"total":1,"count":1,"Users":{"5":{"username":"ann@x.example"}},"invited":[]}'
      support.inject(box, "getuserdata", body)
      assert.equal("ann@x.example", assert(client:user(ANN)).email)
      for _, length in ipairs { "lowered", "declared" } do
        for kept = 0, #body - 1 do
          support.inject(box, "getuserdata", body, { truncate = kept, content_length = length })
          local err = check.failure(nil, nil, client:user(ANN))
          assert.is_true(err.kind == "protocol" or err.kind == "transport")
          assert.not_equal("no_such_user", err.code)
        end
      end
    end)
  end)

  it("refuses a reply larger than max_bytes", function()
    local small = box:client { retries = 0, max_bytes = 1024 }
    support.inject(box, "deluser", '{"status":"OK","a":"' .. ("x"):rep(1002) .. '"}')
    assert(doors.one.send(small))
    support.inject(box, "deluser", '{"status":"OK","a":"' .. ("x"):rep(1003) .. '"}')
    local err = check.failure("transport", "reply_too_large", doors.one.send(small))
    assert.is_true(err.uncertain)
    assert.truthy(err.hint)
    support.inject(box, "getsfdata", nil, { big_body = 5000000 })
    err = check.failure("transport", "reply_too_large", doors.read.send(small))
    assert.is_nil(err.uncertain)
    check.failure("transport", "reply_too_large", small:snapshot())
  end)

  it("names HTTP statuses; only behind a 5xx a write is uncertain", function()
    for _, status in ipairs { 201, 204, 301, 302, 400, 401, 403, 404, 500, 502, 503 } do
      for _, door in ipairs { "read", "one" } do
        local err = refused(door, "http_status", nil, { status = status })
        assert.equal("transport", err.kind)
        assert.equal(status, err.status)
        assert.matches("HTTP " .. status, err.message)
        assert.equal(doors[door].write and status >= 500 or nil, err.uncertain)
      end
    end
    assert.matches("redirects", refused("read", nil, nil, { status = 302 }).hint)
  end)

  it("keeps the start of the reply in the error", function()
    local err = refused("one", "refused", '{"status":"FAIL","a":"' .. ("x"):rep(5000) .. '"}')
    assert.equal(2048, #err.body)
    assert.equal('{"status":"FAIL","a":"xxx', err.body:sub(1, 25))
    assert.is_nil(refused("one", "http_status", nil, { status = 500 }).body)
  end)

  it("takes the hash out of whatever the server sends back", function()
    local hash = box.provhash
    for _, body in ipairs {
      json.encode { status = "FAIL", error = "bad hash " .. hash },
      json.encode { status = "WARN", errors = { "bad hash " .. hash } },
      "<p>" .. hash .. "</p>",
    } do
      for _, door in ipairs { "one", "batch" } do
        local err = refused(door, nil, body)
        local function search(value)
          if type(value) == "table" then
            for key, item in pairs(value) do
              search(key)
              search(item)
            end
          end
          assert.is_nil(tostring(value):find(hash, 1, true))
        end
        search(err)
      end
    end
  end)
end)
