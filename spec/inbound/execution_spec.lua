-- What stands between a request and LastPass: guards, limits, the journal, the read-back; and calls that go wrong.
local extent = require "spec.support.extent"
local json = require "lastpass.json"
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

  local function people(count, filter)
    local list = {}
    for user in world.client:users(filter or { status = "active", admin = false }) do
      if #list < count then
        list[#list + 1] = { address = user.email, id = world:find(user.email) }
      end
    end
    return list
  end

  local function is_disabled(person)
    return world:person(person.address).fields.disabled
  end

  -- A settled step is one that nobody has to find anything out about.
  local function open_steps()
    local count = 0
    for _, run in ipairs(world.journal:runs { limit = 100 }) do
      count = count + #world.journal:open_steps(run.id)
    end
    return count
  end

  describe("guards", function()
    it("answer 409 for the last admin and for protected people, and send nothing", function()
      local admins = people(9, { admin = true, status = "active" })
      for index = 1, #admins - 1 do
        assert(world.client:disableuser { admins[index].address })
      end
      world:refresh()
      local last = admins[#admins]
      local sent = world:requests "disableuser"
      for _ = 1, 2 do
        local status, body = world:set_active(last.id, false)
        assert.equal(409, status)
        assert.matches("admin", body.detail, 1, true)
        assert.equal(409, (world:send("DELETE", "/Users/" .. last.id)))
        world:restart { limits = { disable = 1000 } }
      end
      local other = people(1)[1]
      world:restart { protect = { other.address } }
      local status, body = world:set_active(other.id, false)
      assert.equal(409, status)
      assert.matches("protected", body.detail, 1, true)
      assert.equal(sent, world:requests "disableuser")
      assert.same({}, world:jobs())
    end)

    it("hold an address that looks like another one", function()
      local person = people(1)[1]
      local status, body = world:create((person.address:gsub("a", "\208\176", 1)))
      assert.equal(409, status)
      assert.matches("held as job", body.detail, 1, true)
    end)
  end)

  describe("limits", function()
    it(
      "hold what is beyond a day's, are answered per provider, and approval lets us do it",
      function()
        for provider, expected in pairs { entra = 409, okta = 429, other = 409 } do
          world:close()
          support.reset(box)
          world = worlds.world(box, {
            name = provider,
            provider = provider,
            limits = { per_day = { disable = 2 } },
          })
          local list = people(4)
          for index = 1, 2 do
            assert.equal(200, (world:set_active(list[index].id, false)))
          end
          local status, body, headers = world:set_active(list[3].id, false)
          assert.equal(expected, status)
          assert.matches("people disabled within 24 hours: 2 so far, and 1", body.detail, 1, true)
          if expected == 429 then
            assert.matches("^%d+$", headers["Retry-After"])
          else
            assert.is_nil(headers["Retry-After"])
          end
          local job = world:jobs("scim.held")[1]
          assert.equal(expected, (world:set_active(list[3].id, false)))
          assert.equal(1, #world:jobs "scim.held")
          assert.is_false(is_disabled(list[3]))
          assert.same({ 0 }, { world:work().claimed })
          assert(world.journal:decide_job(job.id, "approved", { by = "sam" }))
          assert.same({ 1 }, { world:work().done })
          assert.is_true(is_disabled(list[3]))
          assert.equal(200, (world:set_active(list[3].id, false)))
          assert.equal(3, world:requests "disableuser")
          assert.equal("done", world.journal:jobs({ id = job.id })[1].state)
          -- what is refused stays undone, and is held anew when it is asked for again
          assert.equal(expected, (world:set_active(list[4].id, false)))
          job = world:jobs("scim.held")[1]
          assert(world.journal:decide_job(job.id, "refused"))
          assert.equal(0, world:work().claimed)
          assert.is_false(is_disabled(list[4]))
          assert.equal(expected, (world:set_active(list[4].id, false)))
          assert.are_not.equal(job.id, world:jobs("scim.held")[1].id)
        end
      end
    )

    it("count both directions: who is let in again as well", function()
      world:restart { limits = { per_day = { enable = 1, create = 1 } } }
      local list = people(2, { status = "disabled" })
      assert.equal(200, (world:set_active(list[1].id, true)))
      assert.equal(409, (world:set_active(list[2].id, true)))
      assert.equal(201, (world:create "one@acme.example"))
      local status = world:create "two@acme.example"
      assert.equal(409, status)
      -- it can be found by who is told to come again, and a resent POST finds its job
      assert.is_string((world:find "two@acme.example"))
      assert.equal(409, (world:create "two@acme.example"))
      assert.equal(2, #world:jobs "scim.held")
      for _, job in ipairs(world:jobs "scim.held") do
        assert(world.journal:decide_job(job.id, "approved"))
      end
      assert.equal(2, world:work().done)
      assert.equal(1, world:person("two@acme.example").mails.invitation)
      local again, body = world:create "two@acme.example"
      assert.same({ 201, world:find "two@acme.example" }, { again, body.id, 1 })
    end)

    it("do not count what LastPass refused", function()
      world:restart { limits = { per_day = { disable = 1 } } }
      local list = people(2)
      support.inject(box, "disableuser", '{"status":"FAIL","error":"no"}')
      assert.equal(400, (world:set_active(list[1].id, false)))
      assert.equal(200, (world:set_active(list[2].id, false)))
    end)

    it("stop a mass push of people leaving, and say how many", function()
      local list = people(40)
      local counts = {}
      for _, person in ipairs(list) do
        local status = world:set_active(person.id, false)
        counts[status] = (counts[status] or 0) + 1
      end
      assert.same({ [200] = 6, [409] = #list - 6 }, counts)
      assert.equal(#list - 6, #world:jobs "scim.held")
    end)

    it("are overtaken by a request for the opposite", function()
      world:restart { limits = { per_day = { disable = 0 } } }
      local person = people(1)[1]
      assert.equal(409, (world:set_active(person.id, false)))
      assert.equal(1, #world:jobs "scim.held")
      assert.equal(200, (world:set_active(person.id, true)))
      assert.equal(0, #world:jobs "scim.held")
    end)
  end)

  describe("the company's lock", function()
    it(
      "keeps plans out while the endpoint writes, and the endpoint while a plan is applied",
      function()
        local list = people(3)
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
        assert.is_false(is_disabled(list[3]))
        lock:release()
        assert.equal(200, (world:set_active(list[3].id, false)))
        os.remove(client:option "journal")
      end
    )
  end)

  describe("calls that go wrong", function()
    it("answer 503 when LastPass cannot be reached; the leaver is finished by us", function()
      local person = people(1)[1]
      world.fate = "unsent"
      local status, _, headers = world:set_active(person.id, false)
      assert.equal(503, status)
      assert.matches("^%d+$", headers["Retry-After"])
      assert.equal(0, open_steps())
      assert.equal(1, world:work(60).done)
      assert.is_true(is_disabled(person))
      assert.same({}, world:jobs())
    end)

    it("never answer 401 for a credential of ours that LastPass refuses", function()
      local person = people(1)[1]
      assert(box:faults { status = 401, count = 9 })
      local status, body = world:set_active(person.id, false)
      assert.equal(503, status)
      assert.equal("503", body.status)
      assert(box:control("DELETE", "faults"))
    end)

    it("do not repeat a call whose answer was lost while LastPass may be at work on it", function()
      local person = people(1)[1]
      world.fate = "late"
      assert.equal(503, (world:set_active(person.id, false)))
      assert.equal(1, open_steps())
      assert.equal(503, (world:set_active(person.id, false)))
      assert.equal(0, world:work(10).claimed)
      world:arrive()
      assert.equal(200, (world:set_active(person.id, false)))
      world:work(200)
      assert.same({ 1, 0 }, { world:requests "disableuser", open_steps() })
      assert.same({}, world:jobs())
    end)

    it("find out what became of a lost answer: done, or not done and sent again", function()
      local list = people(2)
      for index, fate in ipairs { "lost", "lost_undone" } do
        world.fate = fate
        assert.equal(503, (world:set_active(list[index].id, false)))
      end
      assert.equal(2, open_steps())
      assert.equal(2, world:work(200).done)
      assert.is_true(is_disabled(list[1]) and is_disabled(list[2]))
      assert.same({ 0, 2 }, { open_steps(), world:requests "disableuser" })
      local run = world.journal:runs()[1]
      assert.same({ 1, 2 }, {
        world.journal:steps(run.id)[1].attempt,
        world.journal:steps(run.id)[2].attempt,
      })
    end)

    it("do not believe an OK that nothing shows for", function()
      local list = people(2)
      world.fate = "no_effect"
      assert.equal(503, (world:set_active(list[1].id, false)))
      assert.equal(503, (world:set_active(list[1].id, false)))
      world.fate = "late_effect"
      assert.equal(503, (world:set_active(list[2].id, false)))
      world:arrive()
      assert.equal(1, world:work(20).done - 1)
      assert.is_false(is_disabled(list[1]))
      world:work(200)
      assert.is_true(is_disabled(list[1]))
      assert.same({ 0, 2 }, { open_steps(), world:requests "disableuser" })
    end)

    it("keep what is not known, and let others go on, when the clock is set back", function()
      local list = people(2)
      world.fate = "lost"
      assert.equal(503, (world:set_active(list[1].id, false)))
      world.ahead = world.ahead - 3600
      world:age(-3600)
      assert.equal(200, (world:set_active(list[2].id, false)))
      assert.equal(503, (world:set_active(list[1].id, true)))
      assert.equal(0, world:work(200).claimed)
      assert.equal(1, world:work(3600).done)
      assert.is_true(is_disabled(list[1]) and is_disabled(list[2]))
      assert.same({ 0, 2, 0 }, {
        open_steps(),
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

  describe("a process that is killed", function()
    local points =
      { "killed_before", "killed", "lost", "lost_undone", "unsent", "late", "no_effect" }

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
      local list = people(10)
      for round = 1, rounds do
        local person = list[round % #list + 1]
        world.fate = points[math.floor(random() * #points) + 1]
        quietly(world.set_active, world, person.id, false)
        world:restart()
        local answered = false
        for _ = 1, 6 do
          if random() < 0.5 and quietly(world.set_active, world, person.id, false) == 200 then
            assert.is_true(is_disabled(person))
            answered = true
          end
          if random() < 0.3 then
            world:arrive()
          end
          world:work(random() < 0.5 and 200 or 20)
        end
        world:work(800)
        assert.is_true(is_disabled(person), tostring(answered))
        world:arrive()
        assert.equal(0, open_steps())
        assert.equal(200, (world:set_active(person.id, true)))
        assert.is_false(is_disabled(person))
      end
    end)

    it("writes nothing any more when it wakes up after its lease", function()
      local person = people(1)[1]
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
      assert.is_true(is_disabled(person))
      assert.equal(0, open_steps())
    end)

    it("sends nothing when it was stopped between its intent and the call", function()
      local person = people(1)[1]
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

  describe("the journal", function()
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
      local person = people(1)[1]
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
      local list = people(3)
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
        assert.is_false(is_disabled(person))
      end
      os.remove(client:option "journal")
    end)

    it("takes back what was done since a moment, and leaves what was before", function()
      local client = world.client:with { journal = os.tmpname() }
      local journal = assert(require("lastpass.store").of(client))
      world:close()
      world = worlds.world(box, { limits = { disable = 100 } }, { journal = journal })
      local list = people(2)
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
      assert.same({ true, false }, { is_disabled(list[1]), is_disabled(list[2]) })
      assert.same({}, assert(client:undo(run.id, { since = os.time() + 3600 })).body.steps)
      os.remove(client:option "journal")
    end)

    it("counts a week and a month as plans do", function()
      world:restart {
        limits = { disable = 100, per_week = { disable = 1 }, per_month = { disable = 2 } },
      }
      local list = people(4)
      local function age(days)
        require("spec.support.store").tamper(
          world.journal,
          "UPDATE lastpass_scim_amounts SET slot = slot - 96 * ? WHERE slot > 0",
          days
        )
      end
      assert.equal(200, (world:set_active(list[1].id, false)))
      age(2)
      local status, body = world:set_active(list[2].id, false)
      assert.equal(409, status)
      assert.matches("people disabled within 7 days: 1 so far, and 1", body.detail, 1, true)
      age(6)
      assert.equal(200, (world:set_active(list[2].id, false)))
      age(10)
      status, body = world:set_active(list[3].id, false)
      assert.equal(409, status)
      assert.matches("within 30 days: 2 so far", body.detail, 1, true)
      age(20)
      assert.equal(200, (world:set_active(list[3].id, false)))
    end)
  end)
end)
