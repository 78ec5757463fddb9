-- What a client of the REST API is made with.
local check = require "spec.support.check"
local fake = require "spec.support.rest_fake"
local lastpass = require "lastpass"

describe("lastpass.business.options", function()
  local key = lastpass.secret.value(fake.KEY)

  it("have the documented address as default, and a base without what is no part of it", function()
    assert.equal(
      "https://api.lastpass.com/business",
      lastpass.business.new({ key = key }):option "url"
    )
    assert.equal(
      "https://rest.acme.example/x",
      lastpass.business.new({ key = key, url = "HTTPS://rest.acme.example/x/?a=1" }):option "url"
    )
  end)

  it("refuse what cannot be, by name and at the caller's line", function()
    for expected, options in pairs {
      ["option 'key' is missing"] = {},
      ["must be made by lastpass.secret"] = { key = io.stdout },
      ["unknown option 'token' "] = { token = key },
      ["http goes to this machine only"] = { key = key, url = "http://api.acme.example" },
      ["must not hold a user name"] = { key = key, url = "https://a:b@api.acme.example" },
      ["that of the Enterprise API"] = { key = key, url = "https://a.example/enterpriseapi.php" },
      ["for this machine only"] = { key = key, verify = false },
      ["an integer from 1 to 500"] = { key = key, page_size = 501 },
      ["option 'proxy'"] = { key = key, proxy = "ftp://x" },
    } do
      local message = check.blamed(function()
        lastpass.business.new(options)
      end)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.truthy(check
      .blamed(function()
        lastpass.business.new({ key = key }):option "keyy"
      end)
      :find("did you mean 'key'", 1, true))
  end)
end)
