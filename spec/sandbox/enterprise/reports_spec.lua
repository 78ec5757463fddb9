local support = require("spec.sandbox.support")

local json = support.json
local TWO = "gustavo.wagner@lumenor.example"

local function key_of(event)
  return table.concat(
    { event.Time, event.Username, event.IP_Address, event.Action, event.Data },
    "\0"
  )
end

describe("reporting (enterprise-api §4.11)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("gives events newest first, numbered from 1", function()
    local list, reply = box:events()
    assert.equal("OK", reply.status)
    assert.equal(json.null, reply.next)
    assert.equal(1000, #list)
    for at = 2, #list do
      assert.is_true(list[at - 1].Time >= list[at].Time)
    end
    for _, event in ipairs(list) do
      for _, name in ipairs({ "Time", "Username", "IP_Address", "Action", "Data" }) do
        assert.equal("string", type(event[name]))
      end
    end
  end)

  it("writes the object in the order of the numbers", function()
    assert.matches('^{"status":"OK","next":null,"data":{"Event1":{"Time":"', box:text("reporting"))
  end)

  it("keeps to from and to, both included, in the account's time", function()
    local all = box:events()
    local from, to = all[700].Time, all[300].Time
    local expected = 0
    for _, event in ipairs(all) do
      expected = expected + ((event.Time >= from and event.Time <= to) and 1 or 0)
    end
    local list = box:events({ from = from, to = to })
    assert.equal(expected, #list)
    assert.equal(from, list[#list].Time)
    assert.equal(to, list[1].Time)
    local iso = { from = from:gsub(" ", "T") .. "Z", to = to:gsub(" ", "T") .. "Z" }
    assert.equal(expected, #box:events(iso))
  end)

  it("writes the account's own zone", function()
    local tokyo = support.open({ timezone = "Asia/Tokyo" })
    tokyo:call("disableuser", { TWO })
    assert.equal("2026-06-15 22:00:00", tokyo:events()[1].Time)
    box:call("disableuser", { TWO })
    assert.equal("2026-06-15 09:00:00", box:events()[1].Time)
  end)

  it("leaves nothing out of the hour that passes twice", function()
    local autumn = support.open({ clock = { start = 1793512800 - 1800, frozen = true } })
    autumn:call("disableuser", { TWO })
    autumn:control("POST", "clock", { advance = "1h" })
    autumn:call("enableuser", { TWO })
    local list = autumn:events({ from = "2026-11-01 01:30:00", to = "2026-11-01 01:30:00" })
    assert.equal("Reactivated user", list[1].Action)
    assert.equal("Deactivated user", list[#list].Action)
  end)

  it("gives [] when there is nothing", function()
    assert.equal(
      '{"status":"OK","next":null,"data":[]}',
      box:text("reporting", { from = "2030-01-01 00:00:00" })
    )
  end)

  it("gives 10,000 a call and a next that repeats the boundary event", function()
    local large = support.open({ events = 25000, assumptions = { audit_reads = false } })
    local seen, doubled, count, calls, cursor = {}, 0, 0, 0, nil
    local last
    repeat
      local list, reply = large:events({ next = cursor })
      calls = calls + 1
      if last then
        assert.same(last, list[1], "the event at the boundary comes twice")
      end
      for _, event in ipairs(list) do
        local key = key_of(event)
        count = count + 1
        doubled = doubled + (seen[key] and 1 or 0)
        seen[key] = true
      end
      last = list[#list]
      cursor = reply.next
      if cursor ~= json.null then
        assert.equal(10000, #list)
        assert.matches("^%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d$", cursor)
      end
    until cursor == json.null
    assert.equal(3, calls)
    assert.equal(25000 + 2, count)
  end)

  it("keeps all digits of next, as a string or an integer", function()
    local large = support.open({ events = 10001, assumptions = { next_type = "integer" } })
    local text = large:text("reporting")
    local digits = text:match('"next":(%d+),')
    assert.equal(16, #digits)
    local reply = large:call("reporting", { next = tonumber(digits) })
    assert.equal("OK", reply.status)
    assert.same(reply.data, large:call("reporting", { next = digits }).data)
  end)

  it("holds other filters while paging", function()
    local large = support.open({ events = 30000 })
    local from = "2026-06-01 00:00:00"
    local list, reply = large:events({ from = from })
    assert.not_equal(json.null, reply.next)
    local rest, last = large:events({ from = from, next = reply.next })
    assert.equal(json.null, last.next)
    assert.is_true(rest[#rest].Time >= from)
    assert.is_true(#list + #rest < 30000)
  end)

  it("gives one user's events", function()
    local expected = {}
    for _, event in ipairs(box:events()) do
      if event.Username == TWO then
        expected[#expected + 1] = event
      end
    end
    assert.is_true(#expected > 5)
    assert.same(expected, (box:events({ user = TWO:upper() })))
  end)

  it("gives everybody's with allusers, with an empty user and without one", function()
    box:control("POST", "state", { settings = { audit_reads = false } })
    local count = #box:events()
    assert.equal(count, #box:events({ user = "allusers" }))
    assert.equal(count, #box:events({ user = "" }))
  end)

  it("refuses a user who is no member", function()
    for _, user in ipairs({ "api", "no@x.example", "max.chan@lumenor.example" }) do
      assert.equal(
        '{"status":"FAIL","error":"Please select a valid user."}',
        box:text("reporting", { user = user })
      )
    end
  end)

  it("searches without regard to case", function()
    box:call("disableuser", { TWO })
    local list = box:events({ search = "DEACTIVATED" })
    assert.equal(1, #list)
    assert.equal(TWO, list[1].Data)
    for _, event in ipairs(box:events({ search = "secure note" })) do
      assert.truthy((event.Action .. event.Data):lower():find("secure note", 1, true))
    end
    assert.equal(0, #box:events({ search = "%w+" }))
  end)

  it('gives the admins\' events with admin 1 or "1"', function()
    local one = box:events({ admin = 1, to = "2026-06-14 00:00:00" })
    local two = box:events({ admin = "1", to = "2026-06-14 00:00:00" })
    assert.same(one, two)
    assert.is_true(#one > 10)
    local names = { ["Login to admin console"] = true, ["Edit policy"] = true }
    names["Adding user to group"], names["Employee account created"] = true, true
    for _, event in ipairs(one) do
      assert.is_true(names[event.Action], event.Action)
    end
  end)

  it("gives a list with ID in format siem", function()
    local plain = box:events({ to = "2026-06-10 00:00:00" })
    local reply = box:call("reporting", { format = "siem", to = "2026-06-10 00:00:00" })
    assert.is_nil(reply.data)
    assert.equal("events", next(reply))
    assert.is_nil(next(reply, "events"))
    assert.equal(#plain, #reply.events)
    local ids = {}
    for at, event in ipairs(reply.events) do
      assert.equal("string", type(event.ID))
      assert.is_nil(ids[event.ID])
      ids[event.ID] = true
      assert.equal(key_of(plain[at]), key_of(event))
    end
  end)

  it("gives status and next beside it, and no events in another form, when told to", function()
    box:control("POST", "state", { settings = { siem_shape = "status" } })
    local reply = box:call("reporting", { format = "siem", to = "2026-06-10 00:00:00" })
    assert.equal("OK", reply.status)
    assert.is_true(#reply.events > 0)
    for form, text in pairs({ list = "[]", object = "{}", null = "null" }) do
      box:control("POST", "state", { settings = { no_events = form } })
      assert.equal(
        '{"status":"OK","next":null,"data":' .. text .. "}",
        box:text("reporting", { to = "1999-01-01 00:00:00" })
      )
    end
  end)

  it("writes action names in the wanted style", function()
    local function newest(style)
      local other = support.open({ assumptions = { action_names = style } })
      other:call("batchadd", { { username = "a@x.example" } })
      return other:events()[1].Action
    end
    assert.equal("Employee account created", newest("sentence"))
    assert.equal("Employee Account Created", newest("title"))
    assert.equal("従業員のアカウントを作成しました", newest("japanese"))
  end)

  it("names the API, or whoever it is told to", function()
    box:call("disableuser", { TWO })
    assert.equal("API", box:events()[1].Username)
    box:control("POST", "state", { settings = { api_username = TWO } })
    box:call("enableuser", { TWO })
    assert.equal(TWO, box:events({ user = TWO })[1].Username)
  end)

  it("has addresses that are empty now and then", function()
    local empty = 0
    for _, event in ipairs(box:events()) do
      empty = empty + (event.IP_Address == "" and 1 or 0)
    end
    assert.is_true(empty > 5 and empty < 200)
  end)

  it("checks its data", function()
    for _, data in ipairs({
      { from = "yesterday" },
      { to = "2026-13-01 00:00:00" },
      { from = 1 },
      { format = "xml" },
      { next = "x" },
      { form = "2026-01-01 00:00:00" },
      "all",
    }) do
      assert.equal("FAIL", box:call("reporting", data).status)
    end
  end)
end)

describe("expiredmasterpwlist (enterprise-api §4.12)", function()
  local function all(box, limit)
    local items, token, replies = {}, nil, {}
    repeat
      local reply = box:call("expiredmasterpwlist", { limit = limit, continuation_token = token })
      assert.equal("Success", reply.status)
      for _, item in ipairs(reply.items) do
        items[#items + 1] = item
      end
      token = reply.continuation.token
      replies[#replies + 1] = reply
    until not token
    return items, replies
  end

  it("lists active people with old passwords", function()
    local box = support.open()
    local items = all(box)
    local expected = {}
    for id, user in pairs(box:call("getuserdata").Users) do
      local old = user.last_pw_change < "2025-06-15" and not user.neverloggedin
      if old and not user.disabled then
        expected[tonumber(id)] = user
      end
    end
    for _, item in ipairs(items) do
      local user = expected[item.user_id]
      assert.truthy(user, item.user_name)
      assert.equal(user.username, item.user_name)
      assert.equal(user.last_pw_change, item.last_pw_change)
      expected[item.user_id] = nil
    end
    assert.is_nil((next(expected)))
  end)

  it("continues with its token and counts what is left", function()
    local box = support.open({ users = 400 })
    local whole = all(box)
    assert.is_true(#whole > 100)
    local items, replies = all(box, 40)
    assert.same(whole, items)
    local left = #whole
    for _, reply in ipairs(replies) do
      left = left - #reply.items
      assert.equal(left, reply.continuation.remaining_item_count)
    end
    assert.is_nil(replies[#replies].continuation.token)
  end)

  it("gives 500 a call at most", function()
    local box = support.open({ users = 3000 })
    assert.equal(500, #box:call("expiredmasterpwlist").items)
    assert.equal("FAIL", box:call("expiredmasterpwlist", { limit = 501 }).status)
    assert.equal("FAIL", box:call("expiredmasterpwlist", { limit = 0 }).status)
    assert.equal("FAIL", box:call("expiredmasterpwlist", { continuation_token = "x" }).status)
  end)

  it("follows the clock, the policy and the changes", function()
    local box = support.open()
    local before = #all(box)
    box:call("disableuser", { all(box)[1].user_name })
    assert.equal(before - 1, #all(box))
    box:call("batchadd", { { username = "new@x.example" } })
    box:control("POST", "state", { login = { "new@x.example" } })
    box:control("POST", "clock", { advance = "366d" })
    local names = {}
    for _, item in ipairs(all(box)) do
      names[item.user_name] = true
    end
    assert.is_true(names["new@x.example"])
    box:control("POST", "state", { settings = { password_expiry_days = 100000 } })
    assert.equal(0, #all(box))
  end)
end)
