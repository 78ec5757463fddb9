--- Findings of checks for other tools: JUnit XML, and SARIF 2.1.0 for tools that collect findings.
-- @module lastpass.report.check.formats
local companies = require "lastpass.report.companies"
local errors = require "lastpass.error"
local escape = require("lastpass.html").escape
local json = require "lastpass.json"
local time = require "lastpass.time"
local version = require "lastpass.version"

local M = {}

local function test_case(row)
  local class = row.company and row.company .. "." .. row.rule or row.rule
  local head = ('    <testcase classname="%s" name="%s">'):format(
    escape(class),
    escape(row.subject)
  )
  local body
  if row.severity == "note" then
    body = ("<system-out>%s</system-out>"):format(escape(row.message)) -- shown, but no failure
  elseif row.waived then
    body = ("<skipped>%s</skipped>"):format(escape("waived: " .. row.reason))
  else
    local message = escape(row.message)
    body = ('<failure message="%s" type="%s">%s</failure>'):format(message, row.severity, message)
  end
  return head .. body .. "</testcase>"
end

local function rows_by_rule(report)
  local found = {}
  for _, row in ipairs(report.findings) do
    found[row.rule] = found[row.rule] or {}
    table.insert(found[row.rule], row)
  end
  return found
end

local HEAD = '  <testsuite name="%s" tests="%d" failures="%d" errors="%d" skipped="%d" time="0"'
  .. ' timestamp="%s" hostname="localhost">'

local function suite(report, name, cases, failures, broken, skipped)
  local stamp = time.iso(report.statement.read_at):gsub("Z$", "")
  return table.concat({
    HEAD:format(escape(name), #cases, failures, broken, skipped, stamp),
    table.concat(cases, "\n"),
    "  </testsuite>",
  }, "\n")
end

-- Tests that passed are one case together: a large company would make a file of many megabytes.
local function junit_suite(report, rule, rows)
  local cases, failures, skipped = {}, 0, 0
  for _, row in ipairs(rows) do
    cases[#cases + 1] = test_case(row)
    local counts = row.severity ~= "note"
    failures = failures + (counts and not row.waived and 1 or 0)
    skipped = skipped + (counts and row.waived and 1 or 0)
  end
  if #cases == 0 then
    local name = escape(rule.title)
    cases[#cases + 1] = ('    <testcase classname="%s" name="%s"/>'):format(escape(rule.name), name)
  end
  return {
    text = suite(report, rule.name, cases, failures, 0, skipped),
    tests = #cases,
    failures = failures,
    skipped = skipped,
  }
end

-- Companies that were not checked are errors: a build server must not take them for passed.
local function missing_suite(report)
  local cases = {}
  for position, one in ipairs(report.companies.missing) do
    local form =
      '    <testcase classname="companies" name="%s"><error message="%s" type="%s"/></testcase>'
    local said = ("%s (%s)"):format(one.message, companies.age(one.age))
    cases[position] = form:format(escape(one.company), escape(said), escape(one.code or "failed"))
  end
  return suite(report, "companies", cases, 0, #cases, 0)
end

--- Writes the findings as JUnit XML: a suite for each rule, so that build servers show them as failed
-- tests. Companies that could not be checked are errors.
---@param report lastpass.Report of `report.check`
---@param options table none
---@return string text
function M.junit(report, options)
  errors.check_options("report:render", options, {})
  local found, parts = rows_by_rule(report), {}
  local sum = { tests = 0, failures = 0 }
  for position, rule in ipairs(report.rules) do
    local one = junit_suite(report, rule, found[rule.name] or {})
    parts[position] = one.text
    for name in pairs(sum) do
      sum[name] = sum[name] + one[name]
    end
  end
  local missing = report.companies and #report.companies.missing or 0
  if missing > 0 then
    parts[#parts + 1], sum.tests = missing_suite(report), sum.tests + missing
  end
  local head = '<testsuites name="lastpass check" tests="%d" failures="%d" errors="%d" time="0">'
  return table.concat({
    '<?xml version="1.0" encoding="UTF-8"?>',
    head:format(sum.tests, sum.failures, missing),
    table.concat(parts, "\n"),
    "</testsuites>",
    "",
  }, "\n")
end

local SCHEMA =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

local function sarif_rules(report)
  local list, index = json.list {}, {}
  for position, rule in ipairs(report.rules) do
    list[position] = {
      id = rule.name,
      shortDescription = { text = rule.title },
      defaultConfiguration = { level = rule.severity },
    }
    index[rule.name] = position - 1
  end
  return list, index
end

local function sarif_result(row, index)
  local subject = row.each .. "/" .. row.subject
  local of_company = row.company and row.company .. ": " or ""
  if row.company then
    subject = row.company .. "/" .. subject
  end
  local result = {
    ruleId = row.rule,
    ruleIndex = index[row.rule],
    level = row.severity,
    message = { text = ("%s%s: %s"):format(of_company, row.subject, row.message) },
    locations = {
      {
        logicalLocations = {
          {
            name = row.subject,
            fullyQualifiedName = subject,
            kind = row.each,
          },
        },
      },
    },
    partialFingerprints = {
      ["lastpassFinding/v1"] = row.rule .. "/" .. subject,
    },
  }
  -- all results of a run have the list, or none (SARIF 3.27.23)
  result.suppressions = json.list {}
  if row.waived then
    result.suppressions[1] = { kind = "external", status = "accepted", justification = row.reason }
  end
  return result
end

-- How the check went; a company that gave no result is an error of the tool's run (SARIF 3.20.21).
local function sarif_invocation(report)
  local missing = report.companies and report.companies.missing or {}
  local invocation =
    { executionSuccessful = #missing == 0, endTimeUtc = time.iso(report.statement.read_at) }
  for position, one in ipairs(missing) do
    local said = ("%s: %s (%s)"):format(one.company, one.message, companies.age(one.age))
    invocation.toolExecutionNotifications = invocation.toolExecutionNotifications or {}
    invocation.toolExecutionNotifications[position] = { level = "error", message = { text = said } }
  end
  return invocation
end

--- Writes the findings as SARIF 2.1.0 (OASIS).
---@param report lastpass.Report of `report.check`
---@param options table none
---@return string text
function M.sarif(report, options)
  errors.check_options("report:render", options, {})
  local rules, index = sarif_rules(report)
  local results = json.list {}
  for position, row in ipairs(report.findings) do
    results[position] = sarif_result(row, index)
  end
  return json.encode {
    ["$schema"] = SCHEMA,
    version = "2.1.0",
    runs = {
      {
        tool = { driver = { name = "lastpass check", version = version, rules = rules } },
        results = results,
        invocations = { sarif_invocation(report) },
        columnKind = "unicodeCodePoints",
      },
    },
  } .. "\n"
end

return M
