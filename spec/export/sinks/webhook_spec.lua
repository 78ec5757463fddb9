-- Batches, answers, tries again: with a transport that is told what to answer, and once over HTTP.
local check = require "spec.support.check"
local clock = require "spec.support.clock"
local json = require "lastpass.json"
local server = require "spec.support.server"
local store = require "spec.support.store"
local sinks = require "lastpass.export.sinks"
local webhook = require "lastpass.export.sinks.webhook"

local unpack = table.unpack or unpack

describe("lastpass.export.sinks.webhook", function()
  local sent, answers, still, receiver, folder

  before_each(function()
    sent, answers, still, receiver = {}, {}, clock.install(), nil
    folder = store.folder()
  end)

  after_each(function()
    still:remove()
    store.remove(folder)
  end)

  local transport = {
    send = function(_, request)
      sent[#sent + 1] = request
      if receiver then
        return receiver(request)
      end
      local answer = table.remove(answers, 1) or { status = 200, body = "{}" }
      if answer.err then
        return nil, answer.err.message, answer.err
      end
      answer.headers = answer.headers or {}
      return answer
    end,
  }

  local function open(options, format)
    options.url = options.url or "https://siem.example/in"
    options.transport = options.transport or transport
    local sink = webhook.open(options, { format = format or "ecs", media_type = "text/x" }, 1)
    assert(sink:begin())
    return sink
  end

  it("posts a batch and is content with 200", function()
    local sink = open { headers = { ["X-Tenant"] = "acme" } }
    assert.is_true(sink:write("{}\n", 1))
    assert.equal("{}\n", sent[1].body)
    assert.equal("POST", sent[1].method)
    assert.equal("text/x", sent[1].headers["Content-Type"])
    assert.equal("acme", sent[1].headers["X-Tenant"])
    assert.same({}, sink:confirm())
    assert.is_true(sink:finish())
    sink:close()
  end)

  it("tries again what fails for a while, as long as the server says", function()
    answers = {
      { status = 503, body = "" },
      { status = 429, body = "", headers = { ["retry-after"] = "7" } },
      { err = { kind = "transport", code = "timeout", message = "no answer" } },
    }
    local told = {}
    local sink = open {
      on_retry = function(about)
        told[#told + 1] = about.code
      end,
    }
    assert.is_true(sink:write("{}\n", 1))
    assert.equal(4, #sent)
    assert.equal(7, still.slept[2])
    assert.same({ "http_status", "http_status", "timeout" }, told)
  end)

  it("gives up when that has no end, or no sense", function()
    for _ = 1, 4 do
      answers[#answers + 1] = { status = 500, body = "" }
    end
    check.failure("transport", "http_status", open({ retries = 2 }):write("{}\n", 1))
    assert.equal(3, #sent)
    answers, sent = { { status = 403, body = "no" } }, {}
    check.failure("auth", "http_status", open({}):write("{}\n", 1))
    answers = { { status = 404, body = "no" } }
    local err = check.failure("refused", "http_status", open({}):write("{}\n", 1))
    assert.equal("no", err.body)
    assert.equal("webhook: the server answered HTTP 404: no", err.message)
    answers = { { err = { kind = "transport", code = "tls_certificate", message = "bad" } } }
    check.failure("transport", "tls_certificate", open({}):write("{}\n", 1))
  end)

  it("frames events for Splunk", function()
    local sink = open({ style = "splunk", host = "acme" }, "ndjson")
    local writer = require "lastpass.export.writer"
    local formats = require "lastpass.export.formats"
    local events = require "spec.support.events"
    local one = writer.new(formats.open("ndjson", 1), { frame = sink.frame, batch = sink.batch })
    answers = { { status = 200, body = '{"text":"Success","code":0}' } }
    assert(one:write(events.clocked { { "2026-03-01 10:00:05" } }, function(text, count)
      return sink:write(text, count)
    end))
    local value = assert(json.decode(sent[1].body))
    assert.equal(1772377205, value.time)
    assert.equal("lastpass:ndjson", value.sourcetype)
    assert.equal("acme", value.host)
    assert.equal("login", value.event.id)
  end)

  local function bulk(statuses)
    local items = json.list {}
    for number, status in ipairs(statuses) do
      items[number] =
        { create = { status = status, error = status >= 300 and { reason = "busy" } or nil } }
    end
    return { status = 200, body = json.encode { errors = true, items = items } }
  end

  it("sends Elasticsearch again what it did not take", function()
    answers = { bulk { 201, 429, 201 }, { status = 200, body = '{"errors":false,"items":[]}' } }
    local sink = open { style = "elastic" }
    assert.equal('{"create":{"_id":"', sink.frame.before[1])
    assert.is_true(
      sink:write('{"create":{}}\n{"a":1}\n{"create":{}}\n{"a":2}\n{"create":{}}\n{"a":3}\n', 3)
    )
    assert.equal('{"create":{}}\n{"a":2}\n', sent[2].body)
    assert.equal("application/x-ndjson", sent[1].headers["Content-Type"])
  end)

  local function letters(path)
    local list = {}
    for line in (store.read(path or folder .. "/letters") or ""):gmatch "[^\n]+" do
      list[#list + 1] = json.decode(line)
    end
    return list
  end

  it("puts aside what Elasticsearch refuses for good, and takes what is there for taken", function()
    answers = { bulk { 201, 400, 409 } }
    local sink = open { style = "elastic", dead_letters = folder .. "/letters" }
    local body = '{"create":{}}\n{"a":1}\n{"create":{}}\n{"a":2}\n{"create":{}}\n{"a":3}\n'
    assert.is_true(sink:write(body, 3))
    assert.is_true(sink.confirmed)
    assert.equal(1, #sent)
    local list = letters()
    assert.equal(1, #list)
    assert.equal('{"create":{}}\n{"a":2}', list[1].event)
    assert.equal("HTTP 400: busy", list[1].reason)
    answers = { bulk { 403, 403, 403 } }
    sink = open { style = "elastic", dead_letters = folder .. "/letters", most_refused = 2 }
    local err = check.failure("refused", "events_refused", sink:write(body, 3))
    assert.matches("busy", err.message)
    assert.equal(1, #letters())
  end)

  it("takes nothing else for an answer of Elasticsearch", function()
    for _, body in ipairs {
      "<html>",
      "",
      "[]",
      '{"items":[]}',
      '{"errors":true,"items":[{"create":{"status":201}}]}',
    } do
      answers = { { status = 200, body = body } }
      local sink = open { style = "elastic", retries = 0 }
      check.failure("transport", "no_receipt", sink:write("x\nx\ny\ny\n", 2))
    end
  end)

  -- Refuses every request with one of these words in it.
  local function refuse(...)
    local words, got = { ... }, {}
    receiver = function(request)
      for _, word in ipairs(words) do
        if request.body:find(word, 1, true) then
          return { status = 400, body = '{"text":"Invalid data format","code":6}', headers = {} }
        end
      end
      for line in request.body:gmatch "[^\n]+" do
        got[#got + 1] = line
      end
      return { status = 200, body = '{"text":"Success","code":0}', headers = {} }
    end
    return got
  end

  local function lines(from, to)
    local list = {}
    for number = from, to do
      list[#list + 1] = ("event <%d>\n"):format(number)
    end
    return table.concat(list)
  end

  for name, poison in pairs {
    ["the first"] = { "<1>" },
    ["the last"] = { "<10>" },
    ["one in the middle"] = { "<6>" },
    ["two apart"] = { "<2>", "<9>" },
    ["two in a row"] = { "<5>", "<6>" },
    ["all but one"] = { "<1>", "<2>", "<3>", "<4>", "<5>", "<7>", "<8>", "<9>", "<10>" },
  } do
    it(("puts aside %s of a batch, and sends the rest once"):format(name), function()
      local got = refuse(unpack(poison))
      local told = {}
      local sink = open {
        style = "splunk",
        dead_letters = folder .. "/letters",
        on_refused = function(about)
          told[#told + 1] = about
        end,
      }
      assert.is_true(sink:write(lines(1, 10), 10))
      assert.is_true(sink:confirm() ~= nil)
      assert.is_true(sink.confirmed)
      assert.equal(10 - #poison, #got)
      assert.equal(#poison, sink.refused)
      assert.equal(#poison, #told)
      local list = letters()
      assert.equal(#poison, #list)
      for position, letter in ipairs(list) do
        assert.equal("event " .. poison[position], letter.event)
        assert.equal("https://siem.example", letter.receiver)
        assert.equal(400, letter.status)
        assert.matches("Invalid data format %(code 6%)", letter.reason)
      end
      local mode = io.popen("stat -c %a " .. folder .. "/letters")
      assert.equal("600", mode:read "*l")
      mode:close()
    end)
  end

  it("puts aside an event that is a batch of its own once another one is accepted", function()
    refuse("<1>", "<3>", "<4>")
    local sink = open { dead_letters = folder .. "/letters" }
    assert.is_true(sink:write(lines(1, 1), 1))
    assert.is_false(sink.confirmed)
    assert.same({}, letters())
    assert.is_true(sink:write(lines(2, 2), 1))
    assert.is_true(sink.confirmed)
    assert.equal(1, #letters())
    assert.is_true(sink:write(lines(3, 4), 2))
    assert.is_false(sink.confirmed)
    assert.same({}, sink:confirm())
    assert.equal(3, #letters())
  end)

  it("puts nothing aside for a receiver that refuses everything", function()
    refuse "event"
    local sink = open { dead_letters = folder .. "/letters" }
    assert.is_true(sink:write(lines(1, 3), 3))
    local err = check.failure("refused", "events_refused", sink:confirm())
    assert.matches("no event was accepted, 3 refused: .*Invalid data format", err.message)
    assert.same({}, letters())
    -- and stops early where there are many
    sent = {}
    sink = open { dead_letters = folder .. "/letters" }
    check.failure("refused", "events_refused", sink:write(lines(1, 5000), 5000))
    assert.is_true(#sent < 80)
    assert.same({}, letters())
    -- also when it took some before
    refuse()
    sink = open { dead_letters = folder .. "/letters", most_refused = 3 }
    assert.is_true(sink:write(lines(1, 3), 3))
    refuse "event"
    check.failure("refused", "events_refused", sink:write(lines(4, 8), 5))
    assert.same({}, letters())
    -- a wrong token or address is no matter of one event
    for _, status in ipairs { 401, 403, 404, 405, 407, 410 } do
      sent, receiver = {}, nil
      answers = { { status = status, body = "no" } }
      assert.is_nil((open({ dead_letters = folder .. "/letters" }):write(lines(1, 3), 3)))
      assert.equal(1, #sent)
    end
    assert.same({}, letters())
  end)

  -- A receiver that breaks on some events, for so many requests with them in it.
  local function break_on(name, times)
    local got, broken = {}, 0
    receiver = function(request)
      if request.body:find(name, 1, true) and broken < times then
        broken = broken + 1
        return { status = 500, body = "NullPointerException", headers = {} }
      end
      for line in request.body:gmatch "[^\n]+" do
        got[#got + 1] = line
      end
      return { status = 200, body = "", headers = {} }
    end
    return got
  end

  it("puts aside the event that a receiver always answers with 500", function()
    local got = break_on("<6>", math.huge)
    local sink = open { retries = 2, dead_letters = folder .. "/letters" }
    assert.is_true(sink:write(lines(1, 10), 10))
    assert.same({}, sink:confirm())
    assert.equal(9, #got)
    local list = letters()
    assert.equal(1, #list)
    assert.equal("event <6>", list[1].event)
    assert.equal(500, list[1].status)
    assert.matches("NullPointerException", list[1].reason)
    assert.equal(1, sink.refused)
    -- only the whole batch was tried again
    assert.equal(2, #still.slept)
  end)

  it("sends an event once more before it is put aside for a 500", function()
    -- three times the batch, then 10, 5, 3, 2 and 1 in it; the next time it is taken
    local got = break_on("<1>", 7)
    local sink = open { retries = 2, dead_letters = folder .. "/letters" }
    assert.is_true(sink:write(lines(1, 10), 10))
    assert.same({}, sink:confirm())
    assert.equal(10, #got)
    assert.same({}, letters())
    assert.equal(0, sink.refused)
    assert.is_true(sink.confirmed)
  end)

  it("puts nothing aside for a receiver that answers everything with 500", function()
    local got = break_on("event", math.huge)
    local sink = open { retries = 1, dead_letters = folder .. "/letters" }
    local err = check.failure("transport", "http_status", sink:write(lines(1, 5000), 5000))
    assert.equal(500, err.status)
    assert.is_true(#sent < 80)
    assert.is_true(sink:write(lines(1, 3), 3))
    assert.is_false(sink.confirmed)
    check.failure("transport", "http_status", sink:confirm())
    assert.same({}, got)
    assert.same({}, letters())
    -- and what waited then does not wait a second time
    got = break_on("event", 0)
    assert.is_true(sink:write(lines(1, 3), 3))
    assert.is_true(sink.confirmed)
    assert.equal(3, #got)
    assert.same({}, letters())
  end)

  it("loses nothing when the dead letters cannot be written", function()
    refuse "<2>"
    local sink = open { dead_letters = "/dev/full" }
    local err = check.failure("argument", "disk_full", sink:write(lines(1, 3), 3))
    assert.matches("dead letters: /dev/full", err.message)
    assert.is_false(sink.confirmed)
  end)

  it("halves what is too large, for all that follows too", function()
    local sizes = {}
    receiver = function(request)
      local count = select(2, request.body:gsub("\n", ""))
      sizes[#sizes + 1] = count
      return { status = count > 3 and 413 or 200, body = "", headers = {} }
    end
    local sink = open {}
    assert.is_true(sink:write(lines(1, 10), 10))
    assert.same({ 10, 5, 3, 2, 5, 3, 2 }, sizes)
    assert.equal(3, sink.batch.events)
    -- one event that is too large is no reason to send all others one by one
    receiver = function(request)
      local too_large = request.body:find("<2>", 1, true)
      return { status = too_large and 413 or 200, body = "", headers = {} }
    end
    sink = open { dead_letters = folder .. "/letters" }
    assert.is_true(sink:write(lines(1, 10), 10))
    assert.equal(5000, sink.batch.events)
    assert.equal("event <2>", letters()[1].event)
  end)

  it("halves CSV between its records", function()
    local got = refuse "<2>"
    local sink = open({ dead_letters = folder .. "/letters" }, "csv")
    local body = '"<1>\n","a ""x"""\r\n"<2>\r\n","b"\r\n"<3>","c"\r\n'
    assert.is_true(sink:write(body, 3))
    assert.equal('"<2>\r\n","b"\r', letters()[1].event)
    assert.equal('"<1>', got[1])
  end)

  it(
    "knows no receipt in a page, an empty answer of Splunk's, or what was not asked for",
    function()
      local page = "<html><title>Sign in to the network</title><p>Wi-Fi</p></html>"
      local cases = {
        { { style = "splunk" }, { body = page } },
        { { style = "splunk" }, { body = "" } },
        { { style = "splunk" }, { body = '{"text":"Success"}' } },
        { { style = "splunk" }, { body = '{"text":"Token disabled","code":1}' } },
        { { style = "splunk" }, { body = '{"code":"0"}' } },
        { {}, { body = page } },
        { {}, { body = "\239\187\191 \n<!-- x -->\n<!DOCTYPE html>\n<p>" } },
        { {}, { body = '<?xml version="1.0"?><HTML>' } },
        { {}, { body = "ok", headers = { ["content-type"] = "text/html; charset=utf-8" } } },
        { {}, { status = 302, body = "" } },
        { { receipt = { status = 202 } }, { body = "ok" } },
        { { receipt = { status = { 202, 204 } } }, { body = "ok" } },
        { { receipt = { body = "accepted" } }, { body = "ok" } },
        {
          { receipt = { json = { ok = true } } },
          { body = '{"ok":false,"error":"index is full"}' },
        },
        { { receipt = { json = { ["result.ok"] = "yes" } } }, { body = '{"result":{}}' } },
        { { receipt = { json = { ok = true } } }, { body = "ok" } },
      }
      for number, case in ipairs(cases) do
        case[1].retries = 0
        case[2].status = case[2].status or 200
        answers = { case[2] }
        local ok, message, err = open(case[1]):write("{}\n", 1)
        assert.is_nil(ok, number)
        assert.equal("no_receipt", err.code, number .. message)
        assert.equal("transport", err.kind)
      end
      answers = { { status = 200, body = page } }
      local _, message = open({ retries = 0 }):write("{}\n", 1)
      assert.equal(
        "webhook: the answer is not a receipt: it is a page: Sign in to the network Wi-Fi",
        message
      )
      local good = {
        { {}, { body = "" } },
        { {}, { status = 204, body = "" } },
        { {}, { body = "<ok/>" } },
        { {}, { body = "<pong>1</pong>" } },
        { { receipt = { status = 404 } }, { status = 404, body = "" } },
        {
          { receipt = { body = "ok", json = { ["a.b"] = "1" } } },
          { body = '{"a":{"b":1},"x":"ok"}' },
        },
      }
      for number, case in ipairs(good) do
        case[2].status = case[2].status or 200
        answers = { case[2] }
        assert.is_true((open(case[1]):write("{}\n", 1)), number)
      end
      -- it is tried again: a page is there for a while
      sent, answers = {}, { { status = 200, body = page }, { status = 200, body = "" } }
      assert.is_true(open({}):write("{}\n", 1))
      assert.equal(2, #sent)
    end
  )

  it("says what the server said, in one short line without secrets", function()
    store.write(folder .. "/token", "s3cr3t-token")
    os.execute("chmod 600 " .. folder .. "/token")
    local body = "bad\27[31m s3cr3t-token\n" .. ("word "):rep(1000)
    answers = { { status = 404, body = body } }
    local err = check.failure(
      "refused",
      "http_status",
      open({ token_file = folder .. "/token" }):write("{}\n", 1)
    )
    assert.matches("HTTP 404: bad\\x1b%[31m %[redacted%] word", err.message)
    assert.is_true(#err.message < 300)
    assert.is_nil((err.body .. err.message):find("s3cr3t", 1, true))
    answers = { { status = 404, body = '{"error":{"root_cause":[{}],"reason":"no such index"}}' } }
    err = check.failure("refused", "http_status", open({}):write("{}\n", 1))
    assert.matches("HTTP 404: no such index$", err.message)
  end)

  it("has options that go together", function()
    for _, options in ipairs {
      { style = "splunk", receipt = { status = 200 } },
      { receipt = { status = 99 } },
      { receipt = { status = "200" } },
      { receipt = { json = {} } },
      { receipt = { json = { ok = {} } } },
      { receipt = { text = "x" } },
      { most_refused = -1 },
    } do
      options.kind, options.url = "webhook", "https://x/"
      check.blamed(function()
        sinks.open(options, { format = "ecs" })
      end)
    end
  end)

  it("takes its token from a file that nobody else may read, or from the environment", function()
    local path = folder .. "/token"
    store.write(path, "abc123\n")
    os.execute("chmod 600 " .. path)
    local sink = open { style = "splunk", token_file = path }
    answers = { { status = 200, body = '{"code":0}' } }
    sink:write("{}\n", 1)
    assert.equal("Splunk abc123", sent[1].headers.Authorization)
    sink:close()
    assert.is_nil(sink.headers.Authorization)
    os.execute("chmod 644 " .. path)
    sink = webhook.open({ url = "https://x/", token_file = path }, { format = "ecs" }, 1)
    check.failure("argument", "unsafe_file", sink:begin())
    sink = webhook.open({ url = "https://x/", token_env = "NO_SUCH_TOKEN" }, { format = "ecs" }, 1)
    check.failure("argument", "no_token", sink:begin())
    sink = open { token_env = "HOME" }
    sink:write("{}\n", 1)
    assert.equal("Bearer " .. os.getenv "HOME", sent[2].headers.Authorization)
  end)

  it("goes over the transport that the client has", function()
    still:remove()
    local one = server.start [[
      return function(client)
        local length
        repeat
          local line = client:receive "*l"
          length = tonumber((line or ""):lower():match "^content%-length: (%d+)") or length
        until not line or line == ""
        tools.log(client:receive(length))
        client:send "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
      end
    ]]
    local sink = webhook.open({ url = one.url }, { format = "ecs", media_type = "text/x" }, 1)
    assert(sink:begin())
    assert.is_true(sink:write("event one\n", 1))
    assert.equal("event one", one:log()[1])
    sink:close()
    one:stop()
    still = clock.install()
  end)

  it("takes a proxy that can be meant, where it reads nothing", function()
    for _, case in ipairs {
      { "http://127.0.0.1:1/in", "http://p:1", "'proxy' cannot be used with http" },
      { "https://siem.example/in", "http://ann:canary@7@p:1", "must be percent%-encoded" },
    } do
      local ok, message = pcall(open, { url = case[1], proxy = case[2] })
      assert.is_false(ok)
      assert.matches(case[3], message)
      assert.is_nil(message:find("canary", 1, true))
    end
    assert.is_table(open { proxy = "http://ann:canary%407@p:1" })
  end)
end)
