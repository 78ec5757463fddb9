-- Read by a parser in Python, written from the standard: header fields by unescaped bars, extension by
-- keys before unescaped equal signs.
local events = require "spec.support.events"
local samples = require "spec.support.formats"

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

describe("lastpass.export.formats.cef", function()
  it("is what a parser of the standard reads", function()
    local said, ok = events.python(PROGRAM, (samples.text "cef"))
    assert.is_true(ok, said)
    local count, other, added = said:match "^(%d+)\n([^\n]+)\n([^\n]+)"
    local json = require "lastpass.json"
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
