local check = require "spec.support.check"
local options = require "lastpass.export.options"

describe("lastpass.export.options", function()
  it("have defaults, and are copied", function()
    local given = { cursor = "siem" }
    local complete = options.complete(given, 1)
    assert.equal("ndjson", complete.format)
    assert.equal(60, complete.every)
    assert.equal(900, complete.overlap)
    assert.equal("-24h", complete.from)
    assert.is_nil(given.format)
  end)

  it("that are wrong are blamed on the caller", function()
    for given, text in pairs {
      [{ formt = "x" }] = "did you mean 'format'",
      [{ follow = true, to = "now" }] = "exclude each other",
      [{ cursor = "" }] = "'cursor' must be a name",
      [{ cursor = "x", to = "now" }] = "exclude each other",
      [{ every = -1 }] = "a number of seconds",
      [{ pseudonymise = io.stdout }] = "lastpass.secret",
    } do
      assert.matches(
        text,
        check.blamed(function()
          options.complete(given, 1)
        end)
      )
    end
  end)

  it("are all listed for the documentation", function()
    local listed = {}
    for _, entry in ipairs(options.list) do
      listed[entry[1]] = true
      assert.is_string(entry[2])
    end
    local message = check.blamed(function()
      options.complete({ nonsense_option = 1 }, 1)
    end)
    for name in message:match("known are: (.-)%)"):gmatch "[%w_]+" do
      assert.is_true(listed[name], name)
    end
  end)
end)
