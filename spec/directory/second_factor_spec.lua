-- Runs once: nothing here differs between interpreters.
-- The options `mfa` and `approval` of a client, and `client:mfa()`.
local check = require "spec.support.check"
local lastpass = require "lastpass"

describe("the option mfa of a client", function()
  local function new(more)
    local options = { cid = 8771312, provhash = lastpass.secret.value(("ab"):rep(32)) }
    for name, value in pairs(more) do
      options[name] = value
    end
    return lastpass.new(options)
  end

  it("takes no key as a string, and no rule that is none", function()
    for _, case in ipairs {
      { { mfa = { api_key = "0f8fad5b" } }, "'api_key' must be made by lastpass.secret" },
      { { mfa = { private_key = { value = "x" } } }, "'private_key' must be made by" },
      { { approval = { by = { "bob" } } }, "option 'by' must be a list of addresses" },
      { { approval = { by = {} } }, "a list of addresses that is not empty" },
      { { approval = { operater = "ann@acme.com" } }, "did you mean 'operator'?" },
      { { approval = { from = 1.5 } }, "an integer from 1 on" },
    } do
      local message = check.blamed(function()
        new(case[1])
      end)
      assert.truthy(message:find(case[2], 1, true), message)
      assert.falsy(message:find("0f8fad5b", 1, true))
    end
  end)

  it("is missed when it is asked for", function()
    local err = check.failure("argument", "no_mfa", new({}):mfa())
    assert.match('"mfa_key": {"file": PATH}', err.hint, 1, true)
  end)

  it("reads its keys when they are used", function()
    local journal = os.tmpname()
    local client = new {
      journal = journal,
      mfa = { mode = "plain", api_key = { file = "/nonexistent/key" } },
    }
    check.failure("argument", "unreadable", client:mfa())
    for _, ending in ipairs { "", "-wal", "-shm" } do
      os.remove(journal .. ending)
    end
  end)
end)
