local findings = require "spec.support.findings"
local json = require "lastpass.json"

describe("lastpass.report.check.sarif", function()
  local run, value

  setup(function()
    value = assert(json.decode(findings():render "sarif"))
    run = value.runs[1]
  end)

  it("has what SARIF 2.1.0 wants", function()
    assert.equal("2.1.0", value.version)
    assert.truthy(value["$schema"]:find "sarif%-schema%-2%.1%.0%.json$")
    assert.equal("lastpass check", run.tool.driver.name)
    assert.is_true(run.invocations[1].executionSuccessful)
    assert.equal("2026-06-15T13:00:00Z", run.invocations[1].endTimeUtc)
  end)

  it("points from each result to its rule", function()
    assert.equal(3, #run.tool.driver.rules)
    assert.equal(3, #run.results)
    for _, result in ipairs(run.results) do
      assert.equal(result.ruleId, run.tool.driver.rules[result.ruleIndex + 1].id)
    end
    assert.equal("note", run.tool.driver.rules[2].defaultConfiguration.level)
    assert.equal(
      "user/a&b@acme.example",
      run.results[1].locations[1].logicalLocations[1].fullyQualifiedName
    )
  end)

  it("has suppressions in all results, or in none of them (3.27.23)", function()
    local counts = {}
    for place, result in ipairs(run.results) do
      counts[place] = #result.suppressions
    end
    assert.same({ 0, 1, 0 }, counts)
    assert.equal("a <reason> (until 2026-12-31)", run.results[2].suppressions[1].justification)
    assert.equal(
      "mfa/user/boss@acme.example",
      run.results[2].partialFingerprints["lastpassFinding/v1"]
    )
  end)
end)
