-- What events mean, on demand.
local event_meaning = require "lastpass.audit.event"
local support = require "spec.support.box"

describe("lastpass.audit.event", function()
  it("says what an event means", function()
    local event = { action = "Update folder permissions", data = "'Shared-A' 'bob@acme.com' 'x'" }
    local function field(name)
      return event_meaning.field(event, name)
    end
    assert.equal("folder_permissions_changed", field "id")
    assert.equal("Update folder permissions", field "label")
    assert.equal("sharing", field "category")
    assert.equal("grant", field "verb")
    assert.equal("success", field "outcome")
    assert.equal("low", field "severity")
    assert.same(
      { { kind = "folder", value = "Shared-A" }, { kind = "user", value = "bob@acme.com" } },
      field "targets"
    )
    assert.is_nil(field "colour")
  end)

  it("is what a client's events know of themselves", function()
    local box = support.start { users = 20, events = 100 }
    local client = box:client()
    local ids = {}
    for event in client:events { from = "-30d" } do
      ids[event.id] = (ids[event.id] or 0) + 1
      assert.equal(event.action, event.label)
      assert.is_table(event.targets)
      assert.equal(event.targets, event.targets)
      assert.is_nil(event.colour)
    end
    box:stop()
    assert.is_true(ids.login > 20)
    assert.is_nil(ids.other)
  end)
end)
