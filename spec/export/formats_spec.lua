local check = require "spec.support.check"
local formats = require "lastpass.export.formats"

describe("lastpass.export.formats", function()
  it("are opened by name, or with options", function()
    for _, name in ipairs(formats.names) do
      local format = formats.open(name, 8771312)
      assert.equal(name, format.name)
      assert.is_true(#format.templates > 0)
      assert.is_string(format.media_type)
      local template, texts = format.describe(require("lastpass.audit.actions").of "login", "x")
      assert.is_table(format.templates[template])
      assert.equal(format.slots, #texts)
    end
    assert.equal("syslog", formats.open({ name = "syslog", host = "h", content = "cef" }, 1).name)
  end)

  it("write no control character as it is, and every event with its identifier", function()
    local samples = require "spec.support.formats"
    local nasty = "x\27]0;t\7\127\194\155m\226\128\174y\226\128\168"
      .. "z\216\156\243\160\129\129é"
    local list = {
      { "2026-03-01 10:00:05", nasty, nasty, nasty, nasty },
      { "2026-03-01 10:00:05", nasty, nasty, nasty, nasty },
      { "2026-03-01 10:00:04", nasty, nasty, "Create Group", "'" .. nasty .. "'" },
    }
    for _, name in ipairs(formats.names) do
      local text = samples.text(name, list)
      if name ~= "csv" then
        assert.is_nil(text:find "[%z\1-\8\11-\31\127]", name)
        for _, bytes in ipairs {
          "\194[\128-\159]",
          "\226\128[\168-\174]",
          "\216\156",
          "\243\160",
        } do
          assert.is_nil(text:find(bytes), name)
        end
      end
      assert.is_truthy(text:find("é", 1, true), name)
      if name ~= "text" then
        local first = text:match "%x+" and text:match(("%x"):rep(32))
        assert.is_string(first, name)
        assert.is_truthy(text:find("%f[%x]" .. ("%x"):rep(32) .. "%-2"), name)
      end
    end
    local json = require "lastpass.json"
    local row = json.decode((samples.text("ndjson", list):match "[^\n]+"))
    assert.equal(nasty, row.actor)
    assert.equal("Create Group", row.label)
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
      { name = "cef", guard = false },
    } do
      check.blamed(function()
        formats.open(given, 1)
      end)
    end
  end)
end)
