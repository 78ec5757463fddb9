--- `lastpass run undo`.
-- @module lastpass.cli.commands.run.undo
local applying = require "lastpass.cli.applying"
local exit = require "lastpass.cli.exit"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"

local options = {
  { "-o --output", "save the plan and do not apply it", value = "FILE" },
  applying.limit_option,
}
for _, option in ipairs(applying.options) do
  options[#options + 1] = option
end

return {
  name = "run undo",
  summary = "Take a run back",
  description = "Makes the plan that leads to what was before, shows it, asks, and applies it. Who "
    .. "has changed since is left alone, and what cannot come back is listed. A run that began "
    .. "more than a week ago is taken back within the limits of any plan.",
  connects = true,
  writes = true,
  rows = true,
  arguments = { { "run", "number of the run", number = true } },
  options = options,
  examples = { { "lastpass run undo 12 --dry-run", "what would be taken back" } },
  topics = { "safety", "exit-codes" },
  lua = function(given)
    local limits, message, err = applying.limits(given.limit)
    if message then
      return nil, message, err
    end
    local made = ("client:undo(%d%s)"):format(
      given.run,
      limits and ", " .. lua_text.value { limit = limits } or ""
    )
    local lines = applying.lua(made, given)
    if not given.output then
      lines[#lines + 1] = applying.apply_lua(given)
    end
    return table.concat(lines, "\n")
  end,
  run = function(session, given)
    local limits, message, err = applying.limits(given.limit)
    if message then
      return nil, message, err
    end
    local client = session:client()
    local plan
    plan, message, err = mistakes.call(client.undo, client, given.run, { limit = limits })
    if not plan then
      return nil, message, err
    end
    if given.output then
      local ok
      ok, message, err = plan:save(given.output)
      if not ok then
        return nil, message, err
      end
      applying.show_plan(session, plan)
      return exit.of_plan(plan)
    end
    return applying.apply(session, plan)
  end,
}
