-- The options of `setup`, and what a tenant is made of them.
local fake_ngx = require "spec.support.fake_ngx"
local lastpass = require "lastpass"
local nginx = require "lastpass.nginx"

describe("lastpass.nginx.setup", function()
  local fake, hash

  before_each(function()
    fake = fake_ngx.install()
    hash = assert(lastpass.secret.value(("5a9db0c5"):rep(8)))
  end)

  after_each(function()
    fake.remove()
  end)

  local function tenants(more)
    local options = { cid = 8771312, provhash = hash, url = "http://127.0.0.1:1/" }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return { acme = options }
  end

  local function refusal(given)
    local ok, message = pcall(nginx.setup, given)
    assert.is_false(ok)
    return tostring(message)
  end

  it("gives the tenants by name", function()
    local site = nginx.setup { tenants = tenants { rate = 5, refresh = 10, folders = false } }
    local acme = site.tenants.acme
    assert.same({ "acme" }, site.tenant_names)
    assert.same({ "acme", "8771312", "America/New_York" }, { acme.name, acme.cid, acme.timezone })
    assert.equal(acme:client(), acme:client())
    assert.same({}, site.playbooks)
  end)

  it("names what is wrong, and the nearest known option", function()
    local cases = {
      ["lastpass.nginx.setup: 'options' is missing"] = false,
      ["setup: option 'tenants' is missing"] = {},
      ["setup: option 'tenants' names no company"] = { tenants = {} },
      ["unknown option 'tenant' (did you mean 'tenants'?)"] = { tenant = {} },
      ["must be of letters, digits, - and _, not 'a b'"] = { tenants = { ["a b"] = {} } },
      ["tenant 'acme' must be a table"] = { tenants = { acme = 5 } },
      ["unknown option 'refesh' (did you mean 'refresh'?)"] = { tenants = tenants { refesh = 5 } },
      ["option 'refresh' must be a number of seconds above 0"] = {
        tenants = tenants { refresh = 0 },
      },
      ["option 'folders' must be a number of seconds above 0, or false"] = {
        tenants = tenants { folders = true },
      },
      ["option 'limiter' is not for nginx"] = { tenants = tenants { limiter = {} } },
      ["option 'rate' must be a number above 0"] = { tenants = tenants { rate = -1 } },
      ["option 'directory' is missing"] = { tenants = tenants(), playbooks = {} },
      ["unknown option 'aply' (did you mean 'apply'?)"] = {
        tenants = tenants(),
        playbooks = { directory = "/tmp", aply = true },
      },
      ["there is no tenant 'acm' (did you mean 'acme'?)"] = {
        tenants = tenants(),
        playbooks = { directory = "/tmp", tenant = "acm" },
      },
      ["option 'look_every' must be seconds from 0.01"] = { tenants = tenants(), look_every = 0 },
    }
    for expected, given in pairs(cases) do
      local message = refusal(given or nil)
      assert.truthy(message:find(expected, 1, true), expected .. "\n" .. message)
    end
  end)

  it("needs the name of the company where there are several", function()
    local two = tenants()
    two.globex = { cid = 5, provhash = hash }
    local message = refusal { tenants = two, playbooks = { directory = "/tmp" } }
    assert.matches("playbooks: option 'tenant' is missing", message, 1, true)
    local site = nginx.setup {
      tenants = two,
      playbooks = { { directory = "/tmp/", tenant = "globex", apply = true } },
    }
    assert.equal("globex", site.playbooks[1].tenant.name)
    assert.equal("/tmp", site.playbooks[1].directory)
  end)

  it("says which dict nginx.conf lacks, and that it is for nginx", function()
    fake.remove()
    fake = fake_ngx.install { dicts = { "lastpass_limits", "lastpass_locks" } }
    local message = refusal { tenants = tenants() }
    assert.matches("nginx.conf needs: lua_shared_dict lastpass_directory 64m;$", message)
    fake.remove()
    fake = fake_ngx.install {}
    message = refusal { tenants = tenants(), tokens = {}, dashboard = {} }
    assert.matches(
      "nginx.conf needs: lua_shared_dict lastpass_counters 8m; "
        .. "lua_shared_dict lastpass_idempotency 16m; lua_shared_dict lastpass_sessions 4m;$",
      message
    )
    fake.remove()
    assert.matches("this is not nginx", refusal { tenants = tenants() }, 1, true)
    fake = fake_ngx.install()
  end)

  it("describes a client for threads in plain values, the secret by its number", function()
    local acme = nginx.setup({
      tenants = tenants { rate = 5, on_wait = print, timezone = "Europe/Berlin" },
    }).tenants.acme
    local order = acme:thread_order()
    assert.same({
      tenant = "acme",
      secret = hash:number(),
      limiter = "http://127.0.0.1:1/ 8771312",
      client = { cid = 8771312, url = "http://127.0.0.1:1/", rate = 5, timezone = "Europe/Berlin" },
    }, order)
    -- what is protected is so in threads as well
    acme = nginx.setup({ tenants = tenants { protect = { "ceo@acme.com" } } }).tenants.acme
    assert.same({ "ceo@acme.com" }, acme:thread_order().client.protect)
    assert.same({ "ceo@acme.com" }, acme.protect)
    assert.equal(120, acme.timeout)
  end)
end)
