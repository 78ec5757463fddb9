-- Memberships that end.
local companies = require "spec.support.companies"

local DAY = 24 * 60 * 60

local function steps_at(date, shift, more)
  local client = companies.client {
    users = { { email = "ann@acme.com", groups = { "Project" } }, { email = "bob@acme.com" } },
  }
  local now = companies.NOW + shift -- noon UTC of 2026-06-15
  client._options.now = function()
    return now
  end
  return assert(companies.plan(client, function(p)
    p.user "ann@acme.com" { groups = { p.until_date(date, "Project") } }
    p.user "bob@acme.com" { groups = { p.until_date(date, "Project") } }
    if more then
      more(p)
    end
  end))
end

describe("lastpass.plan.words.dates", function()
  it("keep a membership to the end of the day in the account's zone, and end it then", function()
    local joins = { "groups bob@acme.com +Project" }
    local leaves = { "groups ann@acme.com -Project" }
    assert.same(joins, companies.told(steps_at("2026-06-16", 0).body.steps))
    -- midnight in New York is 04:00 UTC
    assert.same(joins, companies.told(steps_at("2026-06-15", 16 * 3600 - 1).body.steps))
    assert.same(leaves, companies.told(steps_at("2026-06-15", 16 * 3600).body.steps))
    assert.same(leaves, companies.told(steps_at("2025-12-31", 0).body.steps))
  end)

  it("say in the plan until when", function()
    local step = steps_at("2026-06-15", DAY).body.steps[1]
    assert.equal("has other groups; Project until 2026-06-15", step.reason)
    assert.equal("until_date", step.rule)
  end)

  it("are true or false without a group", function()
    steps_at("2026-06-15", 0, function(p)
      assert.is_true(p.until_date "2026-06-15")
      assert.is_false(p.until_date "2026-06-14")
    end)
  end)
end)
