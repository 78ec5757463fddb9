-- How often a phone may ring: in one process, and in several that share a state.
local lastpass = require "lastpass"
local server = require "spec.support.mfa_server"
local states = require "lastpass.state"

describe("limits of requests to a phone", function()
  local now, shared

  before_each(function()
    now = 100000
    shared = states.memory {
      now = function()
        return now
      end,
    }
  end)

  local function client_of(answer, options)
    local all = {
      state = shared,
      clock = function()
        return now
      end,
    }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return server.client("plain", answer or function()
      return server.answer "NoResponse"
    end, all)
  end

  local function outcome(client, more)
    local result = server.ask(client, more):poll()
    return result.outcome, result.code, result.retry_after
  end

  it("are three in any five minutes, and ten in any hour", function()
    local client, transport = client_of()
    local sent = {}
    for _ = 1, 2000 do -- more than two hours, every four seconds
      if outcome(client) == "timeout" then
        sent[#sent + 1] = now
      end
      now = now + 4
    end
    assert.equal(#sent, #transport.calls)
    for first = 1, #sent do
      local five, hour = 0, 0
      for at = first, #sent do
        five = five + (sent[at] < sent[first] + 300 and 1 or 0)
        hour = hour + (sent[at] < sent[first] + 3600 and 1 or 0)
      end
      assert.is_true(five <= 3 and hour <= 10)
    end
    assert.is_true(#sent >= 22, #sent) -- and no fewer
  end)

  it("say when the next one may be sent", function()
    local client = client_of()
    for _ = 1, 3 do
      assert.equal("timeout", outcome(client))
      now = now + 10
    end
    assert.same({ "throttled", "per_5min", 270 }, { outcome(client) })
    now = now + 269
    assert.same({ "throttled", "per_5min", 1 }, { outcome(client) })
    now = now + 1
    assert.equal("timeout", outcome(client))
  end)

  it("are a person's, in whatever case the address is written", function()
    local client = client_of(function(call)
      return server.answer("NoResponse", call.inner.Username)
    end)
    for _, user in ipairs { "ann@x.example", "ANN@x.example", "Ann@X.Example" } do
      assert.equal("timeout", outcome(client, { user = user }))
    end
    assert.equal("throttled", outcome(client, { user = "aNN@x.example" }))
    assert.equal("timeout", outcome(client, { user = "bob@x.example" }))
  end)

  it("are not used up by what rings no phone", function()
    for _, status in ipairs { "DoesNotExist", "InvalidUser", "UnpairedUser" } do
      local client = client_of(function()
        return server.answer(status)
      end)
      for _ = 1, 12 do
        assert.not_equal("throttled", (outcome(client)))
      end
    end
    assert.equal("timeout", (outcome((client_of()))))
  end)

  it("let a phone rest as long as the longest of those who share a state want", function()
    local function denied()
      return server.answer "Denied"
    end
    local patient = client_of(denied, { limits = { cooldown = 120 } })
    local hasty = client_of(denied, { limits = { cooldown = 5 } })
    local pending = client_of(function(call)
      return call.inner.Username and server.waiting() or denied()
    end, { limits = { cooldown = 5 } })
    local handle = server.ask(pending, { browser_id = "b" })
    assert.equal("denied", (outcome(patient)))
    assert.equal("denied", handle:poll().outcome)
    now = now + 119
    assert.same({ "throttled", "cooldown", 1 }, { outcome(hasty) })
    now = now + 1
    assert.equal("denied", (outcome(hasty)))
  end)

  it("give nobody the answer of another server that shares the state", function()
    local function waiting(call)
      return call.inner.Username and server.waiting() or server.answer "Success"
    end
    local sandbox = client_of(waiting, { base_url = "https://sandbox.example" })
    local one = server.ask(sandbox, { browser_id = "b" })
    local client, transport = client_of(function(call)
      return call.inner.Username and server.waiting() or server.answer "Denied"
    end)
    local other = server.ask(client, { browser_id = "b" })
    assert.is_false(other.joined)
    assert.equal(1, #transport.calls)
    assert.equal("approved", one:poll().outcome)
    assert.equal("denied", other:poll().outcome)
  end)

  it("can be others", function()
    local client = client_of(nil, { limits = { per_5min = 5, per_hour = 6 } })
    local codes = {}
    for _ = 1, 8 do
      local _, code = outcome(client)
      codes[#codes + 1] = code or "sent"
    end
    assert.equal("sent sent sent sent sent per_5min per_5min per_5min", table.concat(codes, " "))
    now = now + 300
    assert.equal("timeout", (outcome(client)))
    assert.same({ "throttled", "per_hour", 3300 }, { outcome(client) })
  end)

  it("hold back what another process is sending, until its time is over", function()
    local limits = require "lastpass.mfa.limits"
    local client = client_of()
    local loop = require "lastpass.transport.scheduler"
    rawset(loop, "sleep", function() end)
    finally(function()
      rawset(loop, "sleep", nil)
    end)
    local record = { id = "1", user = server.USER, ends = now + 65 }
    assert.equal(record, limits.claim(client, record, "b"))
    assert.same({ "throttled", "already_pending", 65 }, { outcome(client, { browser_id = "b" }) })
    assert.equal("timeout", (outcome(client, { browser_id = "c" })))
    now = now + 65
    assert.equal("timeout", (outcome(client, { browser_id = "b" })))
  end)

  it("hold for several processes that ask at once, and each request rings once", function()
    local path = os.tmpname()
    os.remove(path)
    local box = assert(lastpass.sandbox.start { users = 10, seed = 4 })
    finally(function()
      box:stop()
      os.execute(("rm -f %s %s-*"):format(path, path))
    end)
    local people = {}
    for user in box:client():users() do
      if #people < 2 then
        people[#people + 1] = user.email
        assert(box:phone { email = user.email, state = "paired" })
      end
    end
    local here = states.database(path)
    assert(here:add("x", "y", 60)) -- makes it
    local interpreter = rawget(_G, "jit") and "luajit"
      or _VERSION == "Lua 5.1" and "lua5.1"
      or "lua5.4"
    local pipes = {}
    for index = 1, 3 do
      pipes[index] = assert(
        io.popen(
          ("timeout 300 %s spec/support/mfa_child.lua %s %s %s 4 %s 2>&1"):format(
            interpreter,
            path,
            box.mfa.url,
            box.mfa.login_key,
            table.concat(people, " ")
          )
        )
      )
    end
    for _, pipe in ipairs(pipes) do
      assert.equal("ready", pipe:read "*l")
    end
    assert(here:add("begin", "1", 600))
    local own, count = { 0, 0 }, 0
    for _, pipe in ipairs(pipes) do
      for line in pipe:lines() do
        local person, whose, got, code = line:match "^(%d)%s+(%l+)%s+(%l+)%s+([%w_]+)$"
        assert.is_truthy(person, line)
        count = count + 1
        if whose == "own" and got == "pending" then
          own[tonumber(person)] = own[tonumber(person)] + 1
        elseif whose == "own" then
          assert.equal("throttled", got, line)
          assert.is_true(code == "per_5min" or code == "already_pending", line)
        end
      end
      pipe:close()
    end
    assert.equal(24, count)
    assert.same({ 3, 3 }, own)
    for index, address in ipairs(people) do
      assert.equal(3, box:phone({ email = address }).rings, index)
    end
  end)
end)
