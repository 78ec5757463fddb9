local check = require "spec.support.check"
local formats = require "lastpass.export.formats"

describe("lastpass.export.formats", function()
  it("are opened by name, or with options", function()
    for _, name in ipairs(formats.names) do
      local format = formats.open(name, 8771312)
      assert.equal(name, format.name)
      assert.is_true(#format.templates > 0)
      assert.is_string(format.media_type)
      local template, texts = format.describe(require("lastpass.directory.actions").of "login", "x")
      assert.is_table(format.templates[template])
      assert.equal(format.slots, #texts)
    end
    assert.equal("syslog", formats.open({ name = "syslog", host = "h", content = "cef" }, 1).name)
  end)

  it("that are not known are blamed on the caller", function()
    assert.matches(
      "did you mean 'ndjson'",
      check.blamed(function()
        formats.open("ndjsn", 1)
      end)
    )
    for _, given in ipairs {
      { name = "syslog", content = "xml" },
      { name = "syslog", host = "a b" },
      { name = "cef", colour = "red" },
    } do
      check.blamed(function()
        formats.open(given, 1)
      end)
    end
  end)
end)
