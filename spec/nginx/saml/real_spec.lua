-- The guard in nginx with the service provider and identity providers that are real, and keys that are made here.
-- Runs once: nginx has its own LuaJIT.
local guard = require "spec.support.saml_guard"
local keys = require "spec.support.saml_keys"
local pair = require "spec.support.saml_pair"
local saml = require "lastpass.saml"
local secret = require "lastpass.secret"
local state = require "lastpass.state"
local wait = require "spec.support.wait"

local ANN = { email = "ann@acme.example", groups = { "Staff" } }
local KEPT = "a=1&b=kept%20form"

describe("SAML guard with real identity providers", function()
  local server, url, port
  local sp_entity

  local function idp_of(name, key)
    return assert(saml.idp.new {
      entity_id = ("https://%s.example"):format(name),
      sso_url = ("https://%s.example/sso"):format(name),
      slo_url = ("https://%s.example/slo"):format(name),
      key = secret.value(keys.of(key).pem),
      cert = keys.of(key).certificate,
      sps = function()
        return { metadata = sp_entity }
      end,
      store = state.memory(),
      attributes = { mail = "email", groups = "groups" },
    })
  end

  local a, b, posting

  local function post_only(metadata)
    return (metadata:gsub("<[%w:]*SingleSignOnService [^>]-HTTP%-Redirect[^>]-/>", ""))
  end

  setup(function()
    a, b, posting = idp_of("a", "idp"), idp_of("b", "next"), idp_of("posting", "other")
    port = guard.free_port()
    server = guard.start {
      port = port,
      init = "",
      files = {
        ["a.xml"] = assert(a:metadata()),
        ["b.xml"] = assert(b:metadata()),
        ["posting.xml"] = post_only(assert(posting:metadata())),
      },
      settings = ([[
        idp = {
          { path = ngx.config.prefix() .. "a.xml", refresh = 1 },
          { metadata = { path = ngx.config.prefix() .. "b.xml" }, domains = { "b.example" } },
          { path = ngx.config.prefix() .. "posting.xml" },
        },
        key = assert(lastpass.secret.value %q), cert = %q,
        paths = { { path = "/of-b", idp = "https://b.example" } },
        headers = { ["X-Auth-Account"] = "account", ["X-Auth-Groups"] = "attribute:groups" },
      ]]):format(keys.of("sp").pem, keys.of("sp").certificate),
    }
    url = server.url
    local metadata = guard.browser(server):request "/saml/metadata"
    sp_entity = assert(saml.metadata.read(metadata.body, { role = "sp", allow_http = true }))
  end)

  teardown(function()
    server:stop()
  end)

  local function begin(browser, entity, target)
    local path = ("/saml/login?idp=%s&target=%s"):format(entity, target or "/x")
    return browser:request((path:gsub(":", "%%3A")))
  end

  local function read(idp, response)
    return assert(idp:read_request { query = pair.query(response.location) })
  end

  local function send(browser, answer)
    return browser:request("/saml/acs", { body = pair.posted(answer.form), cross_site = true })
  end

  local function sign_in(browser, idp, target)
    local request = read(idp, begin(browser, idp.entity_id, target))
    local answer = assert(idp:respond(request, ANN))
    return send(browser, answer), answer
  end

  it("asks which of several, and keeps the form meanwhile", function()
    local browser = guard.browser(server)
    local page = browser:request("/form", { body = KEPT })
    assert.equal(300, page.status)
    for _, name in ipairs { "a", "b", "posting" } do
      assert.truthy(page.body:find(("https://%s.example"):format(name), 1, true))
    end
    local path = page.body:match('href="(/saml/login[^"]*a%.example[^"]*)"'):gsub("&amp;", "&")
    local answer = assert(a:respond(read(a, browser:request(path)), ANN))
    assert.equal(url .. "/form", send(browser, answer).location)
    local sent = browser:request "/form"
    assert.equal("POST", sent.json.method)
    assert.equal(KEPT, sent.json.body)
    assert.equal("Staff", sent.json.headers["X-Auth-Groups"])
    -- by the domain of an address
    local chosen = guard.browser(server):request "/saml/login?email=x@b.example&target=/"
    assert.truthy(chosen.location:find("https://b.example/sso?", 1, true))
    assert.equal(300, browser:request("/saml/login?idp=https://evil.example&target=/").status)
  end)

  it("refuses what one provider answers to another's request", function()
    local browser = guard.browser(server)
    local request = read(a, begin(browser, "https://a.example"))
    local refused = send(browser, assert(b:respond(request, ANN)))
    assert.equal(403, refused.status)
    assert.is_nil(browser.jar["__Host-lastpass_saml"])
    -- it is tried with the keys of the one that was asked
    assert.truthy(server:log():find "signature_invalid %(saml §3%.13%)")
    assert.equal(403, send(browser, assert(b:respond(request, ANN))).status)
  end)

  it("has a path for people of one provider alone", function()
    local browser = guard.browser(server)
    assert.equal(303, (sign_in(browser, a)).status)
    assert.equal(200, browser:request("/x").status)
    local asked = browser:request "/of-b/x"
    assert.truthy(asked.location:find("https://b.example/sso?", 1, true))
    assert.equal(url .. "/of-b/x", send(browser, assert(b:respond(read(b, asked), ANN))).location)
    assert.equal(200, browser:request("/of-b/x").status)
  end)

  it("posts its request where the provider takes no other", function()
    local browser = guard.browser(server)
    local page = begin(browser, "https://posting.example", "/posted")
    assert.equal(200, page.status)
    assert.truthy(page.headers["content-security-policy"]:find("default-src 'none'", 1, true))
    assert.equal("no-store", page.headers["cache-control"])
    local request = assert(posting:read_request { form = pair.posted(page.body) })
    local arrived = send(browser, assert(posting:respond(request, ANN)))
    assert.equal(url .. "/posted", arrived.location)
    assert.equal(200, browser:request("/posted").status)
  end)

  it("takes an answer as a form only", function()
    for _, kind in ipairs {
      "text/plain",
      "multipart/form-data; boundary=x",
      "application/json",
      "application/x-www-form-urlencoded, text/plain",
      false,
    } do
      local browser = guard.browser(server)
      local answer = assert(a:respond(read(a, begin(browser, "https://a.example")), ANN))
      local refused = browser:request("/saml/acs", {
        body = pair.posted(answer.form),
        cross_site = true,
        headers = { ["Content-Type"] = kind },
      })
      assert.equal(403, refused.status, tostring(kind))
      assert.is_nil(browser.jar["__Host-lastpass_saml"])
    end
    for _, method in ipairs { "GET", "HEAD", "PUT", "OPTIONS", "PATCH", "DELETE" } do
      assert.equal(405, guard.browser(server):request("/saml/acs", { method = method }).status)
    end
  end)

  it("puts nobody into a session of somebody else", function()
    -- an answer for the attacker, brought by the browser of somebody who is signed in, or is about to be
    local attacker, victim = guard.browser(server), guard.browser(server)
    local answer = assert(a:respond(read(a, begin(attacker, "https://a.example")), {
      email = "attacker@acme.example",
    }))
    assert.equal(303, (sign_in(victim, a)).status)
    begin(victim, "https://a.example")
    assert.equal(url .. "/saml/login?again=1", send(victim, answer).location)
    assert.equal(ANN.email, victim:request("/x").json.headers["X-Auth-Account"])
  end)

  it("signs out here and at the provider", function()
    local browser = guard.browser(server)
    local _, answer = sign_in(browser, a)
    local copy = browser:cookie_header()
    local out =
      browser:request("/saml/logout", { headers = { ["Sec-Fetch-Site"] = "same-origin" } })
    local result = assert(a:consume_logout { query = pair.query(out.location) })
    assert.equal("request", result.kind)
    assert.equal(ANN.email, result.name_id.value)
    local reply = assert(a:answer_logout(result, { answer.participant }))
    assert.equal(url .. "/saml/signed-out", browser:request(reply.url:sub(#url + 1)).location)
    assert.equal(401, (server:get("/", { headers = { Cookie = copy, Accept = "*/*" } })))
  end)

  it("is signed out by the provider, and by nobody else", function()
    local browser = guard.browser(server)
    local _, answer = sign_in(browser, a)
    local stranger = guard.browser(server)
    local sent = assert(a:logout { answer.participant })
    local path = sent.url:sub(#url + 1)
    for _, forged in ipairs {
      (path:gsub("&Signature=.*", "")),
      (path:gsub("&SigAlg=[^&]*", "")),
      (path:gsub("Signature=....", "Signature=AAAA")),
      path .. "&SAMLRequest=x",
      "/saml/slo?SAMLRequest=x",
      "/saml/slo",
    } do
      assert.equal(403, stranger:request(forged).status, forged)
    end
    assert.equal(200, browser:request("/x").status)
    local reply = stranger:request(path)
    local result = assert(a:consume_logout { query = pair.query(reply.location) })
    assert.is_true(result.done)
    assert.equal(300, browser:request("/x").status) -- signed out: which provider is it?
  end)

  it("takes answers with a key that the provider has just begun to use", function()
    local browser = guard.browser(server)
    local response = begin(browser, "https://a.example")
    a = idp_of("a", "sp") -- any other key
    local metadata = assert(a:metadata())
    local path = server.directory .. "/a.xml"
    local file = assert(io.open(path .. ".new", "w"))
    file:write(metadata)
    file:close()
    assert(os.rename(path .. ".new", path))
    local arrived
    wait("the new key", function()
      local again = guard.browser(server)
      arrived = sign_in(again, a)
      return arrived.status == 303 and again.jar["__Host-lastpass_saml"]
    end)
    -- and for a sign-on that began before
    assert.equal(url .. "/x", send(browser, assert(a:respond(read(a, response), ANN))).location)
  end)

  it("tells nobody what is secret", function()
    local browser = guard.browser(server)
    local _, answer = sign_in(browser, a)
    local message = pair.posted(answer.form):match "SAMLResponse=([^&]*)"
    local cookie = browser.jar["__Host-lastpass_saml"].value
    local refused = send(browser, answer) -- a second time
    local page = browser:request("/saml/acs", {
      body = "SAMLResponse=" .. message:sub(1, -40) .. "&RelayState=x",
      cross_site = true,
    })
    local seen = table.concat { server:log(), refused.body, page.body }
    for what, text in pairs {
      assertion = message:sub(200, 260),
      cookie = cookie:sub(20, 80),
      key = guard.SECRETS.a,
      address = ANN.email,
      ["private key"] = keys.of("sp").pem:sub(60, 110),
    } do
      assert.is_nil(seen:find(text, 1, true), what)
    end
  end)
end)
