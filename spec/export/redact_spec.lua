-- Secrets do not get out.
local events = require "spec.support.events"
local fuzz = require "spec.support.fuzz"
local redact = require "lastpass.export.redact"
local secret = require "lastpass.secret"

describe("lastpass.export.redact", function()
  local HASH = ("0123456789abcdef"):rep(4)

  local cases = {
    { "password: hunter2", "password: [redacted]" },
    { 'x "password":"hun\\"ter2", y', 'x "password":"[redacted]", y' },
    { "Master Password=hunter2;site=x", "Master Password=[redacted];site=x" },
    { "user_pwd = 'a b c' rest", "user_pwd = '[redacted]' rest" },
    { "api_key=abc&x=1", "api_key=[redacted]&x=1" },
    { "Authorization: Bearer abc.def", "Authorization: Bearer [redacted]" },
    { "hash " .. HASH .. " end", "hash [redacted] end" },
    { HASH:upper(), "[redacted]" },
    { "lpkey_abc123_XYZ-9 used", "[redacted] used" },
    { "https://ann:hunter2@example.com/x", "https://ann:[redacted]@example.com/x" },
    { "VID: 12 from Shared-A", "VID: 12 from Shared-A" },
    { "Length of master password New value: 14", "Length of master password New value: 14" },
    { "'A' 'ann@acme.com' 'Read only:no Admin:no'", "'A' 'ann@acme.com' 'Read only:no Admin:no'" },
    { "https://example.com:8443/x", "https://example.com:8443/x" },
    { "", "" },
  }

  for _, case in ipairs(cases) do
    it(("makes '%s' of '%s'"):format(case[2], case[1]), function()
      assert.equal(case[2], redact.text(case[1]))
    end)
  end

  it("is asked about every text that it would change", function()
    local random = fuzz.random(3)
    local pieces = {
      "password",
      "Pwd",
      "token",
      "pin",
      "key",
      "my-hash",
      "lpkey_",
      ":",
      "=",
      " ",
      '"',
      "'",
      "x",
      "://",
      "@",
      "a1",
      HASH:sub(1, 31),
      HASH:sub(1, 32),
      ("z"):rep(17),
      "VID: 1",
      "é",
      "\t",
    }
    for _ = 1, fuzz.rounds(20000) do
      local words = {}
      for position = 1, random:upto(7) do
        words[position] = random:of(pieces)
      end
      local text = table.concat(words)
      if redact.text(text) ~= text then
        local suspects = events.rows({ { "", "", "", "", text } }):suspects()
        assert.same({ 1 }, suspects, text)
      end
    end
  end)

  it("changes the Data of events", function()
    local rows = events.rows {
      { "", "", "", "Site added", "example.com" },
      { "", "", "", "Site added", "token=abc" },
    }
    assert.equal(1, redact.events(rows))
    assert.equal("example.com", rows:at(1, "data"))
    assert.equal("token=[redacted]", rows:at(2, "data"))
  end)
end)

-- People under other names.
describe("pseudonyms of lastpass.export.redact", function()
  local names

  before_each(function()
    names = assert(redact.pseudonyms(secret.value "key one"))
  end)

  it("gives a person one name, another key another one", function()
    local one = names:of "ann@acme.com"
    assert.equal(one, names:of "ann@acme.com")
    assert.equal(one, names:of "Ann@ACME.com")
    assert.matches("^%x+@pseudonym.invalid$", one)
    assert.is_not.equal(one, names:of "bob@acme.com")
    local other = assert(redact.pseudonyms(secret.value "key two"))
    assert.is_not.equal(one, other:of "ann@acme.com")
    assert.equal(one, assert(redact.pseudonyms(secret.value "key one")):of "ann@acme.com")
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
