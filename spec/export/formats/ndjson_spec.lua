-- Read back by Python's json.
local events = require "spec.support.events"
local samples = require "spec.support.formats"
local json = require "lastpass.json"

local PROGRAM = [=[
import json, sys
rows = [json.loads(line) for line in sys.stdin.buffer.read().decode("utf-8").splitlines()]
for row in rows:
    for name in ("actor", "ip", "id", "label", "category", "outcome", "severity", "data"):
        assert isinstance(row[name], str), (name, row)
    assert row["time"] is None or (row["time"].endswith("Z") and len(row["time"]) == 20), row
    assert row["time"] or row["local_time"], row
    for target in row["targets"]:
        assert target["kind"] in ("user", "group", "folder", "item", "policy", "site"), row
        assert target["value"], row
print(len(rows))
print(json.dumps([row for row in rows if row["id"] in ("other", "folder_user_added")]))
]=]

describe("lastpass.export.formats.ndjson", function()
  it("is what Python reads", function()
    local list = samples.list()
    local said, ok = events.python(PROGRAM, (samples.text "ndjson"))
    assert.is_true(ok, said)
    local count, rest = said:match "^(%d+)\n(.*)$"
    assert.equal(#list, tonumber(count))
    local rows = json.decode(rest)
    local added, other = rows[1], rows[2]
    assert.same({
      time = "2026-02-01T14:00:00Z",
      event_id = "449a0f1e114870179aabca7c1b8eb12a",
      actor = "ann@acme.com",
      ip = "203.0.113.7",
      id = "folder_user_added",
      label = "Add to Shared Folder",
      category = "sharing",
      outcome = "success",
      severity = "low",
      targets = {
        { kind = "folder", value = "Shared-A" },
        { kind = "user", value = "bob@acme.com" },
      },
      data = "'Shared-A' 'bob@acme.com'",
    }, added)
    assert.equal(samples.nasty, other.data)
    assert.equal("Frob|nicated\\ =x", other.label)
  end)

  it("marks what is not sure", function()
    local text = samples.text("ndjson", { { "2026-11-01 01:30:00" }, { "no time" } })
    assert.matches('"ambiguous":true', text)
    assert.matches('"time":null,"local_time":"no time"', text)
  end)
end)
