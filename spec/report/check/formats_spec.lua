local findings = require "spec.support.findings"
local json = require "lastpass.json"

describe("JUnit", function()
  local text

  setup(function()
    text = findings():render "junit"
  end)

  it("has a suite for each rule, whose numbers are those of its cases", function()
    local sums = {}
    for attributes, inside in text:gmatch "<testsuite ([^>]*)>(.-)</testsuite>" do
      local name = attributes:match 'name="([^"]*)"'
      local function number(attribute)
        return tonumber(attributes:match(attribute .. '="(%d+)"'))
      end
      local _, cases = inside:gsub("<testcase ", "")
      local _, failures = inside:gsub("<failure ", "")
      local _, skipped = inside:gsub("<skipped>", "")
      assert.equal(cases, number "tests", name)
      assert.equal(failures, number "failures", name)
      assert.equal(skipped, number "skipped", name)
      sums[name] = ("%d %d %d"):format(cases, failures, skipped)
    end
    assert.same({ mfa = "2 1 1", used = "1 0 0", fine = "1 0 0" }, sums)
    assert.truthy(
      text:find('<testsuites name="lastpass check" tests="4" failures="1" errors="0"', 1, true)
    )
    assert.truthy(text:find('timestamp="2026-06-15T13:00:00"', 1, true))
  end)

  it("escapes, and tells notes without failing", function()
    assert.truthy(text:find('name="a&amp;b@acme.example"', 1, true))
    assert.truthy(
      text:find('message="no &lt;mfa&gt; &quot;at all&quot; \\x1b" type="error"', 1, true)
    )
    assert.truthy(
      text:find("<skipped>waived: a &lt;reason&gt; (until 2026-12-31)</skipped>", 1, true)
    )
    assert.truthy(text:find("<system-out>never used</system-out>", 1, true))
    assert.truthy(text:find('<testcase classname="fine" name="All is fine"/>', 1, true))
  end)

  it("is XML, says xmllint", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    local pipe = assert(io.popen("xmllint --noout " .. path .. " 2>&1"))
    local output = pipe:read "*a"
    pipe:close()
    os.remove(path)
    if output:find "not found" then
      pending "xmllint is not installed"
    end
    assert.equal("", output)
  end)
end)

describe("SARIF", function()
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
    for position, result in ipairs(run.results) do
      counts[position] = #result.suppressions
    end
    assert.same({ 0, 1, 0 }, counts)
    assert.equal("a <reason> (until 2026-12-31)", run.results[2].suppressions[1].justification)
    assert.equal(
      "mfa/user/boss@acme.example",
      run.results[2].partialFingerprints["lastpassFinding/v1"]
    )
  end)
end)
