local check = require "spec.support.check"
local headers = require "lastpass.nginx.saml.headers"
local sessions = require "lastpass.nginx.saml.session"

local function read(given)
  return headers.read(given, sessions.fields, 1)
end

-- What ngx.req has, for a request with these headers.
local function request(...)
  local kept = {}
  for _, name in ipairs { ... } do
    kept[name] = "spoofed"
  end
  return kept,
    {
      get_headers = function(most, raw)
        assert.equal(0, most) -- all of them
        assert.is_true(raw)
        local copy = {}
        for name, value in pairs(kept) do
          copy[name] = value
        end
        return copy
      end,
      clear_header = function(name)
        kept[name] = nil
      end,
    }
end

local SPELLINGS = {
  "X-Auth-Account",
  "x-auth-account",
  "X-AUTH-ACCOUNT",
  "x-Auth-aCCount",
  "X_Auth_Account",
  "x_auth_account",
  "X_AUTH_ACCOUNT",
  "X-Auth_Account",
  "X_Auth-Account",
  "x_auth-ACCOUNT",
  "X.Auth.Account",
  "X-Auth.Account",
  "X~Auth-Account",
  "X!Auth!Account",
  "X+Auth+Account",
  "X Auth Account",
  "X'Auth'Account",
  "X*Auth-Account",
  "X-Auth^Account",
  "X|Auth|Account",
}

describe("headers of the SAML guard", function()
  it("are removed from requests in twenty spellings, and no other is", function()
    local list = read { ["X-Auth-Account"] = "account" }
    assert.equal(20, #SPELLINGS)
    local unpack = table.unpack or unpack
    local kept, req = request(unpack(SPELLINGS))
    for _, name in ipairs { "X-Auth-Accounts", "X-AuthAccount", "Host", "Auth-Account" } do
      kept[name] = "real"
    end
    for _ = 1, 2 do -- the second time from what it remembers
      list:remove_incoming(req)
      assert.same({
        ["X-Auth-Accounts"] = "real",
        ["X-AuthAccount"] = "real",
        Host = "real",
        ["Auth-Account"] = "real",
      }, kept)
      kept["x_Auth_account"] = "spoofed"
    end
  end)

  it("remember no end of names", function()
    local list = read { ["X-Auth-Account"] = "account" }
    for number = 1, 5000 do
      local kept, req = request("X-N" .. number, "X-Auth_Account")
      list:remove_incoming(req)
      assert.is_nil(kept["X-Auth_Account"])
    end
    assert.is_true(list._seen_count <= 1000)
  end)

  it("show a session in printable ASCII, lists without doubt", function()
    local list = read {
      ["X-Account"] = "account",
      ["X-Groups"] = "attribute:groups",
      ["X-None"] = "attribute:none",
      ["X-Since"] = "auth_time",
      ["X-Context"] = "context",
    }
    assert.same({ "groups", "none" }, list:attributes())
    assert.same(
      {
        { "X-Account", "jos%C3%A9 100%25@acme.example" },
        { "X-Groups", "Sales%2C EMEA,a%0D%0Ab,c%25d" },
        { "X-Since", "1764511200" },
      },
      list:of {
        account = "josé 100%@acme.example",
        attributes = { groups = { "Sales, EMEA", "a\r\nb", "c%d" } },
        auth_time = 1764511200,
      }
    )
  end)

  it("have names that are ours to set, and sources that exist", function()
    for given, text in pairs {
      [{ Host = "account" }] = "'Host' is no name",
      [{ ["X Y"] = "account" }] = "'X Y' is no name",
      [{ Cookie = "account" }] = "'Cookie' is no name",
      [{ ["X-A"] = "acount" }] = "attribute:NAME, not 'acount'",
      [{ ["X-A"] = 5 }] = "not '5'",
      [{ ["X-A"] = "account", ["x-a"] = "account" }] = "in two spellings",
    } do
      local message = check.blamed(function()
        read(given)
      end)
      assert.truthy(message:find(text, 1, true), message)
    end
  end)
end)
