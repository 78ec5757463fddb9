--- Findings as SARIF 2.1.0 (OASIS), for tools that collect them.
-- @module lastpass.report.check.sarif
local errors = require "lastpass.error"
local json = require "lastpass.json"
local time = require "lastpass.time"

local M = {}

local SCHEMA =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

local function rules_of(report)
  local list, index = json.list {}, {}
  for place, rule in ipairs(report.rules) do
    list[place] = {
      id = rule.name,
      shortDescription = { text = rule.title },
      defaultConfiguration = { level = rule.severity },
    }
    index[rule.name] = place - 1
  end
  return list, index
end

local function result_of(row, index)
  local result = {
    ruleId = row.rule,
    ruleIndex = index[row.rule],
    level = row.severity,
    message = { text = ("%s: %s"):format(row.subject, row.message) },
    locations = {
      {
        logicalLocations = {
          {
            name = row.subject,
            fullyQualifiedName = row.each .. "/" .. row.subject,
            kind = row.each,
          },
        },
      },
    },
    partialFingerprints = {
      ["lastpassFinding/v1"] = row.rule .. "/" .. row.each .. "/" .. row.subject,
    },
  }
  -- all results of a run have the list, or none (SARIF 3.27.23)
  result.suppressions = json.list {}
  if row.waived then
    result.suppressions[1] = { kind = "external", status = "accepted", justification = row.reason }
  end
  return result
end

--- Writes the findings.
---@param report lastpass.Report of `report.check`
---@param options table none
---@return string text
function M.render(report, options)
  errors.check_options("report:render", options, {})
  local rules, index = rules_of(report)
  local results = json.list {}
  for place, row in ipairs(report.findings) do
    results[place] = result_of(row, index)
  end
  local version = require "lastpass.version"
  return json.encode {
    ["$schema"] = SCHEMA,
    version = "2.1.0",
    runs = {
      {
        tool = { driver = { name = "lastpass check", version = version, rules = rules } },
        results = results,
        invocations = {
          {
            executionSuccessful = true,
            endTimeUtc = time.iso(report.statement.read_at),
          },
        },
        columnKind = "unicodeCodePoints",
      },
    },
  } .. "\n"
end

return M
