-- The dashboard behind a real nginx, as programs see it.
-- Runs once: nginx has its own LuaJIT.
local dashboard = require "spec.support.dashboard"
local planted = require "spec.support.planted"
local sites = require "spec.support.site"

describe("dashboard behind nginx", function()
  local box, site, cookie

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    local text
    site, text = dashboard.site(box, {
      setup_more = [[dashboard = {
        identify = function(request)
          if request.headers.host == "broken.example" then
            error "the guard is broken"
          end
        end,
      },]],
    })
    site:directory()
    cookie = dashboard.enter(site, text)
  end)

  teardown(function()
    site:stop()
    box:stop()
  end)

  local function get(path, options)
    options = options or {}
    options.headers = options.headers or { cookie = cookie }
    return site.server:get("/dashboard/" .. path, options)
  end

  it("answers with its headers, and the request's id", function()
    local status, body, headers = get "acme/people"
    assert.equal(200, status)
    assert.equal("12 people", dashboard.found(body))
    assert.truthy(headers["content-security-policy"]:find("default-src 'none'", 1, true))
    assert.equal("no-store", headers["cache-control"])
    assert.equal(tostring(#body), headers["content-length"])
    assert.truthy(headers["x-request-id"])
  end)

  it("answers HEAD without a body", function()
    local status, body, headers = get("acme/people", { method = "HEAD" })
    assert.equal(200, status)
    assert.equal("", body)
    assert.is_true(tonumber(headers["content-length"]) > 1000)
  end)

  it("decodes what addresses say", function()
    local _, body = get "acme/people?q=%C3%89mile+vide"
    assert.equal("1 person (everybody: 12)", dashboard.found(body))
    assert.equal(400, (get "..%2f..%2fetc/passwd")) -- nginx itself
    assert.equal(404, (get "acme/%2e%2e/%2e%2e/dashboard/none"))
    assert.equal(404, (get "acme/%3Cscript%3E"))
  end)

  it("reads no more of a form than a form can have", function()
    local body = ("x"):rep(100000)
    local status = get("~sign-in", {
      method = "POST",
      body = body,
      headers = {
        ["content-type"] = "application/x-www-form-urlencoded",
        ["content-length"] = #body,
      },
    })
    assert.equal(400, status)
  end)

  it("tells a mistake of its own to the log alone", function()
    local status, body, headers = get("acme/people", { headers = { host = "broken.example" } })
    assert.equal(500, status)
    assert.is_nil(body:find("the guard is broken", 1, true))
    assert.truthy(body:find(headers["x-request-id"], 1, true))
    assert.equal(1, site:count_in_log "the guard is broken")
  end)

  it("notes who signs in, and counts", function()
    local refused = get("~sign-in", {
      method = "POST",
      body = "token=lpt_wrong",
      headers = {
        ["content-type"] = "application/x-www-form-urlencoded",
        ["content-length"] = 15,
      },
    })
    assert.equal(403, refused)
    assert.equal(1, site:count_in_log "lastpass dashboard: signed_in ann.lee from 127.0.0.1")
    assert.equal(1, site:count_in_log "lastpass dashboard: refused from 127.0.0.1")
    assert.is_nil(site.server:log():find("lpt_wrong", 1, true))
    assert.equal(1, site:metric 'lastpass_dashboard_sign_ins_total{outcome="signed_in"}')
    assert.is_true(site:metric 'lastpass_dashboard_requests_total{page="people",status="200"}' >= 2)
    assert.is_true(site:metric 'lastpass_dashboard_request_seconds_count{page="people"}' >= 2)
  end)

  it("does not start with settings that are wrong", function()
    assert.error_matches(function()
      sites.start(box, { setup = "dashboard = { lifetme = 1 }," })
    end, "did you mean 'lifetime'")
  end)
end)
