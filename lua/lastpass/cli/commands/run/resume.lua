--- `lastpass run resume`.
-- @module lastpass.cli.commands.run.resume
local applying = require "lastpass.cli.applying"
local confirm = require "lastpass.cli.confirm"
local mistakes = require "lastpass.cli.mistakes"

local options = {}
for _, option in ipairs(applying.options) do
  if option[1] ~= "--confirm-final" then -- was confirmed when it began
    options[#options + 1] = option
  end
end

return {
  name = "run resume",
  summary = "Go on with a run that broke off",
  description = "What was under way is settled first by reading the directory; nothing is repeated "
    .. "whose outcome is unknown.",
  connects = true,
  writes = true,
  rows = true,
  arguments = { { "run", "number of the run", number = true } },
  options = options,
  examples = { { "lastpass run resume 12 --yes", "without the question" } },
  topics = { "safety", "exit-codes" },
  lua = function(given)
    if given.dry_run then
      return ("print(assert(client:run(%d)))"):format(given.run)
    end
    return ("print(assert(client:resume(%d%s)))"):format(given.run, applying.options_lua(given))
  end,
  run = function(session, given)
    local client = session:client()
    local run, message, err = mistakes.call(client.run, client, given.run)
    if not run then
      return nil, message, err
    elseif given.dry_run then
      applying.show_run(session, run)
      return 0
    end
    local ok
    ok, message, err = confirm.ask(
      session,
      ("go on with run %d in %s, %d steps to do?"):format(
        run.id,
        session:company(),
        run.counts.not_tried
      )
    )
    if not ok then
      return nil, message, err
    end
    return applying.resume(session, given.run)
  end,
}
