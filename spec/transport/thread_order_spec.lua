-- What a thread of nginx does for a request.
local core = require "lastpass.core"
local errors = require "lastpass.error"
local lastpass = require "lastpass"
local servers = require "spec.support.server"

local ROOM, CURL = "lastpass.transport.thread", "lastpass.transport.curl"

describe("lastpass.transport.thread", function()
  -- A fresh one, as the first order of a thread finds it.
  local function load_fresh()
    local loaded = package.loaded[ROOM]
    package.loaded[ROOM] = nil
    local worker = require(ROOM)
    package.loaded[ROOM] = loaded
    return worker
  end

  local function body()
    local credentials = { cid = 5, provhash = lastpass.secret.value "0123456789" }
    return core.updateuser(credentials, { username = "a@x.example" })
  end

  local TEXT =
    '{"cid":5,"cmd":"updateuser","data":{"username":"a@x.example"},"provhash":"0123456789"}'

  -- Plain values only: what one Lua state can hand to another.
  local function assert_plain(value)
    local kind = type(value)
    if kind == "table" then
      assert.is_nil(getmetatable(value))
      for name, one in pairs(value) do
        assert.equal("string", type(name))
        assert_plain(one)
      end
    else
      assert.is_true(kind == "string" or kind == "number" or kind == "boolean", kind)
    end
  end

  describe("with a stand-in for libcurl", function()
    local worker, loaded, made, sent, reply

    before_each(function()
      loaded, made, sent = package.loaded[CURL], {}, {}
      reply = function()
        return { status = 200, headers = {}, body = "" }
      end
      package.loaded[CURL] = {
        new = function(options)
          local transport = { options = options }
          made[#made + 1] = transport
          function transport.send(self, request)
            sent[#sent + 1] = { by = self, request = request }
            return reply(request)
          end
          return transport
        end,
      }
      worker = load_fresh()
    end)

    after_each(function()
      package.loaded[CURL] = loaded
    end)

    local function send(order)
      order.options = order.options or {}
      order.request = order.request or { method = "GET", url = "https://h.example/" }
      local answer = worker.send_order(order)
      assert_plain(answer)
      return answer
    end

    it("sends the request as it is ordered", function()
      local request = {
        method = "POST",
        url = "https://h.example/x",
        headers = { ["X-A"] = "1" },
        body = "text",
        repeatable = true,
        max_bytes = 7,
        timeout = 3,
      }
      local wanted = {}
      for name, value in pairs(request) do
        wanted[name] = value
      end
      send { request = request }
      assert.equal(1, #sent)
      assert.same(wanted, sent[1].request)
    end)

    it("answers with plain values", function()
      local headers = setmetatable({ ["x-a"] = "1", date = "now" }, { __name = "headers" })
      reply = function()
        -- as libcurl's are: headers are read when somebody asks for them
        return setmetatable({ status = 418, body = "a\0b" }, {
          __index = function(_, name)
            return name == "headers" and headers or nil
          end,
        })
      end
      local answer = send {}
      assert.same(
        { status = 418, headers = { ["x-a"] = "1", date = "now" }, body = "a\0b" },
        answer
      )
      assert.is_false(rawequal(headers, answer.headers))
    end)

    it("has one transport for each way to prove who the server is", function()
      local ways = {
        {},
        { ca_file = "/a.pem" },
        { ca_file = "/b.pem" },
        { verify = false },
        { verify = true },
        { proxy = "http://p.example:1" },
        { http_version = "2" },
        { connect_timeout = 1 },
        { connect_timeout = 2 },
        { ca_file = "/a.pem", proxy = "http://p.example:1" },
      }
      for _ = 1, 3 do
        for number, options in ipairs(ways) do
          local copy = {}
          for name, value in pairs(options) do
            copy[name] = value
          end
          send { options = copy }
          assert.equal(made[number], sent[#sent].by)
          assert.same(options, made[number].options)
        end
      end
      assert.equal(#ways, #made)
    end)

    it("takes a body by its number, and closes it afterwards", function()
      local seen
      reply = function(request)
        seen = core.reveal_body(request.body)
        return { status = 200, headers = {}, body = "" }
      end
      local body_number = core.hand_off_body(body())
      send { body_number = body_number }
      assert.equal(TEXT, seen)
      assert.is_nil((core.take_body(body_number)))
      assert.is_false((pcall(core.reveal_body, sent[1].request.body)))
    end)

    it("closes it as well when the request fails", function()
      reply = function()
        return errors.fail("transport", "timeout", "too late")
      end
      send { body_number = core.hand_off_body(body()) }
      assert.is_false((pcall(core.reveal_body, sent[1].request.body)))
    end)

    it("sends nothing when its body was taken back", function()
      local body_number = core.hand_off_body(body())
      core.take_body(body_number):close()
      local answer = send { body_number = body_number }
      assert.same(
        { message = "nobody waits any more", kind = "cancelled", code = "cancelled" },
        answer
      )
      assert.same({ 0, 0 }, { #made, #sent })
    end)

    it("tells a failure in plain values", function()
      local fields = { hint = "wait", sent = true, begun = true, command = "x", body = { 1 } }
      reply = function()
        return errors.fail("transport", "timeout", "too late", fields)
      end
      assert.same({
        message = "too late",
        kind = "transport",
        code = "timeout",
        hint = "wait",
        sent = true,
        begun = true,
      }, send {})
      fields = { begun = true }
      assert.same(
        { message = "too late", kind = "transport", code = "timeout", begun = true },
        send {}
      )
      fields = nil
      assert.same({ message = "too late", kind = "transport", code = "timeout" }, send {})
    end)

    it("takes what raises for something that may have been sent", function()
      for _, problem in ipairs { "no", 42, { code = "no" } } do
        reply = function()
          error(problem, 0)
        end
        local answer = send {}
        answer.message = answer.message == tostring(problem)
        assert.same({
          message = true,
          kind = "transport",
          code = "raised",
          sent = true,
          begun = true,
        }, answer)
      end
      reply = function()
        return { status = 200, body = "" } -- without headers
      end
      assert.equal("raised", send({}).code)
      reply = function()
        return { status = 200, headers = {}, body = "fine" }
      end
      assert.equal("fine", send({}).body)
    end)
  end)

  describe("with libcurl", function()
    local server, worker

    setup(function()
      server = servers.start [[
        return function(client, number)
          for _ = 1, 10 do
            local request = tools.read_request(client)
            if not request then return end
            tools.log(tostring(number))
            if request.head:find("/cut", 1, true) then
              client:send "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonly"
              return
            end
            tools.reply(client, number .. " " .. request.body, "X-Mine: yes\r\n")
          end
        end
      ]]
      worker = load_fresh()
    end)

    teardown(function()
      server:stop()
    end)

    local function send(path, more)
      local order = {
        options = { connect_timeout = 5 },
        request = {
          method = "POST",
          url = ("http://127.0.0.1:%d%s"):format(server.port, path),
          timeout = 5,
          body = "hello",
        },
      }
      for name, value in pairs(more or {}) do
        order[name] = value
      end
      local answer = worker.send_order(order)
      assert_plain(answer)
      return answer
    end

    it("sends requests over one connection", function()
      local first, second = send "/x", send("/x", { body_number = core.hand_off_body(body()) })
      assert.equal(200, first.status)
      assert.equal("yes", first.headers["x-mine"])
      local number = first.body:match "^(%d+) hello$"
      assert.equal(number .. " " .. TEXT, second.body)
    end)

    it("says how far one came that failed", function()
      local answer = send "/cut"
      assert.same({ "transport", "reply_cut", true, true }, {
        answer.kind,
        answer.code,
        answer.sent,
        answer.begun,
      })
      answer = worker.send_order {
        options = {},
        request = { method = "GET", url = "http://h.example/", timeout = 5 },
      }
      assert.same({ "transport", "bad_url" }, { answer.kind, answer.code })
      assert.is_string(answer.hint)
      assert.is_nil(answer.sent or answer.begun)
    end)
  end)
end)
