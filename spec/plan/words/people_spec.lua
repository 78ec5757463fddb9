-- The words group, protect and owner.
-- The word `user`: what it takes, what it says is wrong, and what it keeps.
local companies = require "spec.support.companies"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

describe("lastpass.plan.words.people", function()
  local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

  local function run(fn)
    return playbook.run(fn, options)
  end

  it("take members as addresses or rows", function()
    local declared = assert(run(function(p)
      local rows = p.source.table({ { email = "ann@acme.com" } }):read()
      p.group "A" { rows[1], " bob@acme.com ", "mu\204\136@acme.com" }
      p.group "B" {}
    end))
    assert.same({ "ann@acme.com", "bob@acme.com", "m\195\188@acme.com" }, declared.groups.A.members)
    assert.same({}, declared.groups.B.members)
    assert.matches("people_spec.lua:%d+$", declared.groups.A.origin)
  end)

  it("read no list in part", function()
    for expected, fn in pairs {
      ["'members' must be a list without gaps"] = function(p)
        p.group "A" { "ann@acme.com", x = "bob@acme.com" }
      end,
      ["protect: 'accounts' must be a list without gaps"] = function(p)
        p.protect { "ann@acme.com", nil, "bob@acme.com" }
      end,
      ["users: 'groups' must be a list without gaps"] = function(p)
        p.users(p.source.table { { email = "ann@acme.com" } }, { groups = { nil, "team" } })
      end,
      ["source.table: needs a list of tables without gaps"] = function(p)
        p.source.table { { email = "ann@acme.com" }, nil, { email = "bob@acme.com" } }
      end,
      ["at: needs a list without gaps"] = function(p)
        p.at { "02:00", nil, "03:00" }
      end,
      ["match: the rules must be a list without gaps"] = function(p)
        p.match { "email", nil, "alias" }
      end,
      ["only: 'groups' must be a list without gaps"] = function(p)
        p.only { [1] = "A", [3] = "B" }
      end,
      ['group "A" has no members: write group "A" { … }'] = function(p)
        p.group "A"
        p.group "B" {}
      end,
      ["group: the name is not valid UTF-8"] = function(p)
        p.group "\255" {}
      end,
      ["declared twice"] = function(p)
        p.group "A" {}
        p.group "A" {}
      end,
      ["protect: accounts[2] must be a string, not number"] = function(p)
        p.protect { "ann@acme.com", 5 }
      end,
    } do
      local _, message, err = run(fn)
      assert.equal("playbook_mistake", err and err.code, expected)
      assert.matches(expected, message, 1, true)
    end
  end)

  it("protect accounts, and the owner", function()
    local declared = assert(run(function(p)
      p.protect "Ann@acme.com"
      p.protect { "bob@acme.com", "cyd@acme.com" }
      p.owner "dee@acme.com"
    end))
    local why = {}
    for key, entry in pairs(declared.protected) do
      why[key] = entry.why
    end
    assert.same({
      ["ann@acme.com"] = "protected by the playbook",
      ["bob@acme.com"] = "protected by the playbook",
      ["cyd@acme.com"] = "protected by the playbook",
      ["dee@acme.com"] = "the account named as owner",
    }, why)
    assert.equal("dee@acme.com", declared.settings.owner)
  end)
end)

