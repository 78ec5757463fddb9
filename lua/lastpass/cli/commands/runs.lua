--- `lastpass runs`.
-- @module lastpass.cli.commands.runs
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

local function filter_of(options)
  return { limit = options.limit, state = options.state }
end

return {
  name = "runs",
  summary = "List runs of plans, the newest first",
  connects = true,
  rows = true,
  ends_with_reader = true,
  options = {
    { "--limit", "how many; default 20", value = "COUNT", number = true },
    {
      "--state",
      "only those",
      value = "STATE",
      choices = { "running", "finished", "stopped", "abandoned" },
    },
  },
  examples = { { "lastpass runs --state stopped", "what can be resumed" } },
  topics = { "output" },
  lua = function(options)
    return ("for _, run in ipairs(assert(client:runs%s)) do print(run.id, run.state) end"):format(
      lua_text.options(filter_of(options))
    )
  end,
  run = function(session, options)
    local runs, message, err = session:client():runs(filter_of(options))
    if not runs then
      return nil, message, err
    end
    session:show(views.runs, runs)
    return 0
  end,
}
