local cli = require "spec.support.cli"
local reviewing = require "lastpass.cli.reviewing"
local session_room = require "lastpass.cli.session"
local streams_room = require "lastpass.cli.streams"

describe("access reviews on the command line", function()
  local room, read

  before_each(function()
    room = reviewing.room()
    read = room.read
  end)

  after_each(function()
    rawset(room, "read", nil)
    assert.equals(read, room.read)
  end)

  it("tell of rows that were not understood, but not of thousands", function()
    local problems = {}
    for place = 1, 25 do
      problems[place] = { origin = "boss.csv:" .. place, reason = "odd" }
    end
    rawset(room, "read", function(folder)
      assert.equals("q2", folder)
      return { problems = problems }
    end)
    local streams = cli.streams()
    assert.truthy(reviewing.read(session_room.new({ folder = "q2" }, streams_room.new(streams))))
    local text = streams.err:text()
    assert.truthy(text:find("^boss.csv:1: odd\n"), text)
    assert.truthy(text:find("boss.csv:20: odd\nand 5 more rows", 1, true), text)
  end)

  it("are Lua, too", function()
    assert.truthy(reviewing.lua({ folder = "q2" }):find('assert(review.read("q2"))', 1, true))
  end)
end)
