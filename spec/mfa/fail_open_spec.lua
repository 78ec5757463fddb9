-- Letting users in without an answer: when a call says so, for what cannot be reached, within a budget.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local server = require "spec.support.mfa_server"
local states = require "lastpass.state"

describe("fail-open", function()
  local now, events, shared

  before_each(function()
    now, events = 100000, {}
    shared = states.memory {
      now = function()
        return now
      end,
    }
  end)

  local function unreachable()
    return errors.fail("transport", "unreachable", "no")
  end

  local function client_of(answer, options)
    local all = {
      state = shared,
      clock = function()
        return now
      end,
      on_event = function(event)
        events[#events + 1] = event
      end,
    }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return (server.client("plain", answer or unreachable, all))
  end

  local function result_of(client, budget, user)
    return server.ask(client, { user = user, fail_open = budget }):wait()
  end

  local TEN = { minutes = 10, people = 2 }

  it("is closed unless a call opens it", function()
    local result = result_of(client_of())
    assert.same({ "unreachable", false, nil }, { result.outcome, result.ok, result.failed_open })
    result = result_of(client_of(), TEN)
    assert.same({ "unreachable", true, true }, { result.outcome, result.ok, result.failed_open })
    assert.is_false(result_of(client_of()).ok)
  end)

  it("is for what cannot be reached, and nothing else", function()
    for _, answer in ipairs {
      function()
        return server.answer "Denied"
      end,
      function()
        return server.answer "LockedUser"
      end,
      function()
        return "not json"
      end,
      function()
        return { status = 429, body = "" }
      end,
      function()
        return { status = 401, body = "" }
      end,
      function()
        return { status = 302, body = "" }
      end,
      function()
        return errors.fail("transport", "would_block", "no")
      end,
      function()
        return errors.fail("cancelled", "interrupted", "no")
      end,
      function(call)
        now = now + 30
        return call.number == 1 and server.waiting() or server.waiting()
      end,
    } do
      local result = result_of(client_of(answer), TEN)
      assert.is_false(result.ok)
      assert.is_nil(result.failed_open)
      now = now + 3600
    end
    local limited = client_of(function()
      return server.answer "NoResponse"
    end)
    for _ = 1, 3 do
      result_of(limited, TEN)
    end
    local result = result_of(limited, TEN)
    assert.same({ "throttled", false }, { result.outcome, result.ok })
    for _, event in ipairs(events) do
      assert.is_nil(event.failed_open)
    end
  end)

  it("goes on in another process, which has to say it again", function()
    local secret = require("lastpass.secret").value(("k"):rep(40))
    local client = client_of(function(call)
      if call.number == 1 then
        return server.waiting()
      end
      return unreachable()
    end)
    local handle = server.ask(client)
    local text = assert(handle:export(secret))
    assert.equal("unreachable", handle:poll().code)
    now = now + 65
    local closed = assert(client_of():import(text, secret)):poll()
    assert.same({ "unreachable", "unreachable", false }, { closed.outcome, closed.code, closed.ok })
    local open = assert(client_of():import(text, secret, nil, { fail_open = TEN })):poll()
    assert.same({ "unreachable", true, true }, { open.outcome, open.ok, open.failed_open })
  end)

  it("lets in so many people for so long, over all processes", function()
    local function let_in(user, budget)
      return result_of(client_of(), budget or TEN, user).ok
    end
    assert.is_true(let_in "ann@x.example")
    assert.is_true(let_in "ANN@x.example") -- the same person
    assert.is_true(let_in "bob@x.example")
    assert.is_false(let_in "cay@x.example")
    assert.is_true(let_in "bob@x.example")
    assert.is_true(let_in("cay@x.example", { minutes = 10, people = 2, name = "other" }))
    now = now + 599
    assert.is_true(let_in "ann@x.example")
    now = now + 1
    assert.is_false(let_in "ann@x.example")
    assert.is_false(let_in "bob@x.example")
    now = now + 86400 - 601
    assert.is_false(let_in "ann@x.example")
    now = now + 1
    assert.is_true(let_in "cay@x.example") -- a day after the first use: a new budget
  end)

  it(
    "ends for each call when that call says, and does not last longer by a clock set back",
    function()
      assert.is_true(result_of(client_of(), { minutes = 60, people = 2 }).ok)
      assert.is_false(result_of(client_of(), TEN).ok)
      now = now + 50 * 60
      assert.is_true(result_of(client_of(), TEN).ok)
      local client = client_of(nil, {
        clock = function()
          return now - 86400
        end,
      })
      assert.is_false(result_of(client, { minutes = 60, people = 2 }).ok)
    end
  )

  it("is reported and counted, each time", function()
    local client = client_of()
    result_of(client, { minutes = 10, people = 1, name = "outage" }, "ann@x.example")
    result_of(client, { minutes = 10, people = 1, name = "outage" }, "bob@x.example")
    local opened, refused
    for _, event in ipairs(events) do
      opened = event.event == "failed_open" and event or opened
      refused = event.event == "fail_open_refused" and event or refused
    end
    assert.same({
      event = "failed_open",
      at = now,
      user = "ann@x.example",
      budget = "outage",
      person = 1,
      people = 1,
      ends = now + 600,
      code = "unreachable",
    }, opened)
    assert.equal("bob@x.example", refused.user)
    assert.equal(1, client:counts().failed_open)
    assert.equal(2, client:counts().unreachable)
  end)

  it("stays closed with a state that does not answer", function()
    local failing = setmetatable({}, {
      __index = function(_, name)
        return function(_, key, ...)
          if key:find "open:" then
            return errors.fail("protocol", "state_failed", "no")
          end
          return shared[name](shared, key, ...)
        end
      end,
    })
    assert.is_false(result_of(client_of(nil, { state = failing }), TEN).ok)
    local result = result_of(
      client_of(nil, {
        state = setmetatable({ advance = print }, {
          __index = function()
            return function()
              return errors.fail("conflict", "state_full", "no")
            end
          end,
        }),
      }),
      TEN
    )
    assert.same({ "error", "state_full", false }, { result.outcome, result.code, result.ok })
  end)

  it("needs a budget, and somebody who is told", function()
    for _, wrong in ipairs {
      { {}, "needs a budget {minutes =, people =}" },
      { { minutes = 10 }, "needs a budget" },
      { { minutes = 0, people = 1 }, "'minutes' must be a number from 1 to 1440" },
      { { minutes = 10, people = 1.5 }, "'people' must be a whole number" },
      { { minutes = 10, people = 1, name = "a b" }, "'name' must be at most 64 letters" },
      { { minutes = 10, peoples = 1 }, "unknown option 'peoples' (did you mean 'people'?)" },
      { { minutes = 600, people = 1, rest_hours = 1 }, "'rest_hours' must not be shorter" },
    } do
      local client = client_of()
      local message = check.blamed(function()
        client:challenge { user = server.USER, ip = "192.0.2.1", fail_open = wrong[1] }
      end)
      assert.matches(wrong[2], message, 1, true)
    end
    local client = server.client("plain", unreachable)
    assert.matches(
      "needs the client's option 'on_event'",
      check.blamed(function()
        client:authenticate { user = server.USER, ip = "192.0.2.1", fail_open = TEN }
      end),
      1,
      true
    )
  end)
end)
