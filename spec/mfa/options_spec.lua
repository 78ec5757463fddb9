-- What a client of LastPass MFA is made with.
local check = require "spec.support.check"
local lastpass = require "lastpass"

local KEY = "11111111-2222-3333-4444-555555555555"

describe("lastpass.mfa.options", function()
  local function new(options)
    local all = { mode = "plain", api_key = lastpass.secret.value(KEY) }
    for name, value in pairs(options) do
      all[name] = value
    end
    return lastpass.mfa.new(all)
  end

  it("take a proxy where nobody but the server can read what goes through it", function()
    for _, proxy in ipairs { "", "http://proxy.acme.example:3128" } do
      assert.equal(proxy, assert(new { proxy = proxy }):option "proxy")
    end
  end)

  it("refuse what cannot be, by name and at the caller's line", function()
    local closed = lastpass.secret.value(KEY)
    closed:close()
    for expected, options in pairs {
      ["option 'api_key' must be made by lastpass.secret"] = { api_key = io.stdout },
      ["option 'api_key' is a secret that was closed"] = { api_key = closed },
      ["option 'api_key' has a character that no key has"] = {
        api_key = lastpass.secret.value "a key",
      },
      ["option 'private_key' is missing"] = { mode = "secured" },
      ["option 'private_key' is for the mode \"secured\""] = {
        private_key = lastpass.secret.value(KEY),
      },
      ["option 'proxy' must be as http://host:port"] = { proxy = "ftp://proxy" },
      ["option 'proxy' cannot be used with http"] = {
        base_url = "http://127.0.0.1:1",
        proxy = "http://proxy.acme.example:3128",
      },
      ["option 'base_url' must have neither ? nor #"] = { base_url = "https://mfa.example/?a=1" },
      ["must be made by lastpass.state"] = { state = {} },
      ["did you mean 'timeout'"] = { timeot = 5 },
    } do
      local message = check.blamed(function()
        local client = new(options)
        return client
      end)
      assert.truthy(message:find(expected, 1, true), message)
      assert.is_nil(message:find(KEY, 1, true))
    end
  end)

  it("are named where there is none of that name", function()
    local message = check.blamed(function()
      local value = new({}):option "timout"
      return value
    end)
    assert.equal("mfa:option: there is no option 'timout' (did you mean 'timeout'?)", message)
  end)
end)
