local dashboard = require "spec.support.dashboard"
local planted = require "spec.support.planted"
local tokens = require "lastpass.nginx.gateway.tokens"

describe("signing in", function()
  local box, user

  setup(function()
    box = planted.start()
    dashboard.plant(box)
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    user = dashboard.of(box, { settings = { attempts = 5 } })
  end)

  it("is asked of everybody who has no session, and leads back", function()
    local response = user:get "/dashboard/acme/people?q=a%20b&mfa=no"
    assert.equal(303, response.status)
    assert.equal(
      "/dashboard/~sign-in?next=%2Fdashboard%2Facme%2Fpeople%3Fq%3Da%2520b%26mfa%3Dno",
      response.headers.location
    )
    local page = user:get(response.headers.location)
    assert.equal(200, page.status)
    assert.truthy(page.body:find('value="/dashboard/acme/people?q=a%20b&amp;mfa=no"', 1, true))
    response = user:sign_in "&next=/dashboard/acme/people%3Fq=a%2520b"
    assert.equal(303, response.status)
    assert.equal("/dashboard/acme/people?q=a%20b", response.headers.location)
    assert.equal(200, user:get("/dashboard/acme/people").status)
  end)

  it("leads to no other place than pages of the dashboard", function()
    for _, address in ipairs {
      "https://evil.example/",
      "//evil.example/",
      "/dashboard//evil.example",
      "/dashboardx/",
      "/other/",
      "/dashboard/\\evil",
      "/dashboard/%0d%0aset-cookie:x=1",
      "/dashboard/~sign-out",
      "/dashboard/%7Esign-out",
      "/dashboard/../other/",
      "/dashboard/acme/../../other",
      "/dashboard/%2e%2e/other",
      "/dashboard/.%2e/%2e./other",
      "/dashboard/%5cevil.example",
      "/dashboard/%2f%2fevil.example",
      "/dashboard/\tevil",
      "/\t/evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/dashboard/acme/people/more",
      "/dashboard/acme/people#x",
      "/dashboard/acme/people?q=a\r\nset-cookie: x",
      "/dashboard/acme/people?q=\226\128\168",
      "/dashboard.evil.example/",
      "/dashboard@evil.example/",
      "dashboard/acme/",
      "javascript:alert(1)",
      "/DASHBOARD/acme/",
      "",
    } do
      for _, sent in ipairs {
        address,
        (address:gsub("[^%w]", function(byte)
          return ("%%%02X"):format(byte:byte())
        end)),
      } do
        user = dashboard.of(box)
        local response = user:sign_in("&next=" .. sent)
        assert.equal("/dashboard/", response.headers.location, address)
        local page = user:get("/dashboard/~sign-in?next=" .. sent)
        assert.truthy(
          page.body:find('name="next" type="hidden" value="/dashboard/"', 1, true),
          sent
        )
      end
    end
    for _, address in ipairs { "/dashboard/", "/dashboard/acme/people?q=a//b&c=d@e.f" } do
      user = dashboard.of(box)
      local response = user:sign_in("&next=" .. address:gsub("&", "%%26"))
      assert.equal(address, response.headers.location)
    end
  end)

  it("ends the session that the browser had", function()
    user:sign_in()
    local first = user.cookie
    user:sign_in()
    local second = user.cookie
    assert.is_true(first ~= second)
    user.cookie = first
    assert.equal(303, user:get("/dashboard/acme/people").status)
    user.cookie = second
    assert.equal(200, user:get("/dashboard/acme/people").status)
    -- a cookie that somebody else has chosen becomes nobody's session
    user.cookie = "lastpass_dashboard=" .. ("a"):rep(43)
    user:sign_in()
    assert.is_nil(user.cookie:find(("a"):rep(43), 1, true))
  end)

  it("counts attempts by the network of an address of IPv6", function()
    local function attempt(address)
      local request = {
        method = "POST",
        path = "/dashboard/~sign-in",
        query = {},
        headers = { ["content-type"] = "application/x-www-form-urlencoded" },
        body = "token=x",
        now = user.now,
        remote_address = address,
      }
      return user.dashboard:handle(request).status
    end
    for position = 1, 5 do
      assert.equal(403, attempt(("2001:db8:0:1::%x"):format(position)))
    end
    assert.equal(429, attempt "2001:db8:0:1:aaaa:bbbb:cccc:dddd")
    assert.equal(403, attempt "2001:db8:0:2::1")
    assert.equal(403, attempt "::1")
    assert.equal(403, attempt "192.0.2.1")
  end)

  it("refuses tokens that are not known, or may not read", function()
    local response = user:post("/dashboard/~sign-in", "token=lpt_wrong")
    assert.equal(403, response.status)
    assert.truthy(response.body:find("This token is not known", 1, true))
    assert.truthy(response.body:find('role="alert"', 1, true))
    assert.is_nil(response.headers["set-cookie"])
    assert.is_nil(response.body:find("lpt_wrong", 1, true))
    local writer = dashboard.of(box, { token = { scopes = { "write" } } })
    response = writer:sign_in()
    assert.equal(403, response.status)
    assert.truthy(response.body:find("may not read", 1, true))
    assert.same({ "refused nil" }, user.notes)
  end)

  it("allows so many attempts a minute", function()
    for _ = 1, 5 do
      assert.equal(403, user:post("/dashboard/~sign-in", "token=x").status)
    end
    local response = user:sign_in()
    assert.equal(429, response.status)
    assert.truthy(tonumber(response.headers["retry-after"]) <= 60)
    user.now = user.now + 61
    assert.equal(303, user:sign_in().status)
  end)

  it("takes forms of its own pages alone", function()
    local body = "token=" .. user.text
    local function status(headers)
      return user:post("/dashboard/~sign-in", body, headers).status
    end
    assert.equal(400, status { ["sec-fetch-site"] = "cross-site" })
    assert.equal(400, status { ["sec-fetch-site"] = "same-site" })
    assert.equal(400, status { origin = "https://evil.example" })
    assert.equal(400, status { ["content-type"] = "text/plain" })
    assert.equal(400, user:post("/dashboard/~sign-in", ("x"):rep(5000)).status)
    assert.equal(400, status { origin = "null" })
    assert.equal(400, status { origin = "null", ["sec-fetch-site"] = "none" })
    assert.equal(303, status { origin = "null", ["sec-fetch-site"] = "same-origin" })
    assert.equal(303, status { origin = "http://here.example" })
  end)

  it("says when there is no space for one more", function()
    user.dict.safe_add = function()
      return nil, "no memory"
    end
    local response = user:sign_in()
    assert.equal(503, response.status)
    assert.is_nil(response.headers["set-cookie"])
  end)

  it("ends with a form that proves that it is ours", function()
    user:sign_in()
    local foreign = { ["sec-fetch-site"] = "cross-site" }
    local proof = user:page("people"):match 'name="csrf" type="hidden" value="([^"]+)"'
    assert.equal(400, user:post("/dashboard/~sign-out", "csrf=wrong").status)
    assert.equal(400, user:post("/dashboard/~sign-out", "csrf=" .. proof, foreign).status)
    assert.equal(405, user:get("/dashboard/~sign-out").status)
    assert.equal(200, user:get("/dashboard/acme/people").status)
    local response = user:post("/dashboard/~sign-out", "csrf=" .. proof)
    assert.equal(303, response.status)
    assert.truthy(response.headers["set-cookie"]:find("Max-Age=0", 1, true))
    assert.equal(303, user:get("/dashboard/acme/people").status)
    assert.same({ "signed_in ann", "signed_out ann" }, user.notes)
  end)

  it("cannot be done for somebody else's session", function()
    local other_text, other_hash = tokens.new()
    local text, hash = tokens.new()
    local function entry(name, of)
      return { name = name, hash = of, tenants = { "acme" }, scopes = { "read" } }
    end
    user = dashboard.of(box, { tokens = { entry("ann", hash), entry("bob", other_hash) } })
    user.text = other_text
    user:sign_in()
    local proof = user:page("people"):match 'name="csrf" type="hidden" value="([^"]+)"'
    user.text = text
    user:sign_in()
    assert.equal(400, user:post("/dashboard/~sign-out", "csrf=" .. proof).status)
  end)
end)
