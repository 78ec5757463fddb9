-- What lastpass.new takes and what it refuses; nothing is sent.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local option_list = require "lastpass.enterprise.option_list"

local HASH = ("0123456789abcdef"):rep(4)

local function secret(text)
  return lastpass.secret.value(text or HASH)
end

-- The client of complete options with some changed; false takes one away.
local function new(changes)
  local given = { cid = 8771312, provhash = secret() }
  for name, value in pairs(changes or {}) do
    if value == "none" then
      given[name] = nil
    else
      given[name] = value
    end
  end
  return lastpass.new(given)
end

local function refusal(changes)
  return check.blamed(function()
    new(changes)
    return nil -- so that no tail call hides this line
  end)
end

describe("lastpass.enterprise.options", function()
  it("need cid and provhash, and nothing else", function()
    local client = new()
    assert.equal(
      "lastpass.Client (8771312 at https://lastpass.com/enterpriseapi.php)",
      tostring(client)
    )
    assert.equal("lastpass.new: option 'cid' is missing", refusal { cid = "none" })
    assert.equal("lastpass.new: option 'provhash' is missing", refusal { provhash = "none" })
    for _, given in ipairs { 5, "x", true } do
      assert.equal(
        ("lastpass.new: 'options' must be a table, not a %s: lastpass.new(options)"):format(
          type(given)
        ),
        check.blamed(function()
          lastpass.new(given)
        end)
      )
    end
    check.blamed(function()
      lastpass.new()
    end)
  end)

  it("blame the caller's line, also through a tail call", function()
    local function make()
      return lastpass.new { cid = 1 }
    end
    local message = select(2, pcall(make))
    assert.matches("options_spec.lua:%d+: lastpass.new: option 'provhash' is missing", message)
  end)

  it("are described, each of them, and known, each described", function()
    local described = {}
    for _, entry in ipairs(option_list) do
      assert.equal(4, #entry)
      described[entry[1]] = true
      -- what is in these two is checked by those who use them
      local is_table = entry[1] == "mfa" or entry[1] == "approval"
      local message = refusal { [entry[1]] = is_table and 5 or { "wrong" } }
      assert.is_nil(message:find("unknown option", 1, true), message)
    end
    for _, name in ipairs {
      "cid",
      "provhash",
      "url",
      "apiuser",
      "timezone",
      "timeout",
      "connect_timeout",
      "retries",
      "rate",
      "max_bytes",
      "ca_file",
      "proxy",
      "transport",
      "on_request",
      "on_wait",
      "on_retry",
      "on_reply",
      "limiter",
    } do
      assert.is_true(described[name], name)
    end
  end)

  it("that are unknown raise and name the nearest", function()
    local cases = {
      provhsh = "did you mean 'provhash'?",
      time_out = "did you mean 'timeout'?",
      CID = "did you mean 'cid'?",
      retrys = "did you mean 'retries'?",
      xyzzyplugh = "known are: apiuser, approval, ca_file, ",
    }
    for name, hint in pairs(cases) do
      local message = refusal { [name] = 1 }
      assert.equal(1, message:find("lastpass.new: unknown option '" .. name .. "'", 1, true))
      assert.truthy(message:find(hint, 1, true), message)
    end
    assert.matches("unknown option '1'", refusal { [1] = "x" })
  end)

  it("take the account number as an integer or as its digits", function()
    for _, cid in ipairs { 1, 8771312, "8771312", "0042", 999999999999999 } do
      assert.truthy(new { cid = cid })
    end
    for _, cid in ipairs {
      0,
      -1,
      1.5,
      1e16,
      2 ^ 53,
      math.huge,
      0 / 0,
      "0",
      "",
      "12a",
      "0x10",
      "-5",
      " 5",
      "5\n",
      "1e5",
      "1234567890123456",
      true,
    } do
      assert.matches("option 'cid' must be", refusal { cid = cid })
    end
  end)

  it("take a secret only, and not a key of the other interface", function()
    for _, value in ipairs { HASH, 5, { HASH }, true, io.stdout, print } do
      local message = refusal { provhash = value }
      assert.matches("option 'provhash' must be", message)
      assert.is_nil(message:find(HASH, 1, true))
    end
    local message = refusal { provhash = secret "lpkey_abcdefghijkl_0123456789" }
    assert.matches("holds a key of the LastPass REST API", message)
    assert.is_nil(message:find("abcdefghijkl", 1, true))
    assert.truthy(new { provhash = secret "xlpkey_abc" })
  end)

  it("take an https address anywhere, http to this machine only", function()
    for _, url in ipairs {
      "https://lastpass.com/enterpriseapi.php",
      "https://lastpass.eu/enterpriseapi.php",
      "https://10.0.0.1:8443/x",
      "HTTPS://lastpass.com/",
      "http://127.0.0.1:8080/enterpriseapi.php",
      "http://127.1.2.3/",
      "http://localhost:99/",
      "http://[::1]:99/",
    } do
      assert.truthy(new { url = url }, url)
    end
    for _, url in ipairs {
      "http://lastpass.com/enterpriseapi.php",
      "http://127.0.0.1.evil.example/",
      "http://localhost.evil.example/",
      "http://localhostevil.example/",
      "http://[::1].evil.example/",
      "http://evil.example/127.0.0.1",
      "http://evil.example#localhost",
      "http://evil.example?localhost",
      "http://0.0.0.0/",
      "http://127.evil/",
    } do
      assert.matches("option 'url' must be https", refusal { url = url }, 1, true)
    end
    for _, url in ipairs {
      "http://127.0.0.1@evil.example/",
      "http://localhost:80@evil.example/",
      "http://[::1]@evil.example/",
      "https://someone:secret@lastpass.com/",
    } do
      local message = refusal { url = url }
      assert.matches("option 'url' must not hold a user name", message, 1, true)
      assert.is_nil(message:find("secret", 1, true))
    end
    for _, url in ipairs {
      "",
      "lastpass.com",
      "ftp://lastpass.com/",
      "file:///etc/passwd",
      "https://",
      "//x",
    } do
      assert.matches("option 'url' must begin with https://", refusal { url = url }, 1, true)
    end
  end)

  it("skip TLS verification for this machine only", function()
    assert.truthy(new { url = "https://127.0.0.1:1/", verify = false })
    assert.truthy(new { url = "https://localhost:1/", verify = false })
    assert.truthy(new { verify = true })
    for _, url in ipairs {
      "https://lastpass.com/enterpriseapi.php",
      "https://localhost.evil.example/",
      "https://127.0.0.1.evil.example/",
      "https://evil.example/?localhost",
    } do
      assert.equal(
        "lastpass.new: option 'verify' can be false for this machine only",
        refusal { url = url, verify = false }
      )
    end
  end)

  it("take no secret that was closed", function()
    local closed = secret()
    closed:close()
    assert.matches("'provhash' is a secret that was closed", refusal { provhash = closed })
  end)

  it("take a proxy that can be meant, where it reads nothing", function()
    local shown = "percent%-encoded"
    assert.matches(shown, refusal { proxy = "http://ann:canary7@1@proxy:3128" })
    assert.is_nil(refusal({ proxy = "http://ann:canary7#@proxy:3128" }):find("canary7", 1, true))
    assert.matches("must be as http://host:port", refusal { proxy = "gopher://proxy" })
    local here, given = "http://127.0.0.1:1/x", "http://proxy:3128"
    assert.matches("'proxy' cannot be used with http", refusal { url = here, proxy = given })
    here = "https://127.0.0.1:1/x"
    assert.matches("without verification", refusal { url = here, proxy = given, verify = false })
    assert.truthy(new { url = here, proxy = given })
    assert.truthy(new { url = "http://127.0.0.1:1/x", proxy = "" })
  end)

  it("have the right types and ranges", function()
    local good = {
      timeout = { 0.5, 1, 3600 },
      lease = { 1, 180 },
      connect_timeout = { 0.1, 10 },
      retries = { 0, 20 },
      rate = { 0.1, 100 },
      max_bytes = { 1024, 2 ^ 30 },
      page_size = { 1, 2000 },
      chunk = { 1, 100000 },
      in_flight = { 1, 64 },
      apiuser = { "nightly" },
      timezone = { "UTC", "Europe/Berlin" },
      ca_file = { "/etc/ssl/x.pem" },
      proxy = { "http://proxy:3128" },
      verify = { true },
      http_version = { "1.1", "2" },
      transport = { "curl", { send = print } },
      journal = { "/tmp/journal.db", "postgresql://lastpass@127.0.0.1/lastpass" },
      protect = { {}, { "ann@acme.com", " Zo\195\171@acme.com" } },
      on_request = { print },
      on_wait = { print },
      on_retry = { print },
      on_reply = { print },
      limiter = { { acquire = print, back_off = print } },
      scim = { { token = secret() } },
      mfa = { { api_key = secret() } },
      rest = { { key = secret() } },
      approval = { {} },
      now = { os.time },
    }
    local bad = {
      timeout = { 0, -1, "5", 0 / 0 },
      lease = { 0, 1.5, "5" },
      connect_timeout = { 0, "x" },
      retries = { -1, 21, 1.5, "3" },
      rate = { 0, -1, "x" },
      max_bytes = { 0, 1023, 1024.5, 2 ^ 41, math.huge },
      page_size = { 0, 2001, 1.5 },
      chunk = { 0, 100001, "10" },
      in_flight = { 0, 65 },
      apiuser = { 5, true },
      timezone = { 5 },
      ca_file = { 5 },
      proxy = { 5, false },
      verify = { 0, "no" },
      http_version = { "3", 1.1 },
      transport = { 5, true },
      journal = { "", 5, true },
      protect = { "ann@acme.com", { "ann" }, { 5 }, { ann = "ann@acme.com" } },
      on_request = { "print", {} },
      on_wait = { 5 },
      on_retry = { 5 },
      on_reply = { 5 },
      limiter = { 5, {}, { back_off = print } },
      scim = { 5, "token" },
      mfa = { 5, true },
      rest = { 5, true },
      approval = { 5, "ann@acme.com" },
      now = { 5 },
    }
    for name, values in pairs(good) do
      for _, value in ipairs(values) do
        assert.truthy(new { [name] = value })
      end
    end
    for name, values in pairs(bad) do
      for _, value in ipairs(values) do
        local message = refusal { [name] = value }
        assert.equal(
          1,
          message:find("lastpass.new: option '" .. name .. "' must be", 1, true),
          message
        )
      end
    end
    for _, entry in ipairs(option_list) do
      if entry[1] ~= "cid" and entry[1] ~= "provhash" and entry[1] ~= "url" then
        assert.truthy(good[entry[1]] and bad[entry[1]], entry[1])
      end
    end
  end)

  it("name a transport that exists", function()
    assert.matches("unknown transport 'carrier pigeon'", refusal { transport = "carrier pigeon" })
    assert.matches("has no method 'send'", refusal { transport = {} })
  end)

  it("know the account's zone at once", function()
    assert.matches("Nowhere/Land", refusal { timezone = "Nowhere/Land" })
  end)

  it("are copied: a table changed later changes nothing", function()
    local given = { cid = 5, provhash = secret() }
    local client = lastpass.new(given)
    given.cid = 6
    given.url = "http://evil.example/"
    assert.equal("lastpass.Client (5 at https://lastpass.com/enterpriseapi.php)", tostring(client))
  end)
end)
