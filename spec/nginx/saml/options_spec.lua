local check = require "spec.support.check"
local lastpass = require "lastpass"
local options = require "lastpass.nginx.saml.options"

local function read(more)
  local given = {
    url = "https://app.acme.example",
    idp = "idp.xml",
    cookie_keys = { { id = "a", secret = assert(lastpass.secret.value(("a"):rep(32))) } },
  }
  for name, value in pairs(more or {}) do
    given[name] = value ~= "nil" and value or nil
  end
  return options.read(given, 1)
end

describe("settings of the SAML guard", function()
  it("make all addresses of one", function()
    local settings = read()
    assert.equal("https://app.acme.example/saml/acs", settings.acs_url)
    assert.equal("https://app.acme.example/saml/slo", settings.slo_url)
    assert.equal("https://app.acme.example/saml/metadata", settings.entity_id)
    assert.equal("acs", settings.by_path["/saml/acs"])
    assert.equal("login", settings.by_path["/saml/login"])
    settings = read { prefix = "/~sso", acs_url = "https://app.acme.example/~sso/consume" }
    assert.equal("acs", settings.by_path["/~sso/consume"])
    assert.equal("https://app.acme.example/~sso/slo", settings.slo_url)
    assert.equal("urn:acme:app", read({ entity_id = "urn:acme:app" }).entity_id)
    for _, url in ipairs { "http://127.0.0.1:8080", "http://localhost", "http://[::1]:80" } do
      assert.equal("http", read({ url = url }).scheme)
    end
  end)

  local refused = {
    { { url = "nil" }, "'url' is missing" },
    { { idp = "nil" }, "'idp' is missing" },
    { { cookie_keys = "nil" }, "'cookie_keys' is missing" },
    { { urll = "x" }, "did you mean 'url'" },
    { { url = "app.acme.example" }, "an address" },
    { { url = "https://app.acme.example/" }, "scheme and host alone" },
    { { url = "https://app.acme.example/x" }, "scheme and host alone" },
    { { url = "https://app.acme.example?x" }, "scheme and host alone" },
    { { url = "https://user@app.acme.example" }, "scheme and host alone" },
    { { url = "http://app.acme.example" }, "'url' is http: browsers would not send cookies" },
    { { url = "http://127.0.0.1.evil.example" }, "'url' is http" },
    { { acs_url = "https://other.example/saml/acs" }, "is not of 'url'" },
    { { acs_url = "http://app.acme.example/saml/acs" }, "is not of 'url'" },
    { { acs_url = "https://app.acme.example:444/saml/acs" }, "is not of 'url'" },
    { { acs_url = "https://app.acme.example/acs" }, "is not below 'prefix'" },
    { { acs_url = "https://app.acme.example/samlx/acs" }, "is not below 'prefix'" },
    { { acs_url = "https://app.acme.example/saml/acs?x=1" }, "no query" },
    { { acs_url = "https://app.acme.example/saml/../x" }, "must have a path" },
    { { acs_url = "https://app.acme.example/saml/login" }, "have one address: /saml/login" },
    { { slo_url = "https://app.acme.example/saml/acs" }, "have one address: /saml/acs" },
    { { prefix = "saml" }, "a path such as /saml" },
    { { prefix = "/" }, "a path such as /saml" },
    { { prefix = "/saml/" }, "a path such as /saml" },
    { { prefix = "/a/../b" }, "a path such as /saml" },
    { { landing = "//evil.example" }, "'landing' must be a path" },
    { { landing = "https://evil.example" }, "'landing' must be a path" },
    { { after_logout = "/\\evil.example" }, "'after_logout' must be a path" },
    { { lifetime = 5 }, "seconds from 60" },
    { { idle = "1h" }, "seconds from 60" },
    { { post_max = 2 ^ 30 }, "a number of bytes" },
    { { account = "mail" }, "name_id or attribute:NAME" },
    { { paths = { { max_age = 5 } } }, "paths[1]: 'path' is missing" },
    { { paths = { { path = "/a", authn_context = {} } } }, "names no class" },
    { { paths = { { path = "/a", authn_context = { 5 } } } }, "must be a class" },
    { { paths = { { path = "/a", maxage = 5 } } }, "did you mean 'max_age'" },
    { { headers = { Host = "account" } }, "'Host' is no name" },
    { { attributes = { 5 } }, "a list of names" },
    { { cert = "x" }, "'key' and 'cert' belong together" },
    { { stale_after = 1 }, "seconds from 5" },
    { { clock_skew = 5 }, "unknown option" },
    { { replay = "off" }, "unknown option" },
  }
  for _, case in ipairs(refused) do
    it("refuse: " .. case[2], function()
      local message = check.blamed(function()
        read(case[1])
      end)
      assert.truthy(message:find(case[2], 1, true), message)
    end)
  end

  it("keep the attributes that headers show, and those that are asked for", function()
    local settings = read {
      headers = { ["X-Groups"] = "attribute:groups" },
      attributes = { "department", "groups" },
    }
    assert.same({ "department", "groups" }, settings.attributes)
    assert.equal(8 * 3600, settings.lifetime)
    assert.equal(60, read({ lifetime = 60 }).idle) -- never longer than the session
  end)

  it("find the longest path first", function()
    local settings = read {
      paths = { { path = "/a", max_age = 5 }, { path = "/a/b", authn_context = "x" } },
    }
    assert.equal("/a/b", settings.paths[1].path)
    assert.same({ "x" }, settings.paths[1].contexts)
  end)
end)
