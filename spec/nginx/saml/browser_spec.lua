-- The guard with all that is real: nginx, Chromium, and a sandbox that plays LastPass on another site.
-- Runs once: nginx has its own LuaJIT.
local browser = require "spec.support.browser"
local guard = require "spec.support.saml_guard"
local json = require "lastpass.json"
local planted = require "spec.support.planted"

describe("SAML guard in Chromium", function()
  local box, server, seen, reason, email
  local made = {}

  setup(function()
    reason = browser.missing()
    if reason then
      return
    end
    box = require("spec.support.box").start { users = 20, frozen = false, clock = os.time() }
    email = box:client():users { status = "active" }().email
    local port = guard.free_port()
    local url = "http://127.0.0.1:" .. port
    local app = assert(box:saml_app {
      entity_id = url .. "/saml/metadata",
      acs_url = url .. "/saml/acs",
    })
    -- another name is another site: its forms bring cookies with SameSite=None alone
    local metadata = app.metadata_xml:gsub("http://127%.0%.0%.1:", "http://localhost:")
    server = guard.start {
      port = port,
      init = "",
      files = { ["idp.xml"] = metadata },
      settings = [[idp = ngx.config.prefix() .. "idp.xml"]],
    }
    local output = browser.run("spec/nginx/saml/browser.cjs", made, { url, email })
    seen = json.decode(output)
    assert(seen and not seen.error, output .. server:log():sub(-4000))
  end)

  teardown(function()
    if server then
      server:stop()
    end
    if box then
      box:stop()
    end
    planted.remove(made)
  end)

  local function test(name, check)
    it(name, function()
      if reason then
        pending(reason)
      end
      check()
    end)
  end

  local function is_in(page, path)
    assert.equal(server.url .. path, page.url)
    assert.truthy(page.text:find(email:lower(), 1, true), page.text)
  end

  test("signs in at another site, and comes back to the page", function()
    assert.truthy(seen.people:find "^http://localhost:")
    is_in(seen.first, "/reports?year=2026")
  end)

  test("has one cookie left, which scripts and other sites do not get", function()
    assert.equal(1, #seen.cookies)
    local cookie = seen.cookies[1]
    assert.equal("__Host-lastpass_saml", cookie.name)
    assert.is_true(cookie.secure and cookie.httpOnly)
    assert.equal("Lax", cookie.sameSite)
    assert.equal("", seen.script)
  end)

  test("survives the back button", function()
    is_in(seen.back, "/reports")
  end)

  test("signs three tabs in at once", function()
    for position, path in ipairs { "/three", "/one", "/two" } do
      is_in(seen.tabs[position], path)
    end
  end)

  test("ends a lost cookie in one clean retry", function()
    is_in(seen.lost, "/")
    assert.is_true(#seen.lost.visited <= 6)
  end)
end)
