--- Findings as JUnit XML: a suite for each rule, so that build servers show them as failed tests.
-- @module lastpass.report.check.junit
local errors = require "lastpass.error"
local escape = require("lastpass.report.render.markup").escape
local time = require "lastpass.time"

local M = {}

local function test_case(row)
  local head = ('    <testcase classname="%s" name="%s">'):format(
    escape(row.rule),
    escape(row.subject)
  )
  local body
  if row.severity == "note" then
    body = ("<system-out>%s</system-out>"):format(escape(row.message)) -- told, but no failure
  elseif row.waived then
    body = ("<skipped>%s</skipped>"):format(escape("waived: " .. row.reason))
  else
    local message = escape(row.message)
    body = ('<failure message="%s" type="%s">%s</failure>'):format(message, row.severity, message)
  end
  return head .. body .. "</testcase>"
end

local function by_rule(report)
  local found = {}
  for _, row in ipairs(report.findings) do
    found[row.rule] = found[row.rule] or {}
    table.insert(found[row.rule], row)
  end
  return found
end

-- Tests that passed are one case together: a large company would make a file of many megabytes.
local function suite(report, rule, rows)
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
  local stamp = time.iso(report.statement.read_at):gsub("Z$", "")
  local head = '  <testsuite name="%s" tests="%d" failures="%d" errors="0" skipped="%d" time="0"'
    .. ' timestamp="%s" hostname="localhost">'
  return {
    text = table.concat({
      head:format(escape(rule.name), #cases, failures, skipped, stamp),
      table.concat(cases, "\n"),
      "  </testsuite>",
    }, "\n"),
    tests = #cases,
    failures = failures,
    skipped = skipped,
  }
end

--- Writes the findings.
---@param report lastpass.Report of `report.check`
---@param options table none
---@return string text
function M.render(report, options)
  errors.check_options("report:render", options, {})
  local found, parts = by_rule(report), {}
  local sum = { tests = 0, failures = 0 }
  for place, rule in ipairs(report.rules) do
    local one = suite(report, rule, found[rule.name] or {})
    parts[place] = one.text
    for name in pairs(sum) do
      sum[name] = sum[name] + one[name]
    end
  end
  local head = '<testsuites name="lastpass check" tests="%d" failures="%d" errors="0" time="0">'
  return table.concat({
    '<?xml version="1.0" encoding="UTF-8"?>',
    head:format(sum.tests, sum.failures),
    table.concat(parts, "\n"),
    "</testsuites>",
    "",
  }, "\n")
end

return M
