-- The option `scim` of a client, and the client that it makes.
local check = require "spec.support.check"
local lastpass = require "lastpass"

describe("the option scim of a client", function()
  local function refusal(scim, more)
    local options = { cid = 8771312, provhash = lastpass.secret.value(("ab"):rep(32)), scim = scim }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return check.blamed(function()
      lastpass.new(options)
    end)
  end

  it("is checked when the client is made", function()
    local token = lastpass.secret.value "t0ken"
    for _, case in ipairs {
      { { token = "t0ken" }, "'token' must be made by lastpass.secret" },
      { { token = { value = "t" } }, "'token' must be made by lastpass.secret" },
      { { token = token, urll = "x" }, "there is no option 'urll' (did you mean 'url'?)" },
      { { token = token, cid = 7 }, "is that of the account 7, and 'cid' is 8771312" },
      { { token = token, url = "https://lastpass.com/scimapi/7" }, "is that of the account 7" },
      { { token = token }, "needs a 'url'", { url = "https://lastpass.eu/enterpriseapi.php" } },
    } do
      local message = refusal(case[1], case[3])
      assert.truthy(message:find("lastpass.new: option 'scim'", 1, true), message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)

  it("names LastPass's endpoint by the account number", function()
    local client = lastpass.new {
      cid = 8771312,
      provhash = lastpass.secret.value(("ab"):rep(32)),
      scim = { token = lastpass.secret.value "t0ken", page_size = 50 },
    }
    local scim = assert(client:scim())
    assert.equal("https://lastpass.com/scimapi/8771312", scim:option "url")
    assert.equal(50, scim:option "page_size")
    assert.equal(scim, client:scim())
    assert.equal(scim, client:with({ timeout = 3 }):scim())
    assert.is_function(scim.user)
  end)

  it("reads its token when it is used", function()
    local client = lastpass.new {
      cid = 8771312,
      provhash = lastpass.secret.value(("ab"):rep(32)),
      scim = { token = { file = "/nonexistent/token" } },
    }
    check.failure("argument", "unreadable", client:scim())
    client = client:with { scim = { token = { file = "/nonexistent" }, dialect = "odd" } }
    check.failure("argument", "unreadable", client:scim())
    client = client:with { scim = { token = lastpass.secret.value "t", dialect = "odd" } }
    local err = check.failure("argument", "bad_option", client:scim())
    assert.match("option 'scim': there is no dialect 'odd'", err.message)
  end)
end)

describe("the option rest of a client", function()
  local function with_rest(rest, more)
    local options = { cid = 8771312, provhash = lastpass.secret.value(("ab"):rep(32)), rest = rest }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return lastpass.new(options)
  end

  it("is checked when the client is made", function()
    local key = lastpass.secret.value "lpkey_1"
    for _, case in ipairs {
      { { key = "lpkey_1" }, "'key' must be made by lastpass.secret" },
      { {}, "'key' must be made by lastpass.secret" },
      { { key = key, urll = "x" }, "there is no option 'urll' (did you mean 'url'?)" },
      { { key = key }, "needs a 'url'", { url = "https://lastpass.eu/enterpriseapi.php" } },
    } do
      local message = check.blamed(function()
        with_rest(case[1], case[3])
      end)
      assert.truthy(message:find("lastpass.new: option 'rest'", 1, true), message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)

  it("makes one client of the REST API, with the machine's settings", function()
    local client = with_rest(
      { key = lastpass.secret.value "lpkey_1", page_size = 50 },
      { ca_file = "/etc/ssl/certs/ca-certificates.crt" }
    )
    local rest = assert(client:rest())
    assert.equal("https://api.lastpass.com/business", rest:option "url")
    assert.same(
      { 50, "/etc/ssl/certs/ca-certificates.crt" },
      { rest:option "page_size", rest:option "ca_file" }
    )
    assert.equal(rest, client:with({ timeout = 3 }):rest())
  end)

  it("is missing with a hint, and reads its key when it is used", function()
    local err = check.failure("argument", "no_rest", with_rest(nil):rest())
    assert.match('"rest_key": {"file": PATH}', err.hint, 1, true)
    check.failure("argument", "unreadable", with_rest({ key = { file = "/nonexistent" } }):rest())
  end)
end)
