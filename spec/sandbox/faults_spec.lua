local faults = require("lastpass.sandbox.faults")
local support = require("spec.sandbox.support")

local TWO = "gustavo.wagner@lumenor.example"

describe("lastpass.sandbox.faults", function()
  describe("rules", function()
    local function pattern(rule, calls, command)
      local list = faults.new()
      assert(list:add(rule))
      local shown = {}
      for at = 1, calls do
        shown[at] = list:decide(command or "getuserdata", 1) and "x" or "."
      end
      return table.concat(shown)
    end

    it("apply to every call unless told otherwise", function()
      assert.equal("xxxx", pattern({ status = 500 }, 4))
    end)

    it("match a command or a list of them", function()
      assert.equal("xx", pattern({ command = "getuserdata", status = 500 }, 2))
      assert.equal("..", pattern({ command = "reporting", status = 500 }, 2))
      assert.equal("xx", pattern({ command = { "reporting", "getuserdata" }, status = 500 }, 2))
    end)

    it("match a company", function()
      assert.equal("xx", pattern({ cid = 1, status = 500 }, 2))
      assert.equal("..", pattern({ cid = 2, status = 500 }, 2))
    end)

    it("match the nth call, from there on so often, every so many", function()
      assert.equal("..x..", pattern({ nth = 3, status = 500 }, 5))
      assert.equal("..xx.", pattern({ nth = 3, count = 2, status = 500 }, 5))
      assert.equal(".x.x.x", pattern({ every = 2, status = 500 }, 6))
      assert.equal("xx...", pattern({ count = 2, status = 500 }, 5))
    end)

    it("count only the calls that they are for", function()
      local list = faults.new()
      assert(list:add({ command = "reporting", nth = 2, status = 500 }))
      assert.is_nil(list:decide("getuserdata", 1))
      assert.is_nil(list:decide("reporting", 1))
      assert.is_nil(list:decide("getuserdata", 1))
      assert.truthy(list:decide("reporting", 1))
    end)

    it("apply with a probability that a seed repeats", function()
      local first = pattern({ probability = 0.3, seed = 5, status = 500 }, 200)
      assert.equal(first, pattern({ probability = 0.3, seed = 5, status = 500 }, 200))
      assert.not_equal(first, pattern({ probability = 0.3, seed = 6, status = 500 }, 200))
      local _, count = first:gsub("x", "")
      assert.is_true(count > 35 and count < 85)
      assert.equal(("."):rep(20), pattern({ probability = 0, status = 500 }, 20))
      assert.equal(("x"):rep(20), pattern({ probability = 1, status = 500 }, 20))
    end)

    it("join their effects", function()
      local list = faults.new()
      list:add({ delay = 1 })
      list:add({ status = 500 })
      local effects = list:decide("x", 1)
      assert.equal(1, effects.delay)
      assert.equal(500, effects.status)
      assert.same({ 1, 2 }, effects.ids)
    end)

    it("can be taken away", function()
      local list = faults.new()
      local one = list:add({ delay = 1 })
      list:add({ status = 500 })
      list:remove(one)
      assert.is_nil(list:decide("x", 1).delay)
      list:remove()
      assert.is_nil(list:decide("x", 1))
      assert.same({}, list:describe())
    end)

    it("are refused with a reason", function()
      for _, case in ipairs({
        { {}, "needs an effect" },
        { { command = "x" }, "needs an effect" },
        { { stauts = 500 }, "^fault: .*did you mean 'status'" },
        { { status = "500" }, "'status' must be" },
        { { drop = "now" }, "before, after" },
        { { probability = 2, delay = 1 }, "from 0 to 1" },
        { { nth = 0, delay = 1 }, "from 1 on" },
        { { body_base64 = "!" }, "Base64" },
      }) do
        local id, message, err = faults.new():add(case[1])
        assert.is_nil(id)
        assert.matches(case[2], message)
        assert.equal("bad_fault", err.code)
      end
    end)
  end)

  describe("effects", function()
    local box

    before_each(function()
      box = support.open()
    end)

    local function fault(rule)
      local answer, status = box:control("POST", "faults", rule)
      assert.equal(200, status)
      return answer.ids[1]
    end

    it("drop before the commit: nothing is done, nothing answered", function()
      fault({ drop = "before", count = 1 })
      local _, reply = box:call("disableuser", { TWO })
      assert.is_true(reply.drop)
      assert.is_nil(reply.body)
      assert.is_false((box:user(TWO)).disabled)
    end)

    it("drop after the commit: it is done, nothing answered", function()
      fault({ drop = "after", count = 1 })
      local _, reply = box:call("disableuser", { TWO })
      assert.is_true(reply.drop)
      assert.is_true((box:user(TWO)).disabled)
    end)

    it("an HTTP status, with or without Retry-After, and nothing done", function()
      fault({ status = 429, retry_after = 7, nth = 1 })
      fault({ status = 503, nth = 2, body = "<html>busy</html>", content_type = "text/html" })
      local _, reply = box:call("disableuser", { TWO })
      assert.equal(429, reply.status)
      assert.equal("7", reply.headers["Retry-After"])
      _, reply = box:call("disableuser", { TWO })
      assert.equal(503, reply.status)
      assert.is_nil(reply.headers["Retry-After"])
      assert.equal("<html>busy</html>", reply.body)
      assert.equal("text/html", reply.headers["Content-Type"])
      assert.is_false((box:user(TWO)).disabled)
    end)

    it("an HTTP status after the commit", function()
      fault({ status = 500, commit = true, count = 1 })
      local _, reply = box:call("disableuser", { TWO })
      assert.equal(500, reply.status)
      assert.is_true((box:user(TWO)).disabled)
    end)

    it("a Retry-After that is a date", function()
      fault({ status = 429, retry_after = "Mon, 15 Jun 2026 13:00:10 GMT" })
      local _, reply = box:call("getsfdata")
      assert.equal("Mon, 15 Jun 2026 13:00:10 GMT", reply.headers["Retry-After"])
    end)

    it("a reply that stops being JSON", function()
      fault({ malformed = true })
      local decoded, reply = box:call("disableuser", { TWO })
      assert.is_nil(decoded)
      assert.matches("^{", reply.body)
    end)

    it("a cut reply, with the full length declared or a lowered one", function()
      local whole = box:text("getsfdata")
      fault({ truncate = 100, nth = 1 })
      fault({ truncate = 100, content_length = "lowered", nth = 2 })
      local _, reply = box:call("getsfdata")
      assert.equal(100, reply.truncate)
      assert.equal(whole, reply.body)
      _, reply = box:call("getsfdata")
      assert.is_nil(reply.truncate)
      assert.equal(whole:sub(1, 100), reply.body)
    end)

    it("a cut reply of one that is streamed", function()
      box = support.open({ users = 3000 })
      fault({ truncate = 100000, content_length = "lowered" })
      local _, reply = box:call("getuserdata")
      assert.equal(100000, #reply.body)
      assert.is_nil(reply.was_streamed)
    end)

    it("any bytes as body", function()
      local base64 = require("lastpass.text.base64")
      local bytes = '{"Users":{"1":{"username":"\\ud800\255\0"}}}'
      fault({ body_base64 = base64.encode(bytes), headers = { ["X-Odd"] = "yes" } })
      local _, reply = box:call("getuserdata")
      assert.equal(bytes, reply.body)
      assert.equal("yes", reply.headers["X-Odd"])
    end)

    it("a body of any size", function()
      fault({ big_body = 1000000 })
      local _, reply = box:call("getuserdata")
      assert.equal(1000000, #reply.body)
      assert.matches('^{"Users":"x', reply.body)
    end)

    it("a delay, beside everything else", function()
      fault({ delay = 1.5, status = 500 })
      local _, reply = box:call("getuserdata")
      assert.equal(1.5, reply.delay)
      assert.equal(500, reply.status)
    end)

    it("somebody of an earlier page vanishes: the next page skips one", function()
      local all = box:addresses()
      local first = box:addresses({ pagesize = 10 })
      fault({ command = "getuserdata", page_shift = "vanish", count = 1 })
      local second, reply = box:addresses({ pagesize = 10, pageindex = 1 })
      assert.same({ all[1], all[10] }, { first[1], first[10] })
      assert.equal(all[12], second[1])
      assert.equal(49, reply.total)
    end)

    it("somebody appears before the earlier page: the next page repeats one", function()
      local all = box:addresses()
      fault({ command = "getuserdata", page_shift = "appear", count = 1 })
      local second, reply = box:addresses({ pagesize = 10, pageindex = 1 })
      assert.equal(all[10], second[1])
      assert.equal(51, reply.total)
      assert.equal(51, #box:addresses())
    end)

    it("the hash is rotated: the old one is refused from that call on", function()
      fault({ hash_rotated = true, nth = 2 })
      assert.matches("^{", box:text("getsfdata"))
      assert.matches("Authorization Error", box:text("getsfdata"))
      assert.matches("Authorization Error", box:text("getsfdata"))
      box.provhash = box.provhash:reverse()
      assert.matches("^{", box:text("getsfdata"))
      fault({ hash_rotated = true, provhash = ("c"):rep(64), count = 1 })
      assert.matches("Authorization Error", box:text("getsfdata"))
      box.provhash = ("c"):rep(64)
      assert.matches("^{", box:text("getsfdata"))
    end)

    it("are noted in the journal, and shown without hash or body", function()
      local id = fault({ status = 500, provhash = "canary", body = "canary", count = 1 })
      box:call("getsfdata")
      local entries = box:control("GET", "journal").entries
      assert.same({ id }, entries[1].faults)
      assert.equal(500, entries[1].status)
      local shown = box:control("GET", "faults")
      assert.equal(1, shown.faults[1].applied)
      assert.is_nil(support.json.encode(shown):find("canary", 1, true))
    end)

    it("can be given at the start and come back with a reset", function()
      box = support.open({ faults = { { status = 500, count = 1 } } })
      assert.equal(500, select(2, box:call("getsfdata")).status)
      assert.equal(200, select(2, box:call("getsfdata")).status)
      box:control("POST", "reset")
      assert.equal(500, select(2, box:call("getsfdata")).status)
    end)
  end)
end)
