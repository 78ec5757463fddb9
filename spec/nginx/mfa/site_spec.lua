-- The second-factor guard as a part of a site: behind the SAML guard in one location, before the dashboard, in /healthz and
-- /metrics.
-- Runs once: nginx has its own LuaJIT.
local guard = require "spec.support.mfa_guard"
local saml_guard = require "spec.support.saml_guard"
local sites = require "spec.support.site"
local store = require "lastpass.store"
local support = require "spec.support.store"
local wait = require "spec.support.wait"

local BOTH = [[
      require("lastpass.nginx.saml").guard()
      require("lastpass.nginx.mfa").guard()
]]

local SERVER = ([[
  location / {
    access_by_lua_block { %s }
    content_by_lua_block {
      local proof = require("lastpass.nginx.mfa").proof()
      ngx.req.read_body()
      ngx.header["Content-Type"] = "application/json"
      ngx.print(require("lastpass.json").encode {
        account = ngx.var.http_x_auth_account, by = proof.by, proved = proof.account,
        cookie = ngx.var.http_cookie, body = ngx.req.get_body_data(),
        method = ngx.req.get_method(),
      })
    }
  }
  location /dashboard {
    access_by_lua_block { %s }
    content_by_lua_block { site:dashboard() }
  }
  location /open/dashboard { content_by_lua_block { site:dashboard() } }
]]):format(BOTH, BOTH)

local DICTS = [[
  lua_shared_dict lastpass_saml 1m;
  lua_shared_dict lastpass_saml_posts 1m;
  lua_shared_dict lastpass_saml_revoked 1m;
  lua_shared_dict lastpass_mfa 1m;
  lua_shared_dict lastpass_mfa_posts 1m;
  lua_shared_dict lastpass_mfa_revoked 1m;
]]

local SETUP = [[
  dashboard = {
    identify = function()
      local proof = require("lastpass.nginx.mfa").proof()
      local is_admin = proof and proof.account == "ann.app@acme.example"
      return is_admin and { name = proof.account, tenants = { "acme" } } or nil
    end,
  },
  saml = {
    url = %q, check_server = false,
    idp = { entity_id = "https://idp.example", idp = { certificates = { signing = {} } } },
    cookie_keys = { { id = "a", secret = assert(lastpass.secret.value(("a"):rep(32))) } },
    headers = { ["X-Auth-Account"] = "account" }, events_every = false,
  },
  mfa = {
    url = %q,
    cookie_keys = { { id = "a", secret = assert(lastpass.secret.value(("a"):rep(32))) } },
    factors = {
      list = function(_, account)
        return { { id = "a", kind = "totp", label = "App", secret = account:rep(20):sub(1, 20) } }
      end,
    },
    journal = %q, journal_every = 0.2, events_every = false,
  },
]]

