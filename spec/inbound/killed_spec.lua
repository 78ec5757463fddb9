-- A process that ends or sleeps between intent, call and outcome: whoever comes next finds out what became of it.
local extent = require "spec.support.extent"
local json = require "lastpass.json"
local plans = require "spec.support.plans"
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("a process of lastpass.inbound that is killed or sleeps", function()
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

  local points = { "killed_before", "killed", "lost", "lost_undone", "unsent", "late", "no_effect" }

  local function quietly(fn, ...)
    local ok, status, body = pcall(fn, ...)
    return ok and status or 0, body
  end

  it("leaves a person whom a resent POST finds: one account, one id, one invitation", function()
    local rounds = extent(14, 60, 200)
    local random = plans.random(7)
    world:restart { limits = { create = 10000 } }
    for round = 1, rounds do
      local address = ("kill.%d@acme.example"):format(round)
      world.fate = points[math.floor(random() * #points) + 1]
      local status = quietly(world.create, world, address)
      assert.are_not.equal(201, status)
      world:restart()
      local pending = world:find(address)
      local id
      for _ = 1, 8 do
        local resent, body = quietly(world.create, world, address)
        if resent == 201 then
          id = body.id
          break
        end
        assert.equal(503, resent)
        if random() < 0.5 then
          world:arrive()
        end
        world:work(random() < 0.5 and 200 or 20)
      end
      world:arrive()
      assert.is_string(id, address)
      assert.equal(pending or id, id)
      assert.equal(1, world:person(address).mails.invitation)
      world:refresh()
      assert.same({ id, 1 }, { world:find(address) })
    end
  end)

  it("leaves a leaver who is disabled by whoever comes next", function()
    local rounds = extent(14, 60, 200)
    local random = plans.random(11)
    world:restart { limits = { disable = 10000, enable = 10000 } }
    local list = world:people(10)
    for round = 1, rounds do
      local person = list[round % #list + 1]
      world.fate = points[math.floor(random() * #points) + 1]
      quietly(world.set_active, world, person.id, false)
      world:restart()
      local answered = false
      for _ = 1, 6 do
        if random() < 0.5 and quietly(world.set_active, world, person.id, false) == 200 then
          assert.is_true(world:is_disabled(person))
          answered = true
        end
        if random() < 0.3 then
          world:arrive()
        end
        world:work(random() < 0.5 and 200 or 20)
      end
      world:work(800)
      assert.is_true(world:is_disabled(person), tostring(answered))
      world:arrive()
      assert.equal(0, world:open_steps())
      assert.equal(200, (world:set_active(person.id, true)))
      assert.is_false(world:is_disabled(person))
    end
  end)

  it("writes nothing any more when it wakes up after its lease", function()
    local person = world:people(1)[1]
    world.fate = function()
      world.fate = nil
      -- it sleeps here; the worker of another process takes over meanwhile
      world:age(1000)
      world.ahead = world.ahead + 1000
      local summary = require("lastpass.inbound.worker").step(world.endpoint)
      assert(summary.claimed == 1 and summary.done == 1, json.encode(summary))
      return "no_effect"
    end
    local status = world:set_active(person.id, false)
    assert.equal(503, status)
    assert.is_true(world:is_disabled(person))
    assert.equal(0, world:open_steps())
  end)

  it("sends nothing when it was stopped between its intent and the call", function()
    local person = world:people(1)[1]
    local real = world.journal.scim_intend
    world.proxy = setmetatable({
      scim_intend = function(_, intent)
        local written, message, err = real(world.journal, intent)
        world.slept = world.slept + 500
        return written, message, err
      end,
    }, {
      __index = function(_, name)
        return function(_, ...)
          return world.journal[name](world.journal, ...)
        end
      end,
    })
    world:restart()
    assert.equal(503, (world:set_active(person.id, false)))
    assert.equal(0, world:requests "disableuser")
  end)
end)
