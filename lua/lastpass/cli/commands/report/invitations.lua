--- `lastpass report invitations`.
-- @module lastpass.cli.commands.report.invitations
local reporting = require "lastpass.cli.reporting"

return reporting.command {
  name = "report invitations",
  summary = "Who was invited and has not come, by age",
  report = "invitations",
  own = {
    {
      "--window",
      "days of events that are read to find when; default 180",
      value = "DAYS",
      number = true,
    },
  },
  settings = function(options)
    return reporting.pick(options, { window = "window" })
  end,
  examples = {
    {
      "lastpass report invitations --where '(u.days or 999) > 30' --template '$(email)'",
      "whom to invite again",
    },
  },
}
