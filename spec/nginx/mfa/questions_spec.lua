-- Many people who wait for their phones: each is asked about in turn, so many at once and no more, and what one worker or a
-- callback learns wakes those who wait elsewhere.
-- Runs once: nginx has its own LuaJIT.
local guard = require "spec.support.mfa_guard"
local nginx = require "spec.support.nginx"
local socket = require "socket"
local wait = require "spec.support.wait"

-- What plays LastPass: it takes its time, counts, and says what it was told to say.
local LASTPASS = [[
  location /auth/ {
    content_by_lua_block {
      ngx.req.read_body()
      local json = require "lastpass.json"
      local asked = json.decode(ngx.req.get_body_data())
      local user = asked.AsyncLoginToken or asked.Username
      if asked.CallbackUrl then
        handles[user] = asked.CallbackUrl:match "handle=(%x+)$"
      end
      if asked.AsyncLoginToken then
        under_way = under_way + 1
        most = math.max(most, under_way)
        ngx.sleep(0.1)
        under_way = under_way - 1
        questions[user] = (questions[user] or 0) + 1
      end
      ngx.print(json.encode { Succeeded = true, Message = "", Value = {
        AuthStatus = approved[user] and "Success" or "WaitingForResponse",
        Username = user, AsyncLoginToken = user,
      } })
    }
  }
  location = /approve { content_by_lua_block { approved[ngx.var.arg_user] = true } }
  location = /handle { content_by_lua_block { ngx.print(handles[ngx.var.arg_user] or "") } }
  location = /seen {
    content_by_lua_block {
      ngx.print(require("lastpass.json").encode { most = most, questions = questions })
    }
  }
]]

describe("people who wait for their phones", function()
  local lastpass, server

  local function start(settings, push, workers)
    server = guard.start {
      workers = workers or 2,
      server = [[
        location = /mfa/callback {
          content_by_lua_block { require("lastpass.nginx.mfa").callback() }
        }
      ]],
      replace = ([[
        account = { header = "X-User", from = { "127.0.0.1" } },
        push = {
          mode = "plain", base_url = %q, api_key = assert(lastpass.secret.value "key-of-a-spec"),
          callback_url = "http://127.0.0.1:1/mfa/callback", %s
        },
        %s
      ]]):format(lastpass.url, push, settings or ""),
    }
  end

  setup(function()
    lastpass = nginx.start {
      http = [[
        init_by_lua_block { questions, handles, approved, under_way, most = {}, {}, {}, 0, 0 }
      ]],
      server = LASTPASS,
    }
  end)

  after_each(function()
    server:stop()
  end)

  teardown(function()
    lastpass:stop()
  end)

  local function seen()
    local _, text = lastpass:get "/seen"
    return assert(require("lastpass.json").decode(text))
  end

  local function person(name)
    local browser = guard.browser(server, name .. "@acme.example")
    local sent = browser:submit(browser:request "/mfa/ask", "/mfa/push")
    assert.equal(303, sent.status, sent.body)
    return browser, sent.location:sub(#server.url + 1)
  end

  -- Sends the request of the waiting page and does not wait for its answer.
  local function begin_poll(browser)
    local connection = assert(socket.connect("127.0.0.1", server.port))
    assert(connection:send(table.concat({
      "GET /mfa/poll HTTP/1.1",
      "Host: x",
      "X-User: " .. browser.account,
      "Cookie: " .. browser.inner:cookie_header(),
      "Connection: close",
      "\r\n",
    }, "\r\n")))
    connection:settimeout(60)
    return connection
  end

  it("asks about each in turn, so many at once and no more", function()
    start("polls_at_once = 2,", "poll = { every = 0.01, first = 0, max = 5000 },")
    local connections = {}
    for number = 1, 8 do
      connections[number] = begin_poll((person("turn" .. number)))
    end
    wait("three questions about each", function()
      local questions = seen().questions
      for number = 1, 8 do
        if (questions[("turn%d@acme.example"):format(number)] or 0) < 3 then
          return false
        end
      end
      return true
    end)
    local most, least = 0, math.huge
    for name, count in pairs(seen().questions) do
      if name:find "^turn" then
        most, least = math.max(most, count), math.min(least, count)
      end
    end
    assert.equal(2, seen().most)
    -- a worker has one under way; the two have not the same number of people
    assert.is_true(most <= 8 * least, most .. " and " .. least)
    for _, connection in ipairs(connections) do
      connection:close()
    end
  end)

  it("wakes who waits when a callback names the request, on whichever worker", function()
    start(nil, "poll = { every = 60, first = 60, max = 5 },")
    local browser, here = person "back"
    local connections = {}
    for number = 1, 4 do
      connections[number] = begin_poll(browser)
    end
    lastpass:get "/approve?user=back@acme.example"
    assert.equal(404, (server:get "/mfa/callback?handle=00112233445566778899aabbccddeeff"))
    assert.equal(404, (server:get "/mfa/callback?handle=a&handle=b"))
    assert.equal(404, (server:get "/mfa/callback"))
    local _, handle = lastpass:get "/handle?user=back@acme.example"
    assert.is_nil(seen().questions["back@acme.example"])
    assert.equal(204, (server:get("/mfa/callback?handle=" .. handle)), server:log())
    for _, connection in ipairs(connections) do
      local text = connection:receive "*a"
      assert.truthy(text:find('"approved"', 1, true), text)
      connection:close()
    end
    assert.equal(1, seen().questions["back@acme.example"])
    assert.equal(server.url .. "/", browser:request(here).location)
  end)
end)
