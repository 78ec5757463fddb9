-- The words group, protect and owner.
local companies = require "spec.support.companies"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

local function run(fn)
  return playbook.run(fn, options)
end

describe("lastpass.plan.words.people", function()
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
      ["protect: accounts[2] must be a text, not number"] = function(p)
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
