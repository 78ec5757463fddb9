--- `lastpass run show`.
-- @module lastpass.cli.commands.run.show
local applying = require "lastpass.cli.applying"
local mistakes = require "lastpass.cli.mistakes"

return {
  name = "run show",
  summary = "Show what a run of a plan has done, step by step, and what not",
  connects = true,
  rows = true,
  arguments = { { "run", "number of the run", number = true } },
  examples = { { "lastpass run show 12 --csv", "every step with its outcome" } },
  topics = { "output" },
  lua = function(options)
    return ("print(assert(client:run(%d)))"):format(options.run)
  end,
  run = function(session, options)
    local client = session:client()
    local run, message, err = mistakes.call(client.run, client, options.run)
    if not run then
      return nil, message, err
    end
    applying.show_run(session, run, true)
    return 0
  end,
}
