--- `lastpass check`.
-- @module lastpass.cli.commands.check
local exit = require "lastpass.cli.exit"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local report_output = require "lastpass.cli.report_output"
local reporting = require "lastpass.cli.reporting"
local views = require "lastpass.cli.views"

local FORMATS = { "html", "junit", "sarif" }

local function settings_of(options)
  return reporting.pick(options, { rules = "rules", waivers = "waivers", domains = "domain" })
end

local function list_rules(session, options)
  local room = require("lastpass").report.check
  local list, message, err = mistakes.call(room.rules, options.rules)
  if not list then
    return nil, message, err
  end
  session:show(views.rules, list)
  return exit.done
end

return {
  name = "check",
  summary = "Check the company by rules",
  description = "Rules are Lua; without a file all built-in ones are used. Ends with 7 when there "
    .. "are findings of severity error or warning that nobody has waived.",
  connects = true,
  rows = true,
  arguments = { { "rules", "Lua file with rules and waivers", args = "?" } },
  options = {
    { "--list", "list the rules, and check nothing" },
    { "--waivers", "Lua file with further waivers", value = "FILE.lua" },
    {
      "--domain",
      "an internal domain; default those of active admins",
      value = "DOMAIN",
      many = true,
    },
    { "--junit", "write the findings as JUnit XML", value = "FILE" },
    { "--sarif", "write the findings as SARIF 2.1.0", value = "FILE" },
    report_output.table_option { "rules", "waivers" },
    report_output.options[1],
    report_output.options[2],
  },
  examples = {
    { "lastpass check", "everything there is a rule for" },
    { "lastpass check rules.lua --junit findings.xml -q", "in a pipeline" },
    { "lastpass check --where 'u.severity == \"error\" and not u.waived'", "the worst" },
    { "lastpass check --list", "which rules there are" },
  },
  topics = { "rules", "report-forms", "exit-codes" },
  lua = function(options)
    if options.list then
      return "for _, rule in ipairs(assert("
        .. ('require("lastpass").report.check.rules(%s))) do print(rule.name) end'):format(
          options.rules and lua_text.value(options.rules) or ""
        )
    end
    local settings = settings_of(options)
    local lines = {
      ('local check = assert(require("lastpass").report.check(client%s))'):format(
        next(settings) and ", " .. lua_text.value(settings) or ""
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
  end,
  run = function(session, options)
    if options.list then
      return list_rules(session, options)
    end
    local room = require("lastpass").report.check
    local check, message, err = mistakes.call(room, session:client(), settings_of(options))
    if not check then
      return nil, message, err
    end
    local code
    code, message, err = report_output.finish(session, check, FORMATS)
    if code == nil then
      return nil, message, err
    elseif check.failed > 0 then
      return exit.findings
    end
    return code
  end,
}
