-- That it is up to date is checked where it is made: docs/generate.lua --check.
local reference = require "lastpass.cli.repl.reference"

describe("repl.reference", function()
  it("has every command of the API with its page, fields and what is required", function()
    for _, command in ipairs(require("lastpass.core").commands) do
      local text = assert(reference["client." .. command.name], command.name)
      assert.truthy(text:find(command.page, 1, true), text)
      for _, field in ipairs(command.fields) do
        assert.truthy(text:find("\n  " .. field.name .. " (", 1, true), text)
      end
    end
  end)

  it("has what people look for first", function()
    for _, name in ipairs {
      "client.users",
      "client.plan",
      "client.apply",
      "client.export",
      "lastpass.report.coverage",
      "lastpass.report.evidence.verify",
      "report.save",
      "user.disable",
      "group.add",
      "snapshot.user",
      "plan.save",
      "sandbox.faults",
      "lastpass.new",
      "lastpass.secret.file",
      "lastpass.parallel",
      "lastpass.strict",
    } do
      assert.is_string(reference[name], name)
    end
    assert.truthy(reference["lastpass.new"]:find("timezone (", 1, true), "the options")
    assert.truthy(reference["client.apply"]:find("client:apply(plan, options)", 1, true))
  end)

  it("fits a terminal", function()
    for name, text in pairs(reference) do
      for line in text:gmatch "[^\n]+" do
        assert.truthy(#line <= 100 or line:find "https?://", name .. ": " .. line)
      end
    end
  end)
end)
