local gateway = require "spec.support.gateway"
local written = require "spec.support.written"

describe("the rate of a token", function()
  local tenant, site
  before_each(function()
    tenant = written.tenant()
    tenant:set { { id = "1", email = "ann@example.com" } }
    site = gateway.start({ acme = tenant }, {
      now = 1795000003,
      tokens = { slow = { rate = 0.3 }, other = {} },
    })
  end)

  it("is told with every answer, and kept", function()
    for left = 2, 0, -1 do
      local response = site:unified("GET", "users", nil, { token = "slow" })
      assert.equal(200, response.status)
      assert.equal("3", response.headers["ratelimit-limit"])
      assert.equal(tostring(left), response.headers["ratelimit-remaining"])
      assert.equal("7", response.headers["ratelimit-reset"])
    end
    local response = site:unified("GET", "users", nil, { token = "slow" })
    assert.equal(429, response.status)
    assert.equal("7", response.headers["retry-after"])
    assert.equal("0", response.headers["ratelimit-remaining"])
    assert.is_nil(response.json.truto_is_remote_error)
  end)

  it("is each token's own, and begins anew", function()
    for _ = 1, 5 do
      site:unified("GET", "users", nil, { token = "slow" })
    end
    assert.equal(200, site:unified("GET", "users", nil, { token = "other" }).status)
    site.clock.now = site.clock.now + 7
    assert.equal(200, site:unified("GET", "users", nil, { token = "slow" }).status)
  end)
end)
