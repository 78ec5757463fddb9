local sandbox = require("lastpass.sandbox")
local support = require("spec.sandbox.support")

local json = support.json

-- 76 bytes, HTTP 200, the same for a wrong cid and a wrong hash (enterprise-api §2, form 9).
local REFUSAL = '<?xml version="1.0" encoding="UTF-8"?>\n<lastpass rc="Authorization Error"/>\n'

describe("POST /enterpriseapi.php (enterprise-api §1, §2)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  local function post(body, headers)
    return box:request({
      body = body,
      headers = headers or { ["content-type"] = "application/json" },
    })
  end

  local function envelope(more)
    local fields = { cid = box.cid, provhash = box.provhash, cmd = "getsfdata" }
    for name, value in pairs(more) do
      fields[name] = value
    end
    return json.encode(fields)
  end

  it("refuses a wrong cid and a wrong hash with the same 76 bytes and HTTP 200", function()
    assert.equal(76, #REFUSAL)
    for _, more in ipairs({
      { cid = 1 },
      { cid = "x" },
      { cid = json.null },
      { cid = true },
      { provhash = "wrong" },
      { provhash = box.provhash:upper() },
      { provhash = json.null },
      { provhash = { box.provhash } },
      { cid = 1, provhash = "wrong" },
    }) do
      local reply = post(envelope(more))
      assert.equal(200, reply.status)
      assert.equal(REFUSAL, reply.body)
      assert.equal("text/xml;charset=UTF-8", reply.headers["Content-Type"])
    end
  end)

  it("refuses what is no JSON object in the same way", function()
    for _, body in ipairs({ "", "{", "[]", "null", '"x"', "[1]", "{}", "\255", "cid=1" }) do
      assert.equal(REFUSAL, post(body).body)
    end
    local reply = box:request({ method = "GET" })
    assert.equal(REFUSAL, reply.body)
  end)

  it("declares XML for JSON, and the headers of the recording", function()
    local headers = post(envelope({})).headers
    assert.equal("text/xml;charset=UTF-8", headers["Content-Type"])
    assert.equal("LastPass", headers.Server)
    assert.matches("no%-store", headers["Cache-Control"])
    assert.equal("origin, Accept-Encoding", headers.Vary)
  end)

  it("takes the cid as a string of digits", function()
    assert.not_equal(REFUSAL, post(envelope({ cid = tostring(box.cid) })).body)
  end)

  it("takes apiuser, and user and next at the top level", function()
    for _, name in ipairs({ "apiuser", "user", "next" }) do
      assert.not_matches("FAIL", post(envelope({ [name] = "x" })).body)
    end
    local reply = json.decode(post(envelope({ dat = {} })).body)
    assert.same({ status = "FAIL", error = "Unknown key: dat" }, reply)
  end)

  it("does not know other commands, nor other spellings", function()
    local wrong = { "batchchange", "getreport", "getevents", "adduser", "GetUserData", "" }
    for _, cmd in ipairs(wrong) do
      local reply = box:call(cmd)
      assert.same({ status = "FAIL", error = "Unknown command: " .. cmd }, reply)
    end
    for _, cmd in ipairs({ 7, true, json.null, json.list({}), { a = 1 }, { "getuserdata" } }) do
      local reply = post(envelope({ cmd = cmd }))
      assert.equal(200, reply.status)
      assert.equal("FAIL", json.decode(reply.body).status)
    end
    local without = json.decode(envelope({ cmd = "x" }))
    without.cmd = nil
    assert.same(
      { status = "FAIL", error = "Unknown command." },
      json.decode(post(json.encode(without)).body)
    )
  end)

  it("knows the 17 commands", function()
    local commands = require("lastpass.sandbox.enterprise").commands
    local names = {}
    for name in pairs(commands) do
      names[#names + 1] = name
    end
    table.sort(names)
    assert.equal(
      "batchadd batchchangegrp deluser disablemultifactor disableuser enableuser "
        .. "expiredmasterpwlist getdetailedsfdata getsfdata getuserdata pushsitestousers "
        .. "reinviteuser reporting requiremasterpasswordchange resetpassword updateemail "
        .. "updateuser",
      table.concat(names, " ")
    )
  end)

  it("takes a form body for commands without data (§1.1)", function()
    local form = { ["content-type"] = "application/x-www-form-urlencoded" }
    local body = ("cid=%d&provhash=%s&cmd=getuserdata"):format(box.cid, box.provhash)
    local reply = post(body, form)
    assert.matches('^{"Users":{', reply.body)
    reply = post(("cid=%d&provhash=%s&cmd=get%%73fdata"):format(box.cid, box.provhash), form)
    assert.matches("sharedfoldername", reply.body)
    assert.equal(REFUSAL, post("cid=1&provhash=x&cmd=getuserdata", form).body)
    -- in time that grows with the length, whatever it holds
    assert.equal(REFUSAL, post(("x"):rep(2 ^ 21), form).body)
    box:control("POST", "state", { settings = { form_encoding = false } })
    assert.equal(REFUSAL, post(body, form).body)
  end)

  it("answers reporting in XML when the fields are in the query string (§1.1)", function()
    local query =
      { cid = tostring(box.cid), provhash = box.provhash, cmd = "reporting", from = "x" }
    for _, method in ipairs({ "GET", "POST" }) do
      local body = box:request({ method = method, query = query }).body
      assert.matches(
        '^<%?xml version="1.0" encoding="UTF%-8"%?>\n<lastpass rc="OK"><Event1 Time="',
        body
      )
      assert.matches("</lastpass>\n$", body)
      local _, count = body:gsub("<Event%d+ ", "")
      assert.is_true(count >= 1000)
    end
    query.cmd = "getuserdata"
    assert.equal(REFUSAL, box:request({ query = query }).body)
    query.cmd, query.provhash = "reporting", "wrong"
    assert.equal(REFUSAL, box:request({ query = query }).body)
  end)

  it("sets the bot manager's cookies", function()
    assert.equal(2, #post(envelope({})).headers["Set-Cookie"])
  end)

  it("keeps companies apart", function()
    box =
      support.open({ companies = { { cid = 22, provhash = ("b"):rep(64), users = 10, seed = 3 } } })
    local first = box:addresses()
    box.cid = 22
    assert.equal(REFUSAL, box:text("getuserdata"), "the first company's hash")
    box.provhash = ("b"):rep(64)
    local second = box:addresses()
    assert.equal(50, #first)
    assert.equal(10, #second)
    box:call("deluser", { username = second[1], deleteaction = 2 })
    assert.equal(9, #box:addresses())
    box.cid, box.provhash = sandbox.CID, sandbox.PROVHASH
    assert.equal(50, #box:addresses())
  end)

  it("notes each call in the journal, never the hash or what was sent", function()
    box:call("batchadd", {
      { username = "canary@x.example", password = "canary-password" },
      { username = "two@x.example" },
    })
    box:call("nonsense-canary")
    post(envelope({ provhash = "canary-hash" }))
    post("{canary")
    local journal = box:control("GET", "journal")
    assert.equal(4, journal.requests)
    local shown = {}
    for at, entry in ipairs(journal.entries) do
      shown[at] = ("%d %s %s %d"):format(entry.number, entry.command, entry.class, entry.rows)
      assert.equal("127.0.0.1", entry.peer)
      assert.equal(1781528400, entry.time)
    end
    assert.same({
      "1 batchadd OK 2",
      "2 (unknown) FAIL 0",
      "3 getsfdata refused 0",
      "4 (none) refused 0",
    }, shown)
    local text = json.encode(journal)
    assert.is_nil(text:find("canary", 1, true))
    assert.is_nil(text:find(box.provhash, 1, true))
  end)

  it("adds the latency to every answer", function()
    box = support.open({ latency = 0.25 })
    local _, reply = box:call("getsfdata")
    assert.equal(0.25, reply.delay)
  end)

  it("knows no other page", function()
    assert.equal(404, box:request({ path = "/" }).status)
    assert.equal(404, box:request({ path = "/enterpriseapi" }).status)
  end)
end)
