local check = require "spec.support.check"
local gateway = require "spec.support.gateway"
local tokens = require "lastpass.nginx.gateway.tokens"
local written = require "spec.support.written"

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

  it("are token by what is sent, and only by all of it", function()
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
      local token, reason = tokens.find(list, header)
      assert.is_nil(token, header)
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
    assert.match("'other': appears twice", twice)
  end)
end)

describe("access to the gateway", function()
  local site
  setup(function()
    local acme, globex = written.tenant("acme", "111"), written.tenant("globex", "222")
    acme:set { { id = "1", email = "ann@acme.example" } }
    globex:set { { id = "1", email = "bob@globex.example" } }
    site = gateway.start({ acme = acme, globex = globex }, {
      tokens = {
        acme = { tenants = { "acme" } },
        both = { scopes = { "read", "write", "proxy" } },
        everything = { tenants = { "*" } },
        proxy_only = { tenants = { "acme" }, scopes = { "proxy" } },
      },
    })
  end)

  it("is shut without a token, or with another", function()
    local response = site:unified("GET", "users", nil, { headers = { authorization = false } })
    assert.equal(401, response.status)
    assert.equal('Bearer realm="lastpass"', response.headers["www-authenticate"])
    response = site:unified("GET", "users", nil, { token = "lpt_x" })
    assert.equal(401, response.status)
    assert.match('error="invalid_token"', response.headers["www-authenticate"])
    assert.is_nil(response.headers["ratelimit-limit"])
  end)

  it("needs the name of a company where a token has several", function()
    local response = site:unified("GET", "users", nil, { token = "both" })
    assert.equal(400, response.status)
    assert.truthy(response.json.truto_error_insight.missing_required_query_parameters)
    for name, address in pairs { acme = "ann@acme.example", globex = "bob@globex.example" } do
      for _, token in ipairs { "both", "everything" } do
        response =
          site:unified("GET", "users?integrated_account_id=" .. name, nil, { token = token })
        assert.equal(address, response.json.result[1].username)
      end
    end
  end)

  it("never shows a company to a token of another one", function()
    assert.equal(
      "ann@acme.example",
      site:unified("GET", "users", nil, { token = "acme" }).json.result[1].username
    )
    for _, name in ipairs { "globex", "initech", "acme2", "*" } do
      local response =
        site:unified("GET", "users?integrated_account_id=" .. name, nil, { token = "acme" })
      assert.equal(404, response.status)
    end
    local cursor =
      site:unified("GET", "roles?limit=1&integrated_account_id=globex", nil, { token = "both" })
    local stolen = "roles?next_cursor=" .. cursor.json.next_cursor
    assert.equal(400, site:unified("GET", stolen, nil, { token = "acme" }).status)
  end)

  it("asks for scopes", function()
    assert.equal(403, site:unified("GET", "users", nil, { token = "proxy_only" }).status)
    assert.equal(403, site:unified("DELETE", "users/1", nil, { token = "acme" }).status)
    assert.equal(403, site:send("POST", "/proxy/getuserdata", nil, { token = "acme" }).status)
    local response = site:send(
      "POST",
      "/proxy/deluser",
      { username = "a@b.example", deleteaction = 0 },
      {
        token = "proxy_only",
      }
    )
    assert.equal(403, response.status)
    assert.match('scope="write"', response.headers["www-authenticate"])
  end)

  it("asks for scopes whatever the caller says that it has, and whatever is kept", function()
    local shown = site:unified("GET", "users", nil, { token = "acme" })
    assert.equal(200, shown.status)
    for _, tag in ipairs { "*", shown.headers.etag } do
      local headers = { ["if-none-match"] = tag }
      local again = site:unified("GET", "users", nil, { token = "acme", headers = headers })
      assert.equal(304, again.status)
      local other = site:unified("GET", "users", nil, { token = "proxy_only", headers = headers })
      assert.equal(403, other.status)
      assert.is_nil(other.headers.etag)
      local globex = "users?integrated_account_id=globex"
      assert.equal(
        404,
        site:unified("GET", globex, nil, { token = "acme", headers = headers }).status
      )
    end
    for _, name in ipairs { "x-http-method-override", "x-method-override", "x-http-method" } do
      local headers = { [name] = "DELETE" }
      assert.equal(
        200,
        site:unified("GET", "users", nil, { token = "acme", headers = headers }).status
      )
      headers = { [name] = "GET" }
      assert.equal(
        403,
        site:unified("POST", "users", {}, { token = "acme", headers = headers }).status
      )
    end
  end)

  it("refuses what it does not know, and bodies that are too large", function()
    for _, path in ipairs { "/", "/unified", "/unified/user-directory", "/proxy/", "/x" } do
      assert.equal(404, site:send("GET", path, nil, { token = "acme" }).status, path)
    end
    local response = site:send("POST", "/proxy/getuserdatas", nil, { token = "acme" })
    assert.equal(404, response.status)
    assert.match("did you mean 'getuserdata'", response.json.message)
    response = site:send("GET", "/proxy/getuserdata", nil, { token = "proxy_only" })
    assert.equal(405, response.status)
    assert.equal("POST, OPTIONS", response.headers.allow)
    response = site:send("OPTIONS", "/proxy/getuserdata", nil, { token = "proxy_only" })
    assert.equal(204, response.status)
    local large = ("x"):rep(1024 * 1024 + 1)
    response = site:unified("POST", "users?integrated_account_id=acme", large, { token = "both" })
    assert.equal(413, response.status)
  end)
end)

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
