-- Batches, answers, tries again: with a transport that is told what to answer, and once over HTTP.
local check = require "spec.support.check"
local clock = require "spec.support.clock"
local json = require "lastpass.json"
local server = require "spec.support.server"
local store = require "spec.support.store"
local webhook = require "lastpass.export.sinks.webhook"

describe("lastpass.export.sinks.webhook", function()
  local sent, answers, still

  before_each(function()
    sent, answers, still = {}, {}, clock.install()
  end)

  after_each(function()
    still:remove()
  end)

  local transport = {
    send = function(_, request)
      sent[#sent + 1] = request
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
    answers = { { status = 400, body = "no" } }
    local err = check.failure("refused", "http_status", open({}):write("{}\n", 1))
    assert.equal("no", err.body)
    answers = { { err = { kind = "transport", code = "tls_certificate", message = "bad" } } }
    check.failure("transport", "tls_certificate", open({}):write("{}\n", 1))
  end)

  it("frames events for Splunk", function()
    local sink = open({ style = "splunk", host = "acme" }, "ndjson")
    local writer = require "lastpass.export.writer"
    local formats = require "lastpass.export.formats"
    local events = require "spec.support.events"
    local one = writer.new(formats.open("ndjson", 1), { frame = sink.frame, batch = sink.batch })
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

  it("says so when Elasticsearch refuses events for good", function()
    answers = { bulk { 201, 400 } }
    local err = check.failure(
      "refused",
      "events_refused",
      open({ style = "elastic" }):write('{"create":{}}\n{"a":1}\n{"create":{}}\n{"a":2}\n', 2)
    )
    assert.matches("busy", err.message)
    answers = { { status = 200, body = "<html>" } }
    check.failure("protocol", "unexpected_shape", open({ style = "elastic" }):write("x\nx\n", 1))
  end)

  it("takes its token from a file that nobody else may read, or from the environment", function()
    local folder = store.folder()
    local path = folder .. "/token"
    store.write(path, "abc123\n")
    os.execute("chmod 600 " .. path)
    local sink = open { style = "splunk", token_file = path }
    sink:write("{}\n", 1)
    assert.equal("Splunk abc123", sent[1].headers.Authorization)
    sink:close()
    assert.is_nil(sink.headers.Authorization)
    os.execute("chmod 644 " .. path)
    sink = webhook.open({ url = "https://x/", token_file = path }, { format = "ecs" }, 1)
    check.failure("argument", "unsafe_file", sink:begin())
    store.remove(folder)
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
end)
