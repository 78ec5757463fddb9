-- The second-factor guard with all that is real: nginx, Chromium with script and without, and phones of a sandbox.
-- Runs once: nginx has its own LuaJIT.
local boxes = require "spec.support.box"
local browser = require "spec.support.browser"
local guard = require "spec.support.mfa_guard"
local json = require "lastpass.json"
local planted = require "spec.support.planted"

describe("second-factor guard in Chromium", function()
  local box, server, seen, reason
  local made = {}

  local function phone(name)
    for _, kind in ipairs { "js", "plain" } do
      assert(box:phone { email = ("%s.%s@acme.example"):format(name, kind), state = "paired" })
    end
  end

  setup(function()
    reason = browser.missing()
    if reason then
      return
    end
    box = boxes.start { users = 1 }
    for _, name in ipairs { "approve", "deny", "app", "tabs", "lost" } do
      phone(name)
    end
    server = guard.start { replace = guard.push(box) }
    local output = browser.run("spec/nginx/mfa/browser.cjs", made, {
      server.url,
      box.origin,
    })
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

  for kind, title in pairs { js = "with script", plain = "without script" } do
    local function test(name, check, is_short)
      if kind == "plain" and not is_short and not os.getenv "LASTPASS_LONG" then
        return
      end
      it(name .. ", " .. title, function()
        if reason then
          pending(reason)
        end
        check(seen[kind])
      end)
    end

    local function is_in(page, path)
      assert.equal(server.url .. path, page.url)
      assert.truthy(page.text:find('"method":"GET"', 1, true), page.text)
    end

    local function rings(name)
      return assert(box:phone { email = ("%s.%s@acme.example"):format(name, kind) }).rings
    end

    test("waits for the phone and goes back to the page", function(of)
      assert.truthy(of.asked.text:find("Confirm that it is you", 1, true))
      assert.truthy(of.waiting.text:find("Look at your phone", 1, true))
      is_in(of.approved, "/reports?x=1")
      is_in(of.back, "/reports?x=1")
      assert.equal(1, rings "approve")
    end, true)

    test("shows a denial, and stays there", function(of)
      assert.truthy(of.denied.text:find("was not approved", 1, true))
      assert.same({}, of.visited)
      assert.equal(1, rings "deny")
    end)

    test("takes a code while the phone is waited for", function(of)
      is_in(of.code, "/reports")
      assert.equal(1, rings "app")
    end, true)

    test("has one answer for two tabs", function(of)
      is_in(of.tabs[1], "/tab0")
      is_in(of.tabs[2], "/tab1")
      assert.equal(1, rings "tabs")
    end)

    test("says that cookies are lost, and rings nobody", function(of)
      assert.truthy(of.lost.text:find("Allow cookies", 1, true))
      assert.equal(0, rings "lost")
    end)
  end

  it("breaks no rule of its pages' policy", function()
    if reason then
      pending(reason)
    end
    assert.same({}, seen.complaints)
  end)
end)
