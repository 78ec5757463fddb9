-- A plan as an admin reads it.
local companies = require "spec.support.companies"
local text = require "lastpass.plan.text"

describe("lastpass.plan.text", function()
  it("says who, what, why and from where, and what it will cost", function()
    local users = companies.people(6)
    users[5].disabled = true
    local plan =
      assert(companies.plan({ users = users, invited = { "guest@acme.com" } }, function(p)
        local list = {
          { email = "person2@acme.com", name = "New Name" },
          { email = "?", name = "X" },
        }
        for person in p.source.table(list, { name = "hr" }):rows() do
          p.user(person.email) { fullname = person.name, groups = { "Sales" } }
        end
        p.user "person3@acme.com" { active = false }
        p.user "person5@acme.com" { active = true }
        p.user "new@acme.com" { fullname = "New One" }
        p.user "guest@acme.com" { active = false }
        p.group "All" { "person1@acme.com", "person4@acme.com" }
        p.protect "person3@acme.com"
      end))
    local shown = tostring(plan)
    for _, part in ipairs {
      "Plan " .. plan.name:sub(1, 12) .. " for lastpass.example/enterpriseapi.php",
      "directory of 7 users",
      "hr: 2 rows, 1 refused, read to its end",
      "create and invite: New One",
      "change the name: Person 2 -> New Name",
      "change the groups: +Sales, -All",
      "let log in again",
      "withdraw the invitation",
      "hr:1",
      "Held back, not part of the plan:",
      "protected by the playbook",
      "Rows that were not used:",
      "1 e-mail will be sent",
    } do
      assert.is_truthy(shown:find(part, 1, true), part .. "\n" .. shown)
    end
    assert.matches("\n%+ +new@acme.com", shown)
    assert.matches("\n~ +person2@acme.com", shown)
    assert.matches("\n%- +guest@acme.com", shown)
  end)

  it("lets nothing from outside reach the terminal", function()
    local plan = assert(companies.plan({ users = companies.people(3) }, function(p)
      p.user "person2@acme.com" { fullname = "A\27[2Jx", groups = { "G\27]0;\7" } }
      p.users(p.source.table({}, { name = "n\27[1m" }))
      p.reason "r\27[2J"
      p.user "person3@acme.com" { active = false }
    end))
    assert.is_nil(tostring(plan):find("[%z\1-\9\11-\31\127]"))
  end)

  it("is short when there is nothing to do", function()
    local plan = assert(companies.plan({ users = {} }, {}))
    assert.matches("nothing to change$", tostring(plan))
  end)

  it("has words for every step", function()
    local kinds = require "lastpass.plan.kinds"
    for _, kind in ipairs(kinds.list) do
      local step = {
        kind = kind.name,
        before = {},
        after = { groups = {}, join = {}, leave = { "G" }, email = "x@acme.com" },
      }
      assert.equal(kind.verb, text.what(step):sub(1, #kind.verb))
    end
  end)
end)
