-- What the endpoint leaves in the journal: two commits for a change, and a run that can be taken back.
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("the journal of lastpass.inbound", function()
  local box, world

  setup(function()
    box = support.start { users = 60, invited = 2, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    assert(box:act { settings = { unknown_group = "create" } })
    world = worlds.world(box)
  end)

  after_each(function()
    world:close()
  end)

  it("is written twice for a change, and never without one", function()
    local writes = {}
    local methods = { scim_intend = 1, scim_record = 1, save_scim_objects = 1, add_job = 1 }
    world.proxy = setmetatable({}, {
      __index = function(_, name)
        return function(_, ...)
          writes[#writes + 1] = methods[name] and name
          return world.journal[name](world.journal, ...)
        end
      end,
    })
    world:restart()
    local person = world:people(1)[1]
    world:set_active(person.id, false)
    assert.same({ "scim_intend", "scim_record" }, writes)
    writes = {}
    world:set_active(person.id, false)
    world:send("GET", "/Users/" .. person.id)
    assert.same({}, writes)
    world:create "two@acme.example"
    assert.same({ "scim_intend", "scim_record" }, writes)
  end)

  it("has what the endpoint did as a run that can be taken back", function()
    local client = world.client:with { journal = os.tmpname() }
    local journal = assert(require("lastpass.store").of(client))
    world:close()
    world = worlds.world(box, { limits = { disable = 100 } }, { journal = journal })
    local list = world:people(3)
    for _, person in ipairs(list) do
      assert.equal(200, (world:set_active(person.id, false)))
    end
    world:patch("/Users/" .. list[1].id, { op = "replace", path = "displayName", value = "X Y" })
    world:create "made@acme.example"
    world:idle()
    world:work()
    local run = journal:runs()[1]
    assert.same({ "scim", "finished" }, { run.kind, run.state })
    local undo = assert(client:undo(run.id))
    assert.same({ enable = 3, name = 1, remove = 1 }, undo.body.counts)
    assert.is_true(assert(client:apply(undo)).ok)
    for _, person in ipairs(list) do
      assert.is_false(world:is_disabled(person))
    end
    os.remove(client:option "journal")
  end)

  it("takes back what was done since a moment, and leaves what was before", function()
    local client = world.client:with { journal = os.tmpname() }
    local journal = assert(require("lastpass.store").of(client))
    world:close()
    world = worlds.world(box, { limits = { disable = 100 } }, { journal = journal })
    local list = world:people(2)
    world:set_active(list[1].id, false)
    require("spec.support.store").tamper(
      journal,
      "UPDATE lastpass_steps SET intended_at = intended_at - 7200"
    )
    world:set_active(list[2].id, false)
    world:idle()
    world:work()
    local run = journal:runs()[1]
    local undo = assert(client:undo(run.id, { since = os.time() - 3600 }))
    assert.same({ enable = 1 }, undo.body.counts)
    assert.is_true(assert(client:apply(undo)).ok)
    assert.same({ true, false }, { world:is_disabled(list[1]), world:is_disabled(list[2]) })
    assert.same({}, assert(client:undo(run.id, { since = os.time() + 3600 })).body.steps)
    os.remove(client:option "journal")
  end)
end)
