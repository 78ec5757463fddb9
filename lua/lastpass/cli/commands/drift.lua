--- `lastpass drift`.
-- @module lastpass.cli.commands.drift
local exit = require "lastpass.cli.exit"
local views = require "lastpass.cli.views"

return {
  name = "drift",
  summary = "List what has changed since the last plan was applied, and who did it",
  description = "Ends with 7 when something has.",
  connects = true,
  rows = true,
  examples = { { "lastpass drift --json", "for a monitor" } },
  topics = { "output", "exit-codes" },
  lua = function()
    return "for _, one in ipairs(assert(client:drift())) do print(one) end"
  end,
  run = function(session)
    local list, message, err = session:client():drift()
    if not list then
      return nil, message, err
    end
    session:show(views.drift, list)
    return #list > 0 and exit.findings or exit.done
  end,
}
