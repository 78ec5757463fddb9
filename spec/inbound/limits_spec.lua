-- Guards and limits between a request and LastPass: what is refused, and what is held for a decision.
local support = require "spec.support.box"
local worlds = require "spec.support.inbound"

describe("lastpass.inbound.guards", function()
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

  describe("guards", function()
    it("answer 409 for the last admin and for protected people, and send nothing", function()
      local admins = world:people(9, { admin = true, status = "active" })
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
      local other = world:people(1)[1]
      world:restart { protect = { other.address } }
      local status, body = world:set_active(other.id, false)
      assert.equal(409, status)
      assert.matches("protected", body.detail, 1, true)
      assert.equal(sent, world:requests "disableuser")
      assert.same({}, world:jobs())
    end)

    it("hold an address that looks like another one", function()
      local person = world:people(1)[1]
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
          local list = world:people(4)
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
          assert.is_false(world:is_disabled(list[3]))
          assert.same({ 0 }, { world:work().claimed })
          assert(world.journal:decide_job(job.id, "approved", { by = "sam" }))
          assert.same({ 1 }, { world:work().done })
          assert.is_true(world:is_disabled(list[3]))
          assert.equal(200, (world:set_active(list[3].id, false)))
          assert.equal(3, world:requests "disableuser")
          assert.equal("done", world.journal:jobs({ id = job.id })[1].state)
          -- what is refused stays undone, and is held anew when it is asked for again
          assert.equal(expected, (world:set_active(list[4].id, false)))
          job = world:jobs("scim.held")[1]
          assert(world.journal:decide_job(job.id, "refused"))
          assert.equal(0, world:work().claimed)
          assert.is_false(world:is_disabled(list[4]))
          assert.equal(expected, (world:set_active(list[4].id, false)))
          assert.are_not.equal(job.id, world:jobs("scim.held")[1].id)
        end
      end
    )

    it("count both directions: who is let in again as well", function()
      world:restart { limits = { per_day = { enable = 1, create = 1 } } }
      local list = world:people(2, { status = "disabled" })
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
      local list = world:people(2)
      support.inject(box, "disableuser", '{"status":"FAIL","error":"no"}')
      assert.equal(400, (world:set_active(list[1].id, false)))
      assert.equal(200, (world:set_active(list[2].id, false)))
    end)

    it("stop a mass push of people leaving, and say how many", function()
      local list = world:people(40)
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
      local person = world:people(1)[1]
      assert.equal(409, (world:set_active(person.id, false)))
      assert.equal(1, #world:jobs "scim.held")
      assert.equal(200, (world:set_active(person.id, true)))
      assert.equal(0, #world:jobs "scim.held")
    end)

    it("counts a week and a month as plans do", function()
      world:restart {
        limits = { disable = 100, per_week = { disable = 1 }, per_month = { disable = 2 } },
      }
      local list = world:people(4)
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
