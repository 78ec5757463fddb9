--- `lastpass groups`.
-- @module lastpass.cli.commands.groups
local lua_text = require "lastpass.cli.lua_text"
local views = require "lastpass.cli.views"

return {
  name = "groups",
  summary = "List groups",
  description = "Those that have or had a member; the API knows no others.",
  connects = true,
  rows = true,
  ends_with_reader = true,
  examples = { { "lastpass groups --sort -members", "the largest first" } },
  topics = { "output" },
  lua = function()
    return lua_text.loop("group", "groups", {})
  end,
  run = function(session)
    session:show(views.groups, session:client():groups())
    return 0
  end,
}
