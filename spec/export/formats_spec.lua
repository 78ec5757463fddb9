local check = require "spec.support.check"
local events = require "spec.support.events"
local formats = require "lastpass.export.formats"
local json = require "lastpass.json"
local samples = require "spec.support.formats"

describe("lastpass.export.formats", function()
  it("are opened by name, or with options", function()
    for _, name in ipairs(formats.names) do
      local format = formats.open(name, 8771312)
      assert.equal(name, format.name)
      assert.is_true(#format.templates > 0)
      assert.is_string(format.media_type)
      local template, texts = format.describe(require("lastpass.audit").of "login", "x")
      assert.is_table(format.templates[template])
      assert.equal(format.slots, #texts)
    end
    assert.equal("syslog", formats.open({ name = "syslog", host = "h", content = "cef" }, 1).name)
  end)

  it("write no control character as it is, and every event with its identifier", function()
    local nasty = "x\27]0;t\7\127\194\155m\226\128\174y\226\128\168"
      .. "z\216\156\243\160\129\129é"
    local list = {
      { "2026-03-01 10:00:05", nasty, nasty, nasty, nasty },
      { "2026-03-01 10:00:05", nasty, nasty, nasty, nasty },
      { "2026-03-01 10:00:04", nasty, nasty, "Create Group", "'" .. nasty .. "'" },
    }
    for _, name in ipairs(formats.names) do
      local text = samples.text(name, list)
      if name ~= "csv" then
        assert.is_nil(text:find "[%z\1-\8\11-\31\127]", name)
        for _, bytes in ipairs {
          "\194[\128-\159]",
          "\226\128[\168-\174]",
          "\216\156",
          "\243\160",
        } do
          assert.is_nil(text:find(bytes), name)
        end
      end
      assert.is_truthy(text:find("é", 1, true), name)
      if name ~= "text" then
        local first = text:match "%x+" and text:match(("%x"):rep(32))
        assert.is_string(first, name)
        assert.is_truthy(text:find("%f[%x]" .. ("%x"):rep(32) .. "%-2"), name)
      end
    end
    local row = json.decode((samples.text("ndjson", list):match "[^\n]+"))
    assert.equal(nasty, row.actor)
    assert.equal("Create Group", row.label)
  end)

  it("that are not known are blamed on the caller", function()
    assert.matches(
      "did you mean 'ndjson'",
      check.blamed(function()
        formats.open("ndjsn", 1)
      end)
    )
    for _, given in ipairs {
      { name = "syslog", content = "xml" },
      { name = "syslog", host = "a b" },
      { name = "cef", colour = "red" },
      { name = "cef", guard = false },
    } do
      check.blamed(function()
        formats.open(given, 1)
      end)
    end
  end)
end)

-- Read back by Python's json.
describe("lastpass.export.formats.ndjson", function()
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

-- Checked in Python against what the Elastic Common Schema 8.11 demands: the types of the fields, and
-- the allowed values of event.kind, category, type and outcome.
describe("lastpass.export.formats.ecs", function()
  local PROGRAM = [=[
import datetime, ipaddress, json, sys
TYPES = {
    "authentication": {"start", "end", "info"},
    "iam": {"admin", "change", "creation", "deletion", "group", "info", "user"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
}
TOP = {"@timestamp", "ecs", "organization", "event", "lastpass", "message", "user", "group",
       "source", "related"}
count = 0
for line in sys.stdin.buffer.read().decode("utf-8").splitlines():
    row = json.loads(line)
    count += 1
    assert set(row) <= TOP, set(row) - TOP
    if row["@timestamp"] is not None:
        datetime.datetime.strptime(row["@timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ")
    else:
        assert row["lastpass"]["local_time"]
    assert row["ecs"]["version"].startswith("8.")
    assert row["organization"]["id"] == "8771312"
    event = row["event"]
    assert event["kind"] == "event" and event["outcome"] in ("success", "failure", "unknown"), event
    assert isinstance(event["severity"], int)
    assert event["action"] and event["module"] and event["dataset"]
    for category in event.get("category", []):
        assert set(event["type"]) <= TYPES[category], event
    assert event.get("category") or event["action"] == "other", event
    assert isinstance(row["message"], str) and isinstance(row["user"]["name"], str)
    if "email" in row["user"]:
        assert "@" in row["user"]["email"]
    if "ip" in row.get("source", {}):
        ipaddress.ip_address(row["source"]["ip"])
    assert all(isinstance(one, str) and one for one in row["related"]["user"]), row
    for one in row["related"].get("ip", []):
        ipaddress.ip_address(one)
    if row["event"]["action"] == "group_user_added":
        assert row["group"]["name"] == "A" and row["user"]["target"]["name"] == "bob@acme.com"
        assert row["related"]["user"] == ["ann@acme.com", "bob@acme.com"]
        assert event["type"] == ["group", "change"] and event["category"] == ["iam"]
    if row["event"]["action"] == "login_failed":
        assert event["outcome"] == "failure" and event["type"] == ["start"]
print(count)
]=]

  it("is as the schema wants it", function()
    local said, ok = events.python(PROGRAM, (samples.text "ecs"))
    assert.is_true(ok, said)
    assert.equal(#samples.list(), tonumber(said))
  end)
end)

-- Read back by Python's csv.
describe("lastpass.export.formats.csv", function()
  local PROGRAM = [=[
import csv, io, json, sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="")
rows = list(csv.DictReader(text, strict=True))
assert all(None not in row and None not in row.values() for row in rows)
print(len(rows))
print(json.dumps([row for row in rows if row["id"] == "other"][0]))
]=]

  it("is what Python reads", function()
    local list = samples.list()
    list[1][5] = list[1][5] .. "\r\nsecond line"
    local text, format = samples.text("csv", list)
    local said, ok = events.python(PROGRAM, format.header .. text)
    assert.is_true(ok, said)
    local count, other = said:match "^(%d+)\n([^\n]+)"
    assert.equal(#list, tonumber(count))
    other = json.decode(other)
    assert.equal(list[1][5], other.data)
    assert.equal("2026-03-01T15:00:05Z", other.time)
    assert.equal("2026-03-01 10:00:05", other.local_time)
    assert.equal("Frob|nicated\\ =x", other.action)
  end)

  it("keeps spreadsheets from taking texts for formulas, unless that is not wanted", function()
    local list = {
      { "2026-03-01 10:00:05", "=1+1", "-1", "@x", "'\tx" },
      { "", "", "", "Employee invited", "+1@y.z,=2@v.w" },
    }
    local text = samples.text("csv", list)
    for _, cell in ipairs { "'=1+1", "'-1", "'@x", "''\tx", "'+1@y.z,=2@v.w" } do
      assert.is_truthy(text:find('"' .. cell .. '"', 1, true), cell)
    end
    text = samples.text({ name = "csv", guard = false }, list)
    for _, cell in ipairs { "=1+1", "-1", "@x", "'\tx", "+1@y.z,=2@v.w" } do
      assert.is_truthy(text:find('"' .. cell .. '"', 1, true), cell)
    end
  end)

  it("gives targets of a kind together", function()
    local text = samples.text("csv", { { "", "a", "", "Employee invited", "x@y.z,u@v.w" } })
    assert.matches('"x@y.z,u@v.w"', text)
  end)
end)

describe("lastpass.export.formats.text", function()
  it("is a line for each event, whatever is in it", function()
    local text = samples.text "text"
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do
      lines[#lines + 1] = line
      assert.is_nil(line:find "%c", line)
      local moment = line:match "^(.-)  %S.-  %S+  %S"
      local is_time = moment and moment:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ%??$"
      assert.truthy(is_time or moment == "no time", line)
    end
    assert.equal(#samples.list(), #lines)
    assert.truthy(text:find("2026-03-01T15:00:05Z  ", 1, true), text)
  end)
end)
