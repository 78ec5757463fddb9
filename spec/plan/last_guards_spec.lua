-- Guards that are asked right before a run.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local last_guards = require "lastpass.plan.last_guards"

describe("lastpass.plan.last_guards", function()
  local people

  -- A directory of people {admin, status}.
  local directory = {
    user = function(_, address)
      return people[address]
    end,
    users = function(_, filter)
      assert.same({ admin = true }, filter)
      local list = {}
      for _, person in pairs(people) do
        if person.admin then
          list[#list + 1] = person
        end
      end
      local place = 0
      return function()
        place = place + 1
        return list[place]
      end
    end,
  }

  before_each(function()
    people = {
      ["a@x"] = { admin = true, status = "active" },
      ["b@x"] = { admin = true, status = "active" },
      ["c@x"] = { admin = true, status = "disabled" },
      ["d@x"] = { admin = false, status = "active" },
    }
  end)

  local function steps(...)
    local list = {}
    for place = 1, select("#", ...), 2 do
      local kind, subject = select(place, ...)
      list[#list + 1] = { kind = kind, subject = subject, number = #list + 1 }
    end
    return list
  end

  local function body(limits, count)
    return {
      settings = { limits = limits },
      steps = {},
      directory = { people = count or 100, memberships = 100 },
    }
  end

  describe("last_admin", function()
    it("lets some go while one is left", function()
      assert.is_nil(last_guards.last_admin(steps("disable", "a@x", "remove", "d@x"), directory))
    end)

    it("minds when all would go, and says the numbers", function()
      local message = last_guards.last_admin(steps("disable", "a@x", "remove", "b@x"), directory)
      assert.equal("no active admin would be left: 2 of 2 would go", message)
    end)

    it("lets admins go who are disabled, however many", function()
      people["b@x"] = nil
      people["e@x"] = { admin = true, status = "disabled" }
      people["f@x"] = { admin = true, status = "invited" }
      local gone = steps("remove", "c@x", "remove", "e@x", "remove", "f@x")
      assert.is_nil(last_guards.last_admin(gone, directory))
      local message = last_guards.last_admin(steps("remove", "c@x", "disable", "a@x"), directory)
      assert.equal("no active admin would be left: 1 of 1 would go", message)
    end)

    it("does not count who is disabled or gone, or what takes nothing away", function()
      people["b@x"] = nil
      assert.is_truthy(last_guards.last_admin(steps("delete", "a@x"), directory))
      assert.is_nil(last_guards.last_admin(steps("remove", "c@x", "remove", "z@x"), directory))
      assert.is_nil(last_guards.last_admin(steps("groups", "a@x", "name", "a@x"), directory))
    end)
  end)

  describe("spans", function()
    local function lately(day, month)
      return function(_, span)
        return span.name == "per_month" and month or day
      end
    end

    it("allow multiples of the limit of a plan, unless the playbook says otherwise", function()
      local two = steps("disable", "a@x", "disable", "b@x")
      assert.is_nil(last_guards.spans(body { disable = "2%" }, two, lately(2)))
      local refusal = last_guards.spans(body { disable = "2%" }, two, lately(3))
      assert.equal("disable_per_day", refusal.guard)
      assert.truthy(
        refusal.message:find("3 by earlier runs and 2 by this plan; the limit is 4", 1, true)
      )
      assert.truthy(refusal.allow:find("per_day = { disable = 5 }", 1, true))
      local one_a_day = body { disable = "50%", per_day = { disable = 1 } }
      assert.is_truthy(last_guards.spans(one_a_day, steps("disable", "a@x"), lately(1)))
      refusal = last_guards.spans(body { disable = "2%" }, two, lately(0, 9))
      assert.equal("disable_per_month", refusal.guard)
    end)

    it("are about what other runs did; a plan alone was judged when it was made", function()
      local two = steps("disable", "a@x", "disable", "b@x")
      assert.is_nil(last_guards.spans(body { disable = 1 }, two, lately(0)))
    end)

    it("know limits for creations, and none for an undo", function()
      local refusal = last_guards.spans(body { create = 0 }, steps("create", "z@x"), lately(9))
      assert.equal("create_per_day", refusal.guard)
      assert.is_nil(last_guards.spans({ settings = {} }, steps("disable", "a@x"), lately(1000)))
    end)
  end)

  it("asks the journal, and passes its failures on", function()
    local work = {
      tenant = "t",
      outcomes = {},
      body = body { disable = 1 },
      journal = {
        amounts = function(_, tenant, since)
          assert.equal("t", tenant)
          local days = (os.time() - since) / 86400
          for _, expected in ipairs { 1, 7, 30 } do
            if math.abs(days - expected) < 0.01 then
              return { disable = expected == 1 and 2 or 0 }
            end
          end
          error "another span"
        end,
      },
    }
    local one = steps("disable", "d@x")
    check.failure("guard", "per_day", last_guards.ask(work, one, directory))
    work.journal.amounts = function(_, _, since)
      return { disable = os.time() - since > 864000 and 5 or 1 }
    end
    check.failure("guard", "per_month", last_guards.ask(work, one, directory))
    work.journal.amounts = function()
      return { disable = 1 }
    end
    assert.is_true(last_guards.ask(work, one, directory))
    work.journal.amounts = function()
      return errors.fail("conflict", "store_busy", "busy")
    end
    check.failure("conflict", "store_busy", last_guards.ask(work, one, directory))
    local all = steps("disable", "a@x", "disable", "b@x")
    check.failure("guard", "last_admin", last_guards.ask(work, all, directory))
  end)
end)
