local cli = require "spec.support.cli"
local export_result = require "lastpass.cli.export_result"
local json = require "lastpass.json"
local session_room = require "lastpass.cli.session"
local streams_room = require "lastpass.cli.streams"

describe("the result of an export", function()
  local function told(options, result, sink)
    local streams = cli.streams()
    local session = session_room.new(options, streams_room.new(streams))
    export_result.tell(session, result, sink or false)
    return streams.err:text(), streams.out:text()
  end

  local function result(more)
    local fields = { events = 1234, duplicates = 5, refused = 0, unknown = {} }
    for name, value in pairs(more or {}) do
      fields[name] = value
    end
    return fields
  end

  it("is a line on standard error", function()
    assert.equals("1,234 events\n", told({}, result(), {}))
    assert.equals(
      "1,234 events; 5 met before and left out; cursor siem: 2026-06-15T13:00:00Z\n",
      told({}, result { cursor = "siem", position = 1781528400 })
    )
  end)

  it("says how many were refused, and where they are", function()
    assert.equals(
      "1,234 events\n2 events refused by the receiver: /x/letters\n",
      told({}, result { refused = 2, dead_letters = "/x/letters" }, {})
    )
  end)

  it("is not there when it is to be quiet, or says nothing about lines that are shown", function()
    assert.equals("", told({ quiet = true }, result(), {}))
    assert.equals("", told({}, result()))
  end)

  it("counts the names that nobody knows, safely to show", function()
    local text = told({}, result { unknown = { ["Odd \27[31m"] = 3, Frob = 1 } })
    assert.equals("1,234 events\nactions with unknown names: Frob (1), Odd \\x1b[31m (3)\n", text)
  end)

  it("is an object with --json, where no event stands in its way", function()
    local err, out = told({ json = true }, result { unknown = { X = 2 } }, {})
    assert.equals("", err)
    assert.same(
      { events = 1234, duplicates = 5, refused = 0, unknown = { X = 2 } },
      json.decode(out)
    )
    err, out = told({ json = true }, result { cursor = "c", position = 1781528400 })
    assert.equals("", out)
    assert.equals("2026-06-15T13:00:00Z", json.decode(err).position)
  end)
end)
