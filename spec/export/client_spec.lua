local check = require "spec.support.check"
local client_room = require "lastpass.export.client"
local support = require "spec.support.box"

describe("client:export", function()
  it("exports, and blames wrong options on the caller", function()
    local box = support.start { users = 10, events = 50 }
    local client = box:client()
    local parts = {}
    local result = assert(client_room.export(client, {
      from = "-40d",
      sink = function(text)
        parts[#parts + 1] = text
        return true
      end,
    }))
    assert.is_true(result.events >= 50)
    local _, lines = table.concat(parts):gsub("\n", "")
    assert.equal(result.events, lines)
    for _, options in ipairs {
      { formt = "ecs" },
      { format = "esc" },
      { format = { name = "syslog", content = "x" } },
      { sink = { kind = "fil" } },
      { sink = { kind = "file" } },
      { follow = true },
    } do
      check.blamed(function()
        client_room.export(client, options)
      end)
    end
    box:stop()
  end)
end)
