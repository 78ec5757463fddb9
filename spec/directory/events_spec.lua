-- Audit events: pages, the boundary, the order, the zone.
local check = require "spec.support.check"
local json = require "lastpass.json"
local support = require "spec.support.box"

describe("lastpass.directory.events", function()
  local box, client

  setup(function()
    box = support.start { users = 30, events = 300 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
  end)

  local function all(iterator)
    local list = {}
    for event in iterator do
      list[#list + 1] = event
    end
    return list
  end

  -- A reply of reporting; `rows` newest first, as the server numbers them.
  local function reply(rows, next_text)
    local parts = {}
    for position, row in ipairs(rows) do
      parts[position] = ('"Event%d":%s'):format(
        position,
        json.encode {
          Time = row[1],
          Username = row[2] or "ann@x.example",
          IP_Address = row[3] or "",
          Action = row[4] or "Log in",
          Data = row[5] or "",
        }
      )
    end
    local data = #parts > 0 and "{" .. table.concat(parts, ",") .. "}" or "[]"
    return ('{"status":"OK","next":%s,"data":%s}'):format(next_text or "null", data)
  end

  local function play(...)
    local rules = {}
    for position, body in ipairs { ... } do
      rules[position] = { command = "reporting", body = body, nth = position }
    end
    assert(box:faults(rules))
  end

  local function times(list)
    local texts = {}
    for position, event in ipairs(list) do
      texts[position] = event.local_time:sub(12) .. event.data
    end
    return texts
  end

  it("come oldest first, with the fields of the wire under our names", function()
    local list = all(client:events { from = "2026-01-01 00:00:00" })
    assert.is_true(#list > 100)
    for position = 2, #list do
      assert.is_true(list[position].time >= list[position - 1].time)
    end
    play(reply { { "2026-03-01 10:00:05", "ann@x.example", "10.0.0.1", "Log in", "x.example" } })
    box:clear_faults()
    support.reset(box)
    play(reply { { "2026-03-01 10:00:05", "ann@x.example", "10.0.0.1", "Log in", "x.example" } })
    list = all(client:events())
    assert.equal(1, #list)
    local event = list[1]
    assert.same({
      time = 1772377205,
      local_time = "2026-03-01 10:00:05",
      ambiguous = false,
      username = "ann@x.example",
      ip_address = "10.0.0.1",
      action = "Log in",
      data = "x.example",
    }, {
      time = event.time,
      local_time = event.local_time,
      ambiguous = event.ambiguous,
      username = event.username,
      ip_address = event.ip_address,
      action = event.action,
      data = event.data,
    })
    assert.equal("2026-03-01T15:00:05Z  ann@x.example  Log in  x.example", tostring(event))
  end)

  it("are ordered by the number in the key, not by their place in the text", function()
    local body = '{"status":"OK","next":null,"data":{'
      .. '"Event10":{"Time":"2026-03-01 10:00:00","Data":"a"},'
      .. '"Event2":{"Time":"2026-03-01 10:00:00","Data":"c"},'
      .. '"Event9":{"Time":"2026-03-01 10:00:00","Data":"b"},'
      .. '"Event1":{"Time":"2026-03-01 10:00:00","Data":"d"}}}'
    play(body)
    local texts = {}
    for event in client:events() do
      texts[#texts + 1] = event.data
    end
    assert.same({ "a", "b", "c", "d" }, texts)
  end)

  describe("pages", function()
    it("follow next, and the event at the boundary comes once", function()
      play(
        reply({ { "2026-03-01 10:00:05" }, { "2026-03-01 10:00:04" } }, '"1772377204123456"'),
        reply({ { "2026-03-01 10:00:04" }, { "2026-03-01 10:00:03" } }, '"1772377203000001"'),
        reply { { "2026-03-01 10:00:03" }, { "2026-03-01 10:00:01" } }
      )
      assert.same({ "10:00:01", "10:00:03", "10:00:04", "10:00:05" }, times(all(client:events())))
      assert.equal(3, support.requests(box))
    end)

    it("several events at the boundary come once each", function()
      play(
        reply({
          { "2026-03-01 10:00:05" },
          { "2026-03-01 10:00:04", "a" },
          { "2026-03-01 10:00:04", "b" },
        }, "1772377204123456"),
        reply {
          { "2026-03-01 10:00:04", "a" },
          { "2026-03-01 10:00:04", "b" },
          { "2026-03-01 10:00:04", "c" },
        }
      )
      local list = all(client:events())
      assert.equal(4, #list)
      assert.same({ "c", "b", "a" }, { list[1].username, list[2].username, list[3].username })
    end)

    it("equal events of one second are all kept within a page", function()
      play(
        reply { { "2026-03-01 10:00:05" }, { "2026-03-01 10:00:05" }, { "2026-03-01 10:00:05" } }
      )
      assert.equal(3, #all(client:events()))
    end)

    it("an equal event away from the boundary is one of its own", function()
      play(
        reply({ { "2026-03-01 10:00:05" }, { "2026-03-01 10:00:04" } }, "1772377204123456"),
        reply {
          { "2026-03-01 10:00:04" },
          { "2026-03-01 10:00:03", "b" },
          { "2026-03-01 10:00:05" },
        }
      )
      assert.equal(4, #all(client:events()))
    end)

    it("nothing is dropped when the boundary does not come again", function()
      play(
        reply({ { "2026-03-01 10:00:05" }, { "2026-03-01 10:00:04", "a" } }, "1772377204123456"),
        reply { { "2026-03-01 10:00:04", "b" }, { "2026-03-01 10:00:03" } }
      )
      assert.equal(4, #all(client:events()))
    end)

    it("may be empty", function()
      play(reply {})
      assert.equal(0, #all(client:events()))
      box:clear_faults()
      support.reset(box)
      play(reply({ { "2026-03-01 10:00:05" } }, "1772377204123456"), reply {})
      assert.equal(1, #all(client:events()))
    end)

    it("that go in a circle are refused", function()
      assert(box:faults {
        command = "reporting",
        body = reply({ { "2026-03-01 10:00:05" } }, '"1772377204123456"'),
      })
      check.raised("protocol", nil, client.events, client)
      assert.equal(2, support.requests(box))
    end)

    it("of the sandbox: 10,000 a call, all digits of next, as text and as a number", function()
      local big = support.start {
        users = 30,
        events = 25000,
        history_days = 30,
        assumptions = { audit_reads = false },
      }
      local reader = big:client()
      local sums = {}
      for _, kind in ipairs { "string", "integer" } do
        assert(big:act { settings = { next_type = kind } })
        local before = support.requests(big)
        local list = all(reader:events { from = "2026-01-01 00:00:00" })
        sums[kind] = #list
        assert.equal(3, support.requests(big) - before)
        for position = 2, #list do
          assert.is_true(list[position].time >= list[position - 1].time)
        end
      end
      big:stop()
      assert.equal(25000, sums.string)
      assert.equal(25000, sums.integer)
    end)
  end)

  it("send next back digit by digit", function()
    local sent = {}
    local fake = box:client()
    function fake.reporting(_, data)
      sent[#sent + 1] = data.next or "none"
      local cursors = { "1772377204123457", 1772377204123459 }
      return { data = {}, next = cursors[#sent] or json.null }
    end
    all(fake:events())
    assert.same({ "none", "1772377204123457", "1772377204123459" }, sent)
  end)

  it("mark a local time that happened twice, and count on across it", function()
    play(reply {
      { "2025-11-02 02:30:00" },
      { "2025-11-02 01:30:00" },
      { "2025-11-02 00:30:00" },
      { "no time" },
      { "" },
    })
    local list = all(client:events())
    assert.is_nil(list[1].time)
    assert.is_nil(list[2].time)
    assert.equal("no time", list[2].local_time)
    assert.is_false(list[3].ambiguous)
    assert.is_true(list[4].ambiguous)
    assert.is_false(list[5].ambiguous)
    assert.equal(1762057800, list[3].time)
    assert.equal(3 * 3600, list[5].time - list[3].time)
  end)

  it("tell by their order which of the two hours is meant", function()
    play(reply {
      { "2025-11-02 02:30:00" },
      { "2025-11-02 01:40:00" },
      { "2025-11-02 01:10:00" },
      { "2025-11-02 01:50:00" },
      { "2025-11-02 01:20:00" },
      { "2025-11-02 00:30:00" },
    })
    local times_of, ambiguous = {}, false
    for position, event in ipairs(all(client:events())) do
      times_of[position] = (event.time - 1762057800) / 60
      ambiguous = ambiguous or event.ambiguous
    end
    assert.same({ 0, 50, 80, 100, 130, 180 }, times_of)
    assert.is_false(ambiguous)
  end)

  it("are in the earlier hour when the later one is still to come", function()
    play(reply { { "2025-11-02 01:40:00" } })
    local early = box:client {
      now = function()
        return 1762057800 + 4200 -- 01:40 of the first hour
      end,
    }
    local event = early:events()()
    assert.is_false(event.ambiguous)
    assert.equal(1762057800 + 4200, event.time)
  end)

  it("ask in the account's zone, for the last 24 hours unless told otherwise", function()
    local asked
    local now = 1781528400 -- 2026-06-15 09:00 in New York
    local fake = box:client {
      now = function()
        return now
      end,
    }
    function fake.reporting(_, data)
      asked = data
      return { data = {}, next = json.null }
    end
    all(fake:events())
    assert.equal("2026-06-14 09:00:00", asked.from)
    assert.is_nil(asked.to)
    assert.equal("allusers", asked.user)
    assert.is_nil(asked.admin)
    all(fake:events {
      from = 1781524800,
      to = "2026-06-15 08:30",
      user = "ann@x.example",
      admin = true,
    })
    assert.equal("2026-06-15 08:00:00", asked.from)
    assert.equal("2026-06-15 08:30:00", asked.to)
    assert.equal("ann@x.example", asked.user)
    assert.equal(1, asked.admin)
    all(fake:events { from = "yesterday", search = "x" })
    assert.equal("2026-06-14 00:00:00", asked.from)
    assert.equal("x", asked.search)
    fake = box:client {
      timezone = "UTC",
      now = function()
        return now
      end,
    }
    function fake.reporting(_, data)
      asked = data
      return { data = {}, next = json.null }
    end
    all(fake:events { from = "-1h" })
    assert.equal("2026-06-15 12:00:00", asked.from)
  end)

  it("are filtered by the server", function()
    local email = assert(client:users()()).email
    for event in client:events { from = "2026-01-01 00:00:00", user = email } do
      assert.equal(email, event.username)
    end
    check.raised("refused", "invalid_user", function()
      client:events { user = "nobody@x.example" }
    end)
  end)

  it("with wrong options or times say so", function()
    assert.equal(
      "client:events: unknown option 'form' (did you mean 'from'?)",
      check.blamed(function()
        client:events { form = "-1h" }
      end)
    )
    check.blamed(function()
      client:events { admin = 1 }
    end)
    for _, name in ipairs { "from", "to" } do
      local err = check.raised(nil, nil, client.events, client, { [name] = "not a time" })
      assert.matches("option '" .. name .. "'", err.message, 1, true)
    end
    assert.equal(0, support.requests(box))
  end)

  it("whose reply has another shape are refused", function()
    for _, body in ipairs {
      '{"status":"OK"}',
      '{"status":"OK","data":null}',
      '{"status":"OK","data":"x"}',
      '{"status":"OK","data":{"Event1":"x"}}',
      '{"status":"OK","data":{"first":{}}}',
      '{"status":"OK","next":null,"data":{"Event1":{"Time":5}}}',
    } do
      box:clear_faults()
      assert(box:faults { command = "reporting", body = body })
      check.raised("protocol", "unexpected_shape", client.events, client)
    end
  end)

  it("may lack what is not known", function()
    play(
      '{"status":"OK","next":null,"data":{'
        .. '"Event1":{"Time":"2026-03-01 10:00:00","IP_Address":null}}}'
    )
    local list = all(client:events())
    assert.equal("", list[1].ip_address)
    assert.equal("", list[1].username)
    assert.equal("2026-03-01T15:00:00Z      ", tostring(list[1]))
  end)

  it("raise the error when a page fails", function()
    play(reply({ { "2026-03-01 10:00:05" } }, "1772377204123456"), '{"status":"FAIL","error":"no"}')
    local err = check.raised("refused", "refused", client.events, client)
    assert.equal("reporting", err.command)
  end)
end)
