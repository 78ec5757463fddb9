--- The gateway in a real nginx: speed beside a static file, walks through a directory that changes,
-- whatever a stranger may send, and memory. What is long is so in `make extended` only.
-- Runs once: nginx has its own LuaJIT.
local extent = require "spec.support.extent"
local gateway_server = require "spec.support.gateway_server"
local fuzzer = require "spec.support.gateway_fuzzer"
local json = require "lastpass.json"

local LONG = extent(false, false, true)

local function company(people, changes)
  return ([[
    local written = require "spec.support.written"
    local M = { tenants = {} }
    local people, serial = {}, 0
    local replies = {
      '{"status":"OK"}',
      '{"status":"FAIL","error":["no"]}',
      '{"status":"WARN","errors":["half"]}',
      '<lastpass rc="Authorization Error"/>',
      "<html>",
      '{"status":"OK","Users":',
    }
    local turn = 0
    local function reply(tenant, to_sink)
      turn = turn + 1
      if to_sink then
        return tenant.small
      end
      return replies[turn %% #replies + 1]
    end
    for position = 1, %d do
      people[position] = {
        id = tostring(70000000 + position * 3),
        email = ("p%%d@acme.example"):format(position),
        fullname = "Person " .. position,
        created = "2024-03-04 14:05:06",
        groups = { "All", "Team " .. position %% 9 },
        admin = position %% 50 == 0,
      }
    end
    people[1].email = "boss@acme.example"
    local acme = written.tenant("acme", "111", reply)
    local globex = written.tenant("globex", "222", reply)
    acme:set({ people[1], people[2], people[3] }, { All = { "p2@acme.example" } })
    acme.small = acme.text
    acme:set(people, { All = { "p2@acme.example" } }, { "i1@acme.example", "i2@acme.example" })
    globex:set({ { id = "1", email = "planted@globex.example", fullname = "Planted Globex" } },
      { ["Planted Globex"] = { "planted@globex.example" } })
    globex.small = globex.text
    M.tenants.acme, M.tenants.globex = acme, globex
    -- so many go, and as many new ones come
    function M.change()
      local now, gone = {}, 0
      for position = #people, 1, -1 do
        if gone < %d and people[position].created and (position * 7 + serial) %% 11 == 0 then
          gone = gone + 1
          serial = serial + 1
          people[position] = {
            id = tostring(70000000 + position * 3 + 1 + serial %% 2),
            email = ("n%%d@acme.example"):format(serial),
          }
        end
      end
      acme:set(people, nil, { "i1@acme.example" })
      return serial
    end
    function M.unchanged()
      local ids = {}
      for _, person in ipairs(people) do
        ids[#ids + 1] = person.created and person.id or nil
      end
      return table.concat(ids, " ")
    end
    return M
  ]]):format(people, changes)
end

local USERS = "/unified/user-directory/users"

local function shell(line)
  local pipe = assert(io.popen(line))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

describe("the gateway in nginx", function()
  local server, one, headers

  local function start(people, changes, workers)
    server = gateway_server.start(company(people, changes), workers)
    one = server.open()
    headers = { Authorization = "Bearer " .. server.texts.acme }
  end

  after_each(function()
    one:close()
    local log = server:log()
    server:end_it()
    assert.is_nil(log:find "lastpass gateway:", log)
    assert.is_nil(log:find "%[alert%]", log)
  end)

  it("answers, refuses and remembers", function()
    start(10, 1)
    local status, body, received = one:request("GET", USERS .. "?limit=2", headers)
    assert.equal(200, status, body)
    assert.equal(2, json.decode(body).result_count)
    assert.equal("application/json", received["content-type"])
    assert.match("^%x+$", received["x-request-id"])
    assert.equal("0", received["x-directory-age"])
    headers["If-None-Match"] = received.etag
    status, body, received = one:request("GET", USERS .. "?limit=2", headers)
    assert.equal(304, status)
    assert.equal("", body)
    assert.is_nil(received["content-type"])
    headers["If-None-Match"] = nil
    local _, whole = one:request("GET", USERS .. "?limit=2", headers)
    status, body, received = one:request("HEAD", USERS .. "?limit=2", headers)
    assert.equal(200, status)
    assert.equal("", body)
    assert.equal(tostring(#whole), received["content-length"])
    status, _, received = one:request("OPTIONS", USERS, headers)
    assert.equal(204, status)
    assert.equal("GET, HEAD, POST, OPTIONS", received.allow)
    status, body, received = one:request("GET", USERS, {})
    assert.equal(401, status)
    assert.equal('Bearer realm="lastpass"', received["www-authenticate"])
    assert.equal("application/problem+json", received["content-type"])
    local problem = json.decode(body)
    assert.equal("urn:request:" .. received["x-request-id"], problem.instance)
  end)

  it("writes a line of audit for each write, and answers a second time from memory", function()
    start(10, 1)
    headers["Content-Type"], headers["Idempotency-Key"] = "application/json", "k-1"
    local boss = USERS .. "/70000003"
    local status, body = one:request("PATCH", boss, headers, '{"status":"inactive"}')
    assert.equal(403, status, body)
    local file = assert(io.open(server.audit))
    local line = json.decode(file:read "*l")
    assert.is_nil(file:read "*l")
    file:close()
    assert.equal("refused", line.outcome)
    assert.equal("protected", line.code)
    assert.equal("acme", line.token)
    assert.equal("127.0.0.1", line.remote_address)
    local replayed
    for turn = 1, 2 do
      -- the fourth reply of LastPass here is OK
      local path = "/proxy/reinviteuser"
      local _, _, received = one:request("POST", path, headers, '{"username":"p2@acme.example"}')
      replayed = received["idempotency-replayed"]
      assert.equal(turn == 2 and "true" or nil, replayed)
    end
  end)

  it("keeps to the rate of a token", function()
    start(3, 1)
    local statuses = {}
    for _ = 1, 5 do
      local slow = { Authorization = "Bearer " .. server.texts.slow }
      local status, _, received = one:request("GET", USERS, slow)
      statuses[status] = (statuses[status] or 0) + 1
      assert.equal("3", received["ratelimit-limit"])
      assert.equal(status == 429, received["retry-after"] ~= nil)
    end
    assert.is_true(statuses[429] >= 1)
  end)

  it("refuses bodies that are too large or never end", function()
    start(3, 1)
    headers["Content-Type"] = "application/json"
    local head = "POST "
      .. USERS
      .. " HTTP/1.1\r\nHost: x\r\nAuthorization: "
      .. headers.Authorization
    head = head .. "\r\nContent-Type: application/json\r\nContent-Length: "
    local status = one:send(head .. "99999999\r\n\r\n", "POST")
    assert.equal(413, status)
    one:close()
    status = one:send(head .. "1000\r\n\r\n{", "POST")
    assert.is_true(status == 408 or status == nil)
    one:close()
    assert.equal(200, (one:request("GET", USERS, headers)))
  end)

  local function walk(people, changes, limit, every)
    start(people, changes)
    local seen, cursor, pages = {}, "", 0
    repeat
      local path = ("%s?limit=%d&next_cursor=%s&truto_ignore_remote_data=true"):format(
        USERS,
        limit,
        cursor
      )
      local status, body = one:request("GET", path, headers)
      assert.equal(200, status, body)
      local page = json.decode(body)
      for _, user in ipairs(page.result) do
        assert.is_nil(seen[user.id], user.id .. " twice")
        seen[user.id] = user.username
      end
      pages = pages + 1
      if pages % every == 0 and pages <= 10 * every then
        assert.equal(200, (one:request("GET", "/change", headers)))
      end
      cursor = page.next_cursor
    until cursor == json.null
    return seen, pages
  end

  it("shows everybody who did not change exactly once, while others come and go", function()
    local people, changes, limit = 5000, 5, 100
    if LONG then
      people, changes, limit = 50000, 50, 500
    end
    local seen, pages = walk(people, changes, limit, LONG and 8 or 4)
    assert.is_true(pages >= people / limit)
    local _, text = one:request("GET", "/unchanged", headers)
    local unchanged = 0
    for id in text:gmatch "%d+" do
      unchanged = unchanged + 1
      assert.is_string(seen[id], id)
    end
    assert.equal(people - 10 * changes, unchanged)
  end)

  it("has an answer to whatever is sent, and never another company's", function()
    start(200, 1)
    local random = fuzzer.new(42)
    local statuses, total = {}, LONG and 100000 or 10000
    for number = 1, total do
      local method, target, given, body = random.next(server.texts)
      local status, answer, received = one:request(method, target, given, body)
      local what = ("%d: %s %s %s -> %s %s"):format(
        number,
        method,
        target,
        tostring(body),
        tostring(status),
        tostring(answer)
      )
      assert.is_truthy(status, what)
      assert.is_true(status < 500 or status == 502 or status == 503 or status == 504, what)
      assert.is_nil(answer:find "Planted Globex", what)
      if not (target .. tostring(body)):find("planted", 1, true) then
        assert.is_nil(answer:find("planted@globex", 1, true), what)
      end
      if answer ~= "" and (received["content-type"] or ""):find "json" then
        assert.is_truthy(json.decode(answer) ~= nil, what)
        local cursor = answer:match '"next_cursor":"([^"]+)"'
        if cursor then
          random.learn(cursor)
        end
      end
      statuses[status] = (statuses[status] or 0) + 1
    end
    -- the fuzzer reaches what it is to reach
    for _, status in ipairs { 200, 204, 304, 400, 401, 403, 404, 405, 415, 422 } do
      assert.is_true((statuses[status] or 0) > 10, status .. " " .. tostring(statuses[status]))
    end
    assert.is_nil(statuses[500])
  end)

  it("takes no more memory for many requests than for few", function()
    start(1000, 1)
    local script = server.directory .. "/load.lua"
    local file = assert(io.open(script, "w"))
    file:write(([[
      local turn = 0
      local paths = { "%s?limit=10", "%s?limit=10&status=active", "%s", "%s/70000003" }
      request = function()
        turn = turn + 1
        if turn %% 50 == 0 then
          return wrk.format("GET", "%s?limit=" .. turn %% 500 + 1)
        end
        return wrk.format("GET", paths[turn %% #paths + 1])
      end
    ]]):format(USERS, USERS, "/unified/user-directory/groups", USERS, USERS))
    file:close()
    local function load(count, seconds)
      local sent = 0
      while sent < count do
        local text = shell(
          ("wrk -t1 -c8 -d%ds -s %s -H 'Authorization: %s' %s 2>&1"):format(
            seconds,
            script,
            headers.Authorization,
            server.url
          )
        )
        assert.is_nil(text:find "Non%-2xx", text)
        sent = sent + assert(tonumber(text:match "(%d+) requests in"), text)
      end
      return sent
    end
    local function memory()
      one:close()
      local _, lua = one:request("GET", "/memory", headers)
      local pid = shell("pgrep -P " .. server.pid):match "%d+"
      local resident = shell("grep VmRSS /proc/" .. pid .. "/status"):match "%d+"
      return math.floor(tonumber(lua)), tonumber(resident)
    end
    load(LONG and 100000 or 10000, LONG and 10 or 2)
    local lua_before, resident_before = memory()
    local sent = load(LONG and 1000000 or 20000, LONG and 30 or 4)
    local lua_after, resident_after = memory()
    print(
      ("\n%d requests: Lua %d -> %d KiB, resident %d -> %d KiB"):format(
        sent,
        lua_before,
        lua_after,
        resident_before,
        resident_after
      )
    )
    assert.is_true(lua_after < lua_before * 1.1 + 1024)
    assert.is_true(resident_after < resident_before * 1.15 + 8192)
  end)
end)
