-- The client's own methods: iterators, one user, and how they fail.
local check = require "spec.support.check"
local core = require "lastpass.core"
local support = require "spec.support.box"

describe("lastpass.enterprise", function()
  local box, client

  setup(function()
    box = support.start { users = 40, invited = 2 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
  end)

  local function count(iterator)
    local number = 0
    for _ in iterator do
      number = number + 1
    end
    return number
  end

  describe("users", function()
    it("are everybody, invited people too", function()
      local states = { active = 0, disabled = 0, invited = 0 }
      for user in client:users() do
        states[user.status] = states[user.status] + 1
      end
      local state = box:state()
      assert.same({
        active = state.users - state.disabled,
        disabled = state.disabled,
        invited = 2,
      }, states)
      assert.is_true(states.disabled > 0)
    end)

    it("are filtered, by the server where it can", function()
      local state = box:state()
      local cases = {
        { { status = "active" }, state.users - state.disabled },
        { { status = "disabled" }, state.disabled },
        { { status = "invited" }, 2 },
        { { disabled = true }, state.disabled },
        { { disabled = false }, state.users - state.disabled },
        { { admin = true }, state.admins },
        { { admin = false }, state.users - state.admins },
        { { status = "active", admin = false, disabled = true }, 0 },
      }
      for _, case in ipairs(cases) do
        assert.equal(case[2], count(client:users(case[1])))
      end
      local asked
      local fake = box:client()
      function fake.snapshot(_, filter)
        asked = filter
        return client:snapshot(filter)
      end
      count(fake:users { status = "disabled" })
      assert.same({ disabled = true }, asked)
      count(fake:users { status = "active" })
      assert.is_nil(asked.disabled)
    end)

    it("raise for wrong options at the caller's line", function()
      assert.equal(
        "client:users: unknown option 'statu' (did you mean 'status'?)",
        check.blamed(function()
          client:users { statu = "active" }
        end)
      )
      check.blamed(function()
        client:users { status = "gone" }
      end)
      check.blamed(function()
        client:users { disabled = 1 }
      end)
      check.blamed(function()
        client:users "active"
      end)
      check.blamed(function()
        client:users { stream = true, status = "active" }
      end)
      check.blamed(function()
        client:snapshot { status = "active" }
      end)
      assert.equal(0, support.requests(box))
    end)

    it("raise the error when the directory cannot be read", function()
      assert(box:faults { command = "getuserdata", body = '{"status":"FAIL","error":"no"}' })
      local err = check.raised("refused", "refused", client.users, client)
      assert.equal("getuserdata: no", tostring(err))
    end)
  end)

  describe("user", function()
    it("is found by address, the case of letters aside", function()
      local email = client:users()().email
      assert.equal(email, assert(client:user(email:upper())).email)
      assert.equal(2, support.requests(box))
    end)

    it("is a failure when there is none", function()
      local err = check.failure("refused", "no_such_user", client:user "nobody@x.example")
      assert.equal("getuserdata", err.command)
      assert.matches("nobody@x.example", err.message, 1, true)
    end)

    it("needs an address", function()
      for _, wrong in ipairs { 5, {}, false } do
        assert.equal(
          ("client:user: 'email' must be a string, not a %s: client:user(email)"):format(
            type(wrong)
          ),
          check.blamed(function()
            client:user(wrong)
          end)
        )
      end
      assert.equal(
        "client:user: needs an e-mail address",
        check.blamed(function()
          client:user ""
        end)
      )
      check.blamed(function()
        client:user()
      end)
    end)

    it("is nobody else, should the server give everybody", function()
      support.inject(
        box,
        "getuserdata",
        '{"Users":{"1":{"username":"bob@x.example"}},"invited":[]}'
      )
      check.failure("refused", "no_such_user", client:user "ann@x.example")
    end)
  end)

  it("has a method for each command, of the same words", function()
    for _, command in ipairs(core.commands) do
      local asked
      local fake = box:client { retries = 0 }
      fake._transport = {
        send = function(_, request)
          asked = request
          return nil, "no", { kind = "transport", code = "none", message = "no" }
        end,
      }
      local data = {
        batchadd = { { username = "a@x.example" } },
        batchchangegrp = { { username = "a@x.example", add = { "A" } } },
        disableuser = { "a@x.example" },
        enableuser = { "a@x.example" },
        deluser = { username = "a@x.example", deleteaction = 0 },
        updateemail = { oldemail = "a@x.example", newemail = "b@x.example" },
        getsfdata = "all",
        getdetailedsfdata = "all",
        getuserdata = {},
        reporting = {},
        expiredmasterpwlist = {},
        pushsitestousers = { users = "all" },
      }
      local value = fake[command.name](fake, data[command.name] or { username = "a@x.example" })
      assert.is_nil(value)
      assert.matches(('"cmd":"%s"'):format(command.name), asked.body:preview(), 1, true)
      assert.equal(not command.writes, asked.repeatable)
    end
  end)

  it("shows neither hash nor body in what it prints", function()
    assert.equal(("lastpass.Client (8771312 at %s)"):format(box.url), tostring(client))
  end)

  it("uses a transport of one's own, which may fail or raise", function()
    local own = box:client {
      retries = 0,
      transport = {
        send = function(_, request)
          assert.equal("POST", request.method)
          assert.equal(box.url, request.url)
          assert.equal("application/json", request.headers["Content-Type"])
          assert.equal(120, request.timeout)
          return { status = 200, headers = {}, body = '{"status":"OK"}' }
        end,
      },
    }
    assert.equal("OK", assert(own:updateuser { username = "a@x.example" }).status)
  end)
end)
