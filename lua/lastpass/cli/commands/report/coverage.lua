--- `lastpass report coverage`.
-- @module lastpass.cli.commands.report.coverage
local reporting = require "lastpass.cli.reporting"
local roster = require "lastpass.cli.roster"

return reporting.command {
  name = "report coverage",
  summary = "Who of the roster uses LastPass, and who has it without being on the roster",
  description = "Everybody is in one class: active, invited, expired, never logged in, empty "
    .. "vault, disabled, missing, not in HR, excluded. The classes come to the headcount.",
  report = "coverage",
  own = {
    {
      "--left",
      "rows of people who have left: status=terminated,resigned",
      value = "FIELD=VALUE",
    },
    roster.exclude_option,
    {
      "--invitation-days",
      "an invitation that is older counts as expired; default 30",
      value = "DAYS",
      number = true,
    },
    { "--no-events", "read no events; no invitation counts as expired" },
  },
  settings = function(options)
    local active, message, err = reporting.left(options.left)
    local exclude
    if not err then
      exclude, message, err = roster.exclusions(options.exclude)
    end
    if err then
      return nil, message, err
    end
    local settings = { active = active, exclude = exclude }
    settings.invitation_days = options.invitation_days
    if options.no_events then
      settings.events = false
    end
    return settings
  end,
  wanted = function(options)
    local active = reporting.left(options.left)
    return active and { { option = "left", field = active.field } } or {}
  end,
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
  topics = { "rosters", "report-forms", "output" },
}
