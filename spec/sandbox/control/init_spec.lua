local support = require("spec.sandbox.support")

local json = support.json
local TWO = "gustavo.wagner@lumenor.example"

describe("the control API", function()
  local box

  before_each(function()
    box = support.open({ companies = { { cid = 22, users = 10, seed = 3, timezone = "UTC" } } })
  end)

  it("opens to loopback names only (DNS rebinding)", function()
    local function status(host)
      return box:request({
        method = "GET",
        path = "/_sandbox/health",
        headers = { host = host },
      }).status
    end
    for _, host in ipairs({
      "127.0.0.1",
      "127.0.0.1:8080",
      "127.9.9.9:1",
      "localhost",
      "LOCALHOST:80",
      "[::1]",
      "[::1]:80",
    }) do
      assert.equal(200, status(host), host)
    end
    for _, host in ipairs({
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil.example:127",
      "",
      "::1",
    }) do
      assert.equal(403, status(host), host)
    end
    assert.equal(403, status(nil))
  end)

  it("lists its endpoints", function()
    local answer, status = box:control("GET", "")
    assert.equal(200, status)
    assert.equal(21, #answer.endpoints)
    answer, status = box:control("GET", "nothing")
    assert.equal(404, status)
    assert.equal(21, #answer.endpoints)
  end)

  it("refuses a body that is no JSON object", function()
    for _, body in ipairs({ "{", "1", '"x"' }) do
      local reply = box:request({
        path = "/_sandbox/clock",
        headers = { host = "localhost" },
        body = body,
      })
      assert.equal(400, reply.status)
      assert.truthy(json.decode(reply.body).error)
    end
  end)

  it("health says that it is there", function()
    local answer = box:control("GET", "health")
    assert.same({ ok = true, companies = 2, requests = 0 }, answer)
  end)

  it("state counts, also of another company", function()
    box:call("batchadd", { { username = "a@x.example" } })
    box:call("deluser", { username = TWO, deleteaction = 2 })
    box:call("disableuser", { "christoph.larsen@lumenor.example" })
    local state = box:control("GET", "state")
    assert.equal(8771312, state.cid)
    assert.equal("Lumenor", state.name)
    assert.equal("lumenor.example", state.domain)
    assert.equal(50, state.users)
    assert.equal(1, state.added)
    assert.equal(1, state.removed)
    assert.equal(6, state.disabled)
    assert.equal(1, state.admins)
    assert.equal(1, state.invited)
    assert.equal(1, state.mails_sent)
    assert.equal("string", state.settings.flag_type)
    assert.is_nil(state.mails)
    state = box:control("GET", "state?mails=1")
    assert.same({ ["a@x.example"] = { invitation = 1 } }, state.mails)
    assert.equal(10, box:control("GET", "state?cid=22").users)
    assert.equal(404, select(2, box:control("GET", "state?cid=23")))
  end)

  it("state shows one person with what the API does not show", function()
    local person = box:control("GET", "state?email=" .. TWO)
    assert.is_true(person.found)
    assert.is_false(person.invited)
    assert.equal("Gustavo Wagner", person.fields.fullname)
    assert.same({}, person.mails)
    assert.is_false(box:control("GET", "state?email=no@x.example").found)
    assert.is_true(box:control("GET", "state?email=max.chan@lumenor.example").invited)
  end)

  it("state makes people accept and log in", function()
    local _, status = box:control("POST", "state", { accept = { "max.chan@lumenor.example" } })
    assert.equal(200, status)
    local user, reply = box:user("max.chan@lumenor.example")
    assert.is_true(user.neverloggedin)
    assert.equal("Max Chan", user.fullname)
    assert.same({}, reply.invited)
    box:control("POST", "clock", { advance = "1h" })
    box:control("POST", "state", { login = { "max.chan@lumenor.example" } })
    user = box:user("max.chan@lumenor.example")
    assert.is_false(user.neverloggedin)
    assert.equal("2026-06-15 10:00:00", user.last_login)
    assert.equal(0, user.sites)
    assert.equal("Log in", box:events()[2].Action)
    for _, change in ipairs({
      { accept = { TWO } },
      { accept = { "no@x.example" } },
      { login = { "no@x.example" } },
      { settings = { flag_type = "float" } },
      { settings = { flag_typ = "string" } },
    }) do
      assert.equal(400, select(2, box:control("POST", "state", change)))
    end
    box:call("disableuser", { TWO })
    assert.equal(400, select(2, box:control("POST", "state", { login = { TWO } })))
  end)

  it("clock shows, advances, sets, stops and starts", function()
    assert.equal("2026-06-15T13:00:00Z", box:control("GET", "clock").iso)
    local answer = box:control("POST", "clock", { advance = "3d" })
    assert.equal("2026-06-18 09:00:00", answer.account_time)
    assert.is_true(answer.frozen)
    answer = box:control("POST", "clock", { set = "2026-11-01 01:30:00" })
    assert.equal("2026-11-01T05:30:00Z", answer.iso)
    answer = box:control("POST", "clock", { set = 1000, advance = 5, freeze = false })
    assert.is_false(answer.frozen)
    assert.is_true(answer.now >= 1005 and answer.now < 1100)
    for _, change in ipairs({ { advance = "x" }, { set = "x" }, { freeze = 1 }, { advanc = 1 } }) do
      assert.equal(400, select(2, box:control("POST", "clock", change)))
    end
    -- beyond the calendar no time would ever come
    local before = box:control("POST", "clock", { freeze = true }).now
    for _, seconds in ipairs({ 1e300, -1e300, 1e15 }) do
      assert.equal(400, select(2, box:control("POST", "clock", { advance = seconds })))
      assert.equal(before, box:control("GET", "clock").now)
    end
  end)

  it("faults adds, lists and removes", function()
    local ids = box:control("POST", "faults", { { delay = 1 }, { status = 500 } }).ids
    assert.same({ 1, 2 }, ids)
    assert.equal(2, #box:control("GET", "faults").faults)
    assert.equal(1, #box:control("DELETE", "faults?id=1").faults)
    assert.equal(0, #box:control("DELETE", "faults").faults)
    local answer, status = box:control("POST", "faults", { dely = 1 })
    assert.equal(400, status)
    assert.matches("delay", answer.error)
  end)

  it("journal shows the newest, of one command, and forgets", function()
    for _ = 1, 5 do
      box:call("getsfdata")
    end
    box:call("getuserdata")
    assert.equal(6, #box:control("GET", "journal").entries)
    assert.equal(2, #box:control("GET", "journal?limit=2").entries)
    assert.equal(5, #box:control("GET", "journal?command=getsfdata").entries)
    assert.equal(0, #box:control("DELETE", "journal").entries)
    assert.equal(0, box:control("GET", "journal").requests)
  end)

  it("journal is a ring", function()
    box = support.open({ journal_size = 3 })
    for _ = 1, 5 do
      box:call("getsfdata")
    end
    local journal = box:control("GET", "journal")
    assert.equal(3, #journal.entries)
    assert.equal(5, journal.requests)
  end)

  it("assumptions lists what is invented", function()
    local list = box:control("GET", "assumptions").assumptions
    assert.is_true(#list > 30)
    assert.truthy(list[1].what and list[1].why and list[1].section)
  end)

  it("companies lists and adds, never showing a hash", function()
    local list = box:control("GET", "companies").companies
    assert.equal(8771312, list[1].cid)
    assert.equal(22, list[2].cid)
    local hash = ("d"):rep(64)
    local answer, status =
      box:control("POST", "companies", { cid = 33, users = 5, provhash = hash })
    assert.equal(200, status)
    assert.equal(5, answer.users)
    local text = json.encode(answer) .. json.encode((box:control("GET", "companies")))
    assert.is_nil(text:find(hash, 1, true))
    box.cid, box.provhash = 33, hash
    assert.equal(5, #box:addresses())
    for _, options in ipairs({
      { users = 5 },
      { cid = 33 },
      { cid = 44, users = -1 },
      { cid = 44, users = 1000001 },
      { cid = 44, user = 1 },
      { cid = 44, timezone = "Nowhere/Land" },
      { cid = 44, assumptions = { nothing = 1 } },
    }) do
      assert.equal(400, select(2, box:control("POST", "companies", options)))
    end
  end)

  it("reset puts everything back, or one company", function()
    local before = box:text("getuserdata", { pagesize = 2000 })
    local function change()
      box:call("deluser", { username = TWO, deleteaction = 2 })
      box:control("POST", "state", { settings = { flag_type = "integer" } })
    end
    change()
    box:control("POST", "faults", { command = "reporting", status = 500 })
    box:control("POST", "companies", { cid = 33, users = 5 })
    assert.is_true(box:control("POST", "reset").ok)
    assert.equal(before, box:text("getuserdata", { pagesize = 2000 }))
    assert.equal(0, #box:control("GET", "faults").faults)
    assert.equal(2, #box:control("GET", "companies").companies)
    assert.equal("string", box:control("GET", "state").settings.flag_type)
    assert.equal(1, box:control("GET", "journal").requests)
    change()
    box:control("POST", "faults", { command = "reporting", status = 500 })
    assert.is_true(box:control("POST", "reset", { cid = 8771312 }).ok)
    assert.equal(before, box:text("getuserdata", { pagesize = 2000 }))
    assert.equal(1, #box:control("GET", "faults").faults)
    assert.equal(405, select(2, box:control("GET", "reset")))
    assert.equal(404, select(2, box:control("POST", "reset", { cid = 5 })))
  end)

  it("events lists all, newest first, and takes more", function()
    box:control("POST", "reset")
    local before = #box:control("GET", "events").events
    assert.is_true(box:control("POST", "events", {
      events = {
        { time = 1781528399.5, action = "Odd", data = "x", username = "a@b.c", address = "::1" },
        { time = 1781528399.5 },
      },
      burst = { from = 1781528000, seconds = 60, count = 10, duplicates = 5 },
    }).ok)
    local list = box:control("GET", "events").events
    assert.equal(before + 14, #list)
    assert.same({
      microseconds = "1781528399500000",
      local_time = "2026-06-15 08:59:59",
      username = "a@b.c",
      address = "::1",
      action = "Odd",
      data = "x",
    }, list[2])
    for _, wrong in ipairs({
      { events = { { data = "x" } } },
      { events = { { time = 1, colour = "red" } } },
      { burst = { from = 1, speed = 2 } },
    }) do
      assert.equal(400, select(2, box:control("POST", "events", wrong)))
    end
    assert.equal(404, select(2, box:control("GET", "events?cid=5")))
  end)
end)
