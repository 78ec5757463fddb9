local counts = require "lastpass.nginx.gateway.counts"
local shared_dict = require "spec.support.shared_dict"

describe("counts of what a gateway did", function()
  local DAY = 24 * 3600
  local clock, dict
  before_each(function()
    clock = 1795000000
    dict = shared_dict.new {
      now = function()
        return clock
      end,
    }
  end)

  local function lately(tenant, days)
    return counts.lately(dict, tenant, "disable", (days or 1) * DAY, clock)
  end

  it("forget after a day, and after longer spans", function()
    counts.reserve(dict, "acme", { disable = 2 }, clock)
    clock = clock + 3600
    counts.reserve(dict, "acme", { disable = 1, join = 4 }, clock)
    counts.reserve(dict, "globex", { disable = 7 }, clock)
    assert.equal(3, lately "acme")
    clock = clock + DAY
    assert.equal(1, lately "acme")
    clock = clock + 2 * 3600
    assert.equal(0, lately "acme")
    assert.equal(3, lately("acme", 7))
    clock = clock + 7 * DAY
    assert.equal(0, lately("acme", 7))
    assert.equal(3, lately("acme", 30))
    clock = clock + 24 * DAY
    assert.equal(0, lately("acme", 30))
  end)

  it("take off what was not done, from where it was counted", function()
    local reservation = counts.reserve(dict, "acme", { disable = 2 }, clock)
    clock = clock + 3600
    counts.reserve(dict, "acme", { disable = 1 }, clock)
    counts.give_back(reservation)
    assert.equal(1, lately "acme")
    assert.equal(1, lately("acme", 7))
  end)

  it("count all of it or nothing", function()
    dict = shared_dict.new { most = 3 }
    assert.is_nil(counts.reserve(dict, "acme", { disable = 1, join = 1 }, clock))
    assert.equal(0, lately "acme")
    assert.equal(0, counts.lately(dict, "acme", "join", DAY, clock))
  end)
end)
