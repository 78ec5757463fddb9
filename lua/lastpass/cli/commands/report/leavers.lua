--- `lastpass report leavers`.
-- @module lastpass.cli.commands.report.leavers
local amounts = require "lastpass.cli.amounts"
local errors = require "lastpass.error"
local reporting = require "lastpass.cli.reporting"
local roster = require "lastpass.cli.roster"

return reporting.command {
  name = "report leavers",
  summary = "How long after their last day people could still log in",
  description = "Percentiles of the time between the last day of the roster and the end of the "
    .. "log-in, and who is over the limit.",
  report = "leavers",
  own = {
    { "--last-day", "the roster's column with the last day or moment", value = "FIELD" },
    { "--limit", "how long it may take: 4h, 2d; default 24h", value = "TIME" },
    {
      "--from",
      "where events begin; default 30 days before the first last day",
      value = "TIME",
    },
  },
  settings = function(options)
    if not options.last_day then
      return errors.fail(
        "argument",
        "usage",
        "--last-day is needed: which column of the roster has the last day",
        { hint = "--last-day termination_date" }
      )
    end
    local limit, message, err = amounts.duration("limit", options.limit)
    if err then
      return nil, message, err
    end
    return { field = roster.field(options.last_day), limit = limit, from = options.from }
  end,
  wanted = function(options)
    return { { option = "last-day", field = roster.field(options.last_day) } }
  end,
  examples = {
    { "lastpass report leavers --roster hr.csv --last-day termination_date", "all of them" },
    {
      "lastpass report leavers --roster hr.csv --last-day 'Last day' --limit 4h",
      "a stricter limit",
    },
  },
  topics = { "rosters", "report-forms", "output" },
}
