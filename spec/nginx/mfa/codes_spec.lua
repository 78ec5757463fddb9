-- The second-factor guard and guessers of codes: one accept for a code, locks for a person, whichever browser it is tried
-- from, and no locks for everybody by one address.
-- Runs once: nginx has its own LuaJIT.
local guard = require "spec.support.mfa_guard"
local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"

describe("second-factor guard and codes", function()
  local server

  setup(function()
    server = guard.start {
      replace = [[
        account = { header = "X-User", from = { "127.0.0.1", "127.0.0.2" } },
        factors = store, limits = { users_per_address = 2 },
      ]],
    }
  end)

  teardown(function()
    server:stop()
  end)

  local function person(name)
    return guard.browser(server, name .. ".app@acme.example")
  end

  -- A code that is none of this quarter of an hour.
  local function wrong(account)
    local near = {}
    for step = -3, 30 do
      near[guard.code(account, step)] = true
    end
    local number = 0
    while near[("%06d"):format(number)] do
      number = number + 1
    end
    return ("%06d"):format(number)
  end

  local function try(browser, code)
    return browser:submit(browser:request "/mfa/ask", "/mfa/code", "code=" .. code)
  end

  it("[row 2] locks a person after five failures, from whichever browser they come", function()
    local account = person("two").account
    for attempt = 1, 5 do
      local page = try(guard.browser(server, account), wrong(account))
      assert.equal(403, page.status, attempt)
      assert.truthy(page.body:find("was not approved", 1, true))
    end
    local locked = try(guard.browser(server, account), guard.code(account))
    assert.equal(429, locked.status)
    assert.truthy(locked.body:find("too many failed attempts", 1, true))
    assert.is_true(tonumber(locked.headers["retry-after"]) > 600)
    assert.is_nil(server:log():find(account, 1, true))
    -- others are not concerned
    assert.equal(303, try(person "two-other", guard.code(person("two-other").account)).status)
  end)

  it("[row 2] ends a challenge after five attempts: the same form takes no sixth", function()
    local browser = person "challenge"
    local page = browser:request "/mfa/ask"
    for _ = 1, 4 do
      browser:submit(page, "/mfa/code", "code=" .. wrong(browser.account))
    end
    assert.equal(
      303,
      browser:submit(page, "/mfa/code", "code=" .. guard.code(browser.account)).status
    )
    assert.equal(
      429,
      browser:submit(page, "/mfa/code", "code=" .. guard.code(browser.account, 1)).status
    )
    -- the person is not locked: the right code has taken the failures back
    local other = guard.browser(server, browser.account)
    assert.equal(303, try(other, guard.code(browser.account, 1)).status)
  end)

  it("[row 7] counts nothing for whoever has no app, and for nobody", function()
    for _ = 1, 8 do
      local stranger = guard.browser(server, "nobody@acme.example")
      local page = stranger:request("/mfa/ask").body
      assert.is_nil(page:find("/mfa/code", 1, true)) -- no code is asked for
      assert.equal(401, guard.browser(server, ""):request("/mfa/ask").status)
      assert.equal(401, guard.browser(server, "  "):request("/mfa/ask").status)
    end
  end)

  it("[row 7] lets one address lock no more than its share of people", function()
    for index = 1, 4 do
      local account = person("share" .. index).account
      for _ = 1, 5 do
        try(guard.browser(server, account), wrong(account))
      end
    end
    -- from another address: those beyond the share are not locked
    local function from_elsewhere(account)
      local real = socket.tcp
      local browser = guard.browser(server, account)
      local page = browser:request "/mfa/ask"
      local body, where = guard.form(page, "/mfa/code")
      body = body .. "&code=" .. guard.code(account)
      local _, status = http.request {
        url = server.url .. where,
        method = "POST",
        redirect = false,
        headers = {
          ["X-User"] = account,
          Cookie = browser.inner:cookie_header(),
          Origin = server.url,
          ["Content-Type"] = "application/x-www-form-urlencoded",
          ["Content-Length"] = tostring(#body),
        },
        source = ltn12.source.string(body),
        sink = ltn12.sink.table {},
        create = function()
          local one = real()
          one:bind("127.0.0.2", 0)
          return one
        end,
      }
      return status
    end
    local statuses = {}
    for index = 1, 4 do
      statuses[index] = from_elsewhere(person("share" .. index).account)
    end
    local open = 0
    for _, status in ipairs(statuses) do
      open = open + (status == 303 and 1 or 0)
    end
    assert.is_true(open >= 2, table.concat(statuses, " "))
  end)

  it("accepts one code once, however many show it at the same time", function()
    local browser = person "once"
    local page = browser:request "/mfa/ask"
    local body, where = guard.form(page, "/mfa/code")
    body = body .. "&code=" .. guard.code(browser.account)
    local head = table.concat({
      "POST " .. where .. " HTTP/1.1",
      "Host: x",
      "Connection: close",
      "X-User: " .. browser.account,
      "Origin: " .. server.url,
      "Cookie: " .. browser.inner:cookie_header(),
      "Content-Type: application/x-www-form-urlencoded",
      "Content-Length: " .. #body,
    }, "\r\n") .. "\r\n\r\n"
    local open = {}
    for index = 1, 40 do
      open[index] = assert(socket.connect("127.0.0.1", server.port))
      open[index]:settimeout(60)
      open[index]:send(head .. body:sub(1, -2))
    end
    for _, one in ipairs(open) do
      one:send(body:sub(-1))
    end
    local counts = {}
    for _, one in ipairs(open) do
      local status = (one:receive "*l" or ""):match "^HTTP/1.1 (%d+)" or "none"
      counts[status] = (counts[status] or 0) + 1
      one:close()
    end
    assert.equal(1, counts["303"])
    assert.is_nil(counts["500"])
    assert.is_nil(counts.none)
  end)

  it("passes nobody when there is no room for what was used", function()
    local small = guard.start { dict = "32k", workers = 1 }
    local refused
    for index = 1, 400 do
      local browser = guard.browser(small, ("n%d.app@acme.example"):format(index))
      local response = try(browser, guard.code(browser.account))
      refused = response.status ~= 303 and response or nil
      if refused then
        break
      end
    end
    local log = small:log()
    small:stop()
    assert.equal(503, assert(refused).status)
    assert.truthy(log:find("no room", 1, true))
  end)
end)
