local companies = require "lastpass.report.companies"
local json = require "lastpass.json"
local planted = require "spec.support.planted"
local report = require "lastpass.report"
local result = require "lastpass.report.result"

describe("lastpass.report.companies", function()
  local box, client
  local MISSING = {
    { company = "gamma", message = "HTTP 500" },
    { company = "beta", cid = 9, code = "time_limit", message = "timed out", age = 7200 },
  }

  setup(function()
    box = planted.start()
    planted.plant(box, {
      { "ann@acme.example", { admin = true, multifactor = "none" } },
      { "bob@acme.example" },
      { "eve@x.example", { last_login = "2025-01-01 00:00:00" } },
    })
    client = box:client()
  end)

  teardown(function()
    box:stop()
  end)

  local function options_of(name)
    local roster = planted.roster {
      { email = "ann@acme.example", day = "2026-05-01" },
      { email = "zoe@acme.example", day = "2026-06-01" },
    }
    local needs = { access_review = true, coverage = true, leavers = true }
    return { roster = needs[name] and roster, field = name == "leavers" and "day" or nil }
  end

  -- What a company's outcome is after it was stored by one process and read by another.
  local function data_of(name, spoil)
    local one = assert(report[name](client, options_of(name)))
    if spoil then
      spoil(one)
    end
    return assert(json.decode(json.encode(companies.data(one))))
  end

  local function merged(name, count, missing)
    local merger = companies.new(report[name])
    for number = count, 1, -1 do
      merger:add("c" .. number, number, data_of(name))
    end
    return merger:finish(missing or {})
  end

  it("merges every report, and its figures are the sums of the companies'", function()
    for _, name in ipairs(report.names()) do
      local one = assert(report[name](client, options_of(name)))
      local two = merged(name, 2, MISSING)
      assert.is_true(result.is(two))
      assert.equal(2 * #one.rows, #two.rows, name)
      assert.equal("company", two.columns[1].name)
      for _, total in ipairs(one.totals) do
        local sum = two:total(total.name)
        local is_sum = total.kind == "count" and not total.is_same and total.value
        assert.equal(is_sum and 2 * total.value or total.value, sum, name .. "." .. total.name)
      end
      for _, class in ipairs(one.classes) do
        assert.equal(2 * class.count, two:class(class.name).count, name)
      end
      for _, format in ipairs { "table", "csv", "json", "html" } do
        assert.truthy(#two:render(format) > 20)
      end
    end
  end)

  it("names companies without a result, with why and for how long", function()
    local made = merged("mfa", 2, MISSING)
    assert.equal(4, made:total "companies")
    assert.equal(2, made:total "companies_done")
    assert.equal(2, made:total "companies_missing")
    assert.equal("Companies: 2 with a result + 2 without = 4", made.sums[1])
    assert.is_false(made.statement.complete)
    assert.equal(
      "not complete: 2 of 4 companies; 2 not: beta: timed out (last result 2 h 00 m ago); "
        .. "gamma: HTTP 500 (no earlier result is known)",
      made.statement.completeness
    )
    local body = json.decode(made:render "json")
    assert.equal(4, body.companies)
    assert.equal(2, body.done)
    assert.same({
      { company = "beta", cid = 9, code = "time_limit", message = "timed out", age = 7200 },
      {
        company = "gamma",
        cid = json.null,
        code = json.null,
        message = "HTTP 500",
        age = json.null,
      },
    }, body.missing)
    assert.truthy(made:render("csv", { of = "missing" }):find("beta,9,timed out,time_limit,7200"))
    assert.equal(4, #made.tables[1].rows)
    assert.same(
      { "none", "complete", "complete", "none" },
      planted.field(made.tables[1].rows, "result")
    )
  end)

  it("is complete when every company is", function()
    local made = merged("admins", 2)
    assert.is_true(made.statement.complete)
    assert.equal("complete: 2 of 2 companies", made.statement.completeness)
    assert.equal("Administrators, 2 companies", made.title)
    assert.is_nil(made:render("json"):find('"missing"', 1, true) and made.companies.missing[1])
    -- a company whose report is not complete makes the whole so
    local merger = companies.new(report.admins)
    merger:add("a", 1, data_of "admins")
    merger:add(
      "b",
      2,
      data_of("admins", function(one)
        one.statement.complete, one.statement.completeness = false, "not complete: 1 row"
      end)
    )
    made = merger:finish {}
    assert.is_false(made.statement.complete)
    assert.matches("2 of 2 companies; b: not complete: 1 row$", made.statement.completeness)
  end)

  it("gives equal bytes, in whatever order companies came to their end", function()
    local texts = {}
    for _, order in ipairs { { 1, 2, 3 }, { 3, 1, 2 } } do
      local merger = companies.new(report.mfa)
      for _, number in ipairs(order) do
        merger:add("c" .. number, number, data_of "mfa")
      end
      texts[#texts + 1] = merger:finish(MISSING):render "json"
    end
    assert.equal(texts[1], texts[2])
  end)

  it("says what only some companies say apart from what all do", function()
    local merger = companies.new(report.admins)
    merger:add("a", 1, data_of "admins")
    merger:add(
      "b",
      2,
      data_of("admins", function(one)
        one.notes[#one.notes + 1] = "Only b says so."
      end)
    )
    local made = merger:finish {}
    assert.is_nil(table.concat(made.notes, " "):find("Only b", 1, true))
    local statements = made.tables[#made.tables]
    assert.equal("statements", statements.name)
    assert.equal("Only b says so.", statements.rows[2].notes)
    assert.is_nil(made:render("table"):find("Only b", 1, true)) -- details are not for a terminal
  end)

  it("is made of no company as well", function()
    local made = companies.new(report.mfa):finish(MISSING, planted.NOW)
    assert.equal(2, made:total "companies_missing")
    assert.equal(0, #made.rows)
    assert.equal("Multifactor and master passwords, 2 companies", made.title)
    assert.truthy(#made:render "html" > 100)
  end)

  it("names only so many in a sentence", function()
    local missing = {}
    for number = 1, 30 do
      missing[number] = { company = "c" .. number, message = "no" }
    end
    assert.matches("; and 10 more$", companies.sentence(500, missing))
    assert.matches("^470 of 500 companies; 30 not: c1: no", companies.sentence(500, missing))
  end)
end)

describe("a check of companies", function()
  local box, made

  setup(function()
    box = planted.start()
    planted.plant(box, { { "ann@acme.example", { admin = true, multifactor = "none" } } })
    local merger = companies.new(report.check)
    for _, name in ipairs { "alpha", "beta" } do
      local one = assert(report.check(box:client(), { rules = { "admin_without_mfa" } }))
      merger:add(name, 1, json.decode(json.encode(companies.data(one))))
    end
    made = merger:finish { { company = "gamma", code = "given_up", message = "no <answer>" } }
  end)

  teardown(function()
    box:stop()
  end)

  it("has the findings of all, and fails when one does", function()
    assert.equal(2, made.failed)
    assert.equal(1, made:total "rules")
    assert.equal(2, made:total "findings")
  end)

  it("is JUnit: companies that were not checked are errors", function()
    local text = made:render "junit"
    assert.truthy(text:find('tests="3" failures="2" errors="1"', 1, true), text)
    assert.truthy(text:find('classname="alpha.admin_without_mfa" name="ann@acme.example"', 1, true))
    assert.truthy(
      text:find(
        '<testcase classname="companies" name="gamma"><error message="no &lt;answer&gt; '
          .. '(no earlier result is known)" type="given_up"/></testcase>',
        1,
        true
      ),
      text
    )
  end)

  it("is SARIF: the tool's run was not successful", function()
    local run = json.decode(made:render "sarif").runs[1]
    assert.equal(2, #run.results)
    assert.equal(
      "admin_without_mfa/alpha/user/ann@acme.example",
      run.results[1].partialFingerprints["lastpassFinding/v1"]
    )
    assert.is_false(run.invocations[1].executionSuccessful)
    assert.equal(
      "gamma: no <answer> (no earlier result is known)",
      run.invocations[1].toolExecutionNotifications[1].message.text
    )
  end)
end)
