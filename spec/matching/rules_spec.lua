-- The rules by which people are found, each for itself.
local companies = require "spec.support.companies"
local rules = require "lastpass.matching.rules"

local core = require "lastpass.core"

local function with(company, match)
  local snapshot = companies.client(company):snapshot()
  local settings = { match = match or { "employee_id", "email", "alias" }, attribute = "Id" }
  local matching = { problems = {}, refused = {}, untouchable_users = {}, invited_in_doubt = {} }
  return rules.new(core.desired(), snapshot._rows, settings, matching)
end

local function problem_of(self)
  return self.matching.problems[1] and self.matching.problems[1].code
end

local users = {
  { email = "ann@acme.com", attributes = { Id = "1" } },
  { email = "bob@acme.com", attributes = { Id = "2" } },
  { email = "cyd@acme.com", attributes = { Id = "2" } },
  { email = "m\195\188ller@acme.com" },
}

describe("lastpass.matching.rules", function()
  it("find by employee id, unless several have it", function()
    local self = with { users = users }
    assert.equal(1, rules.employee_id(self, 7, { employee_id = "1" }))
    assert.is_false(rules.employee_id(self, 7, { employee_id = "9" }))
    assert.is_false(rules.employee_id(self, 7, {}))
    assert.is_nil(rules.employee_id(self, 7, { employee_id = "2" }))
    assert.equal("ambiguous_employee_id", problem_of(self))
    assert.is_true(self.matching.refused[7])
  end)

  it("find by address, letters beyond ASCII in any form", function()
    local self = with { users = users, invited = { "\195\182@acme.com" } }
    assert.equal(2, rules.email(self, 7, {}, "BOB@acme.com"))
    assert.is_false(rules.email(self, 7, {}, "dee@acme.com"))
    local other = { needs_folding = true }
    assert.equal(4, rules.email(self, 7, other, "MU\204\136LLER@acme.com"))
    assert.is_false(rules.email(self, 7, other, "\195\164@acme.com"))
    assert.is_false(rules.email(self, 7, other, "\195\182@ACME.com")) -- the core's join finds them
    assert.is_nil(problem_of(self))
    assert.is_false(rules.email(self, 7, other, "\195\150@acme.com"))
    assert.is_nil(problem_of(self))
    self = with { users = { users[4], { email = "M\195\156ller@acme.com" } } }
    assert.is_nil(rules.email(self, 7, other, "m\195\188ller@acme.com"))
    assert.equal("ambiguous_address", problem_of(self))
  end)

  it("find by alias, unless they are two people's, or one is invited", function()
    local self = with { users = users, invited = { "old@acme.com" } }
    assert.equal(1, rules.alias(self, 7, { aliases = { "x@acme.com", "ANN@acme.com" } }, "a@b.c"))
    assert.is_false(rules.alias(self, 7, { aliases = { "x@acme.com" } }, "a@b.c"))
    assert.is_nil(rules.alias(self, 7, { aliases = { "ann@acme.com", "bob@acme.com" } }, "a@b.c"))
    assert.equal("ambiguous_alias", problem_of(self))
    self = with { users = users, invited = { "old@acme.com" } }
    assert.is_nil(rules.alias(self, 7, { aliases = { "OLD@acme.com" } }, "a@b.c"))
    assert.equal("alias_invited", problem_of(self))
    -- one's own address may be among them
    assert.is_false(rules.alias(self, 8, { aliases = { "OLD@acme.com" } }, "old@acme.com"))
  end)

  it("mind aliases of somebody else, where aliases are looked at", function()
    local extra = { aliases = { "bob@acme.com", "ann@acme.com" } }
    assert.is_nil(rules.check_aliases(with { users = users }, 7, extra, 1))
    assert.is_true(rules.check_aliases(with({ users = users }, { "email" }), 7, extra, 1))
    assert.is_true(rules.check_aliases(with { users = users }, 7, { aliases = { "x@y.z" } }, 1))
  end)

  it("leave everybody alone whom a row may be about", function()
    local self = with { users = users, invited = { "old@acme.com" } }
    self:doubt_all({ employee_id = "2", aliases = { "OLD@acme.com" } }, "M\195\156LLER@acme.com")
    assert.same({ [2] = true, [3] = true, [4] = true }, self.matching.untouchable_users)
    assert.same({ ["old@acme.com"] = true }, self.matching.invited_in_doubt)
  end)
end)
