local check = require "spec.support.check"
local never_given = require "lastpass.cli.never_given"

describe("secrets on the command line", function()
  it("are refused, and not repeated", function()
    for word, code in pairs {
      ["--provhash"] = "hash_on_command_line",
      ["--token"] = "secret_on_command_line",
      ["--pseudonymise-key"] = "secret_on_command_line",
    } do
      for _, words in ipairs { { word, "S3CRET" }, { "x", word .. "=S3CRET" } } do
        local err = check.failure("argument", code, never_given.check(words))
        assert.is_nil((err.message .. err.hint):find("S3CRET", 1, true))
        assert.matches("^use %-%-", err.hint)
      end
    end
  end)

  it("are no files that hold them", function()
    assert.is_true(
      never_given.check { "--token-file", "x", "--provhash-env=Y", "--token-env", "Z" }
    )
  end)
end)
