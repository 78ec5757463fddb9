-- Read by a parser in Python, written from the format's description.
local events = require "spec.support.events"
local json = require "lastpass.json"
local samples = require "spec.support.formats"

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

describe("lastpass.export.formats.leef", function()
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
