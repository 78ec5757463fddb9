--- `lastpass report admins`.
-- @module lastpass.cli.commands.report.admins
local reporting = require "lastpass.cli.reporting"

return reporting.command {
  name = "report admins",
  summary = "The administrators, and what is wrong with their accounts",
  report = "admins",
  own = {
    {
      "--days",
      "without log-in that are a finding; default 90",
      value = "DAYS",
      number = true,
    },
    {
      "--strength",
      "master passwords below it are weak; default 50 of 100",
      value = "NUMBER",
      number = true,
    },
    { "--folders", "read the shared folders too, to tell super admins" },
    { "--as-of", "as the directory was kept at that time", value = "TIME" },
  },
  settings = function(options)
    return reporting.pick(options, { days = "days", strength = "strength", folders = "folders" })
  end,
  examples = {
    { "lastpass report admins --where '#u.findings > 0'", "those with a finding" },
    { "lastpass report admins --as-of 2026-03-31", "who was one at the end of March" },
  },
}
