local check = require "spec.support.check"
local exclusions = require "lastpass.report.exclusions"

describe("lastpass.report.exclusions", function()
  it("matches addresses and patterns, whole addresses first", function()
    local reason_of, unused = exclusions.new {
      ["svc-*@acme.example"] = "service",
      ["SVC-boss@acme.example"] = "the boss's",
      ["*@partner.example"] = "partner",
      ["nobody@acme.example"] = "nobody",
    }
    assert.equal("service", reason_of "svc-print@acme.example")
    assert.equal("the boss's", reason_of "svc-boss@acme.example")
    assert.equal("partner", reason_of "x@partner.example")
    assert.is_nil(reason_of "ann@acme.example")
    assert.is_nil(reason_of "xsvc-a@acme.example")
    assert.is_nil(reason_of "svc-a@acmeXexample") -- a dot is a dot
    assert.same({ "nobody@acme.example" }, unused())
  end)

  it("leaves everybody in without patterns", function()
    local reason_of, unused = exclusions.new(nil)
    assert.is_nil(reason_of "ann@acme.example")
    assert.same({}, unused())
  end)

  it("wants a reason for each", function()
    check.blamed(function()
      exclusions.check("report", { "svc@acme.example" })
    end)
    check.blamed(function()
      exclusions.check("report", { ["svc@acme.example"] = "" })
    end)
    exclusions.check("report", { ["svc@acme.example"] = "service" })
    exclusions.check("report", nil)
  end)
end)
