-- People under other names.
local events = require "spec.support.events"
local pseudonym = require "lastpass.export.pseudonym"
local secret = require "lastpass.secret"

describe("lastpass.export.pseudonym", function()
  local names

  before_each(function()
    names = assert(pseudonym.new(secret.value "key one"))
  end)

  it("gives a person one name, another key another one", function()
    local one = names:of "ann@acme.com"
    assert.equal(one, names:of "ann@acme.com")
    assert.equal(one, names:of "Ann@ACME.com")
    assert.matches("^%x+@pseudonym.invalid$", one)
    assert.is_not.equal(one, names:of "bob@acme.com")
    local other = assert(pseudonym.new(secret.value "key two"))
    assert.is_not.equal(one, other:of "ann@acme.com")
    assert.equal(one, assert(pseudonym.new(secret.value "key one")):of "ann@acme.com")
  end)

  it("leaves alone what is nobody", function()
    assert.equal("API", names:of "API")
    assert.equal("", names:of "")
  end)

  it("finds addresses in texts", function()
    local ann, bob = names:of "ann@acme.com", names:of "o'bob@acme.com"
    for text, expected in pairs {
      ["ann@acme.com"] = ann,
      ["'Shared-A' 'ann@acme.com'"] = ("'Shared-A' '%s'"):format(ann),
      ["ann@acme.com,o'bob@acme.com"] = ann .. "," .. bob,
      ["ann@acme.com - Finance"] = ann .. " - Finance",
      ["ann@acme.com-Shared-Finance"] = ann .. "-Shared-Finance",
      ["Mail ann@acme.com."] = "Mail " .. ann .. ".",
      ["no one here"] = "no one here",
    } do
      assert.equal(expected, names:text(text))
    end
  end)

  it("leaves no name in events", function()
    local rows = events.rows {
      { "", "ann@acme.com", "", "Make admin", "bob@acme.com" },
      { "", "API", "", "Log in", "example.com" },
    }
    names:events(rows)
    assert.equal(names:of "ann@acme.com", rows:at(1, "username"))
    assert.equal(names:of "bob@acme.com", rows:at(1, "data"))
    assert.equal("API", rows:at(2, "username"))
    assert.equal("example.com", rows:at(2, "data"))
  end)
end)
