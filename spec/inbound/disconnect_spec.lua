-- Leaving an identity provider: object by object, and nothing by itself (row 15).
local disconnect = require "lastpass.inbound.disconnect"
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound.disconnect", function()
  local box, world, ids, addresses

  setup(function()
    box = support.start { users = 20, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  local function link(connection)
    world = worlds.world(box, connection)
    assert(
      world.journal:save_scim_connection(
        require("lastpass.inbound.connection").row(world.endpoint.connection)
      )
    )
    ids, addresses = {}, {}
    for user in world.client:users { status = "active", admin = false } do
      addresses[#addresses + 1] = user.email
      ids[#ids + 1] = world:find(user.email)
      local change = { op = "add", path = "externalId", value = "ext" .. #ids }
      assert.equal(200, (world:patch("/Users/" .. ids[#ids], change)))
      if #ids == 4 then
        break
      end
    end
    local _, group =
      world:send("POST", "/Groups", { schemas = { worlds.GROUP }, displayName = "Old" })
    return group.id
  end

  before_each(function()
    support.reset(box)
  end)

  after_each(function()
    world:close()
  end)

  local function names(list)
    local set = {}
    for _, object in ipairs(list) do
      set[object.account] = true
    end
    return set
  end

  it("decides about each object, and changes nothing", function()
    link()
    local connection = world.journal:scim_connections()[1]
    local objects = assert(disconnect.objects(world.journal, connection))
    assert.equal(5, #objects)
    local decided = assert(disconnect.decide(objects, "disable", {
      [addresses[1]:upper()] = "keep",
      [ids[2]] = "unlink",
      Old = "unlink",
    }))
    assert.same({ [addresses[1]] = true }, names(decided.keep))
    assert.same({ [addresses[2]] = true, Old = true }, names(decided.unlink))
    assert.same({ [addresses[3]] = true, [addresses[4]] = true }, names(decided.disable))
    local ok, _, err = disconnect.decide(objects, "keep", { ["nobody@x.example"] = "disable" })
    assert.same({ "not_linked" }, { not ok and err.code })
    assert.has_error(function()
      disconnect.decide(objects, "delete")
    end)
    assert.equal(0, world:requests "disableuser")
    local plan = assert(world.client:plan(disconnect.actions(decided), { limit = { disable = 5 } }))
    assert.same({ disable = 2 }, plan.body.counts)
    assert(disconnect.close(world.journal, connection, decided))
    assert.equal("closed", world.journal:scim_connections()[1].state)
    local left = names(disconnect.objects(world.journal, connection))
    assert.same({ [addresses[1]] = true, [addresses[3]] = true, [addresses[4]] = true }, left)
    assert.equal(0, world:requests "disableuser")
  end)

  it("forgets what a shadow has answered", function()
    link { mode = "shadow" }
    local connection = world.journal:scim_connections()[1]
    local decided =
      assert(disconnect.decide(disconnect.objects(world.journal, connection), "unlink"))
    assert.equal(5, #decided.unlink)
    assert(disconnect.close(world.journal, connection, decided))
    assert.same({}, disconnect.objects(world.journal, connection))
  end)
end)
