-- Read back by Python's csv.
local events = require "spec.support.events"
local json = require "lastpass.json"
local samples = require "spec.support.formats"

local PROGRAM = [=[
import csv, io, json, sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="")
rows = list(csv.DictReader(text, strict=True))
assert all(None not in row and None not in row.values() for row in rows)
print(len(rows))
print(json.dumps([row for row in rows if row["id"] == "other"][0]))
]=]

describe("lastpass.export.formats.csv", function()
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
