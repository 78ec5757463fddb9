-- The table of checks: complete, with a stable code and words for an admin in each row.
local check = require "spec.support.check"
local checks = require "lastpass.saml.checks"

describe("saml.checks", function()
  it("has rows for each of the thirty checks, and for metadata, addresses and logout", function()
    local seen = {}
    for _, row in ipairs(checks.list) do
      seen[row.section] = true
      assert.equal(row, checks.of(row.code))
      assert.matches("^[a-z0-9_]+$", row.code)
      for _, field in ipairs { "title", "sentence" } do
        assert.is_true(#row[field] > 1, row.code .. ": " .. field)
        assert.is_nil(row[field]:find "[.%c]$", row.code .. ": " .. field)
      end
    end
    for number = 1, 30 do
      assert.is_true(seen["saml §3." .. number], "saml §3." .. number)
    end
    for section = 4, 6 do
      assert.is_true(seen["saml §" .. section], "saml §" .. section)
    end
  end)

  it("refuses with the row's words, and one sentence for the browser", function()
    local err = check.failure("refused", "wrong_audience", checks.fail "wrong_audience")
    assert.equal("the assertion is for another service", err.message)
    assert.matches("Admin Console, Applications > SSO apps", err.hint, 1, true)
    assert.same({ "saml §3.24", 24 }, { err.section, err.check })
    local other = select(3, checks.fail "bad_xml")
    assert.equal("protocol", other.kind)
    assert.equal(err.browser, other.browser)
  end)

  it("adds what was found, and fields", function()
    local fields = { detail = "'evil\27[0m'", now = 5 }
    local err = select(3, checks.fail("wrong_issuer", fields))
    assert.matches("^the message is .*: 'evil", err.message)
    assert.is_nil(err.message:find("%c"))
    assert.equal(5, err.now)
    err = select(3, checks.fail("status", { detail = "no\nluck" }))
    assert.equal("the identity provider did not sign the user in: no\\10luck", err.message)
  end)

  it("names the click that LastPass needs for SHA-1", function()
    assert.matches("tick SHA256", checks.of("sha1_refused").hint, 1, true)
  end)

  it("takes no code that it does not know", function()
    local message = check.blamed(function()
      checks.fail "wrong_audence"
    end)
    assert.matches("did you mean 'wrong_audience'?", message, 1, true)
    assert.is_nil(checks.of "nothing")
  end)
end)
