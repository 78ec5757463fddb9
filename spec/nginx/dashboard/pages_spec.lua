local dashboard = require "spec.support.dashboard"
local pages = require "lastpass.nginx.dashboard.pages"
local planted = require "spec.support.planted"
local tenant = require "spec.support.tenant"

describe("pages of companies", function()
  local box, tenants

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    tenants = { acme = tenant.of(box), other = tenant.of(box, { name = "other" }) }
  end)

  teardown(function()
    box:stop()
  end)

  it("are chosen from where there are several", function()
    local user = dashboard.of(box, { tenants = tenants, token = { tenants = { "*" } } })
    user:sign_in()
    local response = user:get "/dashboard/"
    assert.equal(200, response.status)
    assert.truthy(
      response.body:find('href="/dashboard/acme/">acme</a>.*href="/dashboard/other/">other</a>')
    )
    assert.equal(200, user:get("/dashboard/other/people").status)
  end)

  it("have every list as CSV, as it is narrowed, and with no formula", function()
    local user = dashboard.of(box)
    dashboard.folders(box)
    user:sign_in()
    for list, columns in pairs {
      people = "email,fullname,status,admin,mfa,created,last_login,groups",
      groups = "name,members,can_log_in,without,share",
      folders = "name,read,write,administer,external,findings",
      events = "time,local_time,username,action,data,ip_address",
    } do
      local page = user:page(list .. "?q=a&reads=yes")
      local address = page:match('href="([^"]*format=csv)"'):gsub("&amp;", "&")
      assert.equal(1, select(2, page:gsub("format=csv", "")))
      local response = user:get(address)
      assert.equal(200, response.status)
      assert.matches("^text/csv", response.headers["content-type"])
      assert.matches(("acme-%s.csv"):format(list), response.headers["content-disposition"], 1, true)
      assert.equal(columns, response.body:match "^[^\r]*")
      for line in response.body:gmatch "\n([^\r]+)" do
        assert.is_nil(line:find "^[=+@-]")
        assert.truthy(line:lower():find("a", 1, true))
      end
    end
    local all = select(2, user:get("/dashboard/acme/people?format=csv").body:gsub("\r\n", ""))
    local admins =
      select(2, user:get("/dashboard/acme/people?admin=yes&format=csv").body:gsub("\r\n", ""))
    assert.truthy(all > admins and admins > 1)
  end)

  it("are shown at once where there is one", function()
    local user = dashboard.of(box, { tenants = tenants })
    user:sign_in()
    assert.equal("/dashboard/acme/", user:get("/dashboard").headers.location)
    assert.equal("/dashboard/acme/", user:get("/dashboard/acme").headers.location)
  end)

  it("are not there for those whose token is for another one", function()
    local user = dashboard.of(box, { tenants = tenants })
    user:sign_in()
    local hidden = user:get "/dashboard/other/people"
    local missing = user:get "/dashboard/nobody/people"
    assert.equal(404, hidden.status)
    assert.equal(missing.body, hidden.body)
    assert.is_nil(hidden.body:find("Ann Lee", 1, true))
  end)

  it("are not there under other names", function()
    local user = dashboard.of(box)
    user:sign_in()
    for _, path in ipairs {
      "/dashboard/acme/x",
      "/dashboard/acme/people/",
      "/dashboard/acme/people/x",
      "/dashboard/../acme/",
      "/dashboard/~sign-in/",
      "/dashboard/~assets/x.css",
      "/dashboards",
      "/",
    } do
      assert.equal(404, user:get(path).status, path)
    end
  end)

  it("say it when the directory has not been read", function()
    local failing = {
      name = "acme",
      directory = function()
        return nil, "the directory has not been read yet", { kind = "transport", retry_after = 2 }
      end,
    }
    local user = dashboard.of(box, { tenants = { acme = failing } })
    user:sign_in()
    local response = user:get "/dashboard/acme/people?q=x"
    assert.equal(503, response.status)
    assert.equal("2", response.headers["retry-after"])
    assert.truthy(response.body:find('href="/dashboard/acme/people?q=x">Try again', 1, true))
    assert.truthy(response.body:find('aria-current="page"', 1, true))
  end)

  it("warn when it is old", function()
    local one = tenant.of(box)
    one:directory().stale = true
    local user = dashboard.of(box, { tenant = one })
    user:sign_in()
    local person = "person?email=ann%40acme.example"
    for _, page in ipairs { "", "people", "groups", "folders", person } do
      assert.truthy(user:page(page):find("Not up to date", 1, true), page)
    end
  end)
end)

describe("call", function()
  local function call(query)
    return pages.call {
      request = { query = query, now = 5 },
      settings = { prefix = "/d", pause = function() end },
      tenant = { name = "acme" },
      pause = function() end,
    }
  end

  it("writes addresses of which nothing can break out", function()
    assert.equal(
      "/d/acme/people?q=a%20%26%3D%22%3C%3E%27%23%C3%A9&x=a.b~c-d_e",
      call({}):url("people", { { "q", "a &=\"<>'#é" }, { "none", "" }, { "x", "a.b~c-d_e" } })
    )
    assert.equal("/d/acme/", call({}):url "")
    assert.equal("/x", pages.address("/x", { { "a", nil } }))
  end)

  it("reads parameters: trimmed, valid, of bearable length", function()
    local one = call {
      { "q", "  ann  " },
      { "bad", "a\255" },
      { "long", ("é"):rep(150) },
      { "x", "1" },
      { "x", "2" },
    }
    assert.equal("ann", one:param "q")
    assert.equal("a?", one:param "bad")
    assert.equal(("é"):rep(100), one:param "long")
    assert.equal("a" .. ("é"):rep(99), call({ { "q", "a" .. ("é"):rep(150) } }):param "q")
    assert.equal("2", one:param "x")
    assert.equal("", one:param "none")
  end)

  it("does not cut the mark of a page", function()
    local mark = ("A"):rep(600)
    assert.equal(mark, call({ { "after", mark } }):param "after")
  end)

  it("knows whether the list alone is asked for", function()
    assert.is_true(call({ { "part", "results" } }):is_part())
    assert.is_false(call({ { "part", "x" } }):is_part())
  end)
end)
