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
      "",
    } do
      user = dashboard.of(box)
      local response = user:sign_in("&next=" .. address)
      assert.equal("/dashboard/", response.headers.location, address)
    end
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
    assert.equal(303, status { origin = "null", ["sec-fetch-site"] = "same-origin" })
    assert.equal(303, status { origin = "http://here.example" })
  end)

  it("says when there is no room for one more", function()
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
