--- `lastpass export`.
-- @module lastpass.cli.commands.export
local exporting = require "lastpass.cli.exporting"
local sink_options = require "lastpass.cli.sink_options"

local options = {}
for _, list in ipairs {
  exporting.which,
  { exporting.format_option "ndjson" },
  { { "--no-guard", "with --format csv: no ' before what a spreadsheet takes for a formula" } },
  exporting.how,
  sink_options.list,
} do
  for _, option in ipairs(list) do
    options[#options + 1] = option
  end
end

return {
  name = "export",
  summary = "Hand audit events on: to standard output, a file, a syslog server, a webhook",
  description = "With --cursor the next one goes on where this one has ended: nothing is lost, and "
    .. "in a file nothing is doubled, whenever it is killed. Passwords and keys in events are "
    .. "replaced. On standard error it says how many events went out, how many were met before, "
    .. "and which names of actions it does not know.",
  connects = true,
  ends_with_reader = true,
  options = options,
  examples = {
    { "lastpass export --from -7d --format csv --file week.csv", "a week, once" },
    {
      "lastpass export --cursor siem --follow --file events.json --rotate 100M --keep 10",
      "all that happens, as a service",
    },
    {
      "lastpass export --cursor siem --format cef --syslog tls://siem.acme.com",
      "what is new, from cron",
    },
    {
      "lastpass export --cursor hec --webhook $HEC_URL --kind splunk --token-file hec.token",
      "to Splunk",
    },
  },
  topics = { "sinks", "exit-codes" },
  lua = function(given)
    local sink, message, err = sink_options.sink(given)
    if sink == nil then
      return nil, message, err
    end
    return exporting.lua(given, sink, "ndjson")
  end,
  run = function(session, given)
    local sink, message, err = sink_options.sink(given)
    if sink == nil then
      return nil, message, err
    end
    return exporting.run(session, sink, "ndjson")
  end,
}
