--- Who gets in, and to what.
local gateway = require "spec.support.gateway"
local written = require "spec.support.written"

describe("the door of the gateway", function()
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
