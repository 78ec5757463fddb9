-- Checked in Python against the required attributes of OCSF 1.3's classes, and their enumerations.
local events = require "spec.support.events"
local samples = require "spec.support.formats"

local PROGRAM = [=[
import ipaddress, json, sys
ALWAYS = {"activity_id": int, "category_uid": int, "class_uid": int, "metadata": dict,
          "severity_id": int, "time": int, "type_uid": int}
CLASSES = {
    3001: ({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99}, {"user": dict}),
    3002: ({0, 1, 2, 3, 4, 5, 6, 99}, {"user": dict}),
    3004: ({0, 1, 2, 3, 4, 99}, {"entity": dict}),
    3005: ({0, 1, 2, 99}, {"privileges": list, "user": dict}),
    3006: ({0, 1, 2, 3, 4, 5, 6, 99}, {"group": dict}),
    0: ({0, 99}, {}),
}
KNOWN = set(
    "activity_id activity_name category_uid category_name class_uid class_name "
    "severity severity_id status status_id type_uid type_name time metadata user "
    "actor service privileges resources group entity src_endpoint message "
    "unmapped ".split())
seen, by_id = set(), {}
count = 0
for line in sys.stdin.buffer.read().decode("utf-8").splitlines():
    row = json.loads(line)
    count += 1
    for name, kind in ALWAYS.items():
        assert type(row[name]) is kind, (name, row)
    activities, required = CLASSES[row["class_uid"]]
    assert row["activity_id"] in activities, row
    for name, kind in required.items():
        assert isinstance(row[name], kind) and row[name], (name, row)
    assert row["category_uid"] == row["class_uid"] // 1000
    assert row["type_uid"] == row["class_uid"] * 100 + row["activity_id"]
    assert row["severity_id"] in range(0, 7) and row["status_id"] in (0, 1, 2, 99)
    product = row["metadata"]["product"]
    assert product["vendor_name"] and row["metadata"]["version"] == "1.3.0"
    for user in (row.get("user"), row.get("actor", {}).get("user")):
        assert user is None or user["name"], row
    if row["class_uid"] == 3004:
        assert row["entity"]["name"]
    if row["class_uid"] == 3002:
        assert row.get("service") or row.get("dst_endpoint")
    if "src_endpoint" in row:
        ipaddress.ip_address(row["src_endpoint"]["ip"])
    assert set(row) <= KNOWN, set(row) - KNOWN
    seen.add(row["class_uid"])
    by_id[row["unmapped"]["id"]] = row
assert seen == set(CLASSES), seen
assert by_id["user_created"]["type_uid"] == 300101
assert by_id["user_created"]["user"]["name"] == "bob@acme.com"
assert by_id["user_created"]["actor"]["user"]["name"] == "ann@acme.com"
assert by_id["admin_granted"]["type_uid"] == 300501
assert by_id["login_failed"]["type_uid"] == 300201 and by_id["login_failed"]["status_id"] == 2
assert by_id["group_user_added"]["type_uid"] == 300603
assert by_id["policy_changed"]["entity"] == {"type": "policy", "name": "Length"}
assert by_id["folder_user_added"]["resources"][0]["name"] == "Shared-A"
print(count)
]=]

describe("lastpass.export.formats.ocsf", function()
  it("is as the schema wants it", function()
    local said, ok = events.python(PROGRAM, (samples.text "ocsf"))
    assert.is_true(ok, said)
    assert.equal(#samples.list(), tonumber(said))
  end)
end)
