-- The same engine over LastPass's own SCIM: what it cannot carry is refused with the reason.
local carrier = require "lastpass.directory.carrier"
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound over SCIM", function()
  local box, world

  setup(function()
    box = support.start { users = 30, invited = 2, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    local over_scim = carrier.of_scim(assert(box:scim()))
    world = worlds.world(box, { upstream = "scim" }, { carrier = over_scim })
  end)

  after_each(function()
    world:close()
  end)

  it("creates, disables, enables and names people, and reads them back", function()
    local status, made = world:create "over.scim@acme.example"
    assert.equal(201, status)
    assert.equal(0, world:requests "batchadd")
    assert.equal(1, world:person("over.scim@acme.example").mails.invitation)
    local address = world.client:users({ status = "active", admin = false })().email
    local id = world:find(address)
    assert.equal(200, (world:set_active(id, false)))
    assert.is_true(world:person(address).fields.disabled)
    assert.equal(200, (world:set_active(id, true)))
    local change = { op = "replace", path = "displayName", value = "Over Scim" }
    assert.equal(200, (world:patch("/Users/" .. id, change)))
    assert.equal("Over Scim", world:person(address).fields.fullname)
    local _, group = world:send("POST", "/Groups", {
      displayName = "Chess",
      members = { { value = id }, { value = made.id } },
    })
    assert.equal(2, #group.members)
    assert.is_true(assert(world.client:user(address)):is_in "Chess")
    local other = { op = "replace", path = "userName", value = "other@acme.example" }
    local refused, body = world:patch("/Users/" .. id, other)
    assert.equal(400, refused)
    assert.matches("SCIM", body.detail, 1, true)
  end)
end)
