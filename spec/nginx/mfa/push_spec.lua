-- The second-factor guard with phones of a sandbox: approved, denied, held back, not reached; waited for by several tabs
-- and workers; and the phone never rings but for a form that a person has sent.
-- Runs once: nginx has its own LuaJIT.
local boxes = require "spec.support.box"
local guard = require "spec.support.mfa_guard"
local wait = require "spec.support.wait"

local PUSH = "__Host-lastpass_mfa_push"

describe("second-factor guard and phones", function()
  local box, server

  setup(function()
    box = boxes.start { users = 1 }
    server = guard.start {
      replace = guard.push(box, "limits = { cooldown = 30 },"),
      settings = [[ paths = { { path = "/finger", methods = { "fingerprint" } } }, ]],
    }
  end)

  teardown(function()
    server:stop()
    box:stop()
  end)

  local function person(name, state)
    local browser = guard.browser(server, name .. "@acme.example")
    assert(box:phone { email = browser.account, state = state or "paired" })
    return browser
  end

  local function rings(browser)
    return assert(box:phone { email = browser.account }).rings
  end

  local function answer(browser, action)
    local pending = assert(box:phone_pending { email = browser.account })
    assert(box:phone_answer { token = pending[1].token, action = action })
  end

  -- Sends the form that asks the phone; gives the page that waits.
  local function ask(browser, path)
    local page = browser:follow(browser:request(path))
    local sent = browser:submit(page, "/mfa/push")
    assert.equal(303, sent.status, sent.body)
    return browser:follow(sent), sent.location:sub(#server.url + 1)
  end

  local function until_over(browser, here)
    local page
    wait("an answer", function()
      page = browser:request(here)
      return not page.body:find("Look at your phone", 1, true)
    end)
    return page
  end

  it("lets in whoever approves, and asks the phone once", function()
    local browser = person "ann"
    local page, here = ask(browser, "/reports?a=b")
    assert.equal(200, page.status)
    assert.truthy(page.body:find('http-equiv="refresh"', 1, true))
    assert.truthy(page.body:find("<noscript><meta", 1, true))
    assert.truthy(page.headers["content-security-policy"]:find "script%-src 'sha256%-")
    local pending = assert(box:phone_pending { email = browser.account })[1]
    assert.equal("127.0.0.1", pending.ip)
    assert.truthy(pending.device:find "^Acme")
    answer(browser, "approve")
    local arrived = until_over(browser, here)
    assert.equal(server.url .. "/reports?a=b", arrived.location)
    assert.equal(200, browser:follow(arrived).status)
    assert.equal(1, rings(browser))
    assert.is_nil(browser.jar[PUSH])
    -- the back button
    assert.equal(server.url .. "/reports?a=b", browser:request(here).location)
    assert.equal(1, rings(browser))
  end)

  it("is no proof on a device that has not asked", function()
    local browser = person "devices"
    local _, here = ask(browser, "/")
    answer(browser, "approve")
    local other = guard.browser(server, browser.account)
    other:request "/mfa/ask"
    other.jar[PUSH] = browser.jar[PUSH]
    local page = other:request(here)
    assert.equal(200, page.status)
    assert.truthy(page.body:find("Confirm that it is you", 1, true))
    assert.equal(303, other:request("/").status)
    assert.equal(server.url .. "/", until_over(browser, here).location)
  end)

  it("[row 9] offers a code at once, and remembers what the person used", function()
    local browser = person "nine.app"
    local first = browser:follow(browser:request "/")
    assert.is_true(first.body:find "/mfa/push" < first.body:find "/mfa/code")
    local page = ask(browser, "/")
    assert.truthy(page.body:find("Use a code", 1, true)) -- without script
    local arrived = browser:submit(page, "/mfa/code", "code=" .. guard.code(browser.account))
    assert.equal(server.url .. "/", arrived.location, arrived.body)
    -- another browser of the same person: the code comes first
    local other = guard.browser(server, browser.account)
    local again = other:follow(other:request "/")
    assert.is_true(again.body:find "/mfa/code" < again.body:find "/mfa/push")
    -- what the phone says now counts no more
    answer(browser, "approve")
    assert.equal(1, rings(browser))
  end)

  it("[row 12] shows denied, throttled and unreachable as three outcomes", function()
    local function figure(outcome)
      local name = 'lastpass_mfa_results_total{by="push",guard="default",outcome="%s"}'
      return guard.metric(server, name:format(outcome))
    end
    local denied, throttled = figure "denied", figure "throttled"
    local browser = person "twelve"
    local _, here = ask(browser, "/")
    answer(browser, "deny")
    local page = until_over(browser, here)
    assert.equal(403, page.status)
    assert.equal(denied + 1, figure "denied")
    -- [row 3] after a denial the phone rests
    local held = browser:submit(page, "/mfa/push")
    assert.equal(429, held.status)
    assert.is_true(tonumber(held.headers["retry-after"]) <= 31)
    assert.equal(1, rings(browser))
    assert.equal(throttled + 1, figure "throttled")
    assert.equal(denied + 1, figure "denied")
  end)

  it("[row 12] does not call denied what could not be asked", function()
    local away = guard.start {
      workers = 1,
      replace = ([[
        account = { header = "X-User", from = { "127.0.0.1" } },
        push = {
          mode = "plain", base_url = "http://127.0.0.1:%d",
          api_key = assert(lastpass.secret.value "unreachable"),
        },
      ]]):format(guard.free_port()),
    }
    local browser = guard.browser(away)
    local page = browser:submit(browser:request "/mfa/ask", "/mfa/push")
    local log = away:log()
    local name = 'lastpass_mfa_results_total{by="push",guard="default",outcome="unreachable"}'
    local counted = guard.metric(away, name)
    away:stop()
    assert.equal(503, page.status)
    assert.equal(1, counted)
    assert.truthy(log:find("push: unreachable", 1, true))
    assert.is_nil(browser.jar["__Host-lastpass_mfa"])
  end)

  it("[row 3] rings three times in five minutes at most, and never but for a form", function()
    local browser = person "three"
    local page = browser:follow(browser:request "/")
    for _ = 1, 3 do
      browser:request "/"
      browser:request "/mfa/ask"
      browser:request "/mfa/wait"
      browser:request "/mfa/poll"
      assert.equal(405, browser:request("/mfa/push").status)
    end
    assert.equal(0, rings(browser))
    for _ = 1, 5 do -- pressed again and again: it is one request
      browser:submit(page, "/mfa/push")
    end
    assert.equal(1, rings(browser))
    local statuses = {}
    for index = 1, 4 do -- other browsers
      local other = guard.browser(server, browser.account)
      statuses[index] = other:submit(other:request "/mfa/ask", "/mfa/push").status
    end
    assert.same({ 303, 303, 429, 429 }, statuses)
    assert.equal(3, rings(browser))
  end)

  it("has one answer for two tabs on two workers", function()
    local browser = person "two"
    local _, here = ask(browser, "/one")
    local other = here:gsub("one", "two")
    for _ = 1, 3 do
      assert.equal(200, browser:request(here).status)
      assert.equal(200, browser:request(other).status)
    end
    answer(browser, "approve")
    local copy = browser.jar[PUSH]
    assert.equal(server.url .. "/one", until_over(browser, here).location)
    assert.equal(server.url .. "/two", browser:request(other).location)
    -- and when the first answer was lost on its way to the browser
    local lost = guard.browser(server, browser.account)
    lost.jar["__Host-lastpass_mfa_device"] = browser.jar["__Host-lastpass_mfa_device"]
    lost.jar[PUSH] = copy
    assert.equal(server.url .. "/one", lost:request(here).location)
    -- what is under way is of one person
    local thief = guard.browser(server, "thief@acme.example")
    thief.jar[PUSH] = copy
    thief.jar["__Host-lastpass_mfa_device"] = browser.jar["__Host-lastpass_mfa_device"]
    assert.equal(200, thief:request(here).status)
    assert.equal(303, thief:request("/one").status)
    assert.equal(1, rings(browser))
  end)

  it("goes on with a reload in between", function()
    local browser = person "reload"
    local _, here = ask(browser, "/")
    server:reload()
    wait("the new workers", function()
      return server:log():find("exiting", 1, true)
    end)
    assert.equal(200, browser:request(here).status)
    answer(browser, "approve")
    assert.equal(server.url .. "/", until_over(browser, here).location)
    assert.equal(200, browser:request("/").status)
    assert.equal(1, rings(browser))
  end)

  it("answers the script of the waiting page when the phone has", function()
    local browser = person "script"
    assert.equal("none", browser:request("/mfa/poll").json.state)
    ask(browser, "/")
    answer(browser, "approve")
    local answered = browser:request "/mfa/poll"
    assert.equal("approved", answered.json.state)
    assert.is_nil(answered.headers["set-cookie"])
  end)

  it("asks for the method that a path asks for, and takes no other proof there", function()
    local browser = person "finger.app"
    browser:show "/"
    local page = browser:follow(browser:request "/finger/x")
    assert.is_nil(page.body:find("/mfa/code", 1, true))
    local sent = browser:submit(page, "/mfa/push")
    local pending = assert(box:phone_pending { email = browser.account })[1]
    assert.same({ "fingerprint" }, pending.methods)
    answer(browser, "approve")
    local arrived = until_over(browser, sent.location:sub(#server.url + 1))
    assert.equal(server.url .. "/finger/x", arrived.location)
    assert.equal(200, browser:follow(arrived).status)
  end)

  it("says the same of whoever cannot be asked, and names it in the log", function()
    for state, outcome in pairs { unpaired = "not_enrolled", absent = "unknown_user" } do
      local browser = person("state." .. state, state)
      local page = browser:submit(browser:request "/mfa/ask", "/mfa/push")
      assert.equal(403, page.status)
      assert.truthy(page.body:find("was not approved", 1, true))
      assert.truthy(server:log():find("push: " .. outcome, 1, true))
    end
    local locked = person("state.locked", "locked")
    assert.equal(429, locked:submit(locked:request "/mfa/ask", "/mfa/push").status)
  end)

  it("tells nobody what is secret", function()
    local browser = person "canary"
    local page, here = ask(browser, "/")
    local token = assert(box:phone_pending { email = browser.account })[1].token
    local cookie = browser.jar[PUSH].value
    answer(browser, "approve")
    until_over(browser, here)
    local seen = server:log() .. page.body
    for what, text in pairs {
      key = box.mfa.login_key,
      token = token,
      cookie = cookie:sub(20, 60),
      proof = browser.jar["__Host-lastpass_mfa"].value:sub(20, 60),
    } do
      assert.is_nil(seen:find(text, 1, true), what)
    end
    assert.is_nil(server:log():find(browser.account, 1, true))
  end)
end)
