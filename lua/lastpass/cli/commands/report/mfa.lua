--- `lastpass report mfa`.
-- @module lastpass.cli.commands.report.mfa
local reporting = require "lastpass.cli.reporting"

return reporting.command {
  name = "report mfa",
  summary = "Who has no second factor, a weak or expired master password, a low score",
  report = "mfa",
  tables = { "groups" },
  own = {
    {
      "--strength",
      "master passwords below it are weak; default 50 of 100",
      value = "NUMBER",
      number = true,
    },
    {
      "--score",
      "security scores below it are low; default 50 of 100",
      value = "NUMBER",
      number = true,
    },
  },
  settings = function(options)
    return reporting.pick(options, { strength = "strength", score = "score" })
  end,
  examples = {
    { "lastpass report mfa --html mfa.html", "the page" },
    { "lastpass report mfa --where 'u.admin and not u.mfa' --fields email", "the worst ones" },
    { "lastpass report mfa --table groups --csv", "by group, for a chart" },
  },
}
