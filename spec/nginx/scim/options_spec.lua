-- The option `scim` of setup: what is refused, and that each refusal names the place and the way out.
local options = require "lastpass.nginx.scim.options"

describe("the option scim of setup", function()
  local tenants
  local function in_journal()
    return "lastpass.com/enterpriseapi.php 8771312"
  end
  before_each(function()
    tenants = {
      acme = {
        name = "acme",
        journal = "/var/lib/lastpass/journal.db",
        in_journal = in_journal,
      },
    }
  end)

  local function refusal(given)
    local ok, message = pcall(options.read, given, tenants, 1)
    assert.is_false(ok)
    return tostring(message)
  end

  it("fills in what is not given", function()
    local settings = options.read({
      connections = {
        okta = { provider = "okta", rate = 5 },
        entra = { tenant = "acme", provider = "entra", protect = { "boss@acme.example" } },
      },
    }, tenants, 1)
    assert.equal(14, settings.warn_days)
    assert.equal("/scim", settings.path)
    assert.equal("entra", settings.connections[1].name)
    assert.equal(50, settings.connections[1].rate)
    assert.equal(tenants.acme, settings.connections[2].tenant)
    assert.equal(5, settings.connections[2].rate)
    local entra = settings.connections[1].options
    assert.equal(in_journal(), entra.tenant)
    assert.equal("entra", entra.provider)
    assert.same({ "boss@acme.example" }, entra.protect)
    assert.equal(409, entra.held_status)
    assert.equal(429, settings.connections[2].options.held_status)
    assert.same({}, options.read(nil, tenants, 1).connections)
  end)

  it("names what is wrong", function()
    local function with(name, value)
      return { connections = { entra = { provider = "entra" } }, [name] = value }
    end
    for expected, given in pairs {
      ["unknown option 'conections' (did you mean 'connections'?)"] = with("conections", {}),
      ["option 'connections' names no connection"] = {},
      ["option 'warn_days' must be a whole number from 0 to 365"] = with("warn_days", 1.5),
      ["option 'answer_within' must be seconds from 1 to 55"] = with("answer_within", 60),
      ["option 'in_flight' must be a whole number"] = with("in_flight", 0),
      ["option 'url' must be an address without a query"] = with("url", "https://a/scim?x"),
      ["option 'path' must be a path such as /scim"] = with("path", "/scim/"),
      ["connection 'a/b': its name must be"] = { connections = { ["a/b"] = {} } },
      ["connection 'entra' must be a table"] = { connections = { entra = 5 } },
      ["connection 'entra': option 'rate' must be a number above 0"] = {
        connections = { entra = { rate = 0 } },
      },
      ["option 'provider' must be"] = { connections = { entra = { provider = "entry" } } },
      ["unknown option 'grace_day' (did you mean 'grace_days'?)"] = {
        connections = { entra = { grace_day = 5 } },
      },
      ["option 'grace_days' needs delete = \"delete\""] = {
        connections = { entra = { grace_days = 10 } },
      },
      ["option 'held_retry' needs held_status = 429 or 503"] = {
        connections = { entra = { provider = "entra", held_retry = 60 } },
      },
      ["upstream = \"scim\" needs the option 'scim' of tenant 'acme'"] = {
        connections = { entra = { upstream = "scim" } },
      },
      ["connection 'entra': there is no tenant 'acm' (did you mean 'acme'?)"] = {
        connections = { entra = { tenant = "acm" } },
      },
    } do
      local message = refusal(given)
      assert.truthy(message:find(expected, 1, true), expected .. "\n" .. message)
    end
  end)

  it("needs a company, and a journal that all processes share", function()
    tenants.globex = { name = "globex", journal = ":memory:", in_journal = in_journal }
    local given = { connections = { entra = { provider = "entra" } } }
    assert.truthy(refusal(given):find("connection 'entra': option 'tenant' is missing", 1, true))
    given.connections.entra.tenant = "globex"
    assert.truthy(refusal(given):find("tenant 'globex' needs the option 'journal'", 1, true))
    tenants.globex.journal = nil
    assert.truthy(refusal(given):find("tenant 'globex' needs the option 'journal'", 1, true))
  end)
end)