describe("lastpass.plan.words.people: user", function()
  local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

  local function run(fn)
    return playbook.run(fn, options)
  end

  it("tells a mistake that the playbook has caught, in the end", function()
    local declared, message, err = run(function(p)
      pcall(function()
        p.user "ann@acme.com" { fullname = 5 }
      end)
    end)
    assert.is_nil(declared)
    assert.equal("playbook_mistake", err.code)
    assert.matches('user "ann@acme.com" has no fields', message, 1, true)
  end)

  it("takes a blank name for none", function()
    local declared = assert(run(function(p)
      p.user "ann@acme.com" { fullname = "" }
    end))
    assert.is_nil((select(2, declared.desired:row(1))))
  end)

  it("takes groups and aliases wherever they stand in a list with gaps", function()
    local declared = assert(run(function(p)
      p.user "a@acme.com" { groups = { nil, "Sales" } }
      p.user "b@acme.com" { groups = { [2] = "Sales", [5] = "", [9] = "Legal" } }
      p.user "c@acme.com" { groups = { nil, p.until_date("2099-01-01", "Sales"), nil, "Legal" } }
      p.user "d@acme.com" { aliases = { nil, "dee@acme.com" } }
    end))
    local function groups(row)
      return (select(3, declared.desired:row(row)))
    end
    assert.same(
      { { "Sales" }, { "Sales", "Legal" }, { "Sales", "Legal" } },
      { groups(1), groups(2), groups(3) }
    )
    assert.same({ "dee@acme.com" }, declared.extras[4].aliases)
    local _, message = run(function(p)
      p.user "a@acme.com" { groups = { "Sales", other = "Legal" } }
    end)
    assert.matches("'groups' must be a list without gaps", message, 1, true)
    _, message = run(function(p)
      p.user "a@acme.com" { groups = { p.until_date("2099-01-01", "Sales"), other = "Legal" } }
    end)
    assert.matches("'groups' must be a list without gaps", message, 1, true)
  end)

  it("names the line of an address that is none", function()
    local declared = assert(run(function(p)
      p.user "no address" { fullname = "Ann" }
      p.user "ann@acme.com" {}
      p.user "ann@acme.com" {}
    end))
    assert.equal(2, #declared.problems)
    for _, problem in ipairs(declared.problems) do
      assert.matches("^people_spec.lua:%d+$", problem.origin)
    end
  end)

  it("takes a row of a source, and knows where it comes from", function()
    local declared = assert(run(function(p)
      local list = { { email = "ann@acme.com", name = "Ann" }, { email = "bob@acme.com" } }
      for _, person in ipairs((p.source.table(list, { name = "hr" }):read())) do
        p.user(person) { fullname = person.name }
      end
      p.user "cyd@acme.com" {}
    end))
    assert.equal("hr:1", declared:origin(1))
    assert.equal("hr:2", declared:origin(2))
    assert.matches("people_spec.lua:%d+$", declared:origin(3))
  end)

  it("keeps ids as attributes have them", function()
    local declared = assert(run(function(p)
      p.user "a@acme.com" { employee_id = 17 }
      p.user "b@acme.com" { employee_id = 17.5 }
      p.user "c@acme.com" { employee_id = "0017" }
      p.user "d@acme.com" { employee_id = "" }
      p.user "e@acme.com" { employee_id = 2 ^ 40 }
    end))
    local ids = {}
    for row = 1, 5 do
      ids[row] = declared.extras[row].employee_id or "none"
    end
    assert.same({ "17", "17.5", "0017", "none", "1099511627776" }, ids)
  end)

  it("gives the reason that is in force, unless it has one of its own", function()
    local declared = assert(run(function(p)
      p.user "a@acme.com" {}
      p.reason "audit 7"
      p.user "b@acme.com" {}
      p.user "c@acme.com" { reason = "own" }
      p.users(p.source.table { { email = "d@acme.com" }, { email = "e@acme.com" } })
      p.reason(nil)
      p.users(p.source.table { { email = "f@acme.com" } })
    end))
    local reasons = {}
    for row = 1, 6 do
      reasons[row] = declared:reason(row) or "none"
    end
    assert.same({ "none", "audit 7", "own", "audit 7", "audit 7", "none" }, reasons)
  end)

  it("wants addresses as aliases, and text", function()
    for expected, fields in pairs {
      ["alias 'ann' is not an e-mail address"] = { aliases = { "ann" } },
      ["aliases[1] is not valid UTF-8"] = { aliases = { "\255@acme.com" } },
      ["groups[2] is not valid UTF-8"] = { groups = { "A", "B\255" } },
      ["'groups' must be a list without gaps"] = { groups = { "A", nil, "B", x = "C" } },
      ["'reason' is not valid UTF-8"] = { reason = "\255" },
      ["'employee_id' is not valid UTF-8"] = { employee_id = "\255" },
    } do
      local _, message, err = run(function(p)
        p.user "known@acme.com" { groups = { "A" } }
        p.user "ann@acme.com"(fields)
      end)
      assert.is_truthy(err, expected)
      assert.equal("playbook_mistake", err.code)
      assert.matches(expected, message, 1, true)
      assert.matches("people_spec.lua:%d+: ", message)
    end
    local declared = assert(run(function(p)
      p.user "ann@acme.com" { aliases = { "", " a.lee@acme.com " } }
    end))
    assert.same({ "a.lee@acme.com" }, declared.extras[1].aliases)
  end)
end)
