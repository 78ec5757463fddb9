--- `lastpass report folders`.
-- @module lastpass.cli.commands.report.folders
local reporting = require "lastpass.cli.reporting"

return reporting.command {
  name = "report folders",
  summary = "Who can read, write, administer which shared folder, and what is wrong with it",
  description = "Orphans without an active admin, people from outside, admins without a second "
    .. "factor.",
  report = "folders",
  tables = { "findings", "folders" },
  own = {
    {
      "--domain",
      "an internal domain; default those of active admins",
      value = "DOMAIN",
      many = true,
    },
    { "--deleted", "deleted folders too" },
  },
  settings = function(options)
    return reporting.pick(options, { domains = "domain", deleted = "deleted" })
  end,
  examples = {
    { "lastpass report folders --table findings", "what is wrong, one by one" },
    {
      "lastpass report folders --where 'u.external' --domain acme.com --csv",
      "who has access from outside",
    },
  },
}
