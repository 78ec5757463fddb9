-- What stands between a request and LastPass when calls go wrong, or another is at work on the same company or user.
local plans = require "spec.support.plans"
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound.execution", function()
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

  describe("the company's lock", function()
    it(
      "keeps plans out while the endpoint writes, and the endpoint while a plan is applied",
      function()
        local list = world:people(3)
        local client = world.client:with { journal = os.tmpname() }
        local journals = require "lastpass.store"
        world:close()
        local journal = assert(journals.of(client))
        world = worlds.world(box, nil, { journal = journal })
        local plan = plans.plan(client, { { "disable", list[1].address } })
        assert.equal(200, (world:set_active(list[2].id, false)))
        local run, _, err = client:apply(plan)
        assert.is_nil(run)
        assert.equal("locked", err.code)
        require("spec.support.store").tamper(
          journal,
          "UPDATE lastpass_locks SET heartbeat = heartbeat - 60"
        )
        world:work()
        assert.is_true(assert(client:apply(plan)).ok)
        local lock = assert(journal:lock(world.tenant))
        local status, _, headers = world:set_active(list[3].id, false)
        assert.equal(503, status)
        assert.matches("^%d+$", headers["Retry-After"])
        assert.is_false(world:is_disabled(list[3]))
        lock:release()
        assert.equal(200, (world:set_active(list[3].id, false)))
        os.remove(client:option "journal")
      end
    )
  end)

  describe("calls that go wrong", function()
    it("answer 503 when LastPass cannot be reached; the leaver is finished by us", function()
      local person = world:people(1)[1]
      world.fate = "unsent"
      local status, _, headers = world:set_active(person.id, false)
      assert.equal(503, status)
      assert.matches("^%d+$", headers["Retry-After"])
      assert.equal(0, world:open_steps())
      assert.equal(1, world:work(60).done)
      assert.is_true(world:is_disabled(person))
      assert.same({}, world:jobs())
    end)

    it("never answer 401 for a credential of ours that LastPass refuses", function()
      local person = world:people(1)[1]
      assert(box:faults { status = 401, count = 9 })
      local status, body = world:set_active(person.id, false)
      assert.equal(503, status)
      assert.equal("503", body.status)
      assert(box:control("DELETE", "faults"))
    end)

    it("do not repeat a call whose answer was lost while LastPass may be at work on it", function()
      local person = world:people(1)[1]
      world.fate = "late"
      assert.equal(503, (world:set_active(person.id, false)))
      assert.equal(1, world:open_steps())
      assert.equal(503, (world:set_active(person.id, false)))
      assert.equal(0, world:work(10).claimed)
      world:arrive()
      assert.equal(200, (world:set_active(person.id, false)))
      world:work(200)
      assert.same({ 1, 0 }, { world:requests "disableuser", world:open_steps() })
      assert.same({}, world:jobs())
    end)

    it("find out what became of a lost answer: done, or not done and sent again", function()
      local list = world:people(2)
      for index, fate in ipairs { "lost", "lost_undone" } do
        world.fate = fate
        assert.equal(503, (world:set_active(list[index].id, false)))
      end
      assert.equal(2, world:open_steps())
      assert.equal(2, world:work(200).done)
      assert.is_true(world:is_disabled(list[1]) and world:is_disabled(list[2]))
      assert.same({ 0, 2 }, { world:open_steps(), world:requests "disableuser" })
      local run = world.journal:runs()[1]
      assert.same({ 1, 2 }, {
        world.journal:steps(run.id)[1].attempt,
        world.journal:steps(run.id)[2].attempt,
      })
    end)

    it("do not believe an OK that nothing shows for", function()
      local list = world:people(2)
      world.fate = "no_effect"
      assert.equal(503, (world:set_active(list[1].id, false)))
      assert.equal(503, (world:set_active(list[1].id, false)))
      world.fate = "late_effect"
      assert.equal(503, (world:set_active(list[2].id, false)))
      world:arrive()
      assert.equal(1, world:work(20).done - 1)
      assert.is_false(world:is_disabled(list[1]))
      world:work(200)
      assert.is_true(world:is_disabled(list[1]))
      assert.same({ 0, 2 }, { world:open_steps(), world:requests "disableuser" })
    end)

    it("keep what is not known, and let others go on, when the clock is set back", function()
      local list = world:people(2)
      world.fate = "lost"
      assert.equal(503, (world:set_active(list[1].id, false)))
      world.ahead = world.ahead - 3600
      world:age(-3600)
      assert.equal(200, (world:set_active(list[2].id, false)))
      assert.equal(503, (world:set_active(list[1].id, true)))
      assert.equal(0, world:work(200).claimed)
      assert.equal(1, world:work(3600).done)
      assert.is_true(world:is_disabled(list[1]) and world:is_disabled(list[2]))
      assert.same({ 0, 2, 0 }, {
        world:open_steps(),
        world:requests "disableuser",
        world:requests "enableuser",
      })
      assert.equal(200, (world:set_active(list[1].id, true)))
    end)

    it("give nobody access who was refused by a failure hours ago", function()
      world.fate = "unsent"
      assert.equal(503, (world:create "slow@acme.example"))
      world:work(5 * 3600)
      assert.is_nil(world:person "slow@acme.example")
      assert.same({}, world:jobs())
      assert.is_nil((world:find "slow@acme.example"))
      assert.equal(201, (world:create "slow@acme.example"))
    end)
  end)

  it("does nothing on what another request has changed since it looked", function()
    local real, other = world.journal.scim_intend, nil
    world.proxy = setmetatable({
      scim_intend = function(_, intent)
        if other then
          local first = other
          other = nil
          first()
        end
        return real(world.journal, intent)
      end,
    }, {
      __index = function(_, name)
        return function(_, ...)
          return world.journal[name](world.journal, ...)
        end
      end,
    })
    world:restart()
    local made
    other = function()
      made = select(2, world:create "twice@acme.example")
    end
    local status, answer = world:create "twice@acme.example"
    assert.equal(503, status)
    assert.matches("meanwhile", answer.detail, 1, true)
    assert.equal(1, world:requests "batchadd")
    local again
    status, again = world:create "twice@acme.example"
    assert.same({ 201, made.id }, { status, again.id })
    assert.equal(1, world:requests "batchadd")
  end)
end)
