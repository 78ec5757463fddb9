-- The directory page by page, while people come and go.
local check = require "spec.support.check"
local clocks = require "spec.support.clock"
local json = require "lastpass.json"
local pages = require "lastpass.enterprise.pages"
local support = require "spec.support.box"

describe("lastpass.enterprise.pages", function()
  local box, clock

  setup(function()
    box = support.start { users = 50, invited = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    clock = clocks.install()
  end)

  after_each(function()
    clock:remove()
  end)

  -- The addresses the server has now, asked for in one piece.
  local function truth()
    local list = {}
    for _, user in pairs(assert(box:client():getuserdata()).Users) do
      list[#list + 1] = user.username
    end
    table.sort(list)
    return list
  end

  local function read(client, filter)
    local snapshot, message, err = client:snapshot(filter)
    if not snapshot then
      return nil, message, err
    end
    local list, seen = {}, {}
    for user in snapshot:users() do
      if user.status ~= "invited" then
        assert.is_nil(seen[user.email])
        seen[user.email] = true
        list[#list + 1] = user.email
      end
    end
    table.sort(list)
    return list
  end

  -- A client that reads small pages one after another, with a change before its nth request.
  local function disturbed(nth, change, options)
    local count = 0
    local merged = {
      page_size = 10,
      in_flight = 1,
      on_request = function()
        count = count + 1
        if count == nth then
          change()
        end
      end,
    }
    for name, value in pairs(options or {}) do
      merged[name] = value
    end
    return box:client(merged)
  end

  local function remove(place)
    local client = box:client()
    local email = pages.fetch(client, { pagesize = 1, pageindex = place - 1 })
    local core = require "lastpass.core"
    email = core.user_value(email, 1, core.user_fields.email)
    assert(client:deluser { username = email, deleteaction = 1 })
    return email
  end

  local function add(email)
    assert(box:load { users = { { username = email, last_login = "2026-06-01 10:00:00" } } })
  end

  it("gives everybody, whatever the size of the pages", function()
    local expected = truth()
    assert.equal(50, #expected)
    for _, size in ipairs { 1, 2, 7, 10, 25, 49, 50, 51, 2000 } do
      for _, in_flight in ipairs { 1, 4 } do
        local client = box:client { page_size = size, in_flight = in_flight }
        assert.same(expected, read(client), "pages of " .. size)
      end
    end
  end)

  it("asks for no page twice, and once more for the end of each but the last", function()
    local client = box:client { page_size = 10 }
    assert.equal(50, #assert(read(client)))
    assert.equal(5 + 4, support.requests(box, "getuserdata"))
    support.reset(box)
    assert.equal(50, #assert(read(box:client())))
    assert.equal(1, support.requests(box, "getuserdata"))
  end)

  it("has in_flight requests under way at most", function()
    local live, most = 0, 0
    local client = box:client { page_size = 2, in_flight = 3 }
    local send = client._transport.send
    client._transport.send = function(...)
      live = live + 1
      most = math.max(most, live)
      local response, message, err = send(...)
      live = live - 1
      return response, message, err
    end
    assert.equal(50, #assert(read(client)))
    assert.equal(3, most)
  end)

  describe("a change while it reads", function()
    -- Before which request, of 9: five pages and four looks at their ends.
    for nth = 2, 9 do
      it("is noticed: somebody leaves before request " .. nth, function()
        local client = disturbed(nth, function()
          remove(3)
        end)
        local list = assert(read(client))
        assert.same(truth(), list)
        assert.equal(49, #list)
      end)

      it("is noticed: somebody comes in front before request " .. nth, function()
        local client = disturbed(nth, function()
          assert(box:faults { command = "getuserdata", page_shift = "appear", count = 1 })
        end)
        local list = assert(read(client))
        assert.same(truth(), list)
        assert.equal(51, #list)
      end)

      it("is noticed: one leaves and one comes before request " .. nth, function()
        local gone
        local client = disturbed(nth, function()
          gone = remove(3)
          add "late@x.example"
        end)
        local list = assert(read(client))
        -- whoever was there all the time is never missing
        local seen = {}
        for _, email in ipairs(list) do
          seen[email] = true
        end
        for _, email in ipairs(truth()) do
          assert.is_true(seen[email] or email == "late@x.example", email)
        end
        assert.is_true(#list == 50 or #list == 51 and seen[gone])
      end)
    end

    it("is noticed on the last page as well", function()
      local client = disturbed(5, function()
        remove(50)
      end)
      local list = assert(read(client))
      assert.same(truth(), list)
      assert.equal(49, #list)
    end)

    it("makes it read all pages again after a pause", function()
      local client = disturbed(3, function()
        remove(3)
      end)
      assert.equal(49, #assert(read(client)))
      assert.same({ 0.2 }, clock.slept)
    end)

    -- A server on which something happens before each request.
    local function restless(change)
      local requests = 0
      return box:client {
        page_size = 10,
        in_flight = 1,
        on_request = function()
          requests = requests + 1
          change(requests)
        end,
      }
    end

    it("that only adds people behind all others needs no second reading", function()
      local before = truth()
      local client = restless(function(request)
        add(("new%d@x.example"):format(request))
      end)
      local list, seen = assert(read(client)), {}
      for _, email in ipairs(list) do
        seen[email] = true
      end
      for _, email in ipairs(before) do
        assert.is_true(seen[email], email)
      end
      assert.same({}, clock.slept)
      assert.is_true(#list >= 51, #list)
    end)

    -- Of five pages or more: pages, their ends, and their beginnings.
    for nth = 2, 15, 3 do
      it("loses nobody who stays while others come: one leaves before request " .. nth, function()
        local before, gone = truth(), nil
        local client = restless(function(request)
          if request == nth then
            gone = remove(13)
          end
          if request <= 30 then
            add(("new%d@x.example"):format(request))
          end
        end)
        local list, seen = assert(read(client)), {}
        for _, email in ipairs(list) do
          seen[email] = true
        end
        for _, email in ipairs(before) do
          assert.is_true(seen[email] or email == gone, email)
        end
      end)
    end

    it("that never ends is a conflict", function()
      assert(box:faults { command = "getuserdata", page_shift = "vanish" })
      local client = box:client { page_size = 10, in_flight = 1 }
      local err = check.failure("conflict", "directory_changing", client:snapshot())
      assert.truthy(err.hint)
      assert.equal("getuserdata", err.command)
      assert.is_true(support.requests(box, "getuserdata") >= 10)
    end)
  end)

  describe("replies", function()
    -- A page as the server writes it.
    local function page(first, last, more)
      local users = {}
      for id = first, last do
        users[tostring(id)] = { username = ("u%d@x.example"):format(id) }
      end
      local body = { Users = next(users) and users or json.list {} }
      for name, value in pairs(more or {}) do
        body[name] = value
      end
      return json.encode(body)
    end

    -- Answers to the requests to come, in turn.
    local function play_in_turn(bodies)
      local rules = {}
      for position, body in ipairs(bodies) do
        rules[position] = { command = "getuserdata", body = body, nth = position }
      end
      assert(box:faults(rules))
    end

    local client

    before_each(function()
      client = box:client { page_size = 3, in_flight = 1 }
    end)

    it("without a total are read until one is short", function()
      play_in_turn { page(1, 3), page(4, 6), page(7, 7), page(3, 3), page(6, 6) }
      assert.equal(7, #assert(read(client)))
      assert.equal(5, support.requests(box))
    end)

    it("without a total may end with an empty page", function()
      play_in_turn { page(1, 3), page(4, 4, { Users = json.list {} }), page(3, 3) }
      assert.equal(3, #assert(read(client)))
    end)

    it("without a total, and a shift: noticed too", function()
      -- user 4 has slid onto the first page meanwhile
      play_in_turn {
        page(1, 3),
        page(5, 7),
        page(8, 8),
        page(4, 4),
        page(7, 7),
        page(2, 4),
        page(5, 7),
        page(8, 8),
        page(4, 4),
        page(7, 7),
      }
      local list = assert(read(client))
      assert.equal(7, #list)
      assert.equal("u2@x.example", list[1])
      assert.equal(10, support.requests(box))
    end)

    it("with fewer users than they claim are not believed", function()
      assert(box:faults { command = "getuserdata", body = page(1, 2, { total = 3, count = 3 }) })
      check.failure("conflict", "directory_changing", client:snapshot())
    end)

    it("that break off make the whole reading fail", function()
      local impatient = box:client { page_size = 10, retries = 0 }
      for nth = 1, 9 do
        support.reset(box)
        assert(box:faults {
          command = "getuserdata",
          nth = nth,
          truncate = 60,
          content_length = "lowered",
        })
        local err = check.failure("protocol", "cut_short", impatient:snapshot())
        assert.equal("getuserdata", err.command)
        support.reset(box)
        assert(box:faults { command = "getuserdata", nth = nth, status = 500 })
        check.failure("transport", "http_status", impatient:snapshot())
        support.reset(box)
        assert(
          box:faults { command = "getuserdata", nth = nth, body = '{"status":"FAIL","error":"no"}' }
        )
        check.failure("refused", "refused", impatient:snapshot())
      end
    end)

    it("that are something else are told apart", function()
      local cases = {
        ['{"status":"FAIL","error":"no"}'] = "refused",
        ['{"status":"WARN","errors":["part"],"Users":{}}'] = "protocol",
        ['{"status":"OK"}'] = "protocol",
        ["{}"] = "protocol",
        ["[]"] = "protocol",
        [""] = "protocol",
        ["null"] = "protocol",
        ['{"total":0}'] = "protocol",
        ['{"Users":{"1":{}}'] = "protocol",
        ['{"Users":[1]}'] = "protocol",
        ['{"Users":"x"}'] = "protocol",
        ['{"Users":{"1":{"username":"a@x.example"}},"Users":{}}'] = "protocol",
        ['<lastpass rc="Authorization Error"/>'] = "auth",
        ["<html>"] = "protocol",
      }
      local one_shot = box:client { retries = 0 }
      for body, kind in pairs(cases) do
        assert(box:clear_faults())
        assert(box:faults { command = "getuserdata", body = body })
        local err = check.failure(kind, nil, one_shot:snapshot())
        assert.equal("getuserdata", err.command, body)
        check.failure(kind, nil, one_shot:user "a@x.example")
      end
    end)

    it("with text that is no JSON are refused where it stands", function()
      for _, text in ipairs {
        '"\255"',
        '"\\ud800"',
        "01",
        ("["):rep(600) .. ("]"):rep(600),
        '"a":1,"a":2',
        "\0",
      } do
        for _, frame in ipairs {
          '{"Users":{"1":{"username":"a@x.example","attribs":{"x":%s}}}}',
          '{"Users":{},"other":%s}',
          '{"other":%s,"Users":{}}',
        } do
          local body = frame:gsub("%%s", function()
            return text
          end)
          assert(box:clear_faults())
          assert(box:faults { command = "getuserdata", body = body })
          local snapshot, message, err = client:snapshot()
          assert.is_false(snapshot ~= nil, body:sub(1, 80))
          check.failure("protocol", nil, snapshot, message, err)
          assert.not_equal("bad_reply", err.code)
        end
      end
    end)
  end)

  it("of an empty company are one, without anybody", function()
    local empty = support.start { users = 0, invited = 0 }
    local client = empty:client()
    local snapshot = assert(client:snapshot())
    local count, invited = snapshot:count(), snapshot:invited_count()
    local requests = support.requests(empty)
    local users = check.emails(client:users())
    local user, _, err = client:user "ann@x.example"
    empty:stop()
    assert.equal(0, count)
    assert.equal(0, invited)
    assert.equal(1, requests)
    assert.same({}, users)
    assert.is_nil(user)
    assert.equal("no_such_user", err.code)
  end)

  it("pass the filter on", function()
    local client = box:client { page_size = 2 }
    local disabled = assert(read(client, { disabled = true }))
    local enabled = assert(read(client, { disabled = false }))
    local admins = assert(read(client, { admin = true }))
    assert.equal(box:state().disabled, #disabled)
    assert.is_true(#disabled > 0 and #admins > 0)
    assert.equal(50, #disabled + #enabled)
    assert.equal(box:state().admins, #admins)
    assert.same({ admins[1] }, read(client, { username = admins[1] }))
    assert.same({}, read(client, { username = "nobody@x.example" }))
  end)
end)
