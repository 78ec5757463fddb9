--- `lastpass report inactive`.
-- @module lastpass.cli.commands.report.inactive
local reporting = require "lastpass.cli.reporting"

return reporting.command {
  name = "report inactive",
  summary = "Who can log in and has not done so for long",
  report = "inactive",
  own = {
    { "--days", "without log-in; default 90", value = "DAYS", number = true },
    { "--as-of", "as the directory was kept at that time", value = "TIME" },
  },
  settings = function(options)
    return reporting.pick(options, { days = "days" })
  end,
  examples = { { "lastpass report inactive --days 180 --csv", "half a year" } },
}
