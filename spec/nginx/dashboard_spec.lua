local dashboard = require "spec.support.dashboard"
local dashboards = require "lastpass.nginx.dashboard"
local planted = require "spec.support.planted"

describe("dashboard", function()
  local box, user

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    user = dashboard.of(box)
    user:sign_in()
  end)

  teardown(function()
    box:stop()
  end)

  it("needs its options, and says which", function()
    assert.error_matches(function()
      dashboards.new { tokens = {}, dict = {} }
    end, "'tenants' is missing")
    assert.error_matches(function()
      dashboards.new { tenants = {}, tokens = {}, dict = {}, setings = {} }
    end, "did you mean 'settings'")
    assert.error_matches(function()
      dashboards.new { tenants = {}, tokens = {}, dict = {}, settings = { idel = 1 } }
    end, "did you mean 'idle'")
  end)

  it("only reads: every other method is refused", function()
    for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE", "OPTIONS" } do
      local response = user:ask(method, "/dashboard/acme/people", "x=1")
      assert.equal(405, response.status, method)
      assert.equal("GET, HEAD", response.headers.allow)
    end
    assert.equal(405, user:ask("PUT", "/dashboard/~sign-in", "x").status)
    assert.equal(200, user:ask("HEAD", "/dashboard/acme/people").status)
  end)

  it("changes nothing at LastPass, whatever is looked at", function()
    for _, page in ipairs { "", "people", "groups", "folders", "events" } do
      user:page(page)
    end
    local reads = { getuserdata = true, getsfdata = true, reporting = true }
    for _, entry in ipairs(assert(box:journal {})) do
      assert.is_true(reads[entry.command] or false, entry.command)
    end
  end)

  it("gives style, script and icon to everybody, pages to nobody", function()
    local nobody = dashboard.of(box)
    local body = nobody:get("/dashboard/~sign-in").body
    local count = 0
    for name in body:gmatch '"(/dashboard/~assets/[^"]+)"' do
      assert.equal(200, nobody:get(name).status)
      count = count + 1
    end
    assert.equal(3, count)
    local pages = { "", "acme/", "acme/people", "acme/person?email=x", "acme/none", "none/" }
    for _, page in ipairs(pages) do
      local response = nobody:get("/dashboard/" .. page)
      assert.equal(303, response.status, page)
      assert.equal("", response.body)
    end
    assert.equal(401, nobody:get("/dashboard/acme/people?part=results").status)
  end)

  it("keeps browsers strict on every page", function()
    for _, path in ipairs {
      "/dashboard/",
      "/dashboard/acme/",
      "/dashboard/acme/people",
      "/dashboard/none",
      "/x",
    } do
      local headers = user:get(path).headers
      assert.truthy(headers["content-security-policy"]:find("default-src 'none'", 1, true), path)
      assert.equal("no-store", headers["cache-control"], path)
      assert.equal("nosniff", headers["x-content-type-options"], path)
    end
  end)

  it("can stand elsewhere", function()
    local other = dashboard.of(box, { settings = { prefix = "/admin/lastpass" } })
    assert.equal("/admin/lastpass/~sign-in", other:get("/admin/lastpass/").headers.location)
    local response = other:post("/admin/lastpass/~sign-in", "token=" .. other.text)
    assert.truthy(response.headers["set-cookie"]:find("Path=/admin/lastpass;", 1, true))
    other.cookie = response.headers["set-cookie"]:match "^[^;]*"
    local body = other:get("/admin/lastpass/acme/people").body
    assert.truthy(body:find('href="/admin/lastpass/acme/groups"', 1, true))
    assert.is_nil(body:find('"/dashboard', 1, true))
  end)

  it("takes the word of a guard in front", function()
    local other = dashboard.of(box, {
      settings = {
        identify = function(request)
          return request.headers.host == "sso.example" and { name = "ann", tenants = { "acme" } }
            or nil
        end,
      },
    })
    local response = other:get("/dashboard/acme/people", { host = "sso.example" })
    assert.equal(200, response.status)
    assert.is_nil(response.body:find("~sign-out", 1, true))
    assert.equal(303, other:get("/dashboard/acme/people").status)
  end)

  it("answers anything: strange paths, parameters and cookies", function()
    math.randomseed(7)
    local pieces = {
      "%",
      "\0",
      "\255",
      "<",
      "'",
      '"',
      "&",
      "=",
      "?",
      "..",
      "/",
      "~",
      "people",
      "acme",
      "q",
      "after",
    }
    for turn = 1, 500 do
      local parts = {}
      for position = 1, math.random(1, 8) do
        parts[position] = pieces[math.random(#pieces)]
      end
      local text = table.concat(parts)
      local response =
        user:get("/dashboard/acme/people?q=" .. text .. "&after=" .. text .. "&sort=" .. text)
      assert.is_true(response.status < 500, turn)
      response = user:get("/dashboard/" .. text)
      assert.is_true(response.status < 500, turn)
      response = user:get("/dashboard/acme/", { cookie = text })
      assert.is_true(response.status < 500, turn)
    end
  end)
end)
