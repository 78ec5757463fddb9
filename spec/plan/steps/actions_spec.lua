-- People who are named for one thing: removed, renamed, acted on.
local companies = require "spec.support.companies"

describe("lastpass.plan.steps.actions", function()
  local lines_of, codes = companies.lines_of, companies.codes

  local users = {
    { email = "ann@acme.com", fullname = "Ann", attributes = { Id = "1" } },
    { email = "bob@acme.com", fullname = "Bob", attributes = { Id = "2" } },
    { email = "cyd@acme.com", fullname = "Cyd", disabled = true },
  }

  local function plan_of(playbook, more)
    local company = { users = users, invited = { "dee@acme.com" } }
    for name, value in pairs(more or {}) do
      company[name] = value
    end
    local limit = { disable = 100, remove = 100, delete = 100, uninvite = 100, rename = 100 }
    return assert(companies.plan(company, playbook, { limit = limit }))
  end

  local function by_id(p, rename)
    p.match { "employee_id", "email", "alias", attribute = "Id" }
    p.rename(rename or "updateemail")
  end

  describe("removals", function()
    it("find people as everything else does, by id and by alias", function()
      local plan = plan_of(function(p)
        by_id(p)
        p.user "ann.new@acme.com" { employee_id = 1, remove = true }
        p.user "robert@acme.com" { aliases = { "BOB@acme.com" }, delete = true }
      end)
      -- and nobody gets another address on the way out
      assert.same({ "delete bob@acme.com", "remove ann@acme.com" }, lines_of(plan.body.steps))
      assert.same({}, lines_of(plan.body.held))
    end)

    it("are the withdrawal of an invitation, and whoever is disabled goes as well", function()
      local plan = plan_of(function(p)
        p.user "dee@acme.com" { delete = true }
        p.user "CYD@acme.com" { remove = true }
        p.user "gone@acme.com" { remove = true }
      end)
      assert.same({ "remove cyd@acme.com", "uninvite dee@acme.com" }, lines_of(plan.body.steps))
      assert.equal("is declared gone", plan.body.steps[1].reason)
    end)

    it("are of nobody who is in doubt", function()
      local plan = plan_of(function(p)
        p.user "ann@acme.com" { remove = true }
        p.user "Ann@acme.com" { active = true }
        p.user "dee@acme.com" { remove = true }
        p.user "dee@acme.com" { remove = true }
      end)
      assert.same({}, lines_of(plan.body.steps))
      plan = plan_of(function(p)
        p.user "eve@acme.com" { remove = true }
        p.user "Eve@acme.com" { active = false }
      end, { users = { { email = "eve@acme.com" }, { email = "EVE@acme.com" } } })
      assert.same({}, lines_of(plan.body.steps))
      plan = plan_of(function(p)
        p.user "eve@acme.com" { remove = true }
      end, { users = { { email = "EVE@acme.com" }, { email = "eve@acme.com" } } })
      assert.same({}, lines_of(plan.body.steps))
    end)
  end)

  describe("renames", function()
    it("are of nobody who was refused, or who cannot log in any more", function()
      local plan = plan_of(function(p)
        by_id(p)
        p.user "x@acme.com" { employee_id = "1" }
        p.user "y@acme.com" { employee_id = "1" }
        p.user "robert@acme.com" { employee_id = "2", active = false }
      end)
      assert.same({ "disable bob@acme.com" }, lines_of(plan.body.steps))
      plan = plan_of(function(p)
        by_id(p)
        p.user "x@acme.com" { employee_id = "1" }
        p.user "X@acme.com" {}
      end)
      assert.same({}, lines_of(plan.body.steps))
    end)

    it("are held, asked for, or left", function()
      for choice, expected in pairs {
        hold = { steps = {}, held = { "rename ann@acme.com ann.berg@acme.com" } },
        updateemail = { steps = { "rename ann@acme.com ann.berg@acme.com" }, held = {} },
        keep = { steps = {}, held = {} },
      } do
        local plan = plan_of(function(p)
          by_id(p, choice)
          p.user "ann.berg@acme.com" { employee_id = "1" }
        end)
        assert.same(expected.steps, lines_of(plan.body.steps), choice)
        assert.same(expected.held, lines_of(plan.body.held), choice)
      end
    end)

    it("do not take an address that is somebody's, or is invited", function()
      local plan = plan_of(function(p)
        by_id(p)
        p.user "dee@acme.com" { employee_id = "1" }
        p.user "cyd@acme.com" { employee_id = "2" }
        p.missing { users = "disable", invited = "withdraw" }
      end)
      assert.same(
        { ["dee@acme.com"] = "address_taken", ["cyd@acme.com"] = "address_taken" },
        codes(plan.body.problems)
      )
      assert.same({}, lines_of(plan.body.steps))
    end)
  end)

  describe("single actions", function()
    it("are taken by the directory's spelling, and not where it is so already", function()
      local plan = plan_of {
        disable = { "ANN@acme.com", "cyd@acme.com" },
        disable_mfa = { "Ann@acme.com", "ann@acme.com" },
      }
      assert.same({ "disable ann@acme.com", "disable_mfa ann@acme.com" }, lines_of(plan.body.steps))
      assert.equal("asked for", plan.body.steps[1].reason)
    end)

    it("say what cannot be done", function()
      local plan = plan_of {
        uninvite = { "ann@acme.com" },
        reset_password = { "dee@acme.com", "nobody@acme.com" },
        enable = { "dee@acme.com" },
        reinvite = { "dee@acme.com" },
      }
      assert.same({ "reinvite dee@acme.com" }, lines_of(plan.body.steps))
      local found = {}
      for _, problem in ipairs(plan.body.problems) do
        found[#found + 1] = problem.code .. " " .. problem.subject
      end
      assert.same({
        "only_invited dee@acme.com",
        "only_invited dee@acme.com",
        "no_such_user nobody@acme.com",
        "not_invited ann@acme.com",
      }, found)
    end)

    it("withdraw an invitation where somebody is to be taken out", function()
      assert.same(
        { "uninvite dee@acme.com" },
        lines_of(plan_of({ remove = { "dee@acme.com" } }).body.steps)
      )
    end)

    it("are of nobody whose address two users have", function()
      local duplicates = { { email = "eve@acme.com" }, { email = "EVE@acme.com" } }
      duplicates[3] = { email = "x@acme.com" }
      local plan = plan_of({ disable = { "eve@acme.com" } }, { users = duplicates })
      assert.same({}, lines_of(plan.body.steps))
      assert.equal("twin", plan.body.problems[#plan.body.problems].code)
    end)
  end)
end)
