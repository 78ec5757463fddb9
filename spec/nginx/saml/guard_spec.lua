-- The guard in a real nginx, with a service provider that takes JSON for SAML.
-- Runs once: nginx has its own LuaJIT.
local guard = require "spec.support.saml_guard"
local json = require "lastpass.json"

describe("SAML guard in nginx", function()
  local server

  setup(function()
    server = guard.start {
      settings = [[idp = { entity_id = "https://idp.example", idp = {} },
        headers = { ["X-Auth-Account"] = "account", ["X-Auth-Groups"] = "attribute:groups" },
        paths = { { path = "/admin", authn_context = { "strong", "stronger" }, max_age = 300 } },
        key = assert(lastpass.secret.value "a double takes any"), cert = "x", idle = 3600]],
    }
  end)

  teardown(function()
    server:stop()
  end)

  local function seen(response)
    assert.equal(200, response.status, response.body)
    return response.json
  end

  it("sends a browser to sign in, and back to where it wanted to go", function()
    local browser = guard.browser(server)
    local arrived = browser:sign_in("/a/b?c=d%2Fe", { attributes = { groups = { "Sales", "IT" } } })
    assert.equal(303, arrived.status, arrived.body)
    assert.equal(server.url .. "/a/b?c=d%2Fe", arrived.location)
    local page = seen(browser:request "/a/b?c=d%2Fe")
    assert.equal("ann@acme.example", page.headers["X-Auth-Account"])
    assert.equal("Sales,IT", page.headers["X-Auth-Groups"])
    assert.is_nil(page.headers.Cookie)
    local names = {}
    for name in pairs(browser.jar) do
      names[#names + 1] = name
    end
    assert.same({ "__Host-lastpass_saml" }, names)
    -- other cookies reach the application, ours do not
    browser.jar.theme = { value = "dark", site = "Lax" }
    assert.equal("theme=dark", seen(browser:request "/a").headers.Cookie)
  end)

  it("tells programs where to sign in, and never shows them a page", function()
    local browser = guard.browser(server)
    for _, headers in ipairs {
      { Accept = "*/*" },
      { Accept = "application/json" },
      { ["X-Requested-With"] = "XMLHttpRequest" },
      { ["Sec-Fetch-Mode"] = "cors", Referer = server.url .. "/app?x=1" },
      { Authorization = "Bearer lpt_unknown" },
    } do
      local response = browser:request("/api/x?y=1", { headers = headers })
      assert.equal(401, response.status)
      assert.equal("application/problem+json", response.headers["content-type"])
      assert.equal("not_signed_in", response.json.code)
      assert.equal(server.url .. "/saml/login?target=%2Fapi%2Fx%3Fy%3D1", response.json.login_url)
      assert.truthy(response.headers["www-authenticate"]:find "^Cookie realm=")
      assert.is_nil(response.headers["set-cookie"])
    end
    local response = browser:request("/api/x", {
      method = "DELETE",
      headers = { Referer = server.url .. "/app?x=1" },
    })
    assert.equal(401, response.status)
    assert.equal(server.url .. "/saml/login?target=%2Fapp%3Fx%3D1", response.json.login_url)
    -- and the address works
    local path = response.json.login_url:sub(#server.url + 1)
    local arrived = browser:request(path)
    local id = guard.request_id(arrived)
    arrived = browser:request("/saml/acs", {
      body = guard.answer { id = id, name = "a@b.example" },
      cross_site = true,
    })
    assert.equal(server.url .. "/app?x=1", arrived.location)
  end)

  it("goes nowhere but to paths of this server", function()
    local browser = guard.browser(server)
    for _, target in ipairs {
      "https://evil.example/",
      "evil",
      "%5C%5Cevil.example",
      "/%5Cevil.example",
      "/a%0D%0ASet-Cookie:x=1",
      "/a%20b",
      "",
    } do
      local response = browser:request("/saml/login?target=" .. target)
      assert.equal(400, response.status, target)
    end
    assert.equal(400, browser:request("/saml/login?target=/a&target=/b").status)
    -- what begins with two slashes is a path, and stays one
    local arrived = browser:sign_in "//evil.example/%2e%2e"
    assert.equal(server.url .. "//evil.example/%2e%2e", arrived.location)
  end)

  it("signs three tabs in at once", function()
    local browser = guard.browser(server)
    local firsts = {}
    for tab = 1, 3 do
      firsts[tab] = guard.request_id(browser:request("/tab/" .. tab))
    end
    for _, tab in ipairs { 2, 3, 1 } do
      local arrived = browser:request("/saml/acs", {
        body = guard.answer { id = firsts[tab], name = "ann@acme.example" },
        cross_site = true,
      })
      assert.equal(server.url .. "/tab/" .. tab, arrived.location)
      assert.equal(200, browser:request("/tab/" .. tab).status)
    end
  end)

  it("has no more than a few sign-ons under way in a browser", function()
    local browser = guard.browser(server)
    for _ = 1, 20 do
      guard.request_id(browser:request "/x")
      local count = 0
      for _ in pairs(browser.jar) do
        count = count + 1
      end
      assert.is_true(count <= 6)
    end
  end)

  it("ends a lost cookie in one clean retry", function()
    local browser = guard.browser(server)
    local id = guard.request_id(browser:request "/page")
    browser.jar = {} -- it did not come back
    local answer = { body = guard.answer { id = id, name = "a@b.example" }, cross_site = true }
    local lost = browser:request("/saml/acs", answer)
    assert.equal(server.url .. "/saml/login?again=1", lost.location)
    local probe = browser:request "/saml/login?again=1"
    assert.equal(server.url .. "/saml/login?again=2", probe.location)
    id = guard.request_id(browser:request "/saml/login?again=2")
    local arrived = browser:request("/saml/acs", {
      body = guard.answer { id = id, name = "a@b.example" },
      cross_site = true,
    })
    assert.equal(server.url .. "/", arrived.location)
    assert.equal(200, browser:request("/").status)
    assert.is_nil(browser.jar["__Host-lastpass_saml_again"])
  end)

  it("never loops", function()
    -- the cookie of the request is lost every time
    local browser, steps = guard.browser(server), 0
    local response = browser:request "/page"
    while response.location do
      steps = steps + 1
      assert.is_true(steps < 12)
      local id = response.location:match "id=(%x+)"
      if id then
        for name, cookie in pairs(browser.jar) do
          browser.jar[name] = cookie.site ~= "None" and cookie or nil
        end
        response = browser:request("/saml/acs", {
          body = guard.answer { id = id, name = "a@b.example" },
          cross_site = true,
        })
      else
        response = browser:request(response.location:sub(#server.url + 1))
      end
    end
    assert.equal(403, response.status)
    assert.truthy(response.body:find("Allow cookies for this site", 1, true))
    assert.is_nil(browser.jar["__Host-lastpass_saml_again"]) -- whoever tries by hand begins anew
    -- a browser without any cookies
    browser, steps = guard.browser(server), 0
    response = browser:request "/page"
    while response.location do
      steps = steps + 1
      assert.is_true(steps < 12)
      browser.jar = {}
      local id = response.location:match "id=(%x+)"
      response = id
          and browser:request("/saml/acs", {
            body = guard.answer { id = id, name = "a@b.example" },
            cross_site = true,
          })
        or browser:request(response.location:sub(#server.url + 1))
    end
    assert.equal(403, response.status)
  end)

  it("takes the back button for what it is", function()
    local browser = guard.browser(server)
    local first = browser:request "/page"
    local answer = {
      body = guard.answer { id = guard.request_id(first), name = "a@b.example" },
      cross_site = true,
    }
    assert.equal(server.url .. "/page", browser:request("/saml/acs", answer).location)
    local again = browser:request("/saml/acs", answer)
    assert.equal(server.url .. "/saml/login?again=1", again.location)
    assert.equal(server.url .. "/", browser:request("/saml/login?again=1").location)
    assert.equal(200, browser:request("/").status)
  end)

  it("takes an answer once, and from the browser that asked alone", function()
    local one, other = guard.browser(server), guard.browser(server)
    local id = guard.request_id(one:request "/x")
    guard.request_id(other:request "/x")
    local answer = { body = guard.answer { id = id, name = "a@b.example" }, cross_site = true }
    local stolen = other:request("/saml/acs", answer)
    assert.equal(server.url .. "/saml/login?again=1", stolen.location)
    assert.is_nil(other.jar["__Host-lastpass_saml"])
    -- the cookie is kept by an attacker who sends the answer twice
    local jar = {}
    for name, cookie in pairs(one.jar) do
      jar[name] = cookie
    end
    assert.equal(server.url .. "/x", one:request("/saml/acs", answer).location)
    one.jar = jar
    assert.equal(server.url .. "/saml/login?again=1", one:request("/saml/acs", answer).location)
  end)

  it("shows one sentence of a refusal, and logs the rest", function()
    local browser = guard.browser(server)
    browser:request "/x"
    local response = browser:request("/saml/acs", {
      body = guard.answer { refused = "sha1_refused" },
      cross_site = true,
    })
    assert.equal(403, response.status)
    assert.truthy(response.body:find "The sign%-in could not be completed")
    assert.is_nil(response.body:find("SHA", 1, true))
    assert.truthy(server:log():find "sha1_refused %(saml §3%.12%)")
    assert.equal(405, browser:request("/saml/acs").status)
  end)

  it("replays a form once after signing in, byte for byte", function()
    local browser = guard.browser(server)
    local body = "a=1&b=" .. ("x"):rep(60000) .. "&c=%00%FF"
    local first = browser:request("/form?step=2", { body = body })
    local id = guard.request_id(first)
    local arrived = browser:request("/saml/acs", {
      body = guard.answer { id = id, name = "a@b.example" },
      cross_site = true,
    })
    assert.equal(server.url .. "/form?step=2", arrived.location)
    -- another page of the same browser is not meant
    assert.equal("GET", seen(browser:request "/other").method)
    local sent = seen(browser:request "/form?step=2")
    assert.equal("POST", sent.method)
    assert.equal(body, sent.body)
    assert.equal("application/x-www-form-urlencoded", sent.headers["content-type"])
    assert.equal(server.url, sent.headers.origin)
    assert.equal("a@b.example", sent.headers["X-Auth-Account"])
    assert.equal("GET", seen(browser:request "/form?step=2").method)
  end)

  it("keeps so many forms of one address, and those of others all the same", function()
    local form = "curl -s -m 30 -o /dev/null -w '%%{http_code} ' --interface %s "
      .. "-H 'Accept: text/html' -H 'Origin: %s' -d a=1 '%s/form%s'"
    local function send(address, numbers)
      local pipe = assert(io.popen(form:format(address, server.url, server.url, numbers)))
      local text = pipe:read "*a"
      pipe:close()
      return text
    end
    assert.equal(("303 "):rep(20) .. "429 429 ", send("127.0.0.3", "[1-22]"))
    assert.equal("303 ", send("127.0.0.4", ""))
    assert.truthy(server:log():find("posts_many", 1, true))
  end)

  it("sends a kept form no second time", function()
    local browser = guard.browser(server)
    local id = guard.request_id(browser:request("/form", { body = "a=1" }))
    browser:request("/saml/acs", {
      body = guard.answer { id = id, name = "a@b.example" },
      cross_site = true,
    })
    local jar = {}
    for name, cookie in pairs(browser.jar) do
      jar[name] = cookie
    end
    assert.equal("POST", seen(browser:request "/form").method)
    browser.jar = jar
    local gone = browser:request "/form"
    assert.equal(410, gone.status)
    assert.truthy(gone.body:find "sent already")
    assert.equal("GET", seen(browser:request "/form").method)
  end)

  it("sends nobody's form for somebody else", function()
    local browser = guard.browser(server)
    browser:sign_in("/", { name = "one@acme.example", index = "f1" })
    guard.browser(server):request "/saml/slo?name=one@acme.example&index=f1"
    local id = guard.request_id(browser:request("/form", { body = "a=1" }))
    browser:request("/saml/acs", {
      body = guard.answer { id = id, name = "two@acme.example" },
      cross_site = true,
    })
    local refused = browser:request "/form"
    assert.equal(410, refused.status)
    assert.truthy(refused.body:find("somebody else was signed in", 1, true))
    assert.equal("GET", seen(browser:request "/form").method)
  end)

  it("keeps no form that is too large, or of another site", function()
    local browser = guard.browser(server)
    local response = browser:request("/form", { body = ("x"):rep(65537) })
    assert.equal(413, response.status)
    assert.truthy(response.body:find("64 KiB at most", 1, true))
    assert.truthy(response.body:find "Nothing was saved")
    for _, headers in ipairs {
      { Origin = "https://evil.example" },
      { Origin = "null" },
      { Origin = false },
      { Origin = server.url .. ".evil.example" },
      { Origin = server.url, ["Sec-Fetch-Site"] = "cross-site", ["Sec-Fetch-Mode"] = "navigate" },
      { Origin = false, Referer = server.url .. ".evil.example/" },
    } do
      response = browser:request("/form", { body = "a=1", headers = headers })
      assert.equal(403, response.status)
      assert.truthy(response.body:find "came from another site")
    end
    assert.same({}, browser.jar)
  end)

  it("asks for more where a path does, once", function()
    local browser = guard.browser(server)
    browser:sign_in("/", { context = "weak", auth_time = os.time() })
    for _, path in ipairs { "/admin", "/admin/x", "/vault/x" } do
      local asked = browser:request(path)
      assert.truthy(asked.location:find "max_auth_age=300", asked.body)
      assert.truthy(asked.location:find "authn_context=strong", asked.body)
      assert.truthy(asked.location:find "force_authn=true")
    end
    assert.equal(200, browser:request("/administration").status)
    local api = browser:request("/admin/x", { headers = { Accept = "application/json" } })
    assert.equal(401, api.status)
    assert.equal("step_up_required", api.json.code)
    -- an identity provider that does not do it ends in a page
    local function step_up(fields)
      fields.id, fields.name = guard.request_id(browser:request "/admin/x"), "ann@acme.example"
      return browser:request("/saml/acs", { body = guard.answer(fields), cross_site = true })
    end
    for _, fields in ipairs {
      { context = "weak", auth_time = os.time() },
      { context = "strong", auth_time = os.time() - 1000 },
      { context = "strong" },
      { auth_time = os.time() },
    } do
      local refused = step_up(fields)
      assert.equal(403, refused.status)
      assert.truthy(refused.body:find "stronger or more recent sign%-in")
    end
    assert.equal(303, step_up({ context = "stronger", auth_time = os.time() }).status)
    assert.equal(200, browser:request("/admin/x").status)
    assert.truthy(browser:request("/vault/x").location) -- "stronger" is not what that one names
  end)

  it("removes what a request says of itself, in every spelling", function()
    local browser = guard.browser(server)
    browser:sign_in("/", { attributes = {} })
    local headers = {}
    for _, name in ipairs {
      "X-Auth-Account",
      "x-auth-account",
      "X-AUTH-ACCOUNT",
      "X_Auth_Account",
      "x_auth_account",
      "X-Auth_Account",
      "X_AUTH-Account",
      "X.Auth.Account",
      "x.auth-account",
      "X-Auth-Groups",
      "x_auth_groups",
      "X-AUTH_GROUPS",
    } do
      headers[name] = "admin@acme.example"
    end
    local page = seen(browser:request("/", { headers = headers }))
    for name, value in pairs(page.headers) do
      local text = json.encode { name, value }
      assert.is_nil(text:find("admin@acme", 1, true), text)
    end
    assert.equal("ann@acme.example", page.headers["X-Auth-Account"])
    -- luasocket sends each name once; two lines of one name
    local socket = require("socket").connect("127.0.0.1", server.port)
    socket:send(
      ("GET / HTTP/1.0\r\nHost: x\r\nAccept: */*\r\nCookie: %s\r\n%s%s\r\n"):format(
        browser:cookie_header(),
        ("X-Auth-Account: admin@acme.example\r\n"):rep(3),
        ("x_auth_account: admin@acme.example\r\n"):rep(150)
      )
    )
    local text = socket:receive "*a"
    socket:close()
    assert.truthy(text:find "^HTTP/1.1 200")
    assert.is_nil(text:find("admin@acme", 1, true))
  end)

  it("lets nobody pass whose cookie was touched", function()
    local browser = guard.browser(server)
    browser:sign_in "/"
    local cookie = browser.jar["__Host-lastpass_saml"]
    assert.equal(200, browser:request("/").status)
    local good = cookie.value
    for place = 1, #good, 7 do
      local letter = good:sub(place, place)
      cookie.value = good:sub(1, place - 1) .. (letter == "A" and "B" or "A") .. good:sub(place + 1)
      assert.equal(303, browser:request("/").status)
      browser.jar = { ["__Host-lastpass_saml"] = cookie }
    end
    cookie.value = good
    assert.equal(200, browser:request("/").status)
    browser.jar["other"] = { value = "1; __Host-lastpass_saml=" .. good, site = "Lax" }
    assert.equal(303, browser:request("/").status) -- twice: one of them was planted
  end)

  it("refuses a session that does not fit into cookies, and says what is large", function()
    local browser = guard.browser(server)
    local groups = {}
    for number = 1, 400 do
      groups[number] = "Group number " .. number
    end
    local refused = browser:sign_in("/", { attributes = { groups = groups } })
    assert.equal(403, refused.status)
    assert.truthy(refused.body:find "does not fit into a cookie")
    assert.truthy(server:log():find "session_too_large.-groups %d+ bytes")
    for number = 101, 400 do
      groups[number] = nil
    end
    browser:sign_in("/", { attributes = { groups = groups } })
    assert.truthy(browser.jar["__Host-lastpass_saml.2"] == nil)
    for number = 101, 200 do
      groups[number] = "Group number " .. number
    end
    browser:sign_in("/", { attributes = { groups = groups } })
    local page = seen(browser:request "/")
    assert.equal(table.concat(groups, ","), page.headers["X-Auth-Groups"])
    assert.truthy(browser.jar["__Host-lastpass_saml.2"])
    browser:sign_in("/", { attributes = { groups = { "one" } } })
    assert.equal("one", seen(browser:request "/").headers["X-Auth-Groups"])
    assert.is_nil(browser.jar["__Host-lastpass_saml.2"])
  end)

  it("signs out on all workers, and by the identity provider", function()
    local browser = guard.browser(server)
    browser:sign_in "/"
    local copy = browser:cookie_header()
    -- a link of another site only asks
    local asked =
      browser:request("/saml/logout", { headers = { ["Sec-Fetch-Site"] = "cross-site" } })
    assert.equal(200, asked.status)
    assert.truthy(asked.body:find "Sign out%?")
    assert.equal(200, browser:request("/").status)
    local out =
      browser:request("/saml/logout", { headers = { ["Sec-Fetch-Site"] = "same-origin" } })
    assert.equal("https://idp.example/slo?name=Ann@acme.example", out.location)
    assert.same({}, browser.jar)
    for _ = 1, 20 do -- whichever worker answers
      local status = server:get("/", { headers = { Cookie = copy, Accept = "*/*" } })
      assert.equal(401, status)
    end
    -- one session of two, then all
    local one, two = guard.browser(server), guard.browser(server)
    one:sign_in("/", { name = "b@acme.example", index = "s1" })
    two:sign_in("/", { name = "b@acme.example", index = "s2" })
    local reply = guard.browser(server):request "/saml/slo?name=b@acme.example&index=s1"
    assert.equal("https://idp.example/slo?done", reply.location)
    assert.equal(303, one:request("/").status)
    assert.equal(200, two:request("/").status)
    guard.browser(server):request "/saml/slo?name=b@acme.example"
    assert.equal(303, two:request("/").status)
    -- whoever signs in afterwards is in
    two.jar = {}
    two:sign_in("/", { name = "b@acme.example", index = "s2" })
    assert.equal(200, two:request("/").status)
    assert.equal(403, browser:request("/saml/slo?nothing=1").status)
    assert.equal(
      server.url .. "/saml/signed-out",
      browser:request("/saml/slo?kind=response").location
    )
    assert.equal(200, browser:request("/saml/signed-out").status)
  end)

  it("tells from no spelling that a path asks for less", function()
    local browser = guard.browser(server)
    browser:sign_in("/", { context = "weak", auth_time = os.time() })
    for _, path in ipairs {
      "/admin;x=1",
      "/admin;/x",
      "/Admin/x",
      "/x;/..;/admin",
      "/%5Cadmin",
      "/a%5C..%5Cadmin",
      "//admin",
      "/%61dmin/x",
      "/x/../admin",
      "/admin%2Fx",
      "/;/admin",
      "/admin/..;/x",
      "/admin/..%5Cx",
    } do
      assert.truthy((browser:request(path).location or ""):find "force_authn=true", path)
    end
    for _, path in ipairs { "/administration", "/x/admin", "/admin-x", "/admi" } do
      assert.equal(200, browser:request(path).status, path)
    end
  end)

  it("begins no session that has been ended", function()
    local browser = guard.browser(server)
    local ahead = guard.request_id(browser:request "/x")
    guard.browser(server):request "/saml/slo?name=gone@acme.example"
    local arrived = browser:request("/saml/acs", {
      body = guard.answer { id = ahead, name = "gone@acme.example", index = "s1" },
      cross_site = true,
    })
    -- it began after the end, if only just: either way nothing loops
    assert.truthy(arrived.status == 303 or arrived.status == 503)
    assert.equal(arrived.status == 303 and 200 or 303, browser:request("/x").status)
  end)

  it("names what is wrong with a parameter", function()
    local browser = guard.browser(server)
    local response = browser:request "/saml/login?target"
    assert.equal(400, response.status)
    assert.truthy(response.body:find("has no value: target", 1, true))
    response = browser:request("/saml/login?target=/a" .. ("&x"):rep(30))
    assert.equal(400, response.status)
    local many = {}
    for number = 1, 21 do
      many[number] = ("p%d=1"):format(number)
    end
    response = browser:request("/saml/login?" .. table.concat(many, "&"))
    assert.truthy(response.body:find("too many parameters", 1, true))
  end)

  it("gives its metadata, and nothing at other addresses of its own", function()
    local browser = guard.browser(server)
    local metadata = browser:request "/saml/metadata"
    assert.equal("application/samlmetadata+xml", metadata.headers["content-type"])
    assert.equal("<EntityDescriptor/>", metadata.body)
    guard.request_id(browser:request "/saml/nothing")
  end)
end)

describe("SAML guard with small dicts", function()
  it("answers with 503 when there is no room, and checks no less", function()
    local server = guard.start { dicts = { "20k", "12k", "12k" } }
    local signed_in = guard.browser(server)
    assert.equal(303, signed_in:sign_in("/").status)
    assert.equal(200, signed_in:request("/").status)
    -- forms
    local body, status = "a=" .. ("x"):rep(1500), nil
    for _ = 1, 40 do
      local response = guard.browser(server):request("/form", { body = body })
      status = response.status
      if status ~= 303 then
        assert.truthy(response.body:find "Nothing was saved")
        assert.equal("10", response.headers["retry-after"])
        break
      end
    end
    assert.equal(503, status)
    -- logouts: whoever is not signed out is told so, and stays signed in
    for _ = 1, 400 do
      local browser = guard.browser(server)
      local arrived = browser:sign_in "/"
      if arrived.status == 303 then
        local out = browser:request("/saml/logout", {
          headers = { ["Sec-Fetch-Site"] = "same-origin" },
        })
        status = out.status
      else
        status = arrived.status -- no room for the assertion that was used
      end
      if status ~= 303 then
        break
      end
    end
    assert.equal(503, status)
    assert.equal(200, signed_in:request("/").status)
    server:stop()
  end)
end)
