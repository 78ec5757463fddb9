local report = require "lastpass.report"

describe("lastpass.report", function()
  it("has each report under its name", function()
    assert.same({
      "access_review",
      "admins",
      "check",
      "coverage",
      "folders",
      "inactive",
      "invitations",
      "leavers",
      "licences",
      "mfa",
    }, report.names())
    for _, name in ipairs(report.names()) do
      assert.equal("lastpass.report." .. name, getmetatable(report[name]).__name)
      assert.is_function(report[name].make)
      assert.equal(report[name], report[name])
    end
    assert.is_function(report.evidence.verify)
    assert.is_nil(report.coverge)
  end)
end)
