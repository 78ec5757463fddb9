local check = require "spec.support.check"
local sinks = require "lastpass.cli.sinks"

describe("the options of a sink", function()
  it("describe standard output, a file, a syslog server, a webhook", function()
    assert.is_false(sinks.sink {})
    assert.is_false(sinks.sink { receipt_json = {} })
    assert.same({ kind = "file", path = "x" }, sinks.sink { file = "x", receipt_json = {} })
    assert.same(
      { kind = "file", path = "x", rotate = 1024, keep = 3 },
      sinks.sink { file = "x", cursor = "a", rotate = "1K", keep = 3 }
    )
    assert.same(
      { kind = "syslog", protocol = "tls", host = "siem.acme.com", port = 6514, ca_file = "ca" },
      sinks.sink { syslog = "tls://siem.acme.com:6514", sink_ca_file = "ca" }
    )
    assert.same(
      { kind = "syslog", protocol = "udp", host = "::1", port = 514 },
      sinks.sink { syslog = "udp://[::1]:514" }
    )
    assert.same(
      { kind = "syslog", protocol = "tcp", host = "siem" },
      sinks.sink { syslog = "tcp://siem/" }
    )
    assert.same(
      { kind = "syslog", protocol = "tcp", host = "siem", framing = "newline", confirm_after = 2 },
      sinks.sink { syslog = "tcp://siem", framing = "newline", confirm_after = 2 }
    )
    assert.same(
      {
        kind = "webhook",
        url = "https://x",
        receipt = { status = { 200, 202 }, json = { ok = "true", ["a.b"] = "c=d" }, body = "yes" },
        dead_letters = "letters",
        most_refused = 3,
      },
      sinks.sink {
        webhook = "https://x",
        receipt_status = "200, 202",
        receipt_json = { "ok=true", "a.b=c=d" },
        receipt_body = "yes",
        dead_letters = "letters",
        most_refused = 3,
      }
    )
    assert.same(
      {
        kind = "webhook",
        url = "https://hec",
        style = "splunk",
        token_file = "t",
        events = 10,
        retries = 2,
      },
      sinks.sink {
        webhook = "https://hec",
        kind = "splunk",
        token_file = "t",
        batch = 10,
        sink_retries = 2,
      }
    )
  end)

  it("that do not go together are refused, each in a sentence", function()
    for options, text in pairs {
      [{ file = "x", webhook = "y" }] = "events go to one sink",
      [{ rotate = "1M" }] = "--rotate needs --file",
      [{ file = "x", rotate = "1M" }] = "--rotate needs --cursor",
      [{ file = "x", cursor = "a", keep = 1 }] = "--keep needs --rotate",
      [{ file = "x", cursor = "a", rotate = "big" }] = "--rotate: 'big'",
      [{ file = "x", follow = true }] = "needs --cursor",
      [{ syslog = "tls://x", kind = "splunk" }] = "--kind needs --webhook",
      [{ webhook = "https://x", sink_key = "k" }] = "--sink-key needs --syslog",
      [{ file = "x", sink_timeout = 3 }] = "--sink-timeout needs --syslog or --webhook",
      [{ webhook = "https://x", framing = "octets" }] = "--framing needs --syslog",
      [{ syslog = "udp://x", framing = "newline" }] = "over udp nothing is confirmed",
      [{ syslog = "tcp://x", receipt_body = "y" }] = "--receipt-body needs --webhook",
      [{ webhook = "https://x", receipt_status = "2xx" }] = "'2xx' is not an HTTP status",
      [{ webhook = "https://x", receipt_json = { "ok" } }] = "--receipt-json ok: write NAME=VALUE",
      [{ webhook = "https://x", receipt_body = "y", kind = "splunk" }] = "is for --kind generic",
      [{ syslog = "siem:514" }] = "is not the address of a syslog server",
      [{ syslog = "http://siem" }] = "is not the address of a syslog server",
      [{ webhook = "https://u:p@x/" }] = "no password in the address",
      [{ webhook = "https://x", token_file = "a", token_env = "b" }] = "do not go together",
    } do
      local err = check.failure("argument", "usage", sinks.sink(options))
      assert.truthy(err.message:find(text, 1, true), err.message)
    end
  end)

  it("take an @ that is no password", function()
    assert.equals("https://x/a@b", sinks.sink({ webhook = "https://x/a@b" }).url)
  end)
end)
