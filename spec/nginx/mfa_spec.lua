-- The second-factor guard in nginx, with codes: who passes, who is asked, and what one proof is good for.
-- Runs once: nginx has its own LuaJIT.
local guard = require "spec.support.mfa_guard"
local json = require "lastpass.json"
local wait = require "spec.support.wait"

local COOKIE = "__Host-lastpass_mfa"

describe("second-factor guard in nginx", function()
  local server

  setup(function()
    server = guard.start {
      settings = [[
        paths = {
          { path = "/admin", max_age = 120 }, { path = "/brief", max_age = 1 },
        },
        landing = "/home", post_max = 1000,
      ]],
    }
  end)

  teardown(function()
    server:stop()
  end)

  local function person(name)
    return guard.browser(server, name .. ".app@acme.example")
  end

  it("asks with a page, takes a code, and goes back to where somebody wanted to go", function()
    local browser = person "ann"
    local first = browser:request "/reports?year=2026"
    assert.equal(303, first.status)
    local page = browser:follow(first)
    assert.equal(200, page.status)
    assert.truthy(page.body:find("ann.app@acme.example", 1, true))
    local policy = page.headers["content-security-policy"]
    assert.truthy(policy:find("default-src 'none'", 1, true))
    assert.is_nil(policy:find("unsafe", 1, true))
    assert.equal("no-store", page.headers["cache-control"])
    local arrived = browser:submit(page, "/mfa/code", "code=" .. guard.code(browser.account))
    assert.equal(303, arrived.status, arrived.body)
    assert.equal(server.url .. "/reports?year=2026", arrived.location)
    local seen = browser:request "/reports?year=2026"
    assert.equal(200, seen.status)
    assert.is_nil(json.encode(seen.json.headers):find("lastpass_mfa", 1, true))
    assert.equal(200, browser:request("/vault/x").status)
    assert.equal(200, browser:request("/admin/x").status)
    -- the back button: the page that asked leads on, and asks nothing
    assert.equal(server.url .. "/reports?year=2026", browser:follow(first).location)
  end)

  it("tells programs what is missing, and never sends them a page", function()
    local browser = person "program"
    local plain = { headers = { Accept = "application/json" } }
    local refused = browser:request("/api/x?y=1", plain)
    assert.equal(401, refused.status)
    assert.equal("application/problem+json", refused.headers["content-type"])
    assert.equal("second_factor_required", refused.json.code)
    assert.equal(
      server.url .. "/mfa/ask?target=%2Fapi%2Fx%3Fy%3D1",
      refused.json.mfa_url:match "^[^&]*"
    )
    assert.truthy(refused.headers["www-authenticate"]:find '^Cookie realm="lastpass"')
    for _, more in ipairs {
      { headers = { ["X-Requested-With"] = "XMLHttpRequest" } },
      { headers = { ["Sec-Fetch-Mode"] = "cors" } },
      { method = "DELETE" },
    } do
      assert.equal(401, browser:request("/api/x", more).status)
    end
    browser:show "/"
    assert.equal(200, browser:request("/api/x", plain).status)
  end)

  it("asks nobody whom nobody has named", function()
    local browser = guard.browser(server, "")
    assert.equal("no_account", browser:request("/x", { headers = { Accept = "*/*" } }).json.code)
    assert.equal(401, browser:request("/x").status)
    assert.equal(401, browser:request("/mfa/ask").status)
    local nameless = guard.browser(server, "ann")
    local problem = nameless:request("/x", { headers = { Accept = "*/*" } }).json
    assert.equal("account_no_address", problem.code)
  end)

  it("takes nobody's word that stands beside the proxy's", function()
    local browser = person "spelled"
    browser:show "/"
    assert.equal(200, browser:request("/").status)
    for _, name in ipairs { "X_User", "x_USER" } do
      for _, account in ipairs { browser.account, "" } do
        local headers = { [name] = "boss.app@acme.example", Accept = "*/*" }
        headers["X-User"] = account ~= "" and account or false
        local refused = browser:request("/", { headers = headers })
        assert.equal(401, refused.status, name)
        assert.equal("no_account", refused.json.code)
      end
    end
    assert.is_nil(server:log():find("boss", 1, true))
  end)

  it("answers each of its addresses to the methods that it takes", function()
    local browser = person "methods"
    browser:request "/mfa/ask"
    for _, where in ipairs { "ask", "wait", "poll", "factors" } do
      for _, method in ipairs { "POST", "PUT", "OPTIONS", "DELETE" } do
        assert.equal(405, browser:request("/mfa/" .. where, { method = method }).status, where)
      end
    end
    for _, where in ipairs { "code", "push", "forget" } do
      for _, method in ipairs { "GET", "HEAD", "OPTIONS" } do
        assert.equal(405, browser:request("/mfa/" .. where, { method = method }).status, where)
      end
    end
    assert.equal(200, browser:request("/mfa/ask", { method = "HEAD" }).status)
  end)

  it("goes nowhere but to paths of this server", function()
    local browser = person "target"
    for _, target in ipairs {
      "https://evil.example/",
      "evil",
      "/a%0d%0ab",
      "/%5Cevil",
      "//evil.example",
    } do
      local page = browser:request("/mfa/ask?target=" .. target)
      if page.status ~= 400 then -- "//" is a path, of this server
        local body = "code=" .. guard.code(browser.account)
        local arrived = browser:submit(page, "/mfa/code", body)
        assert.equal(server.url .. "//evil.example", arrived.location)
      end
    end
    assert.equal(400, browser:request("/mfa/ask?target=/a&target=/b").status)
  end)

  it("takes a proof for the person and the device that have shown it, and no other", function()
    local browser = person "bob"
    browser:show "/"
    local proof, device = browser.jar[COOKIE], browser.jar[COOKIE .. "_device"]
    assert.equal("Lax", proof.site)
    local other = person "eve"
    other.jar[COOKIE], other.jar[COOKIE .. "_device"] = proof, device
    assert.equal(303, other:request("/").status)
    local elsewhere = person "bob"
    elsewhere.jar[COOKIE] = proof
    assert.equal(303, elsewhere:request("/").status)
    elsewhere:request "/mfa/ask"
    assert.equal(303, elsewhere:request("/").status)
    elsewhere.jar[COOKIE .. "_device"] = device
    assert.equal(200, elsewhere:request("/").status)
    for place = 1, #proof.value, 7 do
      local changed = proof.value:sub(1, place - 1) .. "x" .. proof.value:sub(place + 1)
      elsewhere.jar[COOKIE] = { value = changed }
      assert.equal(changed == proof.value and 200 or 303, elsewhere:request("/").status)
    end
  end)

  it("keeps a form, and sends it on once", function()
    local browser = person "form"
    local first = browser:request("/save?x=1", { body = "a=1&b=kept%20form" })
    assert.equal(303, first.status)
    local page = browser:follow(first)
    local arrived = browser:submit(page, "/mfa/code", "code=" .. guard.code(browser.account))
    local sent = browser:follow(arrived)
    assert.equal("POST", sent.json.method)
    assert.equal("a=1&b=kept%20form", sent.json.body)
    assert.equal("GET", browser:request("/save?x=1").json.method)
    assert.equal(413, person("large"):request("/save", { body = ("x"):rep(1001) }).status)
    assert.equal(403, person("foreign"):request("/save", { body = "x", cross_site = true }).status)
  end)

  describe("[row 10] step-up", function()
    local function older(browser, seconds)
      guard.older(browser, server, seconds)
    end

    it("is measured from the proof: using it makes it no younger", function()
      local browser = person "step"
      browser:show "/"
      older(browser, 119)
      assert.equal(200, browser:request("/admin").status)
      older(browser, 121)
      for _ = 1, 3 do
        assert.equal(200, browser:request("/").status)
      end
      for _, path in ipairs {
        "/admin",
        "/Admin",
        "//admin",
        "/admin;x/y",
        "/a/..;/admin",
        "/admin/..;/x",
        "/admin/..%5Cx",
        "/%61dmin",
      } do
        local refused = browser:request(path, { headers = { Accept = "*/*" } })
        assert.equal(401, refused.status, path)
        assert.equal("step_up_required", refused.json.code)
      end
      older(browser, 299)
      assert.equal(200, browser:request("/vault/").status)
      older(browser, 301)
      assert.equal(303, browser:request("/vault/").status)
      older(browser, 8 * 3600 + 1)
      assert.equal(303, browser:request("/").status)
      older(browser, -3600) -- by a clock that is far ahead
      assert.equal(303, browser:request("/").status)
    end)

    it("asks anew, and is satisfied by the new proof", function()
      local browser = person "anew"
      browser:show "/"
      local page
      wait("a proof too old", function()
        page = browser:request "/brief/x"
        return page.status == 303
      end)
      page = browser:follow(page)
      assert.equal(200, page.status)
      local arrived = browser:submit(page, "/mfa/code", "code=" .. guard.code(browser.account, 1))
      assert.equal(server.url .. "/brief/x", arrived.location, arrived.body)
    end)
  end)

  it("loops never: without cookies there is a page that says so, and nothing is used up", function()
    local browser = person "lost"
    local page = browser:follow(browser:request "/")
    local body, where = guard.form(page, "/mfa/code")
    body = body .. "&code=" .. guard.code(browser.account)
    local kept = browser.jar[COOKIE .. "_device"]
    browser.jar[COOKIE .. "_device"] = nil
    local lost = browser:request(where, { body = body })
    assert.equal(403, lost.status)
    assert.truthy(lost.body:find("cookies", 1, true))
    browser.jar[COOKIE .. "_device"] = kept
    assert.equal(303, browser:request(where, { body = body }).status)
    -- the proof alone is lost: the page again, and a person before it
    browser.jar[COOKIE] = nil
    assert.equal(200, browser:follow(browser:request "/").status)
  end)

  it("takes forms of its own pages only", function()
    local browser = person "forms"
    local page = browser:follow(browser:request "/")
    local body, where = guard.form(page, "/mfa/code")
    local code = "&code=" .. guard.code(browser.account)
    for _, options in ipairs {
      { body = body .. code, headers = { Origin = "https://evil.example" } },
      { body = body .. code, headers = { ["Sec-Fetch-Site"] = "cross-site" } },
      { body = body .. code, headers = { ["Sec-Fetch-Site"] = "same-site" } },
      { body = "target=/" .. code },
      { body = body:gsub("token=", "token=x") .. code },
      { body = body .. code .. code },
      { body = body .. code .. "&more=1" },
      { body = body },
    } do
      local refused = browser:request(where, options)
      assert.is_true(refused.status == 403 or refused.status == 400, refused.status)
    end
    local other = person "forms2"
    other.jar = browser.jar
    assert.equal(405, browser:request("/mfa/code").status)
    assert.equal(303, browser:request(where, { body = body .. code }).status)
  end)

  it("tells nobody what is secret", function()
    local browser = person "canary"
    local code = guard.code(browser.account)
    local arrived, page = browser:show "/secret?x=y"
    assert.equal(303, arrived.status)
    local again = browser:submit(page, "/mfa/code", "code=" .. code)
    assert.equal(403, again.status)
    local log = server:log()
    assert.truthy(log:find("lastpass mfa: default: code: approved", 1, true))
    assert.truthy(log:find("code: denied (it was denied; used)", 1, true))
    for what, text in pairs {
      code = code,
      secret = guard.secret(browser.account),
      key = ("a"):rep(32),
      proof = browser.jar[COOKIE].value:sub(10, 40),
      device = browser.jar[COOKIE .. "_device"].value:sub(5, 30),
      token = guard.form(page, "/mfa/code"):match "token=([^&]*)":sub(5, 40),
      address = browser.account,
    } do
      assert.is_nil(log:find(text, 1, true), what)
    end
  end)
end)
