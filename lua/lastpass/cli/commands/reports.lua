--- The commands that make reports, and the check by rules.
-- @module lastpass.cli.commands.reports
local exit = require "lastpass.cli.exit"
local lua_text = require "lastpass.cli.lua_text"
local options_of = require "lastpass.cli.options"

local function reporting()
  return require "lastpass.cli.reporting"
end

local function must(...)
  return require("lastpass.cli.failure").must(...)
end

-- Options that several reports have.
local as_of = { "--as-of", "as the directory was stored at that time", value = "TIME" }
local domains = {
  "--domain",
  "an internal domain; default those of active admins",
  value = "DOMAIN",
  many = true,
  as = "domains",
}
local strength = {
  "--strength",
  "master passwords below it are weak; default 50 of 100",
  value = "NUMBER",
  number = true,
  as = "strength",
}

-- ------------------------------------------------------------------ check

local check_options = {
  { "--list", "list the rules, and check nothing" },
  { "--waivers", "Lua file with further waivers", value = "FILE.lua", as = "waivers" },
  domains,
  { "--junit", "write the findings as JUnit XML", value = "FILE" },
  { "--sarif", "write the findings as SARIF 2.1.0", value = "FILE" },
}

local FORMATS = { "html", "junit", "sarif" }

local function check_settings(options)
  local settings = reporting().settings(check_options, options)
  settings.rules = options.rules
  return settings
end

local function check_lua(options)
  if options.list then
    return "for _, rule in ipairs(assert("
      .. ('require("lastpass").report.check.rules(%s))) do print(rule.name) end'):format(
        options.rules and lua_text.value(options.rules) or ""
      )
  end
  local lines = {
    ('local check = assert(require("lastpass").report.check(client%s))'):format(
      lua_text.further(check_settings(options))
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
  local call = require("lastpass.cli.failure").call
  local check = require("lastpass").report.check
  if options.list then
    session:show(require("lastpass.cli.views").rules, must(call(check.rules, options.rules)))
    return exit.done
  end
  local result = must(call(check, session:client(), check_settings(options)))
  local code = reporting().finish(session, result, FORMATS)
  return result.failed > 0 and exit.findings or code
end

return {
  groups = { report = "Numbers that add up, with a statement of where they come from." },
  {
    name = "report coverage",
    report = "coverage",
    roster = true,
    summary = "Who of the roster uses LastPass, and who has it without being on the roster",
    description = "Everybody is in one class: active, invited, expired, never logged in, empty "
      .. "vault, disabled, missing, not in HR, excluded. The classes come to the headcount.",
    options = {
      {
        "--left",
        "rows of people who have left: status=terminated,resigned",
        value = "FIELD=VALUE",
        as = "active",
        type = "left",
      },
      options_of.exclude,
      {
        "--invitation-days",
        "an invitation that is older counts as expired; default 30",
        value = "DAYS",
        number = true,
        as = "invitation_days",
      },
      {
        "--no-events",
        "read no events; no invitation counts as expired",
        as = "events",
        type = "no",
      },
    },
    examples = {
      { "lastpass report coverage --roster hr.csv --html coverage.html", "the page" },
      {
        "lastpass report coverage --roster hr.csv --where 'u.class == \"missing\"' --csv",
        "who still has to get it",
      },
      {
        "lastpass report coverage --roster hr.csv --column email=Mail --left status=terminated",
        "a file as the personnel department has it",
      },
    },
  },
  {
    name = "report mfa",
    report = "mfa",
    summary = "Who has no second factor, a weak or expired master password, a low score",
    tables = { "groups" },
    options = {
      strength,
      {
        "--score",
        "security scores below it are low; default 50 of 100",
        value = "NUMBER",
        number = true,
        as = "score",
      },
    },
    examples = {
      { "lastpass report mfa --html mfa.html", "the page" },
      {
        "lastpass report mfa --where 'u.admin and not u.mfa' --fields email",
        "admins without a second factor",
      },
      { "lastpass report mfa --table groups --csv", "by group, for a chart" },
    },
  },
  {
    name = "report leavers",
    report = "leavers",
    roster = true,
    summary = "How long after their last day people could still log in",
    description = "Percentiles of the time between the last day of the roster and the end of the "
      .. "log-in, and who is over the limit.",
    options = {
      {
        "--last-day",
        "the roster's column with the last day or moment",
        value = "FIELD",
        as = "field",
        type = "field",
        required = "which column of the roster has the last day",
        hint = "--last-day termination_date",
      },
      {
        "--limit",
        "how long it may take: 4h, 2d; default 24h",
        value = "TIME",
        as = "limit",
        type = "duration",
      },
      {
        "--from",
        "where events begin; default 30 days before the first last day",
        value = "TIME",
        as = "from",
      },
    },
    examples = {
      { "lastpass report leavers --roster hr.csv --last-day termination_date", "all of them" },
      {
        "lastpass report leavers --roster hr.csv --last-day 'Last day' --limit 4h",
        "a stricter limit",
      },
    },
  },
  {
    name = "report admins",
    report = "admins",
    summary = "The administrators, and what is wrong with their accounts",
    options = {
      {
        "--days",
        "without log-in that are a finding; default 90",
        value = "DAYS",
        number = true,
        as = "days",
      },
      strength,
      {
        "--folders",
        "read the shared folders too, to find super admins",
        as = "folders",
      },
      as_of,
    },
    examples = {
      { "lastpass report admins --where '#u.findings > 0'", "those with a finding" },
      { "lastpass report admins --as-of 2026-03-31", "who was one at the end of March" },
    },
  },
  {
    name = "report inactive",
    report = "inactive",
    summary = "Who can log in and has not done so for long",
    options = {
      {
        "--days",
        "without log-in; default 90",
        value = "DAYS",
        number = true,
        as = "days",
      },
      as_of,
    },
    examples = { { "lastpass report inactive --days 180 --csv", "half a year" } },
  },
  {
    name = "report invitations",
    report = "invitations",
    summary = "Who was invited and has not come, by age",
    options = {
      {
        "--window",
        "days of events that are read to find when; default 180",
        value = "DAYS",
        number = true,
        as = "window",
      },
    },
    examples = {
      {
        "lastpass report invitations --where '(u.days or 999) > 30' --template '$(email)'",
        "whom to invite again",
      },
    },
  },
  {
    name = "report folders",
    report = "folders",
    summary = "Who can read, write, administer which shared folder, and what is wrong with it",
    description = "Orphans without an active admin, people from outside, admins without a second "
      .. "factor.",
    tables = { "findings", "folders" },
    options = { domains, { "--deleted", "deleted folders too", as = "deleted" } },
    examples = {
      { "lastpass report folders --table findings", "what is wrong, one by one" },
      {
        "lastpass report folders --where 'u.external' --domain acme.com --csv",
        "who has access from outside",
      },
    },
  },
  {
    name = "check",
    summary = "Check the company by rules",
    description = "Rules are Lua; without a file all built-in ones are used. Ends with 7 when "
      .. "there are findings of severity error or warning that nobody has waived.",
    connects = true,
    rows = true,
    arguments = { { "rules", "Lua file with rules and waivers", args = "?" } },
    options = check_options,
    tables = { "rules", "waivers" },
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
  },
}
