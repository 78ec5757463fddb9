local check = require "spec.support.check"
local client_room = require "lastpass.export.client"
local store = require "spec.support.store"
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
      { follow = true, sink = "/tmp/any" },
    } do
      check.blamed(function()
        client_room.export(client, options)
      end)
    end
    box:stop()
  end)

  it("lists cursors and forgets one", function()
    local box = support.start { users = 10, events = 50 }
    local folder = store.folder()
    local client = box:client { journal = folder .. "/journal.db" }
    assert(client:export { cursor = "siem", sink = folder .. "/events.json" })
    local list = assert(client:cursors())
    assert.equal(1, #list)
    assert.equal("siem", list[1].name)
    local message = check.failure("argument", "no_such_cursor", client:forget_cursor "sien").message
    assert.matches("did you mean 'siem'", message)
    assert.is_true(client:forget_cursor "siem")
    assert.same({}, client:cursors())
    store.remove(folder)
    box:stop()
  end)

  it("follows without a cursor, and keeps nothing", function()
    local box = support.start { users = 10, events = 50 }
    local folder = store.folder()
    local client = box:client { journal = folder .. "/journal.db" }
    local parts, looks = {}, 0
    local result = assert(client:export {
      from = "-40d",
      format = "text",
      follow = true,
      every = 0,
      overlap = 60 * 86400,
      sink = function(text)
        parts[#parts + 1] = text
        return true
      end,
      cancel = function()
        looks = looks + 1
        return looks > 100
      end,
    })
    assert.is_nil(result.cursor)
    local _, lines = table.concat(parts):gsub("\n", "")
    assert.equal(result.events, lines)
    assert.is_true(result.duplicates > 0)
    assert.same({}, client:cursors())
    store.remove(folder)
    box:stop()
  end)
end)
