--- `lastpass review status`.
-- @module lastpass.cli.commands.review.status
local exit = require "lastpass.cli.exit"
local reviewing = require "lastpass.cli.reviewing"
local views = require "lastpass.cli.views"

-- A row for each manager's file.
local function files_of(decisions)
  local list, by_name = {}, {}
  for _, item in ipairs(decisions.campaign.items) do
    local file = by_name[item.file]
    if not file then
      file = {
        file = item.file,
        manager = item.manager,
        items = 0,
        keep = 0,
        remove = 0,
        undecided = 0,
        problems = 0,
      }
      by_name[item.file], list[#list + 1] = file, file
    end
    local one = decisions.by_id[item.id]
    local decision = one and one.decision or "undecided"
    file.items, file[decision] = file.items + 1, file[decision] + 1
  end
  for _, problem in ipairs(decisions.problems) do
    local file = by_name[problem.origin:match "^(.*):%d+$" or problem.origin]
    if file then
      file.problems = file.problems + 1
    end
  end
  return list
end

return {
  name = "review status",
  summary = "Show who has decided, and what is left",
  description = "Ends with 3 when there are rows that were not understood; they are listed.",
  rows = true,
  arguments = { reviewing.argument },
  options = reviewing.options(),
  examples = {
    {
      "lastpass review status review-2026-q2 --where 'u.undecided > 0' --template '$(manager)'",
      "whom to remind",
    },
  },
  topics = { "output", "exit-codes" },
  lua = function(options)
    return reviewing.lua(options) .. "\nprint(decisions)"
  end,
  run = function(session)
    local decisions, message, err = reviewing.read(session)
    if not decisions then
      return nil, message, err
    end
    session:show(views.review_files, files_of(decisions))
    return #decisions.problems > 0 and exit.partial or exit.done
  end,
}
