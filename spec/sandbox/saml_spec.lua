-- The sandbox's identity provider and service provider over plain HTTP requests, without a browser.
local binding = require "lastpass.saml.binding"
local files_support = require "spec.support.store"
local metadata = require "lastpass.saml.metadata"
local names = require "lastpass.saml.names"
local percent = require "lastpass.text.percent"
local saml_sp = require "lastpass.saml.sp"
local state = require "lastpass.state"
local support = require "spec.sandbox.support"

local ORIGIN = "http://127.0.0.1:8000"
local NOW = 1781528400
local SP, ACS, SLO = "https://sp.example/saml", "https://sp.example/acs", "https://sp.example/slo"

-- A browser: keeps cookies, follows what it is given.
local function new_browser(box)
  local browser = { cookies = {} }
  function browser:send(method, target, body, origin)
    target = target:gsub("^http://127.0.0.1:8000", "")
    local path, query = target:match "^([^?]*)%??(.*)$"
    local parsed, cookies = {}, {}
    for _, one in ipairs(percent.form(query)) do
      parsed[one.name] = one.value
    end
    for name, value in pairs(self.cookies) do
      cookies[#cookies + 1] = name .. "=" .. value
    end
    local reply = box:request {
      method = method,
      path = path,
      target = target,
      query = parsed,
      body = body or "",
      headers = {
        host = "127.0.0.1:8000",
        cookie = table.concat(cookies, "; "),
        origin = origin,
        ["content-type"] = body and "application/x-www-form-urlencoded" or nil,
      },
    }
    local name, value = (reply.headers["Set-Cookie"] or ""):match "^([^=]+)=([^;]*)"
    if name then
      self.cookies[name] = value ~= "" and value or nil
    end
    return reply
  end
  function browser:get(target)
    return self:send("GET", target)
  end
  function browser:post(target, fields)
    local parts = {}
    for name, value in pairs(fields) do
      parts[#parts + 1] = name .. "=" .. percent.encode(value)
    end
    return self:send("POST", target, table.concat(parts, "&"))
  end
  return browser
end

local function unescape(value)
  return (
    value
      :gsub("&quot;", '"')
      :gsub("&lt;", "<")
      :gsub("&gt;", ">")
      :gsub("&#39;", "'")
      :gsub("&amp;", "&")
  )
end

-- The form of a page: where it goes, and its hidden fields.
local function form_of(reply)
  assert.equal(200, reply.status, reply.body)
  local fields = {}
  for name, value in reply.body:gmatch '<input name="([^"]*)" type="hidden" value="([^"]*)">' do
    fields[name] = fields[name] or unescape(value)
  end
  return fields, unescape(reply.body:match '<form action="([^"]*)" method="post"' or "")
end

describe("lastpass.sandbox.saml", function()
  local box, browser

  local function control(method, path, body)
    local name, arguments = path:match "^([^?]*)%??(.*)$"
    local query = {}
    for key, value in arguments:gmatch "([^&=]+)=([^&]*)" do
      query[key] = value
    end
    local reply = box:request {
      method = method,
      path = "/_sandbox/" .. name,
      query = query,
      headers = { host = "127.0.0.1:8000" },
      body = body and support.json.encode(body) or "",
    }
    return support.json.decode(reply.body), reply.status
  end

  -- one sandbox for all, since making its key takes longer than everything else
  before_each(function()
    box = box or support.open {}
    control("POST", "reset")
    browser = new_browser(box)
  end)

  local function add_app(more)
    local settings = { entity_id = SP, acs_url = ACS, name = "Billing" }
    for name, value in pairs(more or {}) do
      settings[name] = value
    end
    local app, status = control("POST", "saml_apps", settings)
    assert.equal(200, status, app.error)
    return app
  end

  -- A service provider outside of the sandbox that has the app's metadata.
  local function new_sp(app, more)
    local options = {
      entity_id = SP,
      acs_url = ACS,
      idp = assert(metadata.read(app.metadata_xml, { role = "idp", now = NOW, allow_http = true })),
      store = state.memory(),
      clock = function()
        return NOW
      end,
    }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(saml_sp.new(options))
  end

  local function first_user(holds)
    for _, address in ipairs(box:addresses()) do
      local user = box:user(address)
      if (holds and holds(user)) or (not holds and not user.disabled) then
        return address, user
      end
    end
  end

  -- From the people's page to the response.
  local function sign_on_as(address, reply)
    local fields = form_of(reply)
    return browser:post("/saml/sign-on", { request = fields.request, email = address })
  end

  local function consume(sp, reply, request)
    local fields, action = form_of(reply)
    assert.equal(ACS, action)
    return sp:consume(fields, { browser = request and request.browser, method = "POST" })
  end

  it("signs on as anybody of the company, in both generations", function()
    for _, generation in ipairs { "current", "legacy" } do
      local app =
        add_app { generation = generation, attributes = { mail = "email", in_ = "groups" } }
      local sp = new_sp(app)
      local expected = generation == "legacy" and "https://lastpass.com/saml/idp"
        or "https://identity.lastpass.com"
      assert.equal(expected, app.addresses.entity_id)
      browser = new_browser(box)
      local url, request = sp:login_url { relay = "/reports" }
      assert.is_truthy(url:find(app.addresses.sso_url, 1, true))
      local page = browser:get(url)
      assert.is_truthy(page.body:find("Sign on to Billing", 1, true))
      local address, user = first_user(function(one)
        return not one.disabled and #(one.groups or {}) > 1
      end)
      assert.is_truthy(page.body:find("<button", 1, true))
      local identity = assert(consume(sp, sign_on_as(address, page), request))
      assert.equal(address, identity.name_id)
      assert.equal(names.format.email, identity.format)
      assert.equal(expected, identity.issuer)
      assert.equal("/reports", identity.relay)
      assert.same({ address }, identity.attributes.mail)
      assert.same(user.groups, identity.attributes.in_)
      -- the next service is signed on to without a page
      url, request = sp:login_url()
      identity = assert(consume(sp, browser:get(url), request))
      assert.equal(address, identity.name_id)
      -- unless the service asks for a new authentication
      url = sp:login_url { force_authn = true }
      assert.is_truthy(browser:get(url).body:find("Sign on to Billing", 1, true))
    end
  end)

  it("takes requests by POST, and says no to passive ones", function()
    local sp = new_sp(add_app())
    local _, request = sp:login_url { binding = "post" }
    local message =
      { SAMLRequest = request.form:match 'name="SAMLRequest" type="hidden" value="([^"]*)"' }
    message.RelayState = request.form:match 'name="RelayState" type="hidden" value="([^"]*)"'
    local page = browser:post("/SAML/SSOService", message)
    assert.equal(
      (first_user()),
      assert(consume(sp, sign_on_as((first_user()), page), request)).name_id
    )
    browser = new_browser(box)
    local url
    url, request = sp:login_url { passive = true }
    local _, text, err = consume(sp, browser:get(url), request)
    assert.equal("status", err.code)
    assert.is_truthy(text:find "NoPassive", text)
  end)

  it("lets nobody in who is disabled, invited or unknown", function()
    local sp = new_sp(add_app())
    local address = first_user(function(user)
      return user.disabled
    end)
    local page = browser:get((sp:login_url()))
    local reply = sign_on_as(address, page)
    assert.equal(403, reply.status)
    assert.is_truthy(reply.body:find("is disabled", 1, true))
    assert.equal(404, sign_on_as("nobody@example.com", page).status)
    assert.equal(404, sign_on_as("", page).status)
    -- somebody who is disabled while signed on
    address = first_user()
    assert.equal(200, sign_on_as(address, page).status)
    box:call("disableuser", { address })
    reply = browser:get((sp:login_url()))
    assert.equal(403, reply.status)
  end)

  it("takes forms of its own pages alone, as browsers send them", function()
    local sp = new_sp(add_app { step_up = true })
    local page = browser:get((sp:login_url()))
    -- with "no-referrer" a browser would send "null" from these pages too
    assert.equal("same-origin", page.headers["Referrer-Policy"])
    local handle = form_of(page).request
    local form = "request=" .. handle .. "&email=" .. (first_user())
    for _, origin in ipairs { "null", "http://evil.example", ORIGIN .. "0" } do
      for target, body in pairs {
        ["/saml/sign-on"] = form,
        ["/saml/sp"] = "allow_sha1=true",
        ["/saml/sp/logout"] = "",
      } do
        local reply = browser:send("POST", target, body, origin)
        assert.is_true(reply.status == 403 or reply.status == 405, target)
      end
    end
    page = browser:send("POST", "/saml/sign-on", form, ORIGIN)
    assert.is_truthy(page.body:find("LastPass MFA", 1, true))
    form = "decision=approve&request=" .. handle
    assert.equal(403, browser:send("POST", "/saml/mfa", form, "null").status)
    assert.equal(200, browser:send("POST", "/saml/mfa", form, ORIGIN).status)
    assert.equal(302, browser:send("POST", "/saml/sp", "allow_sha1=true", ORIGIN).status)
  end)

  it("gives no answer for an app that is gone or another one by then", function()
    for _, change in ipairs { "removed", "set up anew" } do
      local app = add_app()
      local page = browser:get((new_sp(app):login_url()))
      local _ = change == "removed" and control("DELETE", "saml_apps?app=" .. app.id)
        or add_app { acs_url = "https://sp.example/elsewhere" }
      local reply = sign_on_as((first_user()), page)
      assert.equal(400, reply.status, change)
      assert.is_truthy(reply.body:find("this sign-on is over", 1, true), change)
    end
  end)

  it("has apps of several companies for the same service", function()
    local box_of_all = box
    finally(function()
      box = box_of_all
    end)
    box = support.open { companies = { { cid = 77, provhash = "x", seed = 9, users = 20 } } }
    local first, second = add_app(), add_app { cid = 77 }
    assert.not_equal(first.id, second.id)
    for _, app in ipairs { second, first } do
      browser = new_browser(box)
      local sp = new_sp(app)
      local url, request = sp:login_url()
      local page = browser:get(url)
      local address = page.body:match 'name="email" type="hidden" value="([^"]*)"'
      local identity = assert(consume(sp, sign_on_as(address, page), request))
      assert.equal(address, identity.name_id)
      local reply = sign_on_as(address, browser:get(app.addresses.launch_url))
      assert.equal(400, reply.status) -- the answer came at once: there was no page
    end
  end)

  it("says where sessions go on after a logout", function()
    local app = add_app()
    local sp = new_sp(app)
    sign_on_as((first_user()), browser:get((sp:login_url())))
    local reply = browser:get(app.addresses.logout_url)
    assert.is_truthy(reply.body:find("Not everywhere", 1, true))
    reply = browser:get(app.addresses.logout_url)
    assert.is_truthy(reply.body:find("nothing more to do", 1, true))
  end)

  it("refuses settings that no answer could be given with", function()
    for _, seconds in ipairs { 5, 4000, 10.5 } do
      local answer, status = control("POST", "state", { settings = { saml_lifetime = seconds } })
      assert.equal(400, status)
      assert.is_truthy(answer.error:find("saml_lifetime", 1, true), answer.error)
    end
    assert.equal(404, browser:get(add_app().page .. "/nothing").status)
  end)

  it("asks for LastPass MFA where that is switched on", function()
    local sp = new_sp(add_app { step_up = true })
    local url, request = sp:login_url { authn_context = { names.context.two_factor_contract } }
    local page = sign_on_as((first_user()), browser:get(url))
    assert.is_truthy(page.body:find("LastPass MFA", 1, true))
    local fields = form_of(page)
    local reply = browser:post("/saml/mfa", { request = fields.request, decision = "approve" })
    local identity = assert(consume(sp, reply, request))
    assert.equal(names.context.two_factor_contract, identity.authn_context)
    -- used up
    reply = browser:post("/saml/mfa", { request = fields.request, decision = "approve" })
    assert.equal(400, reply.status)
    browser = new_browser(box)
    url, request = sp:login_url()
    page = sign_on_as((first_user()), browser:get(url))
    fields = form_of(page)
    reply = browser:post("/saml/mfa", { request = fields.request, decision = "deny" })
    local _, _, err = consume(sp, reply, request)
    assert.equal("status", err.code)
    -- nobody gets past it without the page of people
    url = sp:login_url()
    fields = form_of(browser:get(url))
    reply = browser:post("/saml/mfa", { request = fields.request, decision = "approve" })
    assert.equal(400, reply.status)
  end)

  it("starts apps at the identity provider", function()
    for _, generation in ipairs { "current", "legacy" } do
      local app = add_app { relay = "/start", generation = generation }
      local sp = new_sp(app, { allow_unsolicited = true })
      browser = new_browser(box)
      local reply = sign_on_as((first_user()), browser:get(app.addresses.launch_url))
      local identity = assert(consume(sp, reply))
      assert.is_true(identity.unsolicited)
      assert.equal("/start", form_of(reply).RelayState)
    end
    assert.equal(404, browser:get("/redirect?id=none").status)
    assert.equal(404, browser:get("/saml/launch/cfg/99").status)
  end)

  it("signs and names users as the app's settings say", function()
    local cases = {
      { { sign_response = true, sign_assertion = false }, "response" },
      { { sign_response = true, sign_assertion = true }, "both" },
      { { sign_assertion = true }, "assertion" },
      { { signature_method = { "sha1", "sha256" } }, "assertion" },
    }
    local address = first_user()
    for _, case in ipairs(cases) do
      local sp = new_sp(add_app(case[1]))
      browser = new_browser(box)
      local url, request = sp:login_url()
      local identity = assert(consume(sp, sign_on_as(address, browser:get(url)), request))
      assert.equal(case[2], identity.signed)
    end
    for identifier, pattern in pairs {
      secondary_email = "@home.example$",
      user_id = "^%d+$",
      roles = "^clerk$",
      custom = "^always$",
    } do
      local sp = new_sp(add_app { identifier = identifier, custom = "always", role = "clerk" })
      browser = new_browser(box)
      local url, request = sp:login_url()
      local identity = assert(consume(sp, sign_on_as(address, browser:get(url)), request))
      assert.is_truthy(identity.name_id:find(pattern), identity.name_id)
    end
  end)

  it("signs with SHA-1 where an app has only that", function()
    local app = add_app { signature_method = { "sha1" } }
    local sp = new_sp(app)
    local url, request = sp:login_url()
    local _, _, err = consume(sp, sign_on_as((first_user()), browser:get(url)), request)
    assert.equal("sha1_refused", err.code)
    assert.is_truthy(err.hint:find "SHA256")
    sp = new_sp(app, { allow_sha1 = true })
    browser = new_browser(box)
    url, request = sp:login_url()
    assert(consume(sp, sign_on_as((first_user()), browser:get(url)), request))
  end)

  it("ends sessions by the plain address, and by messages of the legacy generation", function()
    local app = add_app()
    local sp = new_sp(app)
    sign_on_as((first_user()), browser:get((sp:login_url())))
    local reply = browser:get(app.addresses.logout_url)
    assert.is_truthy(reply.body:find("Signed out", 1, true))
    assert.is_truthy(browser:get((sp:login_url())).body:find("Sign on to", 1, true))

    local keys = require("spec.support.saml_keys").of "sp"
    app = add_app { generation = "legacy", slo_url = SLO, certificate = keys.certificate }
    sp = new_sp(app, {
      slo_url = SLO,
      key = assert(require("lastpass.secret").value(keys.pem)),
      cert = keys.certificate,
    })
    local url, request = sp:login_url()
    local identity = assert(consume(sp, sign_on_as((first_user()), browser:get(url)), request))
    local target, details = sp:logout(identity, { relay = "/bye" })
    assert.equal("saml", details.kind, details)
    reply = browser:get(target)
    assert.equal(
      302,
      reply.status,
      (reply.body or "nil"):sub(1, 300)
        .. tostring(reply.headers.Location)
        .. tostring(reply.headers["Content-Type"])
    )
    local result = assert(sp:consume_logout { query = reply.headers.Location:match "%?(.*)$" })
    assert.equal("response", result.kind)
    assert.is_false(result.partial)
    assert.equal("/bye", result.relay)
    assert.is_truthy(browser:get((sp:login_url())).body:find("Sign on to", 1, true))
    -- begun at the identity provider: the service is asked
    url, request = sp:login_url()
    identity = assert(consume(sp, sign_on_as((first_user()), browser:get(url)), request))
    reply = browser:get(app.addresses.logout_url)
    assert.equal(302, reply.status)
    result = assert(sp:consume_logout { query = reply.headers.Location:match "%?(.*)$" })
    assert.equal("request", result.kind)
    assert.equal(identity.name_id, result.name_id)
    reply = browser:get(result.reply_url)
    assert.is_truthy(reply.body:find("Signed out", 1, true))
    assert.is_nil(reply.body:find("Not everywhere", 1, true))
  end)

  it("refuses what is not a request of an app", function()
    add_app()
    for target, status in pairs {
      ["/SAML/SSOService"] = 400,
      ["/SAML/SSOService?SAMLRequest=x"] = 400,
      ["/saml/sign-on?request=x"] = 400,
      ["/saml/apps/00000000-0000-4000-8000-000000000000"] = 404,
      ["/saml/sp/nothing"] = 404,
    } do
      assert.equal(status, browser:get(target).status, target)
    end
    assert.equal(405, browser:send("DELETE", "/SAML/SSOService").status)
    local app = add_app { entity_id = "https://other.example" }
    local sp = new_sp(app, { entity_id = "https://third.example" })
    local reply = browser:get((sp:login_url()))
    assert.equal(400, reply.status)
    assert.is_truthy(reply.body:find("unknown_sp", 1, true))
    assert.is_truthy(reply.body:find("saml_apps", 1, true))
  end)

  it("shows an admin what to give the service", function()
    local app = add_app { attributes = { ["<b>"] = { custom = "<i>" } } }
    local overview = browser:get "/saml/"
    assert.is_truthy(overview.body:find(app.page, 1, true))
    local page = browser:get(app.page)
    for _, text in ipairs {
      app.addresses.sso_url,
      app.addresses.entity_id,
      "SHA-256 fingerprint",
      "&lt;b&gt;: &quot;&lt;i&gt;&quot;",
    } do
      assert.is_truthy(page.body:find(text, 1, true), text)
    end
    assert.is_nil(page.body:find("<i>", 1, true))
    local xml = browser:get(app.metadata_url)
    assert.equal(app.metadata_xml, xml.body)
    assert.equal(app.certificate_pem, browser:get(app.certificate_url).body)
    local der = browser:get(app.page .. "/certificate.der").body
    assert.is_truthy(require("lastpass.xmldsig").certificate(der))
    assert.equal("text/css; charset=utf-8", browser:get("/saml/style.css").headers["Content-Type"])
  end)

  it("checks the settings of apps", function()
    local function refused(settings, pattern)
      local answer, status = control("POST", "saml_apps", settings)
      assert.equal(400, status)
      assert.is_truthy(answer.error:find(pattern), answer.error)
    end
    refused({ name = "x" }, "entity_id and acs_url")
    refused({ entity_id = "x", acs_url = "javascript:1" }, "acs_url")
    refused({ entity_id = "x", acs_url = ACS, identifer = "email" }, "identifer")
    refused({ entity_id = "x", acs_url = ACS, identifier = "custom" }, "custom")
    refused({ entity_id = "x", acs_url = ACS, sign_assertion = false }, "tick")
    refused({ entity_id = "x", acs_url = ACS, encrypt_assertion = true }, "certificate")
    refused({ entity_id = "x", acs_url = ACS, sign_request = true }, "certificate")
    refused({ entity_id = "x", acs_url = ACS, certificate = "no" }, "certificate")
    refused({ entity_id = "x", acs_url = ACS, attributes = { a = "b" } }, "attributes")
    refused({ metadata = "<x/>" }, ".")
    local app = add_app()
    assert.equal(1, #control("GET", "saml_apps").apps)
    assert.equal(0, #control("DELETE", "saml_apps?app=" .. app.id).apps)
    assert.equal(400, select(2, control("DELETE", "saml_apps?app=" .. app.id)))
  end)

  describe("service provider", function()
    local function sign_on(target)
      local reply = browser:get(target or "/saml/sp/login")
      local page
      if reply.status == 302 then
        page = browser:get(reply.headers.Location)
      else
        local fields, action = form_of(reply)
        page = browser:post(action, fields)
      end
      local answer = sign_on_as((first_user()), page)
      local fields, action = form_of(answer)
      assert.equal(ORIGIN .. "/saml/sp/acs", action)
      return browser:post(action, fields), fields
    end

    it("tries the sandbox's own identity provider until there is another", function()
      for _, target in ipairs { "/saml/sp/login", "/saml/sp/login?binding=post" } do
        browser = new_browser(box)
        local reply = sign_on(target)
        assert.equal(200, reply.status, reply.body)
        assert.is_truthy(reply.body:find("Signed on", 1, true))
        assert.is_truthy(reply.body:find("Attribute email", 1, true))
      end
      assert.is_truthy(browser:get("/saml/sp").body:find("Signed on", 1, true))
      local reply = browser:send("POST", "/saml/sp/logout", "")
      assert.equal(302, reply.status, reply.body)
      -- to the sandbox, whose entity ID is LastPass's, and not to LastPass
      assert.equal(ORIGIN .. "/Login/Logout", reply.headers.Location)
      assert.is_truthy(browser:get(reply.headers.Location).body:find("Signed out", 1, true))
      assert.is_truthy(browser:get("/saml/sp").body:find("Nobody is signed on", 1, true))
    end)

    it("shows which check refuses a response, and what to do", function()
      local _, fields = sign_on()
      local reply = browser:post("/saml/sp/acs", fields)
      assert.equal(403, reply.status)
      assert.is_truthy(reply.body:find("refused", 1, true))
      assert.is_truthy(reply.body:find("saml §3.", 1, true))
      assert.is_truthy(reply.body:find("<code>", 1, true))
    end)

    it("says when it was asked for by a name that it cannot have", function()
      local request = { method = "GET", path = "/saml/sp", headers = { host = "box.example" } }
      local reply = box:request(request)
      assert.equal(403, reply.status)
      assert.is_truthy(reply.body:find("http goes to this machine only", 1, true))
      request.path = "/_sandbox/saml_sp"
      assert.is_true(box:request(request).status < 500)
    end)

    it("takes metadata and options of another one", function()
      local shown = control("GET", "saml_sp")
      assert.equal(ORIGIN .. "/saml/sp/acs", shown.acs_url)
      assert.is_truthy(shown.metadata_xml:find("AssertionConsumerService", 1, true))
      local xml = add_app({ generation = "legacy" }).metadata_xml
      shown = control("POST", "saml_sp", { metadata = xml, want = "both", allow_sha1 = true })
      assert.equal("https://lastpass.com/saml/idp", shown.idp)
      local _, status = control("POST", "saml_sp", { metadata = "<x/>" })
      assert.equal(400, status)
      _, status = control("POST", "saml_sp", { want = "none" })
      assert.equal(400, status)
      local reply = browser:post("/saml/sp", { metadata = "", allow_unsolicited = "true" })
      assert.equal(302, reply.status)
      assert.equal("https://identity.lastpass.com", control("GET", "saml_sp").idp)
      assert.equal(400, browser:post("/saml/sp", { metadata = "<x/>" }).status)
      assert.equal(405, browser:get("/saml/sp/logout").status)
    end)
  end)

  it("forgets sessions and apps at a reset, and keeps its key", function()
    local app = add_app()
    control("POST", "reset")
    assert.equal(0, #control("GET", "saml_apps").apps)
    assert.equal(app.certificate_pem, add_app().certificate_pem)
    assert.is_truthy(binding.policy())
  end)
end)

describe("the sandbox's keys of SAML", function()
  it("are those of the last time, where they have a folder", function()
    local folder = files_support.folder()
    local function certificate(options)
      local box = assert(require("lastpass").sandbox.start(options))
      local app, message = box:saml_app { name = "Billing", entity_id = SP, acs_url = ACS }
      box:stop()
      return assert(app, message).certificate_pem
    end
    local path = folder .. "/keys"
    local first = certificate { saml_keys = path, users = 2 }
    assert.equal(first, certificate { saml_keys = path, users = 2 })
    assert.not_equal(first, certificate { users = 2 })
    assert.not_equal(first, certificate { saml_keys = path, users = 2, cid = 77 })
    -- a key that others can read is not taken
    assert.is_true(os.execute(("chmod 644 %s/*.key"):format(path)) ~= nil)
    assert.error(function()
      certificate { saml_keys = path, users = 2 }
    end)
    files_support.remove(folder)
    local box, _, err = require("lastpass").sandbox.start { saml_keys = "/dev/null/x" }
    assert.is_nil(box)
    assert.equal("cannot_write", err.code)
  end)
end)
