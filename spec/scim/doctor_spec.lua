-- What identity providers ask, asked of servers that are right and of servers that are wrong in one thing.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local support = require "spec.support.box"

describe("lastpass.scim.doctor", function()
  local box

  setup(function()
    box = support.start { users = 12 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
  end)

  local function states(rows)
    local counts = {}
    for _, row in ipairs(rows) do
      counts[row.state] = (counts[row.state] or 0) + 1
    end
    return counts
  end

  local function doctor(options, client)
    return lastpass.scim.doctor(client or box:scim(), options)
  end

  it("finds nothing wrong with the sandbox, in either mode", function()
    for _, mode in ipairs { "lastpass", "rfc" } do
      assert(box:act { settings = { scim_mode = mode } })
      local rows = doctor()
      assert.is_nil(rows.first)
      assert.same({ ok = #rows }, states(rows))
      assert.is_true(#rows > 20)
      for _, row in ipairs(rows) do
        assert.matches("^GET /", row.sent)
        assert.matches("^HTTP %d%d%d", row.came)
        assert.is_string(row.expected)
      end
    end
  end)

  it("only reads, unless it is told otherwise; then it leaves nothing", function()
    local function everybody()
      return json.encode(check.emails(box:client():users()))
    end
    local before, methods = everybody(), {}
    local client = box:scim {
      on_reply = function() end,
    }
    local send = client:transport().send
    local seen = setmetatable({
      send = function(_, request)
        methods[request.method] = (methods[request.method] or 0) + 1
        return send(client:transport(), request)
      end,
    }, {})
    doctor({}, box:scim { transport = seen })
    assert.is_nil(methods.POST or methods.PATCH or methods.PUT or methods.DELETE)
    local rows = doctor({ write = true }, box:scim { transport = seen })
    assert.is_nil(rows.first)
    assert.same({ ok = #rows - 1, skipped = 1 }, states(rows)) -- a second group is not made
    assert.equal("clean up", rows[#rows].check)
    assert.is_true(methods.POST > 3 and methods.PATCH > 8 and methods.PUT == 2)
    assert.equal(before, everybody())
    for group in box:scim():groups() do
      assert.is_nil(group.name:find "doctor")
    end
  end)

  -- A sandbox whose answers are changed on their way.
  local function bent(change)
    local client = box:scim()
    local transport = client:transport()
    return box:scim {
      transport = {
        send = function(_, request)
          local response, message, err = transport:send(request)
          if response then
            response =
              { status = response.status, headers = response.headers, body = response.body }
            local value = response.body ~= "" and json.decode(response.body) or {}
            local other = change(request, response, value)
            response.body = other or response.body
          end
          return response, message, err
        end,
      },
    }
  end

  local deviations = {
    {
      "test of the connection",
      "the status is 404",
      function(request, response, value)
        if request.url:find "filter=" and value.totalResults == 0 then
          response.status = 404
        end
      end,
    },
    {
      "test of the connection",
      "totalResults is not a number",
      function(_, _, value)
        if value.totalResults then
          value.totalResults = tostring(value.totalResults)
          return json.encode(value)
        end
      end,
    },
    {
      "request without a token",
      "the status is 200 and not 401",
      function(request, response, value)
        if not request.secret_header then
          response.status, value.totalResults = 200, 0
        end
      end,
    },
    {
      "import of users",
      'user 1: active is "True" and not a boolean',
      function(_, _, value)
        for _, user in ipairs(value.Resources or {}) do
          user.active = user.userName and "True" or nil
        end
        return value.Resources and json.encode(value)
      end,
    },
    {
      "a user by id who does not exist",
      'the error\'s status is 404 and not "404"',
      function(_, _, value)
        if value.status == "404" then
          value.status = 404
          return json.encode(value)
        end
      end,
    },
    {
      "a user by id who does not exist",
      "the error's body is not JSON",
      function(_, response)
        return response.status == 404 and "<html>Not Found</html>" or nil
      end,
    },
    {
      "a filter that is wrong",
      "the status is 200",
      function(_, response)
        if response.status == 400 then
          response.status = 200
          return '{"schemas":[],"totalResults":0}'
        end
      end,
    },
  }

  it("names the first deviation", function()
    for _, case in ipairs(deviations) do
      local rows = doctor({}, bent(case[3]))
      assert.is_truthy(rows.first, case[1])
      local text = rows.first.check .. ": " .. rows.first.problem
      assert.equal(case[1], rows.first.check, text)
      if case[1] ~= "request without a token" then
        assert.matches(case[2], rows.first.problem, 1, true)
      end
    end
  end)

  it("asks nothing more of a server that does not answer as one", function()
    local rows = doctor({ write = true }, box:scim { token = lastpass.secret.value "wrong-token" })
    assert.same({ "test of the connection", "the status is 401" }, {
      rows.first.check,
      rows.first.problem,
    })
    assert.same({ deviation = 1, skipped = #rows - 1 }, states(rows))
    local server = fake.new(0)
    server.on_request = function()
      return require("lastpass.error").fail("transport", "unreachable", "no way", {})
    end
    rows = doctor({ write = true }, fake.client(server))
    assert.matches("no way", rows.first.problem)
    assert.equal(1, #server.requests)
  end)

  it("tries a server without users on those that it makes, and says what is left", function()
    local server = fake.new(0)
    server.on_request = function(request)
      return request.method == "DELETE" and fake.refusal(500) or nil
    end
    local rows = doctor({ write = true, domain = "x.example" }, fake.client(server))
    local by_name = {}
    for _, row in ipairs(rows) do
      by_name[row.check] = row
    end
    assert.equal("ok", by_name["one user by id"].state)
    local last = rows[#rows]
    assert.same({ "clean up", "deviation" }, { last.check, last.state })
    assert.matches("/Users/1001", last.problem, 1, true)
    assert.matches("^scim%-doctor%-%x+%-1@x%.example$", server.Users[1].userName)
  end)

  -- What the doctor made, and is still there.
  local function left_at(server)
    return #server.Users + #server.Groups
  end

  it("removes what was made though its answer was lost, or named no id", function()
    for _, instead in ipairs { "lost", "empty" } do
      local server = fake.new(0)
      server.on_request = function(request)
        if request.method == "POST" and instead == "lost" then
          return "after"
        end
      end
      if instead == "empty" then
        local send = server.send
        server.send = function(self, request)
          local response, message, err = send(self, request)
          if request.method == "POST" and response and response.status == 201 then
            response.body = ""
          end
          return response, message, err
        end
      end
      local rows = doctor({ write = true }, fake.client(server))
      assert.equal("clean up", rows[#rows].check)
      assert.equal("ok", rows[#rows].state, rows[#rows].problem)
      assert.equal(0, left_at(server), instead)
    end
  end)

  it("removes what was made when it is interrupted half-way", function()
    local server = fake.new(0)
    local ok, failure = pcall(doctor, {
      write = true,
      on_row = function(row)
        if row.check == "add two members" then
          assert.equal(3, left_at(server))
          error("interrupted!", 0)
        end
      end,
    }, fake.client(server))
    assert.is_false(ok)
    assert.equal("interrupted!", failure)
    assert.equal(0, left_at(server))
  end)

  it("removes what was made when a prompt's Ctrl-C ends its waits", function()
    local loop = require "lastpass.transport.loop"
    local before, is_pressed = check.emails(box:client():users()), false
    loop.interruptible(function()
      return is_pressed
    end)
    local ok, rows = pcall(doctor, {
      write = true,
      on_row = function(row)
        is_pressed = is_pressed or row.check == "create a group, with Entra's own schema"
      end,
    })
    assert.is_true(loop.is_interrupted())
    loop.interruptible(nil)
    assert.is_true(ok, rows)
    assert.same({ "clean up", "ok" }, { rows[#rows].check, rows[#rows].state })
    assert.same(before, check.emails(box:client():users()))
  end)

  it("comes to its end at a server that answers no more", function()
    local server = fake.new(3)
    server.on_request = function(_, number)
      if number > 8 then
        local sent = { sent = true }
        return require("lastpass.error").fail("transport", "timeout", "no answer in time", sent)
      end
    end
    local rows = doctor({ write = true }, fake.client(server))
    assert.equal(10, #server.requests)
    assert.is_true(states(rows).skipped > 20)
  end)

  it("shows neither the token nor more of an answer than helps", function()
    local client = bent(function(_, response)
      response.status = 500
      return ("x"):rep(5000) .. box.scim_token
    end)
    local told = {}
    local rows = doctor({
      on_row = function(row)
        told[#told + 1] = row
      end,
    }, client)
    assert.equal(#rows, #told)
    for _, row in ipairs(rows) do
      assert.is_nil(json.encode(row):find(box.scim_token, 1, true))
      assert.is_true(#(row.came or "") < 1000)
    end
  end)
end)
