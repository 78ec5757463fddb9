--- `lastpass profile list`.
-- @module lastpass.cli.commands.profile.list
local views = require "lastpass.cli.views"

return {
  name = "profile list",
  summary = "List the companies the program knows",
  rows = true,
  examples = { { "lastpass profile list --json", "for a program" } },
  topics = { "profiles" },
  run = function(session)
    local configuration, message, err = session:configuration()
    if not configuration then
      return nil, message, err
    end
    local rows = {}
    for name, values in pairs(configuration.profiles) do
      local _, where = configuration:origin(name, "cid")
      rows[#rows + 1] = {
        name = name,
        default = name == configuration.default,
        cid = values.cid,
        url = values.url,
        timezone = values.timezone,
        file = where,
      }
    end
    table.sort(rows, function(a, b)
      return a.name < b.name
    end)
    session:show(views.profiles, rows)
    return 0
  end,
}
