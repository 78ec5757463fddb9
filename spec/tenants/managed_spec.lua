-- Companies that a parent manages, from its REST API.
local config = require "lastpass.config"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local tenants = require "spec.support.tenants"

describe("managed companies", function()
  local box, folder, path

  local function load_set(select, change)
    local profile = {
      url = box.url,
      rest_url = box.rest_url,
      rest_key = { file = folder .. "/rest.key" },
      journal = ":memory:",
      managed = { provhash = { file = folder .. "/{cid}.hash" } },
    }
    for name, value in pairs(change or {}) do
      profile[name] = value or nil
    end
    path = folder .. "/config.json"
    tenants.write(
      path,
      json.encode { profiles = { msp = profile }, groups = { most = { "all and not cid:1" } } }
    )
    local configuration, message, err = config.load {
      environment = { LASTPASS_CONFIG = path },
      directory = "/nowhere",
      system = "/no",
    }
    if not configuration then
      return nil, message, err
    end
    return lastpass.tenants.load { configuration = configuration, parent = "msp", select = select }
  end

  setup(function()
    box = assert(lastpass.sandbox.start { tenants = 7, users = 4 })
    folder = assert(box:write_companies()):match "^(.*)/"
    tenants.write(folder .. "/rest.key", box.rest_key)
  end)

  teardown(function()
    os.execute("rm -f " .. folder .. "/rest.key " .. path)
    box:stop()
  end)

  it("are found, and each has its own hash", function()
    local set = assert(load_set())
    assert.equal(7, #set:companies())
    local one = set:companies()[1]
    assert.matches("^managed company %d+ of msp$", one.where)
    local result = assert(set:run "users")
    assert.equal(7, result.done)
    assert.equal(0, #result.missing)
  end)

  it("have seats that are paid for, and billed", function()
    local made = assert(assert(load_set()):report "licences")
    assert.equal(7, made.companies.done)
    local paid = 0
    local key = lastpass.secret.value(box.rest_key)
    local rest = assert(lastpass.business.new { key = key, url = box.rest_url })
    for row in rest:managed_companies() do
      paid = paid + row.license_limit
    end
    assert.equal(paid > 0 and paid or nil, made:total "paid")
    assert.truthy(made:total "billed" >= made:total "used")
  end)

  it("are chosen as others are", function()
    local cid = assert(load_set()):companies()[3].cid
    assert.equal(cid, assert(load_set(("cid:%.0f"):format(cid))):companies()[1].cid)
  end)

  it("need a key, and a path of the hashes", function()
    local _, message, err = load_set(nil, { rest_key = false, rest_url = false })
    assert.equal("no_rest_key", err.code)
    assert.matches("the profile 'msp' has no rest_key", message)
    _, _, err = load_set(nil, { managed = false })
    assert.equal("no_managed", err.code)
    _, message, err = load_set(nil, { managed = { provhash = { file = "one.hash" } } })
    assert.equal("bad_config", err.code)
    assert.matches("with {cid} in the path", message)
    _, message = load_set(nil, { managed = { provhash = { file = ("ab"):rep(32) } } })
    assert.is_nil(message:find(("ab"):rep(32), 1, true))
  end)

  it("are taken for no other company, whatever ids the REST API lists", function()
    local function list(items)
      local body = ('{"items":[%s]}'):format(items)
      assert(box:faults { command = "rest:managed_companies", body = body, count = 1 })
      return load_set()
    end
    local odd = { "9007199254740993", "1.5", "-5", "0", '"abc"', '"0x10"', "null", "true" }
    for _, id in ipairs(odd) do
      local set = assert(list(('{"id":%s,"name":"x"}'):format(id)))
      local company = set:companies()[1]
      assert.is_nil(company.cid, id)
      local client, message = company:client()
      assert.is_nil(client)
      assert.matches("is no account number", message, 1, true)
    end
    for _, name in ipairs { "null", '""', "[]" } do
      local set, message = list(('{"id":5,"name":%s}'):format(name))
      assert.is_nil(set)
      assert.matches("without a name: id 5", message, 1, true)
    end
  end)

  it("are not there when the key is refused", function()
    tenants.write(folder .. "/rest.key", "lpkey_wrong")
    local _, _, err = load_set()
    assert.equal("auth", err.kind)
    tenants.write(folder .. "/rest.key", box.rest_key)
  end)
end)
