-- What is left for later, and who does it.
local inbound = require "lastpass.inbound"
local support = require "spec.support.box"
local worker = require "lastpass.inbound.worker"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound.worker", function()
  local box, world

  setup(function()
    box = support.start { users = 40, invited = 2, seed = 3 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    world = worlds.world(box, { limits = { per_day = { disable = 0 } } })
  end)

  after_each(function()
    world:close()
  end)

  local function hold(count)
    local list = {}
    for user in world.client:users { status = "active", admin = false } do
      if #list < count then
        list[#list + 1] = user.email
        assert.equal(409, (world:set_active(world:find(user.email), false)))
      end
    end
    for _, job in ipairs(world:jobs "scim.held") do
      assert(world.journal:decide_job(job.id, "approved", { by = "sam" }))
    end
    return list
  end

  it("does what was approved once, however many workers there are", function()
    local list = hold(6)
    local first = world.endpoint
    world:restart()
    local second = world.endpoint
    local done = 0
    for _ = 1, 6 do
      done = done + worker.step(first, { limit = 1 }).done
      done = done + worker.step(second, { limit = 1 }).done
    end
    assert.equal(6, done)
    assert.equal(6, world:requests "disableuser")
    for _, address in ipairs(list) do
      assert.is_true(world:person(address).fields.disabled)
    end
  end)

  it("takes over from a worker that was killed, and counts the effect once", function()
    local address = hold(1)[1]
    world.fate = "killed"
    assert.is_false((pcall(world.work, world)))
    world:restart()
    assert.equal(0, world:work().claimed)
    assert.equal(1, world:work(1000).done)
    assert.is_true(world:person(address).fields.disabled)
    assert.equal(1, world:requests "disableuser")
    assert.equal(0, world:work(1000).claimed)
  end)

  it("asks the guards that nobody can overrule once more", function()
    local address = hold(1)[1]
    world:restart { protect = { address } }
    assert.equal(1, world:work().failed)
    assert.is_false(world:person(address).fields.disabled)
    assert.equal("failed", world.journal:jobs({ newest = true, limit = 1 })[1].state)
  end)

  it("does nothing that is so already", function()
    local address = hold(1)[1]
    assert(world.client:disableuser { address })
    local calls = world:requests "disableuser"
    assert.equal(1, world:work().done)
    assert.equal(calls, world:requests "disableuser")
  end)

  it("leaves the jobs of others alone, and gives the company back", function()
    assert(world.journal:add_job { tenant = world.tenant, kind = "something.else" })
    hold(1)
    assert(world.journal:add_job { tenant = 7, kind = "scim.held" })
    assert.equal(1, world:work().claimed)
    assert.is_nil((world.journal:lock(world.tenant)))
    world:idle()
    assert.equal(0, world:work().claimed)
    assert(world.journal:lock(world.tenant)):release()
  end)

  it("waits when somebody else works on the company", function()
    local address = hold(1)[1]
    world:idle()
    world.journal:scim_release(world.tenant, 1)
    local lock = assert(world.journal:lock(world.tenant))
    assert.equal(1, world:work().failed)
    assert.is_false(world:person(address).fields.disabled)
    lock:release()
    assert.equal(1, world:work(60).done)
    assert.is_true(world:person(address).fields.disabled)
  end)

  it("is checked like every option", function()
    local endpoint = world.endpoint
    assert.has_error(function()
      worker.step(endpoint, { limits = 1 })
    end)
    for _, wrong in ipairs {
      { name = "a b", tenant = "t" },
      { name = "a" },
      { name = "a", tenant = "t", delete = "now" },
      { name = "a", tenant = "t", provider = "azure" },
      { name = "a", tenant = "t", limits = { disabled = 3 } },
      { name = "a", tenant = "t", protect = { "nobody" } },
      { name = "a", tenant = "t", held_status = 200 },
    } do
      assert.has_error(function()
        inbound.connection.check("spec", wrong)
      end)
    end
    local row = inbound.connection.row(inbound.connection.check("spec", {
      name = "a",
      tenant = "t",
      provider = "okta",
    }))
    assert(world.journal:save_scim_connection(row))
    local read = inbound.connection.of_row(world.journal:scim_connections({ name = "a" })[1])
    assert.same({ 429, 30, "disable" }, { read.held_status, read.grace_days, read.delete })
  end)
end)
