local check = require "spec.support.check"
local reporting = require "lastpass.cli.reporting"

describe("commands of reports", function()
  it("give the report what the command line has given, and nothing else", function()
    assert.same(
      { days = 5 },
      reporting.pick({ days = 5, domain = {} }, { days = "days", domains = "domain", x = "y" })
    )
    assert.is_nil(reporting.list {})
    assert.is_nil(reporting.list(nil))
    assert.same({ "a" }, reporting.list { "a" })
  end)

  it("know who has left", function()
    assert.is_nil((reporting.left(nil)))
    assert.same(
      { field = "job_status", inactive = { "terminated", "gone for good" } },
      reporting.left "Job status=terminated, gone for good"
    )
    check.failure("argument", "usage", reporting.left "terminated")
  end)

  it("have their own options before those of all reports", function()
    local command = reporting.command {
      name = "report x",
      report = "mfa",
      own = { { "--own", "x" } },
      settings = function()
        return {}
      end,
    }
    assert.equals("--own", command.options[1][1])
    assert.is_true(command.rows and command.connects)
    assert.truthy(command.lua({}):find("report.mfa(client))", 1, true), command.lua {})
    assert.truthy(command.lua({ as_of = "-7d" }):find 'client:snapshot{ as_of = "%-7d" }')
    assert.truthy(command.lua({ html = "x" }):find('save("x", "html")', 1, true))
  end)
end)
