-- Read by a parser in Python, written from the grammar of RFC 5424 §6.
local events = require "spec.support.events"
local json = require "lastpass.json"
local samples = require "spec.support.formats"

local PROGRAM = [=[
import datetime, json, re, sys
HEADER = re.compile(
    r"<(\d{1,3})>1 (-|\S+) (-|[!-~]{1,255}) (-|[!-~]{1,48}) (-|[!-~]{1,128}) (-|[!-~]{1,32}) (.*)",
    re.S)
ELEMENT = re.compile(r"\[([^ =\]\"]{1,32})((?: [^ =\]\"]{1,32}=\"(?:[^\"\\\]]|\\[\"\\\]])*\")*)\]")
PARAMETER = re.compile(r" ([^ =\]\"]{1,32})=\"((?:[^\"\\\]]|\\[\"\\\]])*)\"")
rows = []
for line in sys.stdin.buffer.read().decode("utf-8").split("\n")[:-1]:
    priority, time, host, app, process, message_id, rest = HEADER.fullmatch(line).groups()
    assert int(priority) // 8 == 10 and 3 <= int(priority) % 8 <= 6, line
    if time != "-":
        datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ")
    assert app == "lastpass" and process == "-"
    element = ELEMENT.match(rest)
    assert element, rest
    assert element[1] == "lastpass@32473"
    found = {}
    for name, value in PARAMETER.findall(element[2]):
        found[name] = re.sub(r"\\([\"\\\]])", r"\1", value)
    rest = rest[element.end():]
    assert rest.startswith(" "), rest
    assert not re.search(r"[\x00-\x1f\x7f]", line), line
    found["msg"], found["host"] = rest[1:], host
    assert found["id"] == message_id or found["id"][:32] == message_id
    rows.append(found)
print(len(rows))
print(json.dumps([row for row in rows if row["id"] == "other"][0]))
]=]

describe("lastpass.export.formats.syslog", function()
  it("is what a parser of RFC 5424 reads", function()
    local said, ok = events.python(PROGRAM, (samples.text "syslog"))
    assert.is_true(ok, said)
    local count, other = said:match "^(%d+)\n([^\n]+)"
    assert.equal(#samples.list(), tonumber(count))
    other = json.decode(other)
    assert.equal("ann@acme.com", other.actor)
    assert.equal("\239\187\191Frob|nicated\\ =x: " .. samples.nasty:gsub("%c", " "), other.msg)
    assert.equal("-", other.host)
  end)

  it("may carry CEF, LEEF or NDJSON", function()
    for content, begins in pairs { cef = "^CEF:0|", leef = "^LEEF:2.0|", ndjson = "^{" } do
      local list = { { "2026-03-01 10:00:05", "a", "", "Log in", "x" } }
      local text =
        samples.text({ name = "syslog", content = content, host = "gate.acme.com" }, list)
      if content ~= "leef" then -- tabs are what LEEF is made of
        local said, ok =
          events.python(PROGRAM:gsub("print%(json.-\n", "print(rows[0]['msg'])\n"), text)
        assert.is_true(ok, said)
        assert.matches(begins, (said:match "\n(.*)$"))
      end
      assert.matches("^<86>1 2026%-03%-01T15:00:05Z gate.acme.com lastpass %- login ", text)
      assert.equal((samples.text(content, list)), (text:match "%] (.*)$"))
    end
  end)
end)
