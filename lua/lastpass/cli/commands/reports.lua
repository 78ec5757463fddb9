--- The commands that make reports, and the check by rules.
-- @module lastpass.cli.commands.reports
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local report = require "lastpass.report"
local values = require "lastpass.cli.values"

local function reporting()
  return require "lastpass.cli.reporting"
end

local FORMATS = { "html", "junit", "sarif" }

local function check_lua(options)
  if options.list then
    return "for _, rule in ipairs(assert("
      .. ('require("lastpass").report.check.rules(%s))) do print(rule.name) end'):format(
        options.rules and lua_text.value(options.rules) or ""
      )
  end
  local lines = {
    ('local check = assert(require("lastpass").report.check(client%s))'):format(
      lua_text.further((require("lastpass.cli.report_options").settings(report.check, options)))
    ),
  }
  for _, format in ipairs(FORMATS) do
    if options[format] then
      lines[#lines + 1] = ("assert(check:save(%s, %q))"):format(
        lua_text.value(options[format]),
        format
      )
    end
  end
  lines[#lines + 1] = "print(check)"
  lines[#lines + 1] = "os.exit(check.failed > 0 and 7 or 0)"
  return table.concat(lines, "\n")
end

local function run_check(session, options)
  if options.list then
    local rules = failure.must(failure.call(report.check.rules, options.rules))
    session:show(require("lastpass.cli.views").rules, rules)
    return exit.done
  end
  local settings = require("lastpass.cli.report_options").settings(report.check, options)
  local result = failure.must(failure.call(report.check, session:client(), settings))
  local code = reporting().finish(session, result, FORMATS)
  return result.failed > 0 and exit.findings or code
end

-- Its parts are made when they are used: the program starts without what reports need.
local check_of_companies = {
  kind = "report",
  settings = function(_, options)
    if options.list then
      failure.must(values.usage "--list does not go with --tenants: no company is asked for rules")
    end
    return reporting().tenants("check").settings(nil, options)
  end,
  show = function(session, run)
    return reporting().tenants("check", FORMATS).show(session, run)
  end,
  run_lua = function(options, limits)
    return reporting().tenants("check", FORMATS).run_lua(options, limits)
  end,
}

-- ------------------------------------------------------------------ reports

local rows = {
  groups = { report = "Numbers that add up, with a statement of where they come from." },
}
for _, name in ipairs(report.names()) do
  if report.has_command(name) then
    rows[#rows + 1] = { name = "report " .. name:gsub("_", "-"), report = name }
  end
end

rows[#rows + 1] = {
  name = "check",
  summary = "Check the company by rules",
  description = "Rules are Lua; without a file all built-in ones are used. Ends with 7 when "
    .. "there are findings of severity error or warning that nobody has waived.",
  connects = true,
  rows = true,
  arguments = { { "rules", "Lua file with rules and waivers", args = "?" } },
  definition = "check",
  tenants = check_of_companies,
  options = {
    { "--list", "list the rules, and check nothing" },
    { "--junit", "write the findings as JUnit XML", value = "FILE" },
    { "--sarif", "write the findings as SARIF 2.1.0", value = "FILE" },
  },
  examples = {
    { "lastpass check", "all rules" },
    { "lastpass check rules.lua --junit findings.xml -q", "in a pipeline" },
    {
      "lastpass check --where 'u.severity == \"error\" and not u.waived'",
      "errors that nobody has waived",
    },
    { "lastpass check --list", "which rules exist" },
  },
  topics = { "rules", "report-forms", "exit-codes" },
  lua = check_lua,
  run = run_check,
}

return rows
