--- `lastpass review tasks`.
-- @module lastpass.cli.commands.review.tasks
local exit = require "lastpass.cli.exit"
local reviewing = require "lastpass.cli.reviewing"
local views = require "lastpass.cli.views"

return {
  name = "review tasks",
  summary = "List what has to be done by hand: admin rights and shared folders",
  description = "The API cannot change them; the Admin Console can.",
  rows = true,
  ends_with_reader = true,
  arguments = { reviewing.argument },
  options = reviewing.options(),
  examples = { { "lastpass review tasks review-2026-q2 --csv", "for a ticket system" } },
  topics = { "output" },
  lua = function(options)
    return reviewing.lua(options)
      .. "\nfor _, task in ipairs(review.manual(decisions)) do print(task.task) end"
  end,
  run = function(session)
    local decisions, message, err = reviewing.read(session)
    if not decisions then
      return nil, message, err
    end
    session:show(views.tasks, reviewing.room().manual(decisions))
    return #decisions.problems > 0 and exit.partial or exit.done
  end,
}
