-- Sessions die with the account: in several nginx instances that have one journal and one set of keys.
-- Runs once: nginx has its own LuaJIT.
local extent = require "spec.support.extent"
local guard = require "spec.support.saml_guard"
local rollover = require "lastpass.saml.rollover"
local state = require "lastpass.state"
local store = require "lastpass.store"
local support = require "spec.support.store"
local wait = require "spec.support.wait"

local INSTANCES = 4
local RELOADS = extent(10, 40, 1000)

describe("SAML guards of several machines", function()
  local folder, path, journal, servers

  setup(function()
    folder = support.folder()
    path = folder .. "/journal.db"
    journal = assert(store.open { path = path })
    servers = {}
    local port
    for number = 1, INSTANCES do
      servers[number] = guard.start {
        workers = 2,
        main = "thread_pool lastpass threads=4;",
        settings = ([[idp = { entity_id = "https://idp.example", idp = {} }, cert = "x",
          key = assert(lastpass.secret.value "a double takes any"), journal = %q,
          journal_every = 0.2, state = "journal", entity_id = "urn:acme:app"]]):format(path),
      }
      port = port or servers[number].port
    end
  end)

  teardown(function()
    for _, server in ipairs(servers or {}) do
      server:stop()
    end
    journal:close()
    support.remove(folder)
  end)

  local function status(server, browser)
    local code = server:get("/", { headers = { Cookie = browser:cookie_header(), Accept = "*/*" } })
    return code
  end

  local function signed_in(name)
    local browser = guard.browser(servers[1])
    wait("the journal was read", function()
      return browser:request("/saml/metadata").status == 200
    end)
    local arrived = browser:sign_in("/", { name = name })
    assert.equal(303, arrived.status)
    for number, server in ipairs(servers) do
      wait("instance " .. number, function()
        return status(server, browser) == 200
      end)
    end
    return browser
  end

  local function refused_everywhere(browser)
    for number, server in ipairs(servers) do
      wait("instance " .. number, function()
        for _ = 1, 4 do -- whichever worker answers
          if status(server, browser) ~= 401 then
            return false
          end
        end
        return true
      end)
    end
  end

  local function step(kind, address)
    local run = assert(journal:begin_run {
      tenant = 5,
      plan = "sha",
      kind = "apply",
      document = "{}",
      total = 1,
    })
    assert(journal:intend(run, { { number = 1, kind = kind, subject = address } }))
    assert(journal:record(run, { { number = 1, state = "done" } }))
  end

  it("read each other's cookies, through reloads", function()
    local browser = signed_in "reload@acme.example"
    for round = 1, RELOADS do
      local server = servers[round % INSTANCES + 1]
      server:reload()
      assert.equal(200, status(server, browser), "reload " .. round)
      if round % 50 == 0 then
        require("socket").sleep(0.5) -- workers that are to quit do so
      end
    end
    for _, server in ipairs(servers) do
      assert.equal(200, status(server, browser))
    end
  end)

  it("begin at one, and end at another", function()
    local browser = guard.browser(servers[1])
    local id = guard.request_id(browser:request "/somewhere")
    browser.server = servers[2]
    local arrived = browser:request("/saml/acs", {
      body = guard.answer { id = id, name = "a@acme.example" },
      cross_site = true,
    })
    assert.equal(303, arrived.status)
    assert.truthy(arrived.location:find("/somewhere", 1, true))
    assert.equal(200, status(servers[3], browser))
  end)

  it("take an answer once, whichever of them it is shown to", function()
    local browser = guard.browser(servers[1])
    local id = guard.request_id(browser:request "/somewhere")
    local jar = {}
    for name, cookie in pairs(browser.jar) do
      jar[name] = cookie
    end
    local posted =
      { body = guard.answer { id = id, name = "once@acme.example" }, cross_site = true }
    assert.truthy(browser:request("/saml/acs", posted).location:find("/somewhere", 1, true))
    for number = 1, INSTANCES do
      local thief = guard.browser(servers[number])
      for name, cookie in pairs(jar) do
        thief.jar[name] = cookie
      end
      local refused = thief:request("/saml/acs", posted)
      assert.truthy(refused.location:find("/saml/login?again=1", 1, true))
      assert.is_nil(thief.jar["__Host-lastpass_saml"])
    end
  end)

  it("end sessions when the account is disabled or removed, and begin none anew", function()
    for _, kind in ipairs { "disable", "remove", "delete" } do
      local address = kind .. "@acme.example"
      local browser, bystander = signed_in(address:upper()), signed_in "bystander@acme.example"
      step(kind, address)
      refused_everywhere(browser)
      for _, server in ipairs(servers) do
        assert.equal(200, status(server, bystander))
      end
      step("enable", address)
      require("socket").sleep(0.5)
      refused_everywhere(browser)
      -- a new sign-in, once the second of the step is over, is another session
      require("socket").sleep(1.1)
      signed_in(address)
    end
  end)

  it("sign out everywhere", function()
    local browser, other = signed_in "out@acme.example", signed_in "out@acme.example"
    local copy = guard.browser(servers[1])
    copy.jar["__Host-lastpass_saml"] = browser.jar["__Host-lastpass_saml"]
    local out =
      browser:request("/saml/logout", { headers = { ["Sec-Fetch-Site"] = "same-origin" } })
    assert.truthy(out.location:find "/slo%?name=")
    refused_everywhere(copy)
    for _, server in ipairs(servers) do
      assert.equal(200, status(server, other))
    end
    guard.browser(servers[2]):request "/saml/slo?name=out@acme.example"
    refused_everywhere(other)
  end)

  local function certificate(sha256)
    return {
      fields = function()
        return { sha256 = sha256, key = "rsa", bits = 2048, not_before = 0, not_after = 9e9 }
      end,
    }
  end

  it("record which keys sign, where the program reads it", function()
    local used, unused = ("a"):rep(64), ("b"):rep(64)
    local browser = guard.browser(servers[1])
    wait("the journal was read", function()
      return browser:request("/saml/metadata").status == 200
    end)
    assert.equal(303, browser:sign_in("/", { key = used }).status)
    local watch = rollover.watch { store = state.database(path) }
    local entity = { entity_id = "https://idp.example", idp = { certificates = {} } }
    entity.idp.certificates.signing = { certificate(used), certificate(unused) }
    local rows
    wait("the key was recorded", function()
      rows = assert(watch:report(entity))
      return rows[1].last_seen ~= nil
    end)
    assert.equal("in use", rows[1].state)
    assert.is_nil(rows[2].last_seen)
  end)

  it("know after a restart who has no session any more", function()
    local browser = signed_in "restart@acme.example"
    step("disable", "restart@acme.example")
    refused_everywhere(browser)
    local port = servers[4].port
    servers[4]:stop()
    servers[4] = guard.start {
      port = port,
      main = "thread_pool lastpass threads=4;",
      settings = ([[idp = { entity_id = "https://idp.example", idp = {} }, cert = "x",
          key = assert(lastpass.secret.value "a double takes any"), journal = %q,
        journal_every = 0.2, entity_id = "urn:acme:app"]]):format(path),
    }
    local seen = {}
    wait("the journal was read", function()
      local code = status(servers[4], browser)
      seen[code] = true
      return code == 401
    end)
    assert.is_nil(seen[200]) -- before that, nobody passed
  end)
end)

