-- Secrets do not get out.
local events = require "spec.support.events"
local fuzz = require "spec.support.fuzz"
local json = require "lastpass.json"
local redact = require "lastpass.export.redact"

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

describe("lastpass.export.redact", function()
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

  it("goes through values: pushed sites, attributes", function()
    local site = {
      sitename = "Google",
      url = "https://ann:pw1@google.com",
      password = "hunter2",
      extra = { "password: x", HASH },
      password_reset_required = true,
      attribs = { api_token = "t", customjs = "" },
      totalscore = 83.2,
    }
    assert.same({
      sitename = "Google",
      url = "https://ann:[redacted]@google.com",
      password = "[redacted]",
      extra = { "password: [redacted]", "[redacted]" },
      password_reset_required = true,
      attribs = { api_token = "[redacted]", customjs = "" },
      totalscore = 83.2,
    }, redact.value(site))
    assert.equal("hunter2", site.password)
    assert.is_true(json.is_list(redact.value(json.list { 1 })))
  end)
end)
