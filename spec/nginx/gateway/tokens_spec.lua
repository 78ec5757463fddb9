local check = require "spec.support.check"
local tokens = require "lastpass.nginx.gateway.tokens"

local tenants = { acme = {}, globex = {} }
local text, hash = tokens.new()

local function entry(changes)
  local one = { name = "hr", hash = hash, tenants = { "acme" }, scopes = { "read" } }
  for name, value in pairs(changes or {}) do
    one[name] = value
  end
  return one
end

describe("tokens", function()
  it("are long, by chance, and known by their hash", function()
    assert.match("^lpt_[%w_-]+$", text)
    assert.equal(47, #text)
    assert.match("^%x+$", hash)
    local other, other_hash = tokens.new()
    assert.not_equal(text, other)
    assert.not_equal(hash, other_hash)
  end)

  it("are found by what is sent, and only by all of it", function()
    local other = select(2, tokens.new())
    local list = tokens.read({ entry { name = "x", hash = other }, entry() }, tenants, 1)
    assert.equal("hr", tokens.find(list, "Bearer " .. text).name)
    assert.equal("hr", tokens.find(list, "bearer  " .. text .. " ").name)
    for _, header in ipairs {
      text,
      "Basic " .. text,
      "Bearer",
      "Bearer ",
      "Bearer " .. text:sub(1, -2),
      "Bearer " .. text .. "x",
      "Bearer " .. hash,
      "Bearer a b",
      "Bearer " .. ("x"):rep(5000),
    } do
      local found, reason = tokens.find(list, header)
      assert.is_nil(found, header)
      assert.equal("unknown", reason)
    end
    assert.same({ nil, "missing" }, { tokens.find(list, nil) })
  end)

  it("say which companies they may see", function()
    local one = tokens.read({ entry() }, tenants, 1)[1]
    assert.same({ acme = true }, one.tenants)
    assert.equal("acme", one.tenant)
    local all = tokens.read({ entry { tenants = { "*" } } }, tenants, 1)[1]
    assert.is_nil(all.tenants)
    assert.is_nil(all.tenant)
    assert.equal("acme", tokens.read({ entry { tenants = { "*" } } }, { acme = {} }, 1)[1].tenant)
    assert.equal(tokens.DEFAULT_RATE, one.rate)
  end)

  it("are refused with the name of the one that is wrong", function()
    local cases = {
      ["needs a name"] = entry { name = "a b" },
      ["there is no tenant 'acm' %(did you mean 'acme'%?%)"] = entry { tenants = { "acm" } },
      ["there is no scope 'reed' %(did you mean 'read'%?%)"] = entry { scopes = { "reed" } },
      ["names no scope"] = entry { scopes = {} },
      ["names no tenant"] = entry { tenants = {} },
      ["'hash' must be the 64 digits"] = entry { hash = "secret" },
      ["unknown option 'token'"] = entry { token = text },
      ["option 'rate' must be a number above 0"] = entry { rate = 0 },
    }
    for reason, given in pairs(cases) do
      local message = check.blamed(function()
        tokens.read({ given }, tenants, 1)
      end)
      assert.match(reason, message)
    end
    local twice = check.blamed(function()
      tokens.read({ entry(), entry { name = "other" } }, tenants, 1)
    end)
    assert.match("'other': is there twice", twice)
  end)
end)