describe("second-factor guard of a site", function()
  local box, site, folder, journal

  setup(function()
    box = require("spec.support.box").start { users = 20 }
    folder = support.folder()
    journal = assert(store.open { path = folder .. "/journal.db" })
    local port = guard.free_port()
    local url = "http://127.0.0.1:" .. port
    site = sites.start(box, {
      port = port,
      server = SERVER,
      http = DICTS,
      env = { GUARD_TREE = os.getenv "PWD" },
      tenant = [[folders = (function()
        package.loaded["lastpass.saml"] =
          dofile(os.getenv "GUARD_TREE" .. "/spec/support/saml_guard_provider.lua")
      end)(),]],
      setup = SETUP:format(url, url, folder .. "/journal.db"),
    })
    wait("the journal was read", function()
      return site:metric "lastpass_mfa_feed_lag_seconds"
    end)
  end)

  teardown(function()
    site:stop()
    box:stop()
    journal:close()
    support.remove(folder)
  end)

  -- A browser of somebody whom the identity provider has named.
  local function person(name, path)
    local browser = saml_guard.browser(site.server)
    local arrived = browser:sign_in(path or "/", { name = name, index = name })
    assert.equal(303, arrived.status, arrived.body)
    return browser
  end

  local function follow(browser, response)
    local path = assert(response.location, response.status .. " " .. response.body)
    return browser:request(path:sub(#site.server.url + 1))
  end

  -- Shows a code on the page that a redirect leads to.
  local function show(browser, response, account)
    local page = follow(browser, response)
    assert.equal(200, page.status, page.body)
    local body, where = guard.form(page, "/mfa/code")
    return browser:request(where, { body = body .. "&code=" .. guard.code(account) })
  end

  it("asks who is signed in, after the SAML guard, and both go when the session goes", function()
    local account = "bob@acme.example"
    local nobody = saml_guard.browser(site.server)
    assert.truthy(nobody:request("/reports").location:find("^https://idp%.example"))
    assert.truthy(nobody:request("/mfa/ask").location:find("^https://idp%.example"))
    local browser = person("Bob@acme.example", "/reports?a=b")
    local sent = browser:request "/reports?a=b"
    assert.truthy(sent.location:find("/mfa/ask?target=", 1, true), sent.location)
    local arrived = show(browser, sent, account)
    assert.equal(site.server.url .. "/reports?a=b", arrived.location, arrived.body)
    browser.jar.theme = { value = "dark" }
    local seen = follow(browser, arrived).json
    assert.same({ account, "code", account, "theme=dark" }, {
      seen.account,
      seen.by,
      seen.proved,
      seen.cookie,
    })
    -- another session of the same person, on the same device: the proof is of the first one
    local proof = browser.jar["__Host-lastpass_mfa"]
    browser:sign_in("/reports", { name = "Bob@acme.example", index = "later" })
    browser.jar["__Host-lastpass_mfa"] = proof
    assert.truthy(browser:request("/reports").location:find("/mfa/ask", 1, true))
    -- a program learns from each guard what is missing
    local headers = { Accept = "application/json" }
    assert.equal("not_signed_in", nobody:request("/", { headers = headers }).json.code)
    assert.equal("second_factor_required", browser:request("/", { headers = headers }).json.code)
  end)

  it("keeps a form over the sign-on and over the second factor", function()
    local account = "form@acme.example"
    local browser = saml_guard.browser(site.server)
    local first = browser:request("/save", { body = "text=hello" })
    local answer = { id = saml_guard.request_id(first), name = account, index = "f" }
    local back =
      browser:request("/saml/acs", { body = saml_guard.answer(answer), cross_site = true })
    local asked = follow(browser, back)
    local sent = asked
    if asked.status == 200 then -- the page that sends the kept form on
      error(asked.body)
    end
    assert.truthy(sent.location:find("/mfa/ask", 1, true), sent.location)
    local seen = follow(browser, show(browser, sent, account)).json
    assert.same({ "POST", "text=hello", account }, { seen.method, seen.body, seen.account })
  end)

  it("stands before the dashboard, which shows itself to those whom it names", function()
    site:directory()
    local browser = person "ann.app@acme.example"
    local sent = browser:request "/dashboard/acme/"
    assert.truthy(sent.location:find("/mfa/ask", 1, true))
    local page = follow(browser, show(browser, sent, "ann.app@acme.example"))
    assert.equal(200, page.status, tostring(page.location) .. page.body)
    assert.truthy(page.body:find("Coverage", 1, true) or page.body:find("coverage", 1, true))
    -- somebody else has both, and is nobody whom `identify` knows
    local other = person "eve@acme.example"
    local refused = follow(other, show(other, other:request "/dashboard/acme/", "eve@acme.example"))
    assert.is_nil(refused.body:find("overage", 1, true))
    -- and where no guard stands, nothing names anybody, whatever the request says
    local open = browser:request("/open/dashboard/acme/", {
      headers = { ["X-Auth-Account"] = "ann.app@acme.example" },
    })
    assert.is_nil(open.body:find("overage", 1, true))
  end)

  it("says in /healthz how its guard is, and how far behind the journal it is", function()
    local _, health = site:get "/healthz"
    local one = health.mfa[1]
    assert.same({ "default", site.server.url }, { one.name, one.url })
    assert.same({ "code", "recovery" }, one.by)
    assert.is_true(one.feeds.journal.lag < 60)
    assert.is_nil(one.late)
    local name = 'lastpass_mfa_feed_lag_seconds{feed="journal",guard="default"}'
    assert.is_true(site:metric(name) < 60)
    assert.is_true(site:metric 'lastpass_mfa_requests_total{guard="default"' > 0)
  end)
end)
