-- Read by a parser in Python, written from the standard: header fields by unescaped bars, extension by
-- keys before unescaped equal signs.
local events = require "spec.support.events"
local json = require "lastpass.json"
local samples = require "spec.support.formats"

describe("lastpass.export.formats.cef", function()
  local PROGRAM = [=[
import json, re, sys
KEYS = {"rt", "cat", "act", "outcome", "suser", "src", "duser", "msg", "destinationServiceName",
        "flexString1", "flexString1Label", "externalId"}
KEYS |= {"cs%d" % n for n in range(1, 5)} | {"cs%dLabel" % n for n in range(1, 5)}

def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), text)

rows = []
for line in sys.stdin.buffer.read().decode("utf-8").split("\n")[:-1]:
    assert not re.search(r"[\x00-\x1f\x7f]", line), line
    parts = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    assert len(parts) == 8 and parts[0] == "CEF:0", line
    assert parts[1] == "LastPass" and 0 <= int(parts[6]) <= 10
    extension, found = parts[7], {}
    marks = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)=", extension))
    marks = [m for m in marks if m[1] in KEYS]
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(extension)
        value = extension[mark.end():end]
        assert not re.search(r"(?<!\\)(?:\\\\)*=", value), value
        assert mark[1] not in found, line
        found[mark[1]] = unescape(value)
    found["id"], found["name"] = parts[4], unescape(parts[5])
    rows.append(found)
print(len(rows))
print(json.dumps([row for row in rows if row["id"] == "other"][0]))
print(json.dumps([row for row in rows if row["id"] == "group_user_added"][0]))
]=]

  it("is what a parser of the standard reads", function()
    local said, ok = events.python(PROGRAM, (samples.text "cef"))
    assert.is_true(ok, said)
    local count, other, added = said:match "^(%d+)\n([^\n]+)\n([^\n]+)"
    assert.equal(#samples.list(), tonumber(count))
    other, added = json.decode(other), json.decode(added)
    assert.equal("Frob|nicated\\ =x", other.name)
    assert.equal((samples.nasty:gsub("%c", " ")), other.msg)
    assert.equal("1772377205000", other.rt)
    assert.equal("10.0.0.1", other.src)
    assert.equal(32, #other.externalId)
    assert.equal("bob@acme.com", added.duser)
    assert.equal("group", added.cs1Label)
    assert.equal("A", added.cs1)
  end)
end)

-- Read by a parser in Python, written from the format's description.
describe("lastpass.export.formats.leef", function()
  local PROGRAM = [=[
import json, re, sys
rows = []
for line in sys.stdin.buffer.read().decode("utf-8").split("\n")[:-1]:
    version, vendor, product, number, event, delimiter, attributes = line.split("|", 6)
    assert version == "LEEF:2.0" and vendor == "LastPass" and delimiter == "x09" and number
    found = {"id": event}
    for attribute in attributes.split("\t"):
        name, equals, value = attribute.partition("=")
        assert equals and re.fullmatch(r"[A-Za-z]+", name) and name not in found, line
        assert not re.search(r"[\x00-\x1f\x7f]", value), line
        found[name] = value
    assert 1 <= int(found["sev"]) <= 10 and (found.get("devTime") or found.get("localTime"))
    rows.append(found)
print(len(rows))
print(json.dumps([row for row in rows if row["id"] == "other"][0]))
print(json.dumps([row for row in rows if row["id"] == "folder_user_added"][0]))
]=]

  it("is what a parser of the format reads", function()
    local said, ok = events.python(PROGRAM, (samples.text "leef"))
    assert.is_true(ok, said)
    local count, other, added = said:match "^(%d+)\n([^\n]+)\n([^\n]+)"
    assert.equal(#samples.list(), tonumber(count))
    other, added = json.decode(other), json.decode(added)
    assert.equal((samples.nasty:gsub("%c", " ")), other.msg)
    assert.equal("1772377205000", other.devTime)
    assert.equal("Shared-A", added.sharedFolder)
    assert.equal("bob@acme.com", added.accountName)
  end)
end)

-- Read by a parser in Python, written from the grammar of RFC 5424 §6.
describe("lastpass.export.formats.syslog", function()
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
