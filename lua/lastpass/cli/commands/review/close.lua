--- `lastpass review close`.
-- @module lastpass.cli.commands.review.close
local lua_text = require "lastpass.cli.lua_text"
local report_output = require "lastpass.cli.report_output"
local reviewing = require "lastpass.cli.reviewing"

return {
  name = "review close",
  summary = "Report how the review has ended: decisions beside what people have now",
  connects = true,
  rows = true,
  arguments = { reviewing.argument },
  options = reviewing.options {
    report_output.table_option {},
    report_output.options[1],
    report_output.options[2],
  },
  examples = {
    { "lastpass review close review-2026-q2 --html closure.html", "for the auditor" },
    { "lastpass review close review-2026-q2 --where 'u.class == \"open\"'", "what is still there" },
  },
  topics = { "report-forms", "output" },
  lua = function(options)
    local last = "print(report)"
    if options.html then
      last = ('assert(report:save(%s, "html"))'):format(lua_text.value(options.html))
    end
    return table.concat({
      reviewing.lua(options),
      "local report = assert(review.closure(client, decisions))",
      last,
    }, "\n")
  end,
  run = function(session)
    -- the report says how many rows were not understood, `review status` which
    local decisions, message, err = reviewing.decisions(session.options)
    local report
    if decisions then
      report, message, err = reviewing.room().closure(session:client(), decisions)
    end
    if not report then
      return nil, message, err
    end
    return report_output.finish(session, report)
  end,
}
