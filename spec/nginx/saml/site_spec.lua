-- The guard as a part of a site: tokens of the gateway, /healthz, /metrics, the dashboard.
-- Runs once: nginx has its own LuaJIT.
local dashboards = require "spec.support.dashboard"
local guard = require "spec.support.saml_guard"
local json = require "lastpass.json"
local keys = require "spec.support.saml_keys"
local saml = require "lastpass.saml"
local secret = require "lastpass.secret"
local sites = require "spec.support.site"
local state = require "lastpass.state"
local store = require "lastpass.store"
local support = require "spec.support.store"
local tokens = require "lastpass.nginx.gateway.tokens"
local wait = require "spec.support.wait"

local SERVER = [[
  location /app/ {
    access_by_lua_block { require("lastpass.nginx.saml").guard { name = "app" } }
    content_by_lua_block {
      ngx.print(require("lastpass.json").encode(ngx.req.get_headers(0, true)))
    }
  }
  location /saml/ { content_by_lua_block { require("lastpass.nginx.saml").serve "app" } }
  location /dashboard { content_by_lua_block { site:dashboard() } }
]]

local DICTS = [[
  lua_shared_dict lastpass_saml 1m;
  lua_shared_dict lastpass_saml_posts 1m;
  lua_shared_dict lastpass_saml_revoked 1m;
]]

local SETUP = [[
  tokens = {
    { name = "reader", hash = %q, tenants = { "acme" }, scopes = { "read" } },
    { name = "other", hash = %q, tenants = { "acme" }, scopes = { "read" } },
    { name = "writer", hash = %q, tenants = { "acme" }, scopes = { "write" } },
  },
  dashboard = {},
  saml = {
    {
      name = "app", url = "http://127.0.0.1:9", check_server = false, tokens = { "reader" },
      idp = { path = ngx.config.prefix() .. "idp.xml" },
      cookie_keys = { { id = "a", secret = assert(lastpass.secret.value(("a"):rep(32))) } },
      paths = { { path = "/app/admin", max_age = 300 } },
      journal = %q, journal_every = 0.2, events_every = false,
    },
    {
      name = "second", url = "http://localhost:10", check_server = false,
      idp = { path = ngx.config.prefix() .. "idp.xml" },
      cookie_keys = { { id = "a", secret = assert(lastpass.secret.value(("a"):rep(32))) } },
      journal = %q, journal_every = 0.2, events_every = false,
    },
  },
]]

describe("SAML guard of a site", function()
  local box, site, folder, texts, journals

  setup(function()
    box = require("spec.support.box").start { users = 20 }
    folder = support.folder()
    journals = {}
    for place, name in ipairs { "one", "two" } do
      journals[place] = assert(store.open { path = ("%s/%s.db"):format(folder, name) })
    end
    texts = {}
    local hashes = {}
    for place, name in ipairs { "reader", "other", "writer" } do
      texts[name], hashes[place] = tokens.new()
    end
    local pair = keys.of "idp"
    local idp = assert(saml.idp.new {
      entity_id = "https://idp.example",
      sso_url = "https://idp.example/sso",
      key = secret.value(pair.pem),
      cert = pair.certificate,
      sps = {},
      store = state.memory(),
    })
    site = sites.start(box, {
      server = SERVER,
      http = DICTS,
      files = { ["idp.xml"] = assert(idp:metadata()) },
      setup = SETUP:format(
        hashes[1],
        hashes[2],
        hashes[3],
        folder .. "/one.db",
        folder .. "/two.db"
      ),
    })
  end)

  teardown(function()
    site:stop()
    box:stop()
    for _, journal in ipairs(journals) do
      journal:close()
    end
    support.remove(folder)
  end)

  local function ask(path, token, more)
    local headers = { Accept = "*/*", Authorization = token and "Bearer " .. token }
    for name, value in pairs(more or {}) do
      headers[name] = value
    end
    local status, body, got = site.server:get(path, { headers = headers })
    return status, json.decode(body), got
  end

  it("lets its tokens pass, and nothing of them beyond itself", function()
    local status, seen = ask("/app/x", texts.reader, {
      Cookie = "__Host-lastpass_saml=secret; theme=dark",
      ["X-Auth-Account"] = "boss@acme.example",
    })
    assert.equal(200, status)
    assert.is_nil(seen.authorization or seen.Authorization)
    assert.equal("theme=dark", seen.cookie or seen.Cookie)
    assert.is_nil(json.encode(seen):find("boss@acme", 1, true))
    for _, token in ipairs { texts.other, texts.writer, "lpt_none", texts.reader .. "x" } do
      local problem, headers
      status, problem, headers = ask("/app/x", token)
      assert.equal(401, status)
      assert.equal("not_signed_in", problem.code)
      assert.truthy(headers["www-authenticate"]:find '^Bearer realm="lastpass", Cookie ')
    end
    local problem
    status, problem = ask("/app/admin/x", texts.reader)
    assert.equal(401, status)
    assert.equal("step_up_required", problem.code)
    assert.equal(401, (ask "/app/x"))
  end)

  it("has one guard for a host: cookies know no ports", function()
    local ok, message = pcall(guard.start, {
      settings = [[idp = { entity_id = "https://idp.example", idp = {} }, name = "other",
        check_server = false } require("lastpass.nginx.saml").setup {
        url = "http://127.0.0.1:10", check_server = false,
        cookie_keys = { key("a", ("a"):rep(32)) },
        idp = { entity_id = "https://idp.example", idp = {} }]],
    })
    assert.is_false(ok)
    assert.truthy(message:find("both of 127.0.0.1", 1, true), message)
  end)

  it("has a feed for each guard, and says how they are", function()
    local health = wait("both feeds", function()
      local _, report = site:get "/healthz"
      local one, two = report.saml[1], report.saml[2]
      return type(one.feeds.journal) == "table" and type(two.feeds.journal) == "table" and report
    end)
    assert.equal("app", health.saml[1].name)
    assert.equal("https://idp.example", health.saml[1].identity_providers[1].entity_id)
    assert.is_true(health.saml[1].identity_providers[1].certificates[1].days > 300)
    assert.is_true(health.saml[2].feeds.journal.lag < 60)
    local days = site:metric 'lastpass_saml_certificate_days{guard="app"'
    assert.is_true(days > 300)
    assert.is_number(site:metric 'lastpass_saml_feed_lag_seconds{feed="journal",guard="second"}')
    assert.is_true(site:metric 'lastpass_saml_requests_total{guard="app"' > 0)
  end)

  it("counts sign-ons and refusals, by check, and shows them", function()
    local browser = guard.browser(site.server)
    assert.equal(403, browser:request("/saml/acs", { body = "SAMLResponse=%25" }).status)
    assert.equal(303, browser:request("/saml/login?target=/app/x").status)
    assert.equal(1, site:metric 'lastpass_saml_refusals_total{code="bad_base64"')
    assert.equal(1, site:metric 'lastpass_saml_starts_total{guard="app"}')
    site:directory()
    local status, page = site.server:get("/dashboard/acme", {
      headers = { cookie = dashboards.enter(site, texts.reader) },
    })
    assert.equal(200, status)
    local text = page:match('id="sign%-ons".*'):gsub("<[^>]*>", " "):gsub("%s+", " ")
    assert.truthy(text:find("app http://127.0.0.1:9 0 1 364 days", 1, true), text)
    assert.truthy(text:find("bad_base64 app 1", 1, true), text)
  end)
end)
