-- How fast a company is asked, mostly in virtual time.
local clocks = require "spec.support.clock"
local limiter = require "lastpass.limiter"
local loop = require "lastpass.transport.loop"
local parallel = require "lastpass.parallel"
local support = require "spec.support.box"

local count = 0

-- A limiter that no other test has used.
local function fresh()
  count = count + 1
  return limiter.of("https://limiter.example/", count)
end

describe("lastpass.limiter", function()
  describe("in virtual time", function()
    local clock

    before_each(function()
      clock = clocks.install { frozen = true }
    end)

    after_each(function()
      clock:remove()
    end)

    it("is one for all clients of a company, however its number is written", function()
      local one = limiter.of("https://x.example/", 42)
      assert.equal(one, limiter.of("https://x.example/", "42"))
      assert.equal(one, limiter.of("https://x.example/", 42.0))
      assert.equal(one, limiter.of("https://x.example/", "0042"))
      assert.not_equal(one, limiter.of("https://x.example/", 43))
      assert.not_equal(one, limiter.of("https://y.example/", 42))
    end)

    it("does not wait without a reason", function()
      local one = fresh()
      for _ = 1, 100 do
        one:acquire("getuserdata")
      end
      assert.equal(0, #clock.slept)
    end)

    it("spaces requests evenly by the rate", function()
      local one, started, waits = fresh(), loop.now(), {}
      for _ = 1, 21 do
        one:acquire("getuserdata", 4, function(about)
          waits[#waits + 1] = about
        end)
      end
      local took = loop.now() - started
      assert.is_true(took > 4.99 and took < 5.2, tostring(took))
      assert.equal(20, #waits)
      assert.equal("getuserdata", waits[1].command)
      assert.equal("the option rate", waits[1].reason)
      assert.is_true(math.abs(waits[1].seconds - 0.25) < 0.05)
    end)

    it("does not save up turns", function()
      local one = fresh()
      one:acquire("getuserdata", 4)
      clock.ahead = clock.ahead + 100
      one:acquire("getuserdata", 4)
      assert.equal(0, #clock.slept)
      one:acquire("getuserdata", 4)
      assert.is_true(clock.slept[1] > 0.2)
    end)

    it("keeps updateemail under ten a second, and nothing else", function()
      local one, started, reasons = fresh(), loop.now(), {}
      for _ = 1, 31 do
        one:acquire("updateemail", nil, function(about)
          reasons[about.reason] = (reasons[about.reason] or 0) + 1
        end)
      end
      local took = loop.now() - started
      assert.is_true(took > 3 and took < 3.5, tostring(took))
      assert.same({ ["LastPass allows 10 changes of e-mail address a second"] = 30 }, reasons)
      local slept = #clock.slept
      one:acquire "updateuser"
      assert.equal(slept, #clock.slept)
    end)

    it("keeps the slower of the two rates", function()
      local one, started = fresh(), loop.now()
      for _ = 1, 11 do
        one:acquire("updateemail", 2)
      end
      local took = loop.now() - started
      assert.is_true(took > 4.99 and took < 5.2, tostring(took))
      one, started = fresh(), loop.now()
      for _ = 1, 11 do
        one:acquire("updateemail", 100)
      end
      took = loop.now() - started
      assert.is_true(took > 1 and took < 1.3, tostring(took))
    end)

    it("holds everybody, the longest hold counts, and it ends", function()
      local one, waits = fresh(), {}
      one:back_off(5)
      one:back_off(2)
      one:acquire("getuserdata", nil, function(about)
        waits[#waits + 1] = about
      end)
      assert.equal(1, #waits)
      assert.equal("the server asked to wait", waits[1].reason)
      assert.is_true(waits[1].seconds > 4.9 and waits[1].seconds <= 5)
      one:acquire "getuserdata"
      assert.equal(2, #clock.slept) -- and the company is asked more slowly from then on
      assert.is_true(clock.slept[2] <= 0.11)
    end)

    it(
      "asks a company half as fast after a refusal, and as fast as before after a minute",
      function()
        local one = fresh()
        local function gap(rate)
          one:acquire("getuserdata", rate)
          local before = #clock.slept
          one:acquire("getuserdata", rate)
          return clock.slept[before + 1] or 0
        end
        one:back_off(0, 4)
        local first = gap()
        assert.is_true(first > 0.45 and first <= 0.5, first)
        for _ = 1, 5 do
          one:back_off(0, 4) -- they were under way together
        end
        assert.is_true(gap() > 0.45)
        loop.sleep(2)
        one:back_off(0, 4)
        assert.is_true(gap() > 0.9)
        loop.sleep(60)
        local later = gap()
        assert.is_true(later > 0.45 and later < 0.5, later)
        assert.is_true(gap(1) > 0.9) -- the slower of the two counts
        for _ = 1, 20 do
          loop.sleep(2)
          one:back_off(0)
        end
        assert.is_true(gap() < 10.01) -- never slower than one in ten seconds
      end
    )

    it("says whether the option or the company sets the pace", function()
      local one, reasons = fresh(), {}
      local function note(wait)
        reasons[#reasons + 1] = wait.reason
      end
      one:acquire("getuserdata", 2, note)
      one:acquire("getuserdata", 2, note)
      one:back_off(0, 2)
      one:acquire("getuserdata", 2, note)
      assert.equal("the option rate", reasons[1])
      assert.matches("^the company takes 1%.?%d* requests a second$", reasons[2])
    end)

    it("keeps the rate after a hold too", function()
      local one, times = fresh(), {}
      one:back_off(10)
      -- the calls gather while the hold lasts: none of them moves the clock
      loop.sleep = function(seconds)
        times[#times + 1] = seconds
        one._blocked_until = 0
      end
      local held = one._blocked_until
      for _ = 1, 5 do
        one._blocked_until = held
        one:acquire("getuserdata", 2)
      end
      for position = 2, 5 do
        local gap = times[position] - times[position - 1]
        assert.is_true(gap > 0.4 and gap < 0.6, tostring(gap))
      end
      assert.is_true(times[1] > 9.9)
    end)

    it("waits on when a hold comes while it waits", function()
      local one = fresh()
      local sleep = loop.sleep
      loop.sleep = function(seconds)
        loop.sleep = sleep
        sleep(seconds)
        one:back_off(7)
      end
      one:acquire("getuserdata", 1)
      one:acquire("getuserdata", 1)
      assert.equal(2, #clock.slept)
      assert.is_true(clock.slept[2] > 6.9)
    end)
  end)

  describe("over the wire", function()
    local box

    setup(function()
      box = support.start { users = 10 }
    end)

    teardown(function()
      box:stop()
    end)

    it("spaces the requests of two clients together", function()
      local one, two = box:client { rate = 50 }, box:client { rate = 50 }
      local started = loop.now()
      parallel(4, function(spawn)
        for i = 1, 11 do
          spawn(i % 2 == 0 and one.getsfdata or two.getsfdata, i % 2 == 0 and one or two)
        end
      end)
      local took = loop.now() - started
      assert.is_true(took >= 0.2, tostring(took))
      assert.equal(11, support.requests(box, "getsfdata"))
    end)

    it("keeps within what the server allows for updateemail", function()
      local live = support.start { users = 10, clock = "now", frozen = false }
      local client = live:client()
      local failures, made = {}, 0
      for i = 1, 12 do
        local reply, message, err = client:updateemail {
          oldemail = "nobody@x.example",
          newemail = ("n%d@x.example"):format(i),
        }
        made = made + 1
        if not reply and err.kind == "throttled" then
          failures[#failures + 1] = message
        end
      end
      live:stop()
      assert.equal(12, made)
      assert.same({}, failures)
    end)
  end)

  it("knows which failures may be other the next time, and which left nothing behind", function()
    for _, case in ipairs {
      { true, true, { kind = "transport", code = "connect" } },
      { true, false, { kind = "transport", code = "timeout", sent = true } },
      { true, false, { kind = "transport", code = "http_status", status = 502 } },
      { true, false, { kind = "throttled", retry_after = 120 } },
      { true, false, { kind = "protocol", code = "cut_short" } },
      { false, false, { kind = "throttled", retry_after = 121 } },
      { false, false, { kind = "transport", code = "redirect", status = 302 } },
      { false, true, { kind = "transport", code = "tls_certificate" } },
      { false, false, { kind = "protocol", code = "not_json" } },
      { false, false, { kind = "auth", status = 401 } },
    } do
      local err = case[3]
      assert.same(
        { case[1], case[2] },
        { limiter.is_passing(err), limiter.is_unsent(err) },
        err.code
      )
    end
  end)
end)
