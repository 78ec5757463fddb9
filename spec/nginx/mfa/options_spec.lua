-- Settings of the second-factor guard: what contradicts itself is found by `nginx -t`, and named.
local lastpass = require "lastpass"
local options = require "lastpass.nginx.mfa.options"

local function secret(letter)
  return assert(lastpass.secret.value(letter:rep(32)))
end

local function settings_of(given)
  local all = {
    url = "https://app.acme.example",
    cookie_keys = { { id = "a", secret = secret "a" } },
    factors = { list = function() end },
  }
  for name, value in pairs(given) do
    all[name] = value or nil
    if value == false then
      all[name] = nil
    end
  end
  return options.read(all, 1)
end

describe("settings of the second-factor guard", function()
  for text, given in pairs {
    ["option 'url' is missing"] = { url = false },
    ["option 'cookie_keys' is missing"] = { cookie_keys = false },
    ["unknown option 'max_ages' (did you mean 'max_age'?)"] = { max_ages = 1 },
    ["mfa: 'url' is http: browsers"] = { url = "http://app.acme.example" },
    ["mfa: cookie_keys[1]: the secret is shorter"] = {
      cookie_keys = { { id = "a", secret = assert(lastpass.secret.value "short") } },
    },
    ["needs 'push', 'factors', or both"] = { factors = false },
    ["'factors' has no method 'list'"] = { factors = {} },
    ["belong together: these keys seal"] = { factors = "journal" },
    ["by: 'push' needs the option 'push'"] = { by = { "push" } },
    ["there is no 'codes' (did you mean 'code'?)"] = { by = { "codes" } },
    ["'by' is empty: nobody could pass"] = { by = {} },
    ["paths[1]: 'path' is missing"] = { paths = { { max_age = 3 } } },
    ["methods: 'finger print' is not a word"] = {
      paths = { { path = "/x", methods = { "finger print" } } },
    },
    ["paths[1]: 'push' is not among the factors that count"] = {
      paths = { { path = "/x", by = { "push", "code" } } },
    },
    ["paths[2]: 'push' is not among the factors that count"] = {
      paths = { { path = "/x" }, { path = "/y", methods = { "face" } } },
    },
    ["'max_age' must be seconds from 1"] = { max_age = 0 },
    ["'change_age' must be seconds from 10 to 300"] = { change_age = 301 },
    ["'remember' must be session or device"] = { remember = "ever" },
    ["'account' must be \"saml\""] = { account = "header" },
    ["'from' must list the addresses"] = { account = { header = "X-User" } },
    ["'no address' is no address"] = { account = { header = "X-User", from = { "no address" } } },
    ["'header' must be the name"] = { account = { header = "X User", from = { "::1" } } },
    ["option 'api_key' is missing"] = { push = {} },
  } do
    it("say: " .. text, function()
      local ok, message = pcall(settings_of, given)
      assert.is_false(ok)
      assert.truthy(tostring(message):find(text, 1, true), tostring(message))
    end)
  end

  it("complete what is not given", function()
    local settings = settings_of {
      paths = { { path = "/a", max_age = 5 }, { path = "/a/longer", by = { "code" } } },
    }
    assert.same({ code = true, recovery = true }, settings.by)
    assert.equal("/a/longer", settings.paths[1].plain)
    assert.equal("app.acme.example", settings.issuer)
    assert.equal("/mfa/ask", settings.routes.ask)
    assert.equal("ask", settings.by_path["/mfa/ask"])
    local push = settings_of { push = { mode = "plain", api_key = secret "k" } }
    assert.is_true(push.by.push)
  end)
end)
