-- Options of a SCIM client: how the base is made, and what is refused at the caller's line.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"
local lastpass = require "lastpass"

describe("lastpass.scim.options", function()
  local token = lastpass.secret.value "a-token"

  local function new(options)
    options.token = options.token or token
    return lastpass.scim.new(options)
  end

  local function base(options)
    return new(options):option "url"
  end

  it("make the base that paths are put behind", function()
    assert.equal("https://lastpass.com/scimapi/8771312", base { cid = 8771312 })
    assert.equal("https://lastpass.com/scimapi/8771312", base { cid = "8771312" })
    for _, url in ipairs {
      "https://lastpass.eu/scimapi/8771312",
      "https://lastpass.eu/scimapi/8771312/",
      "HTTPS://lastpass.eu/scimapi/8771312//",
      "https://lastpass.eu/scimapi/8771312?aadOptscim062020",
      "https://lastpass.eu/scimapi/8771312/?a=b#c",
    } do
      assert.equal("https://lastpass.eu/scimapi/8771312", base { url = url })
    end
    assert.equal("http://127.0.0.1:8080/scim/v2", base { url = "http://127.0.0.1:8080/scim/v2/" })
  end)

  it("are refused when they are wrong, by what is wrong", function()
    for expected, options in pairs {
      ["needs the option 'url' or 'cid'"] = {},
      ["do not go together"] = { cid = 1, url = "https://x.example" },
      ["option 'cid' must be the account number"] = { cid = "12x" },
      ["must begin with https://"] = { url = "http://lastpass.com/scimapi/1" },
      ["must not hold a user name"] = { url = "https://localhost:1@evil.example/" },
      ["is that of the Enterprise API"] = { url = "https://lastpass.com/enterpriseapi.php" },
      ["did you mean 'token'?"] = { cid = 1, tokne = token },
      ["there is no dialect 'rcf' (did you mean 'rfc'?)"] = { cid = 1, dialect = "rcf" },
      ["unknown option 'bluk' (did you mean 'bulk'?)"] = { cid = 1, dialect = { bluk = true } },
      ["option 'verify' can be false for this machine only"] = { cid = 1, verify = false },
      ["option 'proxy' cannot be used with http"] = {
        url = "http://127.0.0.1:1/scim",
        proxy = "http://p.example:8080",
      },
      ["option 'protect' must be a list of e-mail addresses; 'ann'"] = {
        cid = 1,
        protect = { "ann" },
      },
      ["option 'protect' must be a list of e-mail addresses; 'ann': a list has no such key"] = {
        cid = 1,
        protect = { ann = "ann@acme.com" },
      },
    } do
      local message = check.blamed(function()
        new(options)
      end)
      assert.matches(expected, message, 1, true)
    end
  end)

  it("take no other secret for the token", function()
    for expected, secret in pairs {
      ["must be made by lastpass.secret"] = io.stdout,
      ["holds a key of the LastPass REST API"] = lastpass.secret.value "lpkey_abc",
      ["has a character that no token has"] = lastpass.secret.value "two words",
    } do
      local message = check.blamed(function()
        new { cid = 1, token = secret }
      end)
      assert.matches(expected, message, 1, true)
    end
    local server = fake.new(1)
    server.on_request = function()
      return fake.answer(401, "")
    end
    local err = check.failure("auth", nil, fake.client(server):get("User", "1"))
    assert.matches("not the provisioning hash of the Enterprise API", err.hint, 1, true)
  end)

  it("have a dialect of switches, which are those of a name with some set otherwise", function()
    assert.same("lastpass", new({ cid = 1 }):option("dialect").base)
    local dialect = new({ cid = 1, dialect = { base = "rfc", bulk = false } }):option "dialect"
    assert.same({ true, false }, { dialect.discovery, dialect.bulk })
  end)

  it("show neither token nor more than the address", function()
    assert.equal("lastpass.scim.Client (https://lastpass.com/scimapi/7)", tostring(new { cid = 7 }))
  end)
end)