local HOLD = [[ <<'END'
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(9)
END
]]

describe("SAML guard without its journal", function()
  it("lets nobody pass", function()
    local folder = support.folder()
    local path = folder .. "/journal.db"
    assert(store.open { path = path }):close()
    local server = guard.start {
      main = "thread_pool lastpass threads=4;",
      settings = ([[idp = { entity_id = "https://idp.example", idp = {} }, cert = "x",
          key = assert(lastpass.secret.value "a double takes any"), journal = %q,
        journal_every = 0.2, stale_after = 5]]):format(path),
    }
    local browser = guard.browser(server)
    assert.equal(303, browser:sign_in("/").status)
    wait("the journal was read", function()
      return browser:request("/").status == 200
    end)
    -- a session that nobody could end with its account does not begin
    local other = guard.browser(server)
    local refused = other:sign_in("/", { name = "S-1-5-21-77" })
    assert.equal(403, refused.status)
    assert.is_nil(other.jar["__Host-lastpass_saml"])
    assert.truthy(server:log():find "account_no_address.-attribute:NAME")
    assert.is_nil(server:log():find("S-1-5-21-77", 1, true))
    if extent(false, true) then
      -- another process writes for longer than is waited: whoever signs out is told that it did not work
      local holder = assert(io.popen("python3 - " .. path .. HOLD))
      assert.equal("held", holder:read "*l")
      local out =
        browser:request("/saml/logout", { headers = { ["Sec-Fetch-Site"] = "same-origin" } })
      assert.equal(503, out.status)
      assert.equal(200, browser:request("/").status) -- reading goes on beside it
      holder:close()
    end
    os.remove(path)
    wait("nobody passes", function()
      return browser:request("/").status == 503
    end)
    local api = browser:request("/", { headers = { Accept = "application/json" } })
    assert.equal("sessions_unknown", api.json.code)
    assert.equal("5", api.headers["retry-after"])
    -- nobody is told that they are signed out either
    local out =
      browser:request("/saml/logout", { headers = { ["Sec-Fetch-Site"] = "same-origin" } })
    assert.equal(503, out.status)
    assert.truthy(out.body:find "You are still signed in")
    server:stop()
    support.remove(folder)
  end)
end)
