-- Checked in Python against what the Elastic Common Schema 8.11 demands: the types of the fields, and
-- the allowed values of event.kind, category, type and outcome.
local events = require "spec.support.events"
local samples = require "spec.support.formats"

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

describe("lastpass.export.formats.ecs", function()
  it("is as the schema wants it", function()
    local said, ok = events.python(PROGRAM, (samples.text "ecs"))
    assert.is_true(ok, said)
    assert.equal(#samples.list(), tonumber(said))
  end)
end)
