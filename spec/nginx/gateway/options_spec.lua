local check = require "spec.support.check"
local options = require "lastpass.nginx.gateway.options"

local tenants = { acme = {}, globex = {} }

local function read(given)
  return options.read(given, tenants, { cursor_keys = { ("k"):rep(32) } }, 1)
end

describe("the settings of the gateway", function()
  it("have defaults, and others for a tenant", function()
    local settings = read()
    assert.equal("", settings.prefix)
    assert.equal(1024 * 1024, settings.max_body)
    assert.is_nil(settings.by_tenant.acme.unified.company_name)
    settings = read {
      protect = { "boss@example.com" },
      company_name = "All",
      per_tenant = { globex = { company_name = "Globex", limits = { remove = 1 }, protect = {} } },
    }
    assert.equal("All", settings.by_tenant.acme.unified.company_name)
    assert.equal("Globex", settings.by_tenant.globex.unified.company_name)
    assert.same({ "boss@example.com" }, settings.by_tenant.acme.guards.protect)
    assert.same({}, settings.by_tenant.globex.guards.protect)
    assert.same({ remove = 1 }, settings.by_tenant.globex.guards.limits)
    assert.same({ ("k"):rep(32) }, settings.by_tenant.globex.unified.cursor_keys)
  end)

  it("protect what the company's own options protect, whatever else they say", function()
    local companies = { acme = { protect = { "ceo@example.com" } }, globex = {} }
    local settings = options.read({
      protect = { "boss@example.com" },
      per_tenant = { acme = { protect = { "cto@example.com" } } },
    }, companies, { cursor_keys = { ("k"):rep(32) } }, 1)
    local acme = settings.by_tenant.acme.guards.protect
    assert.same({ "cto@example.com", "ceo@example.com" }, acme)
    assert.same({ "boss@example.com" }, settings.by_tenant.globex.guards.protect)
  end)

  it("are refused when they are wrong, naming the nearest", function()
    for reason, given in pairs {
      ["unknown option 'protct' %(did you mean 'protect'"] = { protct = {} },
      ["there is no tenant 'acm' %(did you mean 'acme'"] = { per_tenant = { acm = {} } },
      ["per_tenant: acme: unknown option 'prefix'"] = { per_tenant = { acme = { prefix = "/x" } } },
      ["'prefix' must be a path"] = { prefix = "x/" },
      ["'cursor_keys' must be a list of strings of 16 bytes"] = { cursor_keys = { "short" } },
      ["'delete_action' must be 0, 1 or 3"] = { delete_action = 2 },
      ["is not an e%-mail address"] = { per_tenant = { acme = { protect = { "x" } } } },
    } do
      assert.match(
        reason,
        check.blamed(function()
          read(given)
        end)
      )
    end
  end)
end)
