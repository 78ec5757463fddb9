-- Factors that people add and remove, in a journal that nginx's workers share; and proofs that end before their time.
-- Runs once: nginx has its own LuaJIT.
local digest = require "lastpass.digest"
local guard = require "spec.support.mfa_guard"
local store = require "lastpass.store"
local support = require "spec.support.store"
local totp = require "lastpass.mfa.totp"
local wait = require "spec.support.wait"

local COOKIE = "__Host-lastpass_mfa"

local SETTINGS = [[
  account = function()
    local at = tonumber(ngx.var.http_x_auth_time)
    return ngx.var.http_x_user, { session = ngx.var.http_x_session, auth_time = at }
  end,
  factors = "journal", factor_keys = { key("f", ("f"):rep(32)) }, first_factor = "fresh_sign_on",
  state = "journal", journal = %q, journal_every = 0.1, events_every = false,
]]

local function base32(text)
  local bits, bytes = "", {}
  for letter in text:gsub("%s", ""):gmatch "." do
    local value = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):find(letter, 1, true) - 1
    for place = 4, 0, -1 do
      bits = bits .. math.floor(value / 2 ^ place) % 2
    end
  end
  for octet in bits:gmatch "%d%d%d%d%d%d%d%d" do
    bytes[#bytes + 1] = string.char(tonumber(octet, 2))
  end
  return table.concat(bytes)
end

describe("factors that people change", function()
  local folder, path, journal, server

  setup(function()
    folder = support.folder()
    path = folder .. "/journal.db"
    journal = assert(store.open { path = path })
    server = guard.start { replace = SETTINGS:format(path) }
  end)

  teardown(function()
    server:stop()
    journal:close()
    support.remove(folder)
  end)

  -- A browser of somebody who has just signed in, or some seconds ago.
  local function person(name, seconds)
    local browser = guard.browser(server, name .. "@acme.example")
    browser.headers = {
      ["X-Session"] = "one",
      ["X-Auth-Time"] = tostring(os.time() - (seconds or 0)),
    }
    wait("the journal was read", function()
      return browser:request("/mfa/ask").status == 200
    end)
    return browser
  end

  local function code(secret, steps)
    return assert(totp.code { secret = secret, time = os.time() + 30 * (steps or 0) })
  end

  -- Adds an app: its secret, the recovery codes, the page that confirmed.
  local function add_app(browser, is_second)
    local page = browser:submit(browser:request "/mfa/factors", "/mfa/add", "label=My%20phone")
    assert.equal(200, page.status, page.body)
    local secret = base32(assert(page.body:match 'id="secret">([^<]*)<'))
    assert.equal(20, #secret)
    local shown = browser:submit(page, "/mfa/confirm", "code=" .. code(secret))
    assert.equal(is_second and 303 or 200, shown.status, shown.body)
    local codes = {}
    for one in shown.body:gmatch "<li><code>([^<]*)</code></li>" do
      codes[#codes + 1] = one
    end
    return secret, codes, page
  end

  it("[row 10] are refused to whoever has only a session", function()
    assert.equal(403, person("stale", 301):request("/mfa/factors").status)
    local browser = person "ten"
    local secret = add_app(browser)
    -- a stolen session: the same person, signed in a moment ago, in another browser
    local thief = person "ten"
    local sent = thief:request "/mfa/factors"
    assert.equal(303, sent.status)
    assert.truthy(sent.location:find("/mfa/ask?target=%2Fmfa%2Ffactors&age=300", 1, true))
    local body = guard.form(thief:request "/mfa/ask", "/mfa/code")
    for _, where in ipairs { "add", "recovery", "remove", "confirm" } do
      local more = where == "remove" and "&id=x" or where == "confirm" and "&code=1&sealed=x" or ""
      assert.equal(303, thief:request("/mfa/" .. where, { body = body .. more }).status, where)
    end
    -- and a proof that is too old
    guard.older(browser, server, 301, "one")
    assert.equal(200, browser:request("/").status)
    assert.equal(303, browser:request("/mfa/factors").status)
    guard.older(browser, server, 299, "one")
    assert.equal(200, browser:request("/mfa/factors").status)
    assert.equal(20, #secret)
  end)

  it("begin with an app that has shown a code, which counts as used", function()
    local browser = person "add"
    local page = browser:submit(browser:request "/mfa/factors", "/mfa/add")
    local secret = page.body:match 'id="secret">([^<]*)<'
    assert.equal("no-store", page.headers["cache-control"])
    assert.is_nil(page.headers["content-security-policy"]:find("unsafe", 1, true))
    local again = browser:submit(page, "/mfa/confirm", "code=000000")
    assert.equal(403, again.status)
    assert.equal(secret, again.body:match 'id="secret">([^<]*)<')
    assert.equal(303, browser:request("/").status)
    local shown = code(base32(secret))
    assert.equal(200, browser:submit(again, "/mfa/confirm", "code=" .. shown).status)
    assert.equal(200, browser:request("/").status)
    local other = person "add"
    local used = other:submit(other:request "/mfa/ask", "/mfa/code", "code=" .. shown)
    assert.equal(403, used.status)
    local next_one = code(base32(secret), 1)
    assert.equal(
      303,
      other:submit(other:request "/mfa/ask", "/mfa/code", "code=" .. next_one).status
    )
  end)

  it("have recovery codes, shown once, each of which works once", function()
    local browser = person "recovery"
    local _, codes = add_app(browser)
    assert.equal(10, #codes)
    local page = browser:request "/mfa/factors"
    assert.truthy(page.body:find("You have 10 left", 1, true))
    assert.is_nil(page.body:find(codes[1], 1, true))
    local typed = codes[1]:lower():gsub("-", "%%20")
    local other = person "recovery"
    assert.equal(303, other:submit(other:request "/mfa/ask", "/mfa/code", "code=" .. typed).status)
    assert.truthy(other:request("/mfa/factors").body:find("You have 9 left", 1, true))
    local third = person "recovery"
    local used = third:submit(third:request "/mfa/ask", "/mfa/code", "code=" .. codes[1])
    assert.equal(403, used.status)
    local made = browser:submit(page, "/mfa/recovery")
    assert.equal(200, made.status)
    assert.equal(403, third:submit(used, "/mfa/code", "code=" .. codes[2]).status)
    local log, seen = server:log(), assert(io.open(path, "rb")):read "*a"
    for _, text in ipairs { codes[1], codes[2], (codes[1]:gsub("-", "")) } do
      assert.is_nil(log:find(text, 1, true))
      assert.is_nil(seen:find(text, 1, true))
    end
  end)

  it("use up what every app shows when a recovery code is taken", function()
    local browser = person "several"
    local first, codes = add_app(browser)
    local second = add_app(browser, true)
    local other, third = person "several", person "several"
    local typed = codes[1]:gsub("-", "%%20")
    assert.equal(303, other:submit(other:request "/mfa/ask", "/mfa/code", "code=" .. typed).status)
    for _, secret in ipairs { first, second } do
      local page = third:request "/mfa/ask"
      for id in (page.body .. 'value=""'):gmatch 'value="([^"]*)"' do
        local shown = "code=" .. code(secret, 1) .. (id ~= "" and "&factor=" .. id or "")
        local refused = third:submit(page, "/mfa/code", shown)
        assert.truthy(refused.status == 403 or refused.status == 429, refused.status)
      end
    end
  end)

  it("end everything that was confirmed when one is removed", function()
    local browser, other = person "remove", person "remove"
    local secret = add_app(browser)
    local shown = other:submit(other:request "/mfa/ask", "/mfa/code", "code=" .. code(secret, 1))
    assert.equal(303, shown.status)
    assert.equal(200, other:request("/").status)
    local removed = browser:submit(browser:request "/mfa/factors", "/mfa/remove")
    assert.equal(200, removed.status, removed.body)
    assert.is_nil(browser.jar[COOKIE])
    assert.equal(303, other:request("/").status)
  end)

  it("are of one person and one factor: what is moved in the database opens nothing", function()
    add_app(person "moved")
    local rows = journal:factors(digest.hex("mfa factors of moved@acme.example", 32))
    assert(journal:add_factor(digest.hex("mfa factors of thief@acme.example", 32), rows[1], 9))
    local thief = guard.browser(server, "thief@acme.example")
    assert.equal(503, thief:request("/mfa/ask").status)
    assert.truthy(server:log():find("was sealed with another key", 1, true))
  end)

  it("are there while recovery codes are: signing in alone adds no app then", function()
    local browser = person "lost"
    local _, codes = add_app(browser)
    assert.equal(200, browser:submit(browser:request "/mfa/factors", "/mfa/remove").status)
    local thief = person "lost"
    assert.equal(303, thief:request("/mfa/factors").status)
    local body = guard.form(thief:request "/mfa/ask", "/mfa/code")
    assert.equal(303, thief:request("/mfa/add", { body = body }).status)
    thief:submit(thief:request "/mfa/ask", "/mfa/code", "code=" .. codes[1])
    assert.equal(200, thief:request("/mfa/factors").status)
  end)

  it("are added once, however often the form comes", function()
    local browser = person "again"
    local secret, _, page = add_app(browser)
    local again = browser:submit(page, "/mfa/confirm", "code=" .. code(secret, 1))
    assert.truthy(again.body:find("was added already", 1, true), again.body)
    local _, count = browser:request("/mfa/factors").body:gsub("Remove My phone", "")
    assert.equal(1, count)
    local other = person "again" -- and the code is not used up by that
    local shown = other:submit(other:request "/mfa/ask", "/mfa/code", "code=" .. code(secret, 1))
    assert.equal(303, shown.status)
  end)

  it("have names that are text, and an id when one is removed", function()
    local browser = person "odd"
    add_app(browser)
    local page = browser:request "/mfa/factors"
    local long = browser:submit(page, "/mfa/add", "label=" .. ("%C3%A4"):rep(40))
    assert.truthy(long.body:find('id="secret"', 1, true))
    for _, label in ipairs { ("%C3%A4"):rep(41), "%FF", "a%C3" } do
      local refused = browser:submit(page, "/mfa/add", "label=" .. label)
      assert.equal(200, refused.status, label)
      assert.truthy(refused.body:find('role="alert"', 1, true), label)
    end
    local body = guard.form(page, "/mfa/remove")
    for _, id in ipairs { "", "&id=", "&id=%00", "&id=%FF", "&id=a&id=b" } do
      local refused = browser:request("/mfa/remove", { body = body:gsub("&id=[^&]*", "") .. id })
      assert.equal(400, refused.status, id)
    end
    assert.equal(200, browser:request("/").status)
    assert.is_nil(server:log():find("internal error", 1, true))
  end)

  it("are there though their recovery codes could not be written down", function()
    local database = assert(require("DBI").Connect("SQLite3", path))
    database:autocommit(true)
    local trigger = "CREATE TRIGGER no_room BEFORE INSERT ON lastpass_factors WHEN NEW.kind = "
      .. "'recovery' BEGIN SELECT RAISE(ABORT, 'no room'); END"
    assert(assert(database:prepare(trigger)):execute())
    local browser = person "half"
    local page = browser:submit(browser:request "/mfa/factors", "/mfa/add")
    local secret = base32(page.body:match 'id="secret">([^<]*)<')
    local shown = browser:submit(page, "/mfa/confirm", "code=" .. code(secret))
    assert(assert(database:prepare "DROP TRIGGER no_room"):execute())
    database:close()
    assert.equal(server.url .. "/mfa/factors", shown.location, shown.body)
    local factors = browser:request "/mfa/factors"
    assert.truthy(factors.body:find("You have 0 left", 1, true), factors.body)
    assert.truthy(factors.body:find("Remove App", 1, true))
  end)

  it("can be forgotten on this device, or on all", function()
    local browser, other = person "forget", person "forget"
    local secret = add_app(browser)
    other:submit(other:request "/mfa/ask", "/mfa/code", "code=" .. code(secret, 1))
    local proof = browser.jar[COOKIE]
    local page = browser:request "/mfa/factors"
    assert.equal(200, browser:submit(page, "/mfa/forget").status)
    browser.jar[COOKIE] = proof
    assert.equal(303, browser:request("/").status)
    assert.equal(200, other:request("/").status)
    local body = guard.form(page, "/mfa/forget"):gsub("what=device", "what=all")
    assert.equal(200, browser:request("/mfa/forget", { body = body }).status)
    assert.equal(303, other:request("/").status)
  end)

  it("do not outlive the account, nor the session that they were shown in", function()
    local browser = person "leaver"
    add_app(browser)
    assert.equal(200, browser:request("/").status)
    browser.headers["X-Session"] = "two"
    assert.equal(303, browser:request("/").status)
    browser.headers["X-Session"] = "one"
    assert.equal(200, browser:request("/").status)
    local run = assert(journal:begin_run {
      tenant = 5,
      plan = "sha",
      kind = "apply",
      document = "{}",
      total = 1,
    })
    assert(journal:intend(run, {
      { number = 1, kind = "disable", subject = "Leaver@acme.example" },
    }))
    assert(journal:record(run, { { number = 1, state = "done" } }))
    wait("the end of the proof", function()
      return browser:request("/").status == 303
    end)
  end)
end)
